// Loading modules, with what the driver's compiler says where it refuses one.
#include "runtime/cuda/CudaModule.h"

#include "codegen/CudaABI.h"

#include <algorithm>

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

Status CudaModule::load(Function &made) const {
  const Device &device = *made.device;
  const Driver &driver = device.driver;
  std::string what = name + " on " + device.name;
  constexpr int errorLog = 5, errorLogSize = 6;
  std::string log(8192, '\0');
  int options[] = {errorLog, errorLogSize};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  if (int code = driver.cuModuleLoadDataEx(&made.module, ptx.c_str(), 2, options, values))
    return driver.error(code, "cuModuleLoadDataEx", what, log.c_str());
  BREGMAN_CUDA(driver, what, cuModuleGetFunction, &made.function, made.module, symbol.c_str());
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
    if (Status bad = load(*made))
      return *bad;
    known = std::move(made);
  }
  return known.get();
}

} // namespace bregman::cuda
