// The driver's functions as its library exports them, and PTX to run by them.
#pragma once

#include "test/cuda/driver/Standin.h"

#include <cstddef>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

extern "C" {
int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(void **context, int device);
int cuDevicePrimaryCtxRelease_v2(int device);
int cuCtxPushCurrent_v2(void *context);
int cuCtxPopCurrent_v2(void **context);
int cuCtxSynchronize();
int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options,
                       void **values);
int cuModuleUnload(void *module);
int cuModuleGetFunction(void **function, void *module, const char *name);
int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *stream,
                   void **parameters, void **extra);
int cuMemAlloc_v2(unsigned long long *address, size_t size);
int cuMemFree_v2(unsigned long long address);
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t size, void *stream);
int cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t size, void *stream);
int cuStreamCreate(void **stream, unsigned flags);
int cuStreamDestroy_v2(void *stream);
int cuStreamSynchronize(void *stream);
int cuStreamBeginCapture_v2(void *stream, int mode);
int cuStreamEndCapture(void *stream, void **graph);
int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags);
int cuGraphLaunch(void *executable, void *stream);
int cuGraphDestroy(void *graph);
int cuGraphExecDestroy(void *executable);
}

namespace bregman::testing {

/// How often `function` has been called; 0 where the driver is a real one, which does not count.
inline int64_t callsOf(const char *function) { return standinCalls ? standinCalls(function) : 0; }

/// That it was called `count` times since that was `before`.
inline void expectCalls(const char *function, int64_t before, int64_t count) {
  if (standinCalls) {
    EXPECT_EQ(standinCalls(function) - before, count) << function;
  }
}

/// A kernel of PTX with one parameter, `p`, an address; `body` may use %r, %rd, %f, %fd, %rs and
/// %p.
inline std::string kernelOf(const std::string &body, const std::string &declarations = "") {
  return ".version 8.0\n.target sm_80\n.address_size 64\n" + declarations +
         ".visible .entry k(.param .u64 .ptr .global .align 1 p)\n.maxntid 256\n{\n"
         ".reg .pred %p<9>; .reg .b16 %rs<9>; .reg .b32 %r<19>; .reg .b64 %rd<19>;\n" +
         body + "\n}\n";
}

/// What one launch of a kernel came to.
struct Outcome {
  int loading = 0, running = 0;
  std::string log;
  std::vector<uint32_t> words; ///< of the memory, afterwards
};

/// Runs `ptx` over memory that begins as `words`.
inline Outcome run(const std::string &ptx, std::vector<uint32_t> words, unsigned threads = 32,
                   unsigned grid = 1) {
  Outcome outcome;
  void *context = nullptr, *module = nullptr, *function = nullptr;
  EXPECT_EQ(cuInit(0), 0);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
  EXPECT_EQ(cuCtxPushCurrent_v2(context), 0);
  char log[512] = "";
  int options[] = {5, 6};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  outcome.loading = cuModuleLoadDataEx(&module, ptx.c_str(), 2, options, values);
  outcome.log = log;
  if (!outcome.loading) {
    unsigned long long memory = 0;
    EXPECT_EQ(cuModuleGetFunction(&function, module, "k"), 0);
    EXPECT_EQ(cuMemAlloc_v2(&memory, words.size() * 4), 0);
    EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, words.data(), words.size() * 4, nullptr), 0);
    void *parameters[] = {&memory};
    standinLog();
    EXPECT_EQ(cuLaunchKernel(function, grid, 1, 1, threads, 1, 1, 0, nullptr, parameters, nullptr),
              0);
    outcome.running = cuCtxSynchronize();
    outcome.log = standinLog();
    if (!outcome.running) {
      cuMemcpyDtoHAsync_v2(words.data(), memory, words.size() * 4, nullptr);
      EXPECT_EQ(cuCtxSynchronize(), 0);
      outcome.words = words;
      EXPECT_EQ(cuMemFree_v2(memory), 0);
      EXPECT_EQ(cuModuleUnload(module), 0);
    }
  }
  cuCtxPopCurrent_v2(nullptr);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
  return outcome;
}

} // namespace bregman::testing
