// One GPU by its primary context, which LibTorch uses too: addresses of either mean the same.
#pragma once

#include "runtime/cuda/Driver.h"

#include <memory>

namespace bregman::cuda {

class Device {
public:
  /// Device `ordinal`, retained as long as somebody holds it. Fails where there is none.
  static Result<std::shared_ptr<const Device>> get(int ordinal);
  /// The device on which `address` lies. Fails where it is no address of a device.
  static Result<std::shared_ptr<const Device>> of(const void *address);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const Driver &driver;
  const int ordinal;
  std::string name;         ///< `cuda:0 (NVIDIA H100)`, for messages
  int major = 0, minor = 0; ///< the compute capability
  int multiprocessors = 0;

  void *context() const { return primary; }

private:
  Device(const Driver &driver, int ordinal) : driver(driver), ordinal(ordinal) {}
  Status open();
  int handle = 0; ///< the driver's
  void *primary = nullptr;
};

/// Makes a device's context the current one of this thread, and takes it back.
class Current {
public:
  explicit Current(const Device &device);
  ~Current();
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

  /// Why it could not be done.
  const Status &status() const { return failure; }

private:
  const Device &device;
  Status failure;
};

/// While it lives this thread may take memory and load code although some stream captures a graph:
/// neither is to be part of it.
class BesideCapture {
public:
  explicit BesideCapture(const Driver &driver);
  ~BesideCapture();
  BesideCapture(const BesideCapture &) = delete;
  BesideCapture &operator=(const BesideCapture &) = delete;

private:
  const Driver &driver;
  int mode = 2; ///< relaxed; afterwards the one before
  bool changed;
};

} // namespace bregman::cuda
