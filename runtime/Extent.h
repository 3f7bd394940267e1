// Extents: which weights of a tensor share one value.
#pragma once

#include "runtime/Result.h"

#include <cstdint>

namespace bregman {

/// From the narrowest to the widest. A channel is what has one index on axis 0; a group is a number
/// of weights in a row of a channel, of which the last group may have fewer.
enum class ExtentKind : uint8_t { Weight, Group, Channel, Tensor, Run };

struct Extent {
  ExtentKind kind = ExtentKind::Weight;
  int64_t group = 0; ///< weights of one, where the kind is Group

  friend bool operator==(const Extent &, const Extent &) = default;
};

/// The segments into which a tensor falls: how many, and where each lies. `channels` is the length
/// of axis 0, which divides the size; a tensor of one axis has one weight per channel.
struct Segmentation {
  Extent extent;
  int64_t size, channels;

  BREGMAN_API int64_t count() const;
  /// The segment that the weight `position` is in.
  int64_t at(int64_t position) const;
  /// The first weight of a segment; for the one past the last, the size.
  BREGMAN_API int64_t begin(int64_t segment) const;

private:
  int64_t perChannel() const { return channels > 0 ? size / channels : 0; }
  int64_t groupsPerChannel() const { return (perChannel() + extent.group - 1) / extent.group; }
};

/// How many values one of `extent` has for a tensor.
inline int64_t segmentsOf(Extent extent, int64_t size, int64_t channels) {
  return Segmentation{extent, size, channels}.count();
}

} // namespace bregman
