#include "frontend/reference/Random.h"

using namespace bregman;

std::array<uint32_t, 4> reference::philox(std::array<uint32_t, 4> counter,
                                          std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t(0xD2511F53) * counter[0];
    uint64_t second = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(second >> 32) ^ counter[1] ^ key[0], uint32_t(second),
               uint32_t(first >> 32) ^ counter[3] ^ key[1], uint32_t(first)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

double reference::uniform(uint64_t seed, uint32_t parameter, int64_t step, int64_t index) {
  uint32_t word =
      philox({uint32_t(index), uint32_t(uint64_t(index) >> 32), uint32_t(step), parameter},
             {uint32_t(seed), uint32_t(seed >> 32)})[0];
  return double(word >> 8) * 0x1p-24;
}
