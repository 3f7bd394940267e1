// Loading modules, with what the driver's compiler says where it refuses one.
#include "runtime/cuda/CudaModule.h"

#include "codegen/CudaABI.h"
#include "runtime/cuda/AllRegisters.h"

#include <algorithm>
#include <utility>

namespace bregman::cuda {

Function::~Function() {
  if (!module)
    return;
  Current current(*device);
  if (!current.status())
    (void)device->driver.cuModuleUnload(module);
}

Status Function::launch(unsigned count, void **parameters, void *stream,
                        const std::string &what) const {
  if (count == 0)
    return std::nullopt;
  BREGMAN_CUDA(device->driver, what + " on " + device->name, cuLaunchKernel, function,
               std::min(count, grid), 1, 1, unsigned(abi::cuda::threads), 1, 1, 0, stream,
               parameters, nullptr);
  return std::nullopt;
}

namespace {

/// Where the driver writes why it refuses something, and the options that tell it so. It writes as
/// long as the call, or the linker, lives.
class ErrorLog {
public:
  static constexpr unsigned count = 2;
  int options[count] = {5, 6};
  void *values[count] = {buffer, reinterpret_cast<void *>(sizeof buffer - 1)};
  const char *text() const { return buffer; }

private:
  char buffer[8192] = "";
};

/// A linker that gives itself back.
struct Linker {
  const Driver &driver;
  void *handle = nullptr;
  ~Linker() {
    if (handle)
      (void)driver.cuLinkDestroy(handle);
  }
};

} // namespace

CudaBinaries::~CudaBinaries() = default;

Result<std::string> CudaModule::link(const std::string &text, const Device &device,
                                     const std::string &what) const {
  const Driver &driver = device.driver;
  ErrorLog log;
  Linker linker{driver};
  auto failed = [&](int code, const char *call) {
    return driver.error(code, call, what, log.text());
  };
  // Without a target the linker takes the chip of the current context.
  if (int code = driver.cuLinkCreate_v2(ErrorLog::count, log.options, log.values, &linker.handle))
    return failed(code, "cuLinkCreate_v2");
  constexpr int isPtx = 1;
  if (int code = driver.cuLinkAddData_v2(linker.handle, isPtx, const_cast<char *>(text.c_str()),
                                         text.size() + 1, name.c_str(), 0, nullptr, nullptr))
    return failed(code, "cuLinkAddData_v2");
  void *binary = nullptr;
  size_t size = 0;
  if (int code = driver.cuLinkComplete(linker.handle, &binary, &size))
    return failed(code, "cuLinkComplete");
  return std::string(static_cast<const char *>(binary), size);
}

Status CudaModule::loadModule(Function &made) const {
  const Device &device = *made.device;
  const Driver &driver = device.driver;
  std::string what = name + " on " + device.name;
  BinaryIdentity identity{ptx, std::to_string(device.major) + "." + std::to_string(device.minor),
                          driver.version, "linked"};
  auto load = [&](const std::string &binary) -> std::pair<int, Error> {
    ErrorLog log;
    int code = driver.cuModuleLoadDataEx(&made.module, binary.data(), ErrorLog::count, log.options,
                                         log.values);
    if (code)
      return {code, driver.error(code, "cuModuleLoadDataEx", what, log.text())};
    code = driver.cuModuleGetFunction(&made.function, made.module, symbol.c_str());
    if (code)
      return {code, driver.error(code, "cuModuleGetFunction", what)};
    return {};
  };
  if (std::string kept = binaries ? binaries->find(identity) : std::string(); !kept.empty()) {
    auto [code, error] = load(kept);
    if (!code)
      return std::nullopt;
    // Only what the code itself is to blame for would be mended by making it again.
    constexpr int invalidImage = 200, noBinary = 209;
    if (code != invalidImage && code != noBinary)
      return error;
    binaries->refused(identity, error.message);
  }
  auto make = [&](const std::string &text) -> Result<std::string> {
    Result<std::string> binary = link(text, device, what);
    if (!binary)
      return binary.error();
    auto [code, error] = load(*binary);
    if (code)
      return error;
    return binary;
  };
  Result<std::string> binary = make(ptx);
  if (!binary)
    return binary.error();
  // What is spilled lies in a thread's own part of the memory.
  constexpr int localBytes = 3;
  int spilled = 0;
  BREGMAN_CUDA(driver, what, cuFuncGetAttribute, &spilled, localBytes, made.function);
  if (spilled > 0) {
    (void)driver.cuModuleUnload(std::exchange(made.module, nullptr));
    binary = make(cuda::withAllRegisters(ptx));
    if (!binary)
      return binary.error();
  }
  if (binaries)
    binaries->keep(identity, *binary);
  return std::nullopt;
}

Status CudaModule::load(Function &made) const {
  const Device &device = *made.device;
  const Driver &driver = device.driver;
  std::string what = name + " on " + device.name;
  if (Status bad = loadModule(made))
    return bad;
  int blocks = 0;
  BREGMAN_CUDA(driver, what, cuOccupancyMaxActiveBlocksPerMultiprocessor, &blocks, made.function,
               abi::cuda::threads, 0);
  made.grid = unsigned(std::max(blocks, 1) * std::max(device.multiprocessors, 1));
  return std::nullopt;
}

Result<const Function *> CudaModule::on(const std::shared_ptr<const Device> &device) const {
  std::lock_guard lock(mutex);
  std::unique_ptr<Function> &known = loaded[device->ordinal];
  if (!known) {
    std::unique_ptr<Function> made(new Function);
    made->device = device;
    BesideCapture beside(device->driver);
    if (Status bad = load(*made))
      return *bad;
    known = std::move(made);
  }
  return known.get();
}

} // namespace bregman::cuda
