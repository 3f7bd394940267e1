// Both processes are this program started afresh. The driver's own cache would make a cold one
// warm.
#include "frontend/bench/FreshProcess.h"
#include "frontend/bench/cuda/CudaBench.h"
#include "frontend/bench/cuda/DeviceModel.h"
#include "runtime/cuda/Device.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

using namespace bregman;
using namespace bregman::bench;

static double milliseconds() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Status bregman::bench::compileOnceOnDevice(const BenchOptions &options, const Case &measured,
                                           std::ostream &out) {
  Result<Program> program = measured.load(options.specs);
  if (!program)
    return program.error();
  CompileOptions compile;
  compile.device = options.device;
  compile.fast = options.fast;
  // The driver's start and the context, which take longest, belong to no method.
  Result<std::shared_ptr<const cuda::Device>> device = cuda::Device::get(ordinalOf(options.device));
  if (!device)
    return device.error();
  double start = milliseconds();
  auto method = program->compile(measured.quantizer, measured.optimizer, compile);
  double compiled = milliseconds();
  if (!method)
    return method.error();
  Result<DeviceModel> model = DeviceModel::create(*method, {4096});
  if (!model)
    return model.error();
  size_t kernels = (**method).attach.size() + (**method).step.size() + (**method).publish.size() +
                   (**method).final.size();
  out << compiled - start << " " << milliseconds() - compiled << " " << kernels << "\n";
  return {};
}

namespace {

/// A folder that goes when it is no longer needed.
class Folder {
public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bregman-bench-XXXXXX").string();
    path = mkdtemp(name.data()) ? name : "";
  }
  ~Folder() {
    std::error_code ignored;
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  std::string path; ///< empty where it could not be made
};

} // namespace

Result<CudaCompile> bregman::bench::measureCudaCompile(const BenchOptions &options,
                                                       const Case &measured) {
  Folder cache;
  if (cache.path.empty())
    return Error{ErrorKind::Environment, "error: could not make a folder for a cache in " +
                                             std::filesystem::temp_directory_path().string()};
  CudaCompile result;
  result.match = measured.title();
  for (auto [whole, first] : {std::pair(&result.cold, &result.coldFirstStep),
                              std::pair(&result.cached, &result.cachedFirstStep)}) {
    auto numbers = compileInFreshProcess(options, measured, 3,
                                         {"BREGMAN_CACHE=" + cache.path, "CUDA_CACHE_DISABLE=1"});
    if (!numbers)
      return numbers.error();
    *whole = (*numbers)[0];
    *first = (*numbers)[1];
    result.kernels = int((*numbers)[2]);
  }
  return result;
}
