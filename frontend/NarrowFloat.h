// f32 arrays as a parameter of any element type holds them.
#pragma once

#include "runtime/Kernel.h"

#include <cstddef>
#include <vector>

namespace bregman {

/// Each value rounded once, to nearest with ties to even, into memory of `type`.
std::vector<std::byte> encode(const std::vector<float> &values, ElementType type);

/// What that memory holds; exact.
std::vector<float> decode(const std::vector<std::byte> &memory, ElementType type);

} // namespace bregman
