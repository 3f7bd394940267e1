// One entry of the kernel cache, and its form in a file:
//
//   magic      8 bytes, "BREGMANK"
//   version    u32, of this form
//   count      u32, of parts
//   key        32 bytes
//   parts      count times: name (16 bytes, padded with 0), length (u64), BLAKE3 of the content
//   (32) BLAKE3     32 bytes, over all of the above contents   in the order of the parts, without
//   gaps; nothing follows
//
// Integers are little-endian. Every bit of a file is covered by a checksum, so a flipped one is
// always found: in the head and the object by whoever loads, in a text by whoever asks for it.
#pragma once

#include "runtime/CacheKey.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bregman {

struct CacheEntry {
  /// The object file; never empty.
  std::string object;
  /// The texts of the stages, by their names: kernel, loops, llvm, asm. Names are unique and have 1
  /// to 16 characters.
  std::vector<std::pair<std::string, std::string>> stages;

  /// The text of a stage, or null.
  const std::string *stage(const std::string &name) const;
};

/// The entry as a file's content.
std::string encode(const CacheKey &key, const CacheEntry &entry);

/// How much of a file a reader needs. The checksums of texts that are not asked for are not
/// checked.
enum class CacheParts { Object, All };

/// The object's length and where the file's pieces end, from a file's first bytes.
struct CacheHead {
  struct Part {
    std::string name;
    uint64_t length;
    std::array<uint8_t, 32> checksum;
  };
  std::vector<Part> parts;
  uint64_t size = 0;    ///< bytes of the head itself
  uint64_t objects = 0; ///< bytes up to the end of the object, which is the first part
  uint64_t total = 0;   ///< bytes of the file
};

/// No head is longer: what a reader has to fetch before it knows more.
inline constexpr size_t largestCacheHead = 1024;

/// The head that `bytes`, the file's first ones, begin with. Otherwise nullopt, and `why` says what
/// is wrong.
std::optional<CacheHead> decodeHead(const CacheKey &key, const std::string &bytes,
                                    std::string &why);

/// The entry in `file`, which has at least the bytes that `parts` takes. Otherwise nullopt, and
/// `why` says what is wrong.
std::optional<CacheEntry> decode(const CacheHead &head, const std::string &file, CacheParts parts,
                                 std::string &why);

} // namespace bregman
