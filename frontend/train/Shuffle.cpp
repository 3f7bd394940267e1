// Draws by a counter.
#include "frontend/train/Shuffle.h"

#include <numeric>
#include <utility>

namespace bregman::train {

/// The output function of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
/// generators"): a bijection of 64 bits that mixes well.
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static const uint64_t golden = 0x9e3779b97f4a7c15u;

Draws::Draws(uint64_t seed, uint64_t stream)
    : counter(mix(mix(seed + golden) ^ (stream * golden + 1))) {}

uint64_t Draws::below(uint64_t bound) {
  // Without the bias of a remainder (Lemire 2019): draws that would be unfair are drawn again.
  for (;;) {
    unsigned __int128 product = (unsigned __int128)mix(counter += golden) * bound;
    if (uint64_t(product) >= -bound % bound)
      return uint64_t(product >> 64);
  }
}

std::vector<int64_t> permutation(int64_t n, uint64_t seed, uint64_t stream) {
  Draws draws(seed, stream);
  std::vector<int64_t> order(size_t(n), 0);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = n - 1; i > 0; --i)
    std::swap(order[size_t(i)], order[size_t(draws.below(uint64_t(i) + 1))]);
  return order;
}

} // namespace bregman::train
