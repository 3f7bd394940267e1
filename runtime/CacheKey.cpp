// The key of the kernel cache.
#include "runtime/CacheKey.h"

#include "codegen/KernelABI.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/BLAKE3.h"

#include <cstring>
#include <elf.h>
#include <link.h>

namespace bregman {

namespace {

struct Search {
  uintptr_t address;
  std::string found;
};

/// The build-id among the notes of one PT_NOTE segment. Names and contents are padded to 4 bytes.
std::string buildIdIn(const char *notes, size_t size) {
  for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= size;) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes + at, sizeof header);
    size_t name = at + sizeof header, content = name + (header.n_namesz + 3) / 4 * 4;
    size_t next = content + (header.n_descsz + 3) / 4 * 4;
    if (next > size)
      break;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        std::memcmp(notes + name, "GNU", 4) == 0)
      return std::string(notes + content, header.n_descsz);
    at = next;
  }
  return {};
}

/// Called for every loaded binary; stops at the one that has the address.
int visit(dl_phdr_info *info, size_t, void *opaque) {
  auto &search = *static_cast<Search *>(opaque);
  bool here = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    here |= segment.p_type == PT_LOAD && search.address >= begin &&
            search.address < begin + segment.p_memsz;
  }
  if (!here)
    return 0;
  for (int i = 0; i < info->dlpi_phnum && search.found.empty(); ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE)
      search.found = buildIdIn(reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr),
                               segment.p_memsz);
  }
  return 1;
}

class Hasher {
public:
  void add(llvm::StringRef text) {
    add(uint64_t(text.size()));
    hash.update(text);
  }
  void add(uint64_t number) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; ++i)
      bytes[i] = uint8_t(number >> (8 * i));
    hash.update(bytes);
  }
  CacheKey finish() { return {hash.final<32>()}; }

private:
  llvm::BLAKE3 hash;
};

} // namespace

std::string CacheKey::hex() const { return llvm::toHex(bytes, /*LowerCase=*/true); }

const std::string &ownBuildId() {
  static const std::string id = [] {
    Search search{reinterpret_cast<uintptr_t>(&visit), {}};
    dl_iterate_phdr(visit, &search);
    return search.found;
  }();
  return id;
}

CacheKey cacheKey(const CacheKeyParts &parts) {
  if (ownBuildId().empty())
    return {};
  Hasher hasher;
  hasher.add("bregman kernel");
  hasher.add(uint64_t(abi::version));
  hasher.add(BREGMAN_VERSION);
  hasher.add(ownBuildId());
  hasher.add(LLVM_VERSION_STRING);
  hasher.add(parts.kernel);
  hasher.add(parts.options);
  hasher.add(parts.triple);
  hasher.add(parts.cpu);
  hasher.add(parts.features);
  hasher.add(uint64_t(parts.lanes));
  return hasher.finish();
}

} // namespace bregman
