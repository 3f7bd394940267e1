// The order of the images, and all else of a run that is drawn: functions of seed and place.
#pragma once

#include <cstdint>
#include <vector>

namespace bregman::train {

/// A stream of draws, the same on every machine.
class Draws {
public:
  Draws(uint64_t seed, uint64_t stream);
  /// Uniform in [0, bound).
  uint64_t below(uint64_t bound);

private:
  uint64_t counter;
};

/// A permutation of 0 to n - 1, a function of `seed` and `stream` alone.
std::vector<int64_t> permutation(int64_t n, uint64_t seed, uint64_t stream);

} // namespace bregman::train
