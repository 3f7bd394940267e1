// Allocations and the gaps between them.
#include "test/cuda/driver/Memory.h"

#include <cstdio>

namespace bregman::standin {

uint64_t Memory::used(int device) const {
  uint64_t all = 0;
  for (const auto &[address, allocation] : allocations)
    all += allocation->device == device ? allocation->size : 0;
  return all;
}

uint64_t Memory::allocate(int device, uint64_t size) {
  if (size > capacity || used(device) + size > capacity)
    return 0;
  auto made = std::make_unique<Allocation>();
  made->address = next;
  made->size = size;
  made->device = device;
  // What is read before it is written shows: as f32 this is a NaN.
  if (!idle) {
    made->bytes.assign(size, 0xff);
    made->known.assign(size, false);
  }
  // The next one begins at a multiple of 256, at least 4096 bytes behind the end.
  next += (size + 4096 + 255) / 256 * 256;
  last = made.get();
  return (allocations[made->address] = std::move(made))->address;
}

bool Memory::release(uint64_t address) {
  last = nullptr;
  return allocations.erase(address) != 0;
}

void Memory::releaseAll(int device) {
  last = nullptr;
  std::erase_if(allocations, [&](const auto &entry) { return entry.second->device == device; });
}

Allocation *Memory::find(uint64_t address, uint64_t size) {
  auto holds = [&](const Allocation &a) {
    return address >= a.address && address - a.address <= a.size &&
           size <= a.size - (address - a.address);
  };
  if (last && holds(*last))
    return last;
  auto above = allocations.upper_bound(address);
  if (above == allocations.begin())
    return nullptr;
  Allocation *candidate = std::prev(above)->second.get();
  if (!holds(*candidate))
    return nullptr;
  return last = candidate;
}

std::string Memory::describe(uint64_t address) const {
  char text[160];
  auto above = allocations.upper_bound(address);
  if (above == allocations.begin()) {
    std::snprintf(text, sizeof text, "0x%llx, no address of a device", (unsigned long long)address);
    return text;
  }
  const Allocation &below = *std::prev(above)->second;
  std::snprintf(text, sizeof text, "0x%llx, %lld bytes past the start of an allocation of %llu",
                (unsigned long long)address, (long long)(address - below.address),
                (unsigned long long)below.size);
  return text;
}

} // namespace bregman::standin
