// Both processes are this program started afresh. The driver's own cache would make a cold one
// warm.
#include "frontend/bench/cuda/CudaBench.h"
#include "frontend/bench/cuda/DeviceModel.h"
#include "runtime/cuda/Device.h"

#include <chrono>
#include <cstdio>
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
  CudaCompile result;
  result.match = measured.title();
  std::string command = "BREGMAN_CACHE='" + cache.path + "' CUDA_CACHE_DISABLE=1 '" +
                        options.program + "' bench --device '" + options.device +
                        (options.fast ? "' --fast" : "'") + " --compile-once '" + measured.title() +
                        "' --specs '" + options.specs + "'";
  for (auto [whole, first] : {std::pair(&result.cold, &result.coldFirstStep),
                              std::pair(&result.cached, &result.cachedFirstStep)}) {
    FILE *pipe = cache.path.empty() ? nullptr : popen(command.c_str(), "r");
    bool read = pipe && std::fscanf(pipe, "%lf %lf %d", whole, first, &result.kernels) == 3;
    bool ended = pipe && pclose(pipe) == 0;
    if (!read || !ended)
      return Error{ErrorKind::Environment, "error: could not start a fresh process: " + command};
  }
  return result;
}
