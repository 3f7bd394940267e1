// Memory of the devices, as LibTorch allocates it, and copies of it.
#include "test/frontend/torch/cuda/Backend.h"

#include <c10/core/Allocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace bregman::standin {

static unsigned long long addressOf(const void *pointer) {
  return static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(pointer));
}

static c10::Device current() { return c10::impl::getDeviceGuardImpl(c10::kCUDA)->getDevice(); }

static void *currentStream(c10::Device device) {
  return handleOf(c10::impl::getDeviceGuardImpl(c10::kCUDA)->getStream(device));
}

void copyIn(c10::Device device, void *to, const void *from, size_t bytes) {
  if (bytes == 0)
    return;
  InContext context(device.index());
  expectSuccess(cuMemcpyHtoDAsync_v2(addressOf(to), from, bytes, currentStream(device)),
                "cuMemcpyHtoDAsync_v2");
}

void copyOut(c10::Device device, void *to, const void *from, size_t bytes) {
  if (bytes == 0)
    return;
  InContext context(device.index());
  void *stream = currentStream(device);
  expectSuccess(cuMemcpyDtoHAsync_v2(to, addressOf(from), bytes, stream), "cuMemcpyDtoHAsync_v2");
  expectSuccess(cuStreamSynchronize(stream), "cuStreamSynchronize");
}

namespace {

/// An allocation that gives itself back.
struct Allocation {
  void *address;
  c10::DeviceIndex device;

  static void release(void *opaque) {
    auto *allocation = static_cast<Allocation *>(opaque);
    try {
      InContext context(allocation->device);
      (void)cuMemFree_v2(addressOf(allocation->address));
    } catch (const c10::Error &) { // nobody can be told
    }
    delete allocation;
  }
};

class Allocator final : public c10::Allocator {
public:
  c10::DataPtr allocate(size_t bytes) override {
    c10::Device device = current();
    if (bytes == 0)
      return {nullptr, device};
    InContext context(device.index());
    unsigned long long address = 0;
    expectSuccess(cuMemAlloc_v2(&address, bytes), "cuMemAlloc_v2");
    // NOLINTNEXTLINE(performance-no-int-to-ptr): so the driver gives addresses
    auto *pointer = reinterpret_cast<void *>(uintptr_t(address));
    return {pointer, new Allocation{pointer, device.index()}, &Allocation::release, device};
  }
  void copy_data(void *to, const void *from, size_t bytes) const override {
    if (bytes == 0)
      return;
    c10::Device device = current();
    InContext context(device.index());
    expectSuccess(
        cuMemcpyDtoDAsync_v2(addressOf(to), addressOf(from), bytes, currentStream(device)),
        "cuMemcpyDtoDAsync_v2");
  }
};

Allocator allocator;
REGISTER_ALLOCATOR(c10::kCUDA, &allocator);

} // namespace

} // namespace bregman::standin
