// Kernel: the narrow waist between compiler and runtime. A kernel is launched on the tensors of a
// whole model at once; what it does to a weight is behind a function pointer.
#pragma once

#include "runtime/Extent.h"
#include "runtime/Result.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bregman {

/// How a stored value lies in memory. Arithmetic is always f32.
enum class ElementType : uint8_t { F32, BF16, F16 };
/// From Sum on, a kernel over weights narrows what it computes to one value per segment.
enum class Access : uint8_t { In, Out, InOut, Sum, Mean, Min, Max, Std };

inline bool isReduction(Access access) { return access >= Access::Sum; }

/// Bytes of one element.
BREGMAN_API int sizeOf(ElementType type);

/// One array that a kernel reads or writes, with a value per weight or for each segment of an
/// extent; the latter is f32. With a level axis it has one plane per level, each as long as there
/// are values.
struct StreamInfo {
  std::string name;
  Access access = Access::In;
  ElementType type = ElementType::F32;
  int planes = 1;
  Extent extent = {};
};

/// One tensor of a launch: `streams` has an address for every plane of every stream, in the order
/// in which the kernel declares them. Addresses need the alignment of their element only.
struct Segment {
  int64_t size = 0;
  std::vector<void *> streams;
  int64_t channels = 1;   ///< the length of axis 0
  uint32_t parameter = 0; ///< what tells its random numbers from those of another tensor
};

/// What random numbers follow from, beside the tensor and the index: a seed, and the completed
/// steps before a step and after it.
struct Draw {
  uint64_t seed = 0, step = 0, next = 0;
};

/// What a kernel wants to be given.
struct KernelSignature {
  std::string name;
  std::vector<StreamInfo> streams;
  std::vector<std::string> scalars = {}; ///< the names of the f32 host values of a launch, in order
  Extent over = {};                      ///< goes over weights, or the segments of an extent
  bool random = false;                   ///< asks for random numbers
};

/// The cut of a model's tensors over threads, made once and used in every step.
class Partition;

class BREGMAN_API Kernel {
public:
  explicit Kernel(KernelSignature signature);
  virtual ~Kernel();

  const std::string &name() const { return signature.name; }
  const std::vector<StreamInfo> &streams() const { return signature.streams; }
  const std::vector<std::string> &scalars() const { return signature.scalars; }
  Extent over() const { return signature.over; }
  bool random() const { return signature.random; }

  /// Cuts `segments` into equal shares, one per thread. Weight counts, not tensors, are equal.
  virtual std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                                     int threads) const = 0;
  /// Whether `partition`, made for `before`, now serves `after`, whose addresses alone differ.
  /// Where not, it is as it was, and another has to be made.
  virtual bool move(const Partition &partition, std::span<const Segment> before,
                    std::span<const Segment> after) const {
    return false;
  }
  /// One sweep over every tensor. Any split into threads gives the same bits. Two threads do not
  /// launch one partition at once. On the host it never fails; on a device, where it is work for
  /// `stream`, it may.
  [[nodiscard]] virtual Status launch(const Partition &partition, std::span<const float> scalars,
                                      const Draw &draw = {}, void *stream = nullptr) const = 0;

  /// The launch of `partition` that failed last, once more, without what it had done by then.
  [[nodiscard]] virtual Status resume(const Partition &partition, std::span<const float> scalars,
                                      const Draw &draw, void *stream) const {
    return launch(partition, scalars, draw, stream);
  }
  /// Whether that had done something.
  virtual bool isHalfDone(const Partition &partition) const { return false; }

  /// Gives the coming launches of `partition`, replays of captured ones too, their numbers and all
  /// else that they need, which is work for `stream`. On the host they need nothing more.
  [[nodiscard]] virtual Status update(const Partition &partition, std::span<const float> scalars,
                                      const Draw &draw, void *stream) const {
    return std::nullopt;
  }

  /// partition and launch in one, for a single use.
  Status launch(std::span<const Segment> segments, std::span<const float> scalars, int threads = 1,
                const Draw &draw = {}) const;

private:
  KernelSignature signature;
};

} // namespace bregman
