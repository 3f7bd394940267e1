// Devices that are in use, and the thread's current context.
#include "runtime/cuda/Device.h"

#include <map>
#include <mutex>

namespace bregman::cuda {

Status Device::open() {
  name = "cuda:" + std::to_string(ordinal);
  int count = 0;
  BREGMAN_CUDA(driver, "number of devices", cuDeviceGetCount, &count);
  if (ordinal < 0 || ordinal >= count)
    return Error{ErrorKind::Usage, "CUDA: there is no device " + name + "; the driver finds " +
                                       std::to_string(count) + ", and cuda:0 is the first"};
  BREGMAN_CUDA(driver, name, cuDeviceGet, &handle, ordinal);
  char title[128] = "";
  BREGMAN_CUDA(driver, name, cuDeviceGetName, title, sizeof title, handle);
  name += " (" + std::string(title) + ")";
  constexpr int units = 16, majorVersion = 75, minorVersion = 76;
  BREGMAN_CUDA(driver, name, cuDeviceGetAttribute, &multiprocessors, units, handle);
  BREGMAN_CUDA(driver, name, cuDeviceGetAttribute, &major, majorVersion, handle);
  BREGMAN_CUDA(driver, name, cuDeviceGetAttribute, &minor, minorVersion, handle);
  BREGMAN_CUDA(driver, name, cuDevicePrimaryCtxRetain, &primary, handle);
  return std::nullopt;
}

Device::~Device() {
  if (primary)
    (void)driver.cuDevicePrimaryCtxRelease_v2(handle);
}

Result<std::shared_ptr<const Device>> Device::get(int ordinal) {
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<const Device>> open;
  Result<const Driver *> driver = Driver::get();
  if (!driver)
    return driver.error();
  std::lock_guard lock(mutex);
  if (std::shared_ptr<const Device> known = open[ordinal].lock())
    return known;
  std::shared_ptr<Device> device(new Device(**driver, ordinal));
  if (Status bad = device->open())
    return *bad;
  open[ordinal] = device;
  return std::shared_ptr<const Device>(device);
}

Result<std::shared_ptr<const Device>> Device::of(const void *address) {
  Result<const Driver *> found = Driver::get();
  if (!found)
    return found.error();
  const Driver &driver = **found;
  constexpr int ordinalOf = 9, invalidValue = 1, invalidContext = 201;
  int ordinal = 0;
  auto ask = [&] { return driver.cuPointerGetAttribute(&ordinal, ordinalOf, addressOf(address)); };
  // Any context may ask. Who has tensors on a device mostly has one; that of the first device is
  // not made where another is in use.
  int code = ask();
  if (code == invalidContext) {
    Result<std::shared_ptr<const Device>> first = get(0);
    if (!first)
      return first;
    Current current(**first);
    if (current.status())
      return *current.status();
    code = ask();
  }
  if (code == invalidValue)
    return Error{ErrorKind::Usage,
                 "CUDA: a tensor lies in the host's memory; its kernels run on a device"};
  if (code)
    return driver.error(code, "cuPointerGetAttribute", "where a tensor lies");
  return get(ordinal);
}

Current::Current(const Device &device) : device(device) {
  if (int code = device.driver.cuCtxPushCurrent_v2(device.context()))
    failure = device.driver.error(code, "cuCtxPushCurrent_v2", device.name);
}

Current::~Current() {
  if (!failure)
    (void)device.driver.cuCtxPopCurrent_v2(nullptr);
}

BesideCapture::BesideCapture(const Driver &driver)
    : driver(driver), changed(!driver.cuThreadExchangeStreamCaptureMode(&mode)) {}

BesideCapture::~BesideCapture() {
  if (changed)
    (void)driver.cuThreadExchangeStreamCaptureMode(&mode);
}

} // namespace bregman::cuda
