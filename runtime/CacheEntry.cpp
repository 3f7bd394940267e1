// The form of a cache entry in a file. The reader trusts nothing before its checksum.
#include "runtime/CacheEntry.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/BLAKE3.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace bregman {

namespace {

constexpr char magic[8] = {'B', 'R', 'E', 'G', 'M', 'A', 'N', 'K'};
constexpr uint32_t formatVersion = 1;
constexpr size_t nameSize = 16, checksumSize = 32;
constexpr size_t fixedSize = sizeof magic + 4 + 4 + 32;
constexpr size_t partSize = nameSize + 8 + checksumSize;
constexpr uint32_t largestCount = (largestCacheHead - fixedSize - checksumSize) / partSize;

/// Far above any kernel; keeps sums of lengths from wrapping.
constexpr uint64_t largestPart = uint64_t(1) << 32;

using Checksum = std::array<uint8_t, checksumSize>;

Checksum checksumOf(const char *data, size_t size) {
  return llvm::BLAKE3::hash<checksumSize>(
      llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(data), size));
}

void put(std::string &out, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += char(number >> (8 * i));
}

uint64_t get(const char *data, int bytes) {
  uint64_t number = 0;
  for (int i = 0; i < bytes; ++i)
    number |= uint64_t(uint8_t(data[i])) << (8 * i);
  return number;
}

void putPart(std::string &head, const std::string &name, const std::string &content) {
  assert(!name.empty() && name.size() <= nameSize && "a part's name has 1 to 16 characters");
  head.append(name).append(nameSize - name.size(), '\0');
  put(head, content.size(), 8);
  Checksum checksum = checksumOf(content.data(), content.size());
  head.append(reinterpret_cast<const char *>(checksum.data()), checksum.size());
}

} // namespace

const std::string *CacheEntry::stage(const std::string &name) const {
  for (const auto &[stageName, text] : stages)
    if (stageName == name)
      return &text;
  return nullptr;
}

std::string encode(const CacheKey &key, const CacheEntry &entry) {
  assert(entry.stages.size() + 1 <= largestCount && "more parts than a head has room for");
  std::string file(magic, sizeof magic);
  put(file, formatVersion, 4);
  put(file, entry.stages.size() + 1, 4);
  file.append(reinterpret_cast<const char *>(key.bytes.data()), key.bytes.size());
  putPart(file, "object", entry.object);
  for (const auto &[name, text] : entry.stages)
    putPart(file, name, text);
  Checksum checksum = checksumOf(file.data(), file.size());
  file.append(reinterpret_cast<const char *>(checksum.data()), checksum.size());
  file += entry.object;
  for (const auto &[name, text] : entry.stages)
    file += text;
  return file;
}

std::optional<CacheHead> decodeHead(const CacheKey &key, const std::string &bytes,
                                    std::string &why) {
  auto wrong = [&](const char *what) {
    why = what;
    return std::nullopt;
  };
  if (bytes.size() < fixedSize)
    return wrong("it is too short");
  if (std::memcmp(bytes.data(), magic, sizeof magic) != 0)
    return wrong("it is not a kernel cache entry");
  const char *at = bytes.data() + sizeof magic;
  if (get(at, 4) != formatVersion)
    return wrong("its format is of another version");
  uint64_t count = get(at + 4, 4);
  if (count < 1 || count > largestCount)
    return wrong("its head is damaged");
  CacheHead head;
  head.size = fixedSize + count * partSize + checksumSize;
  if (bytes.size() < head.size)
    return wrong("it is too short");
  size_t covered = head.size - checksumSize;
  Checksum checksum = checksumOf(bytes.data(), covered);
  if (std::memcmp(checksum.data(), bytes.data() + covered, checksumSize) != 0)
    return wrong("its head is damaged");
  if (std::memcmp(at + 8, key.bytes.data(), key.bytes.size()) != 0)
    return wrong("it belongs to another kernel");

  head.total = head.size;
  for (const char *part = bytes.data() + fixedSize; part < bytes.data() + covered;
       part += partSize) {
    CacheHead::Part &entry = head.parts.emplace_back();
    entry.name.assign(part, strnlen(part, nameSize));
    entry.length = get(part + nameSize, 8);
    std::memcpy(entry.checksum.data(), part + nameSize + 8, checksumSize);
    if (entry.length > largestPart)
      return wrong("its head is damaged");
    head.total += entry.length;
  }
  head.objects = head.size + head.parts[0].length;
  return head;
}

std::optional<CacheEntry> decode(const CacheHead &head, const std::string &file, CacheParts parts,
                                 std::string &why) {
  CacheEntry entry;
  size_t at = head.size;
  for (const CacheHead::Part &part : head.parts) {
    bool object = &part == head.parts.data();
    if (!object && parts == CacheParts::Object)
      break;
    if (part.length > file.size() - std::min(at, file.size())) {
      why = "it is too short";
      return std::nullopt;
    }
    if (checksumOf(file.data() + at, part.length) != part.checksum) {
      why = "its part `" + part.name + "` is damaged";
      return std::nullopt;
    }
    std::string content = file.substr(at, part.length);
    at += part.length;
    if (object)
      entry.object = std::move(content);
    else
      entry.stages.emplace_back(part.name, std::move(content));
  }
  return entry;
}

} // namespace bregman
