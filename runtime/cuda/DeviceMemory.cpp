// Allocations remember their device, which they keep open.
#include "runtime/cuda/DeviceMemory.h"

#include <map>
#include <mutex>

namespace bregman::cuda {

namespace {

std::string text(size_t bytes) { return std::to_string(bytes) + " bytes"; }

class DeviceMemory final : public Memory {
public:
  explicit DeviceMemory(int ordinal) : ordinal(ordinal) {}

  Result<void *> allocate(size_t bytes, const void *near) override {
    Result<std::shared_ptr<const Device>> device = near ? Device::of(near) : Device::get(ordinal);
    if (!device)
      return device.error();
    Current current(**device);
    if (current.status())
      return *current.status();
    Address address = 0;
    const Driver &driver = (*device)->driver;
    BesideCapture beside(driver);
    if (int code = driver.cuMemAlloc_v2(&address, bytes)) {
      size_t unused = 0, total = 0;
      std::string log;
      if (!driver.cuMemGetInfo_v2(&unused, &total))
        log = std::to_string(unused) + " of " + text(total) + " are free";
      return driver.error(code, "cuMemAlloc_v2", text(bytes) + " on " + (*device)->name, log);
    }
    auto *pointer = reinterpret_cast<void *>(uintptr_t(address));
    std::lock_guard lock(mutex);
    devices.emplace(pointer, *device);
    return pointer;
  }

  void release(void *address) override {
    std::shared_ptr<const Device> device;
    {
      std::lock_guard lock(mutex);
      auto found = devices.find(address);
      device = std::move(found->second);
      devices.erase(found);
    }
    Current current(*device);
    BesideCapture beside(device->driver);
    // Of a lost device there is nothing to be had back.
    if (!current.status())
      (void)device->driver.cuMemFree_v2(addressOf(address));
  }

  Status copy(void *to, const void *from, size_t bytes, void *stream) override {
    return run(to, bytes, [&](const Device &device) -> Status {
      BREGMAN_CUDA(device.driver, "copy of " + text(bytes) + " on " + device.name,
                   cuMemcpyDtoDAsync_v2, addressOf(to), addressOf(from), bytes, stream);
      return std::nullopt;
    });
  }

  Status copyIn(void *to, const void *from, size_t bytes, void *stream) override {
    return run(to, bytes, [&](const Device &device) -> Status {
      BREGMAN_CUDA(device.driver, "copy of " + text(bytes) + " to " + device.name,
                   cuMemcpyHtoDAsync_v2, addressOf(to), from, bytes, stream);
      return std::nullopt;
    });
  }

  Status copyOut(void *to, const void *from, size_t bytes, void *stream) override {
    return run(from, bytes, [&](const Device &device) -> Status {
      std::string what = "copy of " + text(bytes) + " from " + device.name;
      BREGMAN_CUDA(device.driver, what, cuMemcpyDtoHAsync_v2, to, addressOf(from), bytes, stream);
      BREGMAN_CUDA(device.driver, what, cuStreamSynchronize, stream);
      return std::nullopt;
    });
  }

  Result<bool> captures(void *stream, const void *near) override {
    Result<std::shared_ptr<const Device>> device = Device::of(near);
    if (!device)
      return device.error();
    Current current(**device);
    if (current.status())
      return *current.status();
    int captures = 0;
    BREGMAN_CUDA((*device)->driver, "a stream of " + (*device)->name, cuStreamIsCapturing, stream,
                 &captures);
    return captures != 0;
  }

private:
  template <class Body> Status run(const void *address, size_t bytes, Body body) {
    if (bytes == 0)
      return std::nullopt;
    Result<std::shared_ptr<const Device>> device = Device::of(address);
    if (!device)
      return device.error();
    Current current(**device);
    return current.status() ? current.status() : body(**device);
  }

  const int ordinal;
  std::mutex mutex;
  std::map<void *, std::shared_ptr<const Device>> devices;
};

} // namespace

std::shared_ptr<Memory> deviceMemory(int ordinal) {
  static std::mutex mutex;
  static std::map<int, std::shared_ptr<Memory>> memories;
  std::lock_guard lock(mutex);
  std::shared_ptr<Memory> &memory = memories[ordinal];
  if (!memory)
    memory = std::make_shared<DeviceMemory>(ordinal);
  return memory;
}

} // namespace bregman::cuda
