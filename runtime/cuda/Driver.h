// The driver of NVIDIA's GPUs, found when it is first wanted: nothing of CUDA is needed to build,
// or to start, a program that could use it.
#pragma once

#include "runtime/Result.h"

#include <cstddef>
#include <string>

namespace bregman::cuda {

class Driver {
public:
#define X(name, ...) int (*name)(__VA_ARGS__) = nullptr;
#include "runtime/cuda/DriverFunctions.def"
#undef X
  int version = 0; ///< of CUDA, as 13000

  /// The process's driver, initialized. Fails where there is none, where it is too old, or where
  /// it finds no device; the next call tries again. Any thread may call it.
  static Result<const Driver *> get();

  /// Why `call` has failed: what was wanted, the driver's name and text for `code`, and its log.
  Error error(int code, const char *call, const std::string &what,
              const std::string &log = "") const;
};

/// Addresses, as the driver takes them.
using Address = unsigned long long;
inline Address addressOf(const void *pointer) {
  return static_cast<Address>(reinterpret_cast<uintptr_t>(pointer));
}

/// The oldest driver whose PTX compiler takes what is emitted here: that of CUDA 12.0.
inline constexpr int oldestVersion = 12000;

} // namespace bregman::cuda

/// Calls the driver's function `name`; returns the Error where it fails.
#define BREGMAN_CUDA(driver, what, name, ...)                                                      \
  if (int code = (driver).name(__VA_ARGS__))                                                       \
  return (driver).error(code, #name, what)
