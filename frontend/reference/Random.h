// The uniform numbers of `random()`, from their definition.
#pragma once

#include <array>
#include <cstdint>

namespace bregman::reference {

/// Philox 4x32-10 (Salmon et al. 2011).
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// In [0, 1), with 24 bits, so that an f32 holds it.
double uniform(uint64_t seed, uint32_t parameter, int64_t step, int64_t index);

} // namespace bregman::reference
