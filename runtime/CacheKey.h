// The key of the kernel cache: everything that decides what machine code comes out.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace bregman {

struct CacheKey {
  std::array<uint8_t, 32> bytes{};

  /// 64 lower-case hexadecimal digits.
  std::string hex() const;
  bool operator==(const CacheKey &) const = default;
};

/// What the compiler knows about one object that it is about to make.
struct CacheKeyParts {
  std::string kernel;  ///< the canonical text of the kernel's IR, without locations
  std::string options; ///< whatever else steers code generation, the variant included
  std::string triple, cpu, features;
  int lanes = 0; ///< f32 lanes of a vector
};

/// BLAKE3 over the parts, the version of the ABI, Bregman's and LLVM's versions, and the build-id
/// of the binary that holds this function. No two lists of parts run together: each is preceded by
/// its length. All zero where the binary has no build-id: such a key must not be used.
CacheKey cacheKey(const CacheKeyParts &parts);

/// The GNU build-id of the binary (program or library) that holds this function, which changes with
/// any of its code. Empty where the linker was told to write none.
const std::string &ownBuildId();

} // namespace bregman
