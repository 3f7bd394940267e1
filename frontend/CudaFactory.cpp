// Kernels for GPUs. A cache entry's object is the text of the PTX.
#include "frontend/CudaFactory.h"

#include "frontend/CudaBinaryCache.h"
#include "frontend/HostTranslation.h"
#include "frontend/KernelFactory.h"
#include "frontend/SourceLines.h"
#include "runtime/KernelCache.h"
#include "runtime/cuda/CudaKernel.h"
#include "runtime/cuda/DeviceMemory.h"

using namespace mlir;
using namespace bregman;

static Error usage(llvm::Error error) {
  return {ErrorKind::Usage, llvm::toString(std::move(error))};
}

/// Takes N from `cuda:N` and leaves `cuda`; 0 from anything else.
static int takeOrdinal(llvm::StringRef &device) {
  llvm::StringRef number = device;
  unsigned ordinal = 0;
  if (!number.consume_front("cuda:") || number.getAsInteger(10, ordinal))
    return 0;
  device = "cuda";
  return int(ordinal);
}

/// `cuda`, for the device `ordinal`, or `cuda:CHIP`.
static Result<CudaTarget> targetOf(llvm::StringRef device, int ordinal) {
  if (device.consume_front("cuda:")) {
    llvm::Expected<CudaTarget> target = CudaTarget::of(device);
    if (!target)
      return usage(target.takeError());
    return std::move(*target);
  }
  if (device != "cuda")
    return Error{ErrorKind::Usage,
                 "there is no device '" + device.str() +
                     "'; it is host, cuda, cuda:1 for another one, or cuda:CHIP as cuda:sm_90"};
  Result<std::shared_ptr<const cuda::Device>> wanted = cuda::Device::get(ordinal);
  if (!wanted)
    return wanted.error();
  llvm::Expected<CudaTarget> target = CudaTarget::forDevice((*wanted)->major, (*wanted)->minor);
  if (!target)
    return Error{ErrorKind::Environment,
                 (*wanted)->name + ": " + llvm::toString(target.takeError())};
  return std::move(*target);
}

CudaFactory::CudaFactory(KernelCache *cache, CudaTarget target, int device)
    : cache(cache), target(std::move(target)), kernelMemory(cuda::deviceMemory(device)) {
  if (cache)
    binaries = std::make_shared<CudaBinaryCache>(*cache);
}

Result<CudaFactory> CudaFactory::create(const CompileOptions &options) {
  if (options.lanes)
    return Error{ErrorKind::Usage, "lanes are the host's vectors; a thread of a GPU has none"};
  llvm::StringRef device = options.device;
  int ordinal = takeOrdinal(device);
  Result<CudaTarget> target = targetOf(device, ordinal);
  if (!target)
    return target.error();
  target->fast = options.fast;
  return CudaFactory(processCache(options.cache), std::move(*target), ordinal);
}

llvm::Expected<std::string>
CudaFactory::ptxOf(const std::string &identity, const std::string &kernelText,
                   llvm::function_ref<llvm::Expected<std::string>(CudaBackend &)> compile) {
  CacheKey key;
  if (cache) {
    CacheKeyParts parts;
    parts.kernel = identity;
    parts.options = "cuda " + std::to_string(abi::cuda::version) + (target.fast ? " fast" : "");
    parts.triple = "nvptx64-nvidia-cuda";
    parts.cpu = target.chip;
    parts.features = target.features();
    key = cacheKey(parts);
    if (std::optional<CacheEntry> found = cache->lookup(key))
      return std::move(found->object);
  }
  if (!backend) {
    auto made = CudaBackend::create(target);
    if (!made)
      return made.takeError();
    backend = std::move(*made);
  }
  llvm::Expected<std::string> ptx = compile(*backend);
  if (ptx && cache)
    cache->store(key, {*ptx, {{"kernel", kernelText}}});
  return ptx;
}

llvm::Error CudaFactory::provideCombine(MLIRContext *context) {
  if (combine)
    return llvm::Error::success();
  llvm::Expected<std::string> ptx =
      ptxOf("combine", "", [&](CudaBackend &backend) { return backend.combine(context); });
  if (!ptx)
    return ptx.takeError();
  combine = std::make_shared<const cuda::CudaModule>("kernel that combines", std::move(*ptx),
                                                     abi::cuda::combineSymbol, binaries);
  return llvm::Error::success();
}

llvm::Expected<std::shared_ptr<const Kernel>> CudaFactory::make(KernelOp kernel) {
  llvm::Expected<std::string> ptx =
      ptxOf(identityOf(kernel), stageText(kernel, nullptr),
            [&](CudaBackend &backend) -> llvm::Expected<std::string> {
              OwningOpRef<ModuleOp> alone = ModuleOp::create(kernel.getLoc());
              alone->push_back(kernel->clone());
              llvm::Expected<CudaArtifacts> made = backend.compile(*alone, CudaRequest());
              if (!made)
                return made.takeError();
              return std::move(made->ptx);
            });
  if (!ptx)
    return ptx.takeError();
  KernelSignature signature = signatureOf(kernel);
  bool reduces =
      llvm::any_of(signature.streams, [](auto &stream) { return isReduction(stream.access); });
  if (reduces)
    if (llvm::Error error = provideCombine(kernel.getContext()))
      return std::move(error);
  return std::make_shared<cuda::CudaKernel>(
      std::move(signature),
      cuda::CudaCode{std::move(*ptx), reduces ? combine : nullptr, binaries, kernelMemory});
}
