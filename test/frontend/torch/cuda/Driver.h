// What tests of LibTorch on CUDA devices want of the driver, the stand-in or NVIDIA's: functions by
// their names, since a program that uses LibTorch is not linked to it.
#pragma once

#include "frontend/torch/Device.h"
#include "test/cuda/driver/Standin.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace bregman::testing {

/// The code that the driver's function `name` returns. Arguments have the types of its own.
template <typename... Arguments> int driver(const char *name, Arguments... arguments) {
  void *library = dlopen("libcuda.so.1", RTLD_LAZY);
  auto function = reinterpret_cast<int (*)(Arguments...)>(library ? dlsym(library, name) : nullptr);
  return function ? function(arguments...) : -1;
}

inline bool isStandin() { return standinCalls != nullptr; }

inline const c10::Device firstDevice(c10::kCUDA, 0);

/// The second device, or the only one.
inline c10::Device lastDevice() {
  bool several = c10::impl::getDeviceGuardImpl(c10::kCUDA)->deviceCount() > 1;
  return {c10::kCUDA, several ? c10::DeviceIndex(1) : c10::DeviceIndex(0)};
}

/// The first device's context, current while this lives.
class InContext {
public:
  InContext() {
    void *context = nullptr;
    EXPECT_EQ(driver("cuDevicePrimaryCtxRetain", &context, 0), 0);
    EXPECT_EQ(driver("cuCtxPushCurrent_v2", context), 0);
  }
  ~InContext() {
    EXPECT_EQ(driver("cuCtxPopCurrent_v2", static_cast<void **>(nullptr)), 0);
    EXPECT_EQ(driver("cuDevicePrimaryCtxRelease_v2", 0), 0);
  }
  InContext(const InContext &) = delete;
  InContext &operator=(const InContext &) = delete;
};

/// Work on the first device's current stream, captured once.
class Graph {
public:
  template <typename F> explicit Graph(F work) {
    InContext context;
    EXPECT_EQ(driver("cuStreamBeginCapture_v2", stream(), 0), 0);
    try {
      work();
    } catch (...) {
      destroy(end());
      throw;
    }
    void *graph = end();
    EXPECT_EQ(driver("cuGraphInstantiateWithFlags", &executable, graph, 0ULL), 0);
    destroy(graph);
  }
  void replay() const {
    InContext context;
    ASSERT_EQ(driver("cuGraphLaunch", executable, stream()), 0);
  }

private:
  static void *stream() { return currentStreamOf(firstDevice); }
  static void *end() {
    void *graph = nullptr;
    EXPECT_EQ(driver("cuStreamEndCapture", stream(), &graph), 0);
    return graph;
  }
  static void destroy(void *graph) { EXPECT_EQ(driver("cuGraphDestroy", graph), 0); }

  void *executable = nullptr;
};

} // namespace bregman::testing
