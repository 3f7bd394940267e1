// Compiles the text of a kernel to PTX, loads it and runs it on arrays of the host.
#pragma once

#include "codegen/CudaBackend.h"
#include "test/codegen/KernelRunner.h"
#include "test/cuda/Calls.h"

namespace bregman::test {

/// A module of PTX in the driver's primary context, and memory of the device.
class DeviceRunner {
public:
  explicit DeviceRunner(const std::string &chip = "sm_80") {
    mlir::DialectRegistry registry;
    registerCudaBackend(registry);
    context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
    backend = valueOf(CudaBackend::create(valueOf(CudaTarget::of(chip))));
    EXPECT_EQ(cuInit(0), 0);
    EXPECT_EQ(cuDevicePrimaryCtxRetain(&device, 0), 0);
    EXPECT_EQ(cuCtxPushCurrent_v2(device), 0);
  }
  ~DeviceRunner() {
    if (module)
      cuModuleUnload(module);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
  }

  void loadKernel(const std::string &kernel) {
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(kernel, context.get(), "kernel.mlir");
    ASSERT_TRUE(parsed) << kernel;
    load(valueOf(backend->compile(*parsed, {})).ptx, abi::cuda::symbol);
  }
  void loadCombine() { load(valueOf(backend->combine(context.get())), abi::cuda::combineSymbol); }

  /// An array of the host that a launch reads and writes.
  struct Array {
    void *data;
    size_t bytes;
    /// Bytes behind a multiple of 16 at which it begins in the device's memory.
    size_t shift = 0;
  };
  /// One chunk: its arrays in the order of the kernel's streams.
  struct Work {
    int32_t size;
    std::vector<Array> arrays;
    uint32_t parameter = 0;
    uint64_t first = 0;
  };

  /// One launch on chunks of their own.
  void run(const std::vector<Work> &chunks, const std::vector<float> &scalars,
           const abi::cuda::Draw &draw = {}, unsigned grid = 1) {
    std::vector<uint64_t> table;
    std::vector<std::pair<uint64_t, Array>> copies;
    for (const Work &work : chunks) {
      std::vector<uint64_t> addresses;
      bool aligned = true;
      for (const Array &array : work.arrays) {
        addresses.push_back(allocate(array.bytes + array.shift) + array.shift);
        copies.emplace_back(addresses.back(), array);
        copyIn(addresses.back(), array.data, array.bytes);
        aligned &= array.shift % 16 == 0;
      }
      abi::cuda::Chunk chunk{work.size, aligned ? abi::cuda::aligned : 0, work.parameter, 0,
                             work.first};
      uint64_t words[sizeof chunk / 8];
      std::memcpy(words, &chunk, sizeof chunk);
      table.insert(table.end(), std::begin(words), std::end(words));
      table.insert(table.end(), addresses.begin(), addresses.end());
    }
    uint64_t chunkTable = put(table.data(), table.size() * 8);
    uint64_t scalarTable = put(scalars.data(), scalars.size() * 4);
    uint64_t drawRecord = put(&draw, sizeof draw);
    auto count = static_cast<int32_t>(chunks.size());
    void *parameters[] = {&chunkTable, &count, &scalarTable, &drawRecord};
    launch(parameters, grid);
    for (auto &[address, array] : copies)
      copyOut(array.data, address, array.bytes);
    release();
  }

  /// The numbers of `combinations`, each of records of its own.
  std::vector<float>
  combine(const std::vector<std::pair<abi::cuda::Kind, std::vector<abi::Partial>>> &combinations,
          unsigned grid = 1) {
    std::vector<float> results(combinations.size(), -77);
    uint64_t numbers = put(results.data(), results.size() * 4);
    std::vector<abi::cuda::Combination> table;
    for (auto &[kind, partials] : combinations)
      table.push_back({put(partials.data(), partials.size() * sizeof(abi::Partial)),
                       static_cast<int32_t>(partials.size()), kind, numbers + 4 * table.size()});
    uint64_t records = put(table.data(), table.size() * sizeof table[0]);
    auto count = static_cast<int32_t>(table.size());
    void *parameters[] = {&records, &count};
    launch(parameters, grid);
    copyOut(results.data(), numbers, results.size() * 4);
    release();
    return results;
  }

  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<CudaBackend> backend;

private:
  void load(const std::string &ptx, const char *symbol) {
    if (module)
      cuModuleUnload(module);
    char log[4096] = "";
    int options[] = {5, 6};
    void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
    ASSERT_EQ(cuModuleLoadDataEx(&module, ptx.c_str(), 2, options, values), 0) << log << ptx;
    ASSERT_EQ(cuModuleGetFunction(&function, module, symbol), 0);
  }
  uint64_t allocate(size_t bytes) {
    unsigned long long address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, std::max<size_t>(bytes, 16)), 0);
    owned.push_back(address);
    return address;
  }
  void copyIn(uint64_t to, const void *from, size_t bytes) {
    if (bytes)
      EXPECT_EQ(cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr), 0);
  }
  void copyOut(void *to, uint64_t from, size_t bytes) {
    if (bytes)
      EXPECT_EQ(cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr), 0);
    EXPECT_EQ(cuCtxSynchronize(), 0);
  }
  uint64_t put(const void *data, size_t bytes) {
    uint64_t address = allocate(bytes);
    copyIn(address, data, bytes);
    return address;
  }
  void launch(void **parameters, unsigned grid) {
    EXPECT_EQ(cuLaunchKernel(function, grid, 1, 1, abi::cuda::threads, 1, 1, 0, nullptr, parameters,
                             nullptr),
              0);
    ASSERT_EQ(cuCtxSynchronize(), 0) << (standinLog ? standinLog() : "");
  }
  void release() {
    for (unsigned long long address : owned)
      EXPECT_EQ(cuMemFree_v2(address), 0);
    owned.clear();
  }

  void *device = nullptr, *module = nullptr, *function = nullptr;
  std::vector<unsigned long long> owned;
};

} // namespace bregman::test
