// From a kernel of the dialect to one that runs on a GPU: through the cache and the code generator.
// The driver's compiler takes it from there, at the first launch on each device.
#pragma once

#include "codegen/CudaBackend.h"
#include "dialect/BregmanDialect.h"
#include "frontend/Compiler.h"
#include "runtime/CacheKey.h"
#include "runtime/Memory.h"

namespace bregman {

class KernelCache;
namespace cuda {
class CudaBinaries;
class CudaModule;
} // namespace cuda

class CudaFactory {
public:
  /// For the chip that `options.device` names, or for a device's. Fails where the latter is wanted
  /// and there is no such device.
  static Result<CudaFactory> create(const CompileOptions &options);

  /// Compiles, or takes from the cache what was compiled before.
  llvm::Expected<std::shared_ptr<const Kernel>> make(KernelOp kernel);

  /// Of the device that is meant, the first where a chip is: for the method's tensors too.
  const std::shared_ptr<Memory> &memory() const { return kernelMemory; }

private:
  CudaFactory(KernelCache *cache, CudaTarget target, int device);

  /// The PTX of what `identity` says, from the cache or from `compile`.
  llvm::Expected<std::string>
  ptxOf(const std::string &identity, const std::string &kernelText,
        llvm::function_ref<llvm::Expected<std::string>(CudaBackend &)> compile);
  llvm::Error provideCombine(mlir::MLIRContext *context);

  KernelCache *cache;                           ///< null: none is used
  std::shared_ptr<cuda::CudaBinaries> binaries; ///< null like that
  CudaTarget target;
  std::shared_ptr<Memory> kernelMemory;
  std::unique_ptr<CudaBackend> backend;            ///< made when there is something to compile
  std::shared_ptr<const cuda::CudaModule> combine; ///< made for the first kernel that reduces
};

} // namespace bregman
