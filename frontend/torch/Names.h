// Names of parameters and modules as numbers and places.
#pragma once

#include "frontend/Compiler.h"

namespace bregman {

/// What tells the random numbers of a parameter or a module from another's: FNV-1a of its name.
inline uint32_t randomIdOf(const std::string &name) {
  uint32_t hash = 2166136261;
  for (unsigned char c : name)
    hash = (hash ^ c) * 16777619;
  return hash;
}

} // namespace bregman
