// The host's memory, and buffers of any.
#include "runtime/Memory.h"

#include <cstring>
#include <new>
#include <utility>

namespace bregman {

Memory::~Memory() = default;

namespace {

class HostMemory final : public Memory {
public:
  Result<void *> allocate(size_t bytes, const void *) override {
    return ::operator new(bytes, alignment);
  }
  void release(void *address) override { ::operator delete(address, alignment); }
  Status copy(void *to, const void *from, size_t bytes, void *) override {
    if (bytes)
      std::memcpy(to, from, bytes);
    return std::nullopt;
  }
  Status copyIn(void *to, const void *from, size_t bytes, void *stream) override {
    return copy(to, from, bytes, stream);
  }
  Status copyOut(void *to, const void *from, size_t bytes, void *stream) override {
    return copy(to, from, bytes, stream);
  }

private:
  static constexpr std::align_val_t alignment{64};
};

} // namespace

std::shared_ptr<Memory> hostMemory() {
  static const std::shared_ptr<Memory> memory = std::make_shared<HostMemory>();
  return memory;
}

Buffer::Buffer(Buffer &&other) noexcept
    : memory(std::move(other.memory)), address(std::exchange(other.address, nullptr)),
      bytes(std::exchange(other.bytes, 0)), borrowed(std::exchange(other.borrowed, false)) {}

Buffer &Buffer::operator=(Buffer &&other) noexcept {
  std::swap(memory, other.memory);
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  std::swap(borrowed, other.borrowed);
  return *this;
}

Buffer::~Buffer() {
  if (address)
    borrowed ? memory->giveBack(address) : memory->release(address);
}

Result<Buffer> Buffer::create(std::shared_ptr<Memory> memory, size_t bytes, const void *near) {
  Buffer buffer;
  if (bytes == 0)
    return buffer;
  Result<void *> made = memory->allocate(bytes, near);
  if (!made)
    return made.error();
  buffer.memory = std::move(memory);
  buffer.address = *made;
  buffer.bytes = bytes;
  return buffer;
}

Result<Buffer> Buffer::borrow(std::shared_ptr<Memory> memory, size_t bytes, const void *near,
                              void *stream) {
  Buffer buffer;
  if (bytes == 0)
    return buffer;
  Result<void *> made = memory->borrow(bytes, near, stream);
  if (!made)
    return made.error();
  buffer.memory = std::move(memory);
  buffer.address = *made;
  buffer.bytes = bytes;
  buffer.borrowed = true;
  return buffer;
}

} // namespace bregman
