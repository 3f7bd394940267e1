// Kernel: the narrow waist between compiler and runtime. A kernel is launched on the tensors of a
// whole model at once; what it does to a weight is behind a function pointer.
#pragma once

#include "runtime/Result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bregman {

/// How a stored value lies in memory. Arithmetic is always f32.
enum class ElementType : uint8_t { F32, BF16, F16 };
enum class Access : uint8_t { In, Out, InOut };

/// Bytes of one element.
BREGMAN_API int sizeOf(ElementType type);

/// One per-weight array that a kernel reads or writes. With a level axis it has one plane per
/// level, each as long as the tensor.
struct StreamInfo {
  std::string name;
  Access access = Access::In;
  ElementType type = ElementType::F32;
  int planes = 1;
};

/// One tensor of a launch: `streams` has an address for every plane of every stream, in the order
/// in which the kernel declares them. Addresses need the alignment of their element only.
struct Segment {
  int64_t size = 0;
  std::vector<void *> streams;
};

/// The cut of a model's tensors over threads, made once and used in every step.
class Partition;

class BREGMAN_API Kernel {
public:
  virtual ~Kernel();

  virtual const std::string &name() const = 0;
  virtual const std::vector<StreamInfo> &streams() const = 0;
  /// The names of the f32 host values that a launch passes, in order.
  virtual const std::vector<std::string> &scalars() const = 0;

  /// Cuts `segments` into equal shares, one per thread. Weight counts, not tensors, are equal.
  virtual std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                                     int threads) const = 0;
  /// One sweep over every tensor. Any split into threads gives the same bits. Never fails.
  virtual void launch(const Partition &partition, std::span<const float> scalars) const = 0;

  /// partition and launch in one, for a single use.
  void launch(std::span<const Segment> segments, std::span<const float> scalars,
              int threads = 1) const;
};

} // namespace bregman
