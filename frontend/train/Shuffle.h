// The order of the images: a function of seed and epoch, so that a resumed run has it without
// having stored it.
#pragma once

#include <cstdint>
#include <vector>

namespace bregman::train {

/// A permutation of 0..n-1, uniform, fixed by `seed` and `stream`.
std::vector<int64_t> permutation(int64_t n, uint64_t seed, uint64_t stream);

} // namespace bregman::train
