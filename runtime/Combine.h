// From the records that the calls of a kernel leave to the numbers of its reductions.
#pragma once

#include "runtime/Partition.h"

namespace bregman {

/// Writes the result of `combination`. Neighbours are added in pairs until one is left, so that the
/// bits follow from the segment's length alone; the records are used up.
void combine(const HostPartition::Combination &combination, std::span<abi::Partial> partials);

} // namespace bregman
