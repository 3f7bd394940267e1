// The driver's calls about memory. Copies on a stream are work like any other; what they read of
// the host they take at once, as the driver does with memory that is not pinned.
#include "test/cuda/driver/State.h"

#include <algorithm>
#include <cstring>

using namespace bregman::standin;

using Address = unsigned long long;

BREGMAN_EXPORT int cuMemAlloc_v2(Address *address, size_t size) {
  return call("cuMemAlloc_v2", Needs::Context, [&](State &state) -> int {
    if (size == 0)
      return codes::InvalidValue;
    if (state.captures())
      return codes::StreamCaptureUnsupported;
    *address = state.memory.allocate(state.current()->device, size);
    return *address ? codes::Success : codes::OutOfMemory;
  });
}

BREGMAN_EXPORT int cuMemFree_v2(Address address) {
  return call("cuMemFree_v2", Needs::Context, [&](State &state) -> int {
    if (state.captures())
      return codes::StreamCaptureUnsupported;
    if (int lost = state.finish(*state.current(), nullptr))
      return lost;
    return state.memory.release(address) ? codes::Success : codes::InvalidValue;
  });
}

BREGMAN_EXPORT int cuMemGetInfo_v2(size_t *unused, size_t *total) {
  return call("cuMemGetInfo_v2", Needs::Context, [&](State &state) -> int {
    *total = state.memory.capacity;
    *unused = *total - state.memory.used(state.current()->device);
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuPointerGetAttribute(void *value, int attribute, Address address) {
  return call("cuPointerGetAttribute", Needs::Context, [&](State &state) -> int {
    constexpr int ordinal = 9;
    Allocation *found = state.memory.find(address, 1);
    if (attribute != ordinal || !found)
      return codes::InvalidValue;
    *static_cast<int *>(value) = found->device;
    return codes::Success;
  });
}

/// Where a copy leads, looked up when it is done; it was checked when it was asked for.
static uint8_t *bytesAt(State &state, Address address, size_t size, bool writes) {
  Allocation *found = state.memory.find(address, size);
  if (!found)
    throw Fault{codes::IllegalAddress, "a copy to or from " + state.memory.describe(address)};
  uint8_t *bytes = found->bytes.data() + (address - found->address);
  if (writes)
    std::fill_n(found->known.begin() + ptrdiff_t(address - found->address), size, true);
  return bytes;
}

BREGMAN_EXPORT int cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t size, void *stream) {
  return call("cuMemcpyHtoDAsync_v2", Needs::Context, [&](State &state) -> int {
    if (!state.memory.find(to, size) || !from)
      return codes::InvalidValue;
    auto *known = static_cast<Stream *>(stream);
    if (known && state.streams.count(known) && known->capture)
      return state.enqueue(stream, [&state, to, from, size] {
        std::memcpy(bytesAt(state, to, size, true), from, size);
      });
    auto *first = static_cast<const uint8_t *>(from);
    return state.enqueue(stream,
                         [&state, to, size, bytes = std::vector<uint8_t>(first, first + size)] {
                           std::memcpy(bytesAt(state, to, size, true), bytes.data(), size);
                         });
  });
}

BREGMAN_EXPORT int cuMemcpyDtoHAsync_v2(void *to, Address from, size_t size, void *stream) {
  return call("cuMemcpyDtoHAsync_v2", Needs::Context, [&](State &state) -> int {
    if (!state.memory.find(from, size) || !to)
      return codes::InvalidValue;
    return state.enqueue(stream, [&state, to, from, size] {
      std::memcpy(to, bytesAt(state, from, size, false), size);
    });
  });
}

BREGMAN_EXPORT int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t size, void *stream) {
  return call("cuMemcpyDtoDAsync_v2", Needs::Context, [&](State &state) -> int {
    if (!state.memory.find(from, size) || !state.memory.find(to, size))
      return codes::InvalidValue;
    return state.enqueue(stream, [&state, to, from, size] {
      const uint8_t *source = bytesAt(state, from, size, false);
      std::memmove(bytesAt(state, to, size, true), source, size);
    });
  });
}

BREGMAN_EXPORT int cuMemsetD8Async(Address to, unsigned char value, size_t size, void *stream) {
  return call("cuMemsetD8Async", Needs::Context, [&](State &state) -> int {
    if (!state.memory.find(to, size))
      return codes::InvalidValue;
    return state.enqueue(stream, [&state, to, value, size] {
      std::memset(bytesAt(state, to, size, true), value, size);
    });
  });
}
