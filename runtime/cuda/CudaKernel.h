// CudaKernel: a kernel whose code is PTX. It runs on whatever device its tensors lie on.
#pragma once

#include "runtime/Kernel.h"
#include "runtime/Memory.h"
#include "runtime/Partition.h"
#include "runtime/cuda/CudaModule.h"

namespace bregman::cuda {

class CudaPartition;

/// The texts of a kernel. The one that combines is the same for all; it is needed where a stream
/// is a reduction.
struct CudaCode {
  std::string ptx; ///< defines abi::cuda::symbol
  std::shared_ptr<const CudaModule> combine;
  /// Where the machine code is kept; null: nowhere.
  std::shared_ptr<CudaBinaries> binaries = nullptr;
  /// What the tables are taken from; null: from one of the kernel's own.
  std::shared_ptr<Memory> memory = nullptr;
};

class CudaKernel final : public Kernel {
public:
  CudaKernel(KernelSignature signature, CudaCode code);

  /// The threads are the device's business.
  std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                             int threads) const override;
  bool move(const Partition &partition, std::span<const Segment> before,
            std::span<const Segment> after) const override;
  using Kernel::launch;
  /// Returns before the work is done; what it fails of later the next call on the device says.
  /// While `stream` captures, the graph gets the launch, but neither the numbers nor the table,
  /// which update() sends.
  [[nodiscard]] Status launch(const Partition &partition, std::span<const float> scalars,
                              const Draw &draw, void *stream) const override;
  [[nodiscard]] Status resume(const Partition &partition, std::span<const float> scalars,
                              const Draw &draw, void *stream) const override;
  bool isHalfDone(const Partition &partition) const override;
  /// The device then has code, table and numbers.
  [[nodiscard]] Status update(const Partition &partition, std::span<const float> scalars,
                              const Draw &draw, void *stream) const override;

private:
  Status locate(const CudaPartition &partition) const;
  Status place(const CudaPartition &partition, void *stream, bool isCaptured) const;
  Status load(const CudaPartition &partition) const;
  Status settle(const CudaPartition &partition, void *stream) const;
  Status send(const CudaPartition &partition, std::span<const float> scalars, const Draw &draw,
              void *stream) const;
  Status run(const CudaPartition &partition, void *stream) const;

  std::string title; ///< for messages
  CudaModule module;
  std::shared_ptr<const CudaModule> combine;
  std::shared_ptr<Memory> memory;
};

} // namespace bregman::cuda
