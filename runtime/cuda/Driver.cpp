// Finding the driver. Once found it stays: a library of threads of its own is never unloaded.
#include "runtime/cuda/Driver.h"

#include <dlfcn.h>
#include <mutex>

namespace bregman::cuda {

static Error environment(const std::string &message) {
  return {ErrorKind::Environment, "CUDA: " + message};
}

Error Driver::error(int code, const char *call, const std::string &what,
                    const std::string &log) const {
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(code, &name) || !name)
    name = "an unknown error";
  if (cuGetErrorString(code, &text) || !text)
    text = "no text";
  std::string message =
      what + ": " + call + " gives " + name + " (" + std::to_string(code) + "): " + text;
  // Some of its texts are sentences.
  if (message.ends_with('.'))
    message.pop_back();
  constexpr int outOfMemory = 2, noBinary = 209, invalidPtx = 218, unsupportedPtx = 222;
  if (code == outOfMemory)
    message += "; free memory of the device, or train a smaller model";
  if (code == unsupportedPtx)
    message += "; install a newer driver";
  if (code == noBinary || code == invalidPtx)
    message += "; compile for an older chip";
  // What the context is lost by: nothing can be done with the device in this process any more.
  if (code == 214 || code == 700 || code == 702 || (code >= 714 && code <= 719) || code == 999)
    message += "; the device is lost to this process: start again from a checkpoint";
  if (!log.empty())
    message += "\n" + log;
  return environment(message);
}

/// Fills the table; the error names what is missing.
static Status load(Driver &driver) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return environment("libcuda.so.1 cannot be loaded (" + std::string(dlerror()) +
                       "); install NVIDIA's driver, or run on the host");
#define X(name, ...)                                                                               \
  if (void *symbol = dlsym(library, #name))                                                        \
    driver.name = reinterpret_cast<int (*)(__VA_ARGS__)>(symbol);                                  \
  else                                                                                             \
    return environment("libcuda.so.1 has no " #name "; install a newer driver of NVIDIA's");
#include "runtime/cuda/DriverFunctions.def"
#undef X
  return std::nullopt;
}

static Status initialize(Driver &driver) {
  int &version = driver.version;
  BREGMAN_CUDA(driver, "the driver's version", cuDriverGetVersion, &version);
  if (version < oldestVersion)
    return environment("the driver is one of CUDA " + std::to_string(version / 1000) + "." +
                       std::to_string(version % 1000 / 10) + ", too old; one of CUDA " +
                       std::to_string(oldestVersion / 1000) + ".0 or newer is wanted");
  BREGMAN_CUDA(driver, "start of the driver", cuInit, 0);
  int count = 0;
  BREGMAN_CUDA(driver, "number of devices", cuDeviceGetCount, &count);
  if (count == 0)
    return environment("the driver finds no device; see CUDA_VISIBLE_DEVICES, or run on the host");
  return std::nullopt;
}

Result<const Driver *> Driver::get() {
  static std::mutex mutex;
  static Driver driver;
  static bool loaded = false, ready = false;
  std::lock_guard lock(mutex);
  if (!loaded)
    if (Status bad = load(driver))
      return *bad;
  loaded = true;
  if (!ready)
    if (Status bad = initialize(driver))
      return *bad;
  ready = true;
  return &driver;
}

} // namespace bregman::cuda
