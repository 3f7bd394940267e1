// HostKernel: a kernel whose code are functions of this process, compiled by the JIT or by hand.
#pragma once

#include "codegen/KernelABI.h"
#include "runtime/Kernel.h"
#include "runtime/Partition.h"

namespace bregman {

/// Calls compiled code. In front of a function the undefined-behaviour sanitizer looks for the
/// type; generated code has none there, and where it begins a page, nothing at all.
[[clang::no_sanitize("function")]] inline void
callKernel(abi::Function code, int64_t size, void *const *streams, const float *scalars) {
  code(size, streams, scalars);
}

/// The machine code of a kernel, in one or two variants that give the same bits.
struct HostCode {
  abi::Function plain = nullptr;
  abi::Function streaming = nullptr; ///< null: there is none
  /// What keeps the functions loaded; released with the kernel.
  std::shared_ptr<const void> owner;
};

class HostKernel final : public Kernel {
public:
  HostKernel(KernelSignature signature, HostCode code, CutPolicy policy = {});

  std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                             int threads) const override;
  bool move(const Partition &partition, std::span<const Segment> before,
            std::span<const Segment> after) const override;
  using Kernel::launch;
  Status launch(const Partition &partition, std::span<const float> scalars, const Draw &draw = {},
                void *stream = nullptr) const override;

private:
  void runChunk(const HostPartition &partition, size_t chunk, std::span<const float> scalars) const;
  void runRandomly(const HostPartition &partition, size_t chunk, std::span<const float> scalars,
                   const Draw &draw) const;

  HostCode code;
  CutPolicy policy;
};

} // namespace bregman
