// Allocations remember their device, which they keep open. What is lent to a stream is not given
// back to the driver between its uses: that would wait for the device each time.
#include "runtime/cuda/DeviceMemory.h"

#include <map>
#include <mutex>
#include <vector>

namespace bregman::cuda {

namespace {

std::string text(size_t bytes) { return std::to_string(bytes) + " bytes"; }

class DeviceMemory final : public Memory {
public:
  explicit DeviceMemory(int ordinal) : ordinal(ordinal) {}
  DeviceMemory(const DeviceMemory &) = delete;
  DeviceMemory &operator=(const DeviceMemory &) = delete;

  ~DeviceMemory() override {
    for (const auto &[owner, blocks] : kept)
      for (const auto &[size, block] : blocks)
        release(block);
  }

  Result<void *> allocate(size_t bytes, const void *near) override {
    Result<std::shared_ptr<const Device>> device = deviceNear(near);
    return device ? allocateOn(*device, bytes, /*stream=*/nullptr) : device.error();
  }

  /// The smallest block that is kept for the stream and large enough. Where there is none, one that
  /// is too small grows: blocks become as many as were ever lent at once.
  Result<void *> borrow(size_t bytes, const void *near, void *stream) override {
    Result<std::shared_ptr<const Device>> device = deviceNear(near);
    if (!device)
      return device.error();
    void *small = nullptr;
    {
      std::lock_guard lock(mutex);
      std::multimap<size_t, void *> &blocks = kept[{(*device)->ordinal, stream}];
      auto found = blocks.lower_bound(bytes);
      bool fits = found != blocks.end();
      if (!fits && !blocks.empty())
        found = std::prev(found);
      if (found != blocks.end()) {
        small = found->second;
        blocks.erase(found);
      }
      if (fits)
        return small;
    }
    if (small)
      release(small);
    return allocateOn(*device, bytes, stream);
  }

  void giveBack(void *address) override {
    std::lock_guard lock(mutex);
    const Allocation &known = allocations.at(address);
    kept[{known.device->ordinal, known.stream}].emplace(known.bytes, address);
  }

  void release(void *address) override {
    std::shared_ptr<const Device> device;
    {
      std::lock_guard lock(mutex);
      auto found = allocations.find(address);
      device = std::move(found->second.device);
      allocations.erase(found);
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

  Result<std::shared_ptr<const Device>> deviceNear(const void *near) const {
    return near ? Device::of(near) : Device::get(ordinal);
  }

  Result<void *> allocateOn(const std::shared_ptr<const Device> &device, size_t bytes,
                            void *stream) {
    Current current(*device);
    if (current.status())
      return *current.status();
    Address address = 0;
    const Driver &driver = device->driver;
    BesideCapture beside(driver);
    int code = driver.cuMemAlloc_v2(&address, bytes);
    constexpr int outOfMemory = 2;
    if (code == outOfMemory && releaseKept(device->ordinal))
      code = driver.cuMemAlloc_v2(&address, bytes);
    if (code) {
      size_t unused = 0, total = 0;
      std::string log;
      if (!driver.cuMemGetInfo_v2(&unused, &total))
        log = std::to_string(unused) + " of " + text(total) + " are free";
      return driver.error(code, "cuMemAlloc_v2", text(bytes) + " on " + device->name, log);
    }
    auto *pointer = reinterpret_cast<void *>(uintptr_t(address));
    std::lock_guard lock(mutex);
    allocations.emplace(pointer, Allocation{device, bytes, stream});
    return pointer;
  }

  /// What is kept on a device goes back to the driver; whether there was anything.
  bool releaseKept(int device) {
    std::vector<void *> blocks;
    {
      std::lock_guard lock(mutex);
      for (auto &[owner, ofStream] : kept)
        if (owner.first == device) {
          for (const auto &[size, block] : ofStream)
            blocks.push_back(block);
          ofStream.clear();
        }
    }
    for (void *block : blocks)
      release(block);
    return !blocks.empty();
  }

  struct Allocation {
    std::shared_ptr<const Device> device;
    size_t bytes;
    void *stream; ///< which it is lent to
  };

  const int ordinal;
  std::mutex mutex;
  std::map<void *, Allocation> allocations;
  /// What streams have given back, by size, for each device and stream.
  std::map<std::pair<int, void *>, std::multimap<size_t, void *>> kept;
};

} // namespace

std::shared_ptr<Memory> deviceMemory(int ordinal) {
  return std::make_shared<DeviceMemory>(ordinal);
}

} // namespace bregman::cuda
