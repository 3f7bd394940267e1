// A kernel's tensors in stretches: what shares one value of every stream that has an extent.
#pragma once

#include "runtime/Partition.h"

namespace bregman {

/// Whether a stream has a value for each that a kernel goes over.
bool isSwept(const StreamInfo &stream, Extent over);

struct Stretches {
  /// Parts of tensors in order, none empty; addresses are those of the first value.
  std::vector<Segment> segments;
  std::vector<int64_t> firsts;   ///< of each one's weights, or values, in its tensor
  std::vector<uint32_t> tensors; ///< which one each is of
  bool whole = false;            ///< the kernel reduces: each is one call

  /// Gives `partition`, in which each stretch is one chunk, its records and what they become.
  void reduce(HostPartition &partition) const;

  /// A plane of a reduction.
  struct Reduction {
    Access kind;
    size_t plane;                                         ///< among all of the kernel's
    std::vector<HostPartition::Combination> combinations; ///< of its own records
  };
  std::vector<Reduction> reductions;
};

Stretches stretchesOf(const KernelShape &shape, std::span<const Segment> segments);

} // namespace bregman
