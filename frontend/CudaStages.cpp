// Compiles each kernel of a method for a chip.
#include "frontend/CudaStages.h"
#include "dialect/BregmanDialect.h"
#include "frontend/SourceLines.h"

using namespace mlir;
using namespace bregman;

llvm::Expected<std::optional<CudaTarget>> bregman::cudaTargetOf(llvm::StringRef target) {
  if (target == "host")
    return std::nullopt;
  if (target == "cuda")
    return CudaTarget();
  if (!target.consume_front("cuda:"))
    return llvm::createStringError("there is no target '" + target +
                                   "'; it is host, cuda or cuda:CHIP");
  llvm::Expected<CudaTarget> chip = CudaTarget::of(target);
  if (!chip)
    return chip.takeError();
  return std::move(*chip);
}

llvm::Expected<std::string> bregman::cudaStage(ModuleOp kernels, llvm::StringRef stage,
                                               const CudaTarget &target,
                                               const SourceLines *sources) {
  auto backend = CudaBackend::create(target);
  if (!backend)
    return backend.takeError();
  bool isPtx = stage == "ptx";
  std::string text;
  for (auto kernel : kernels.getOps<KernelOp>()) {
    OwningOpRef<ModuleOp> alone = ModuleOp::create(kernel.getLoc());
    alone->push_back(kernel->clone());
    auto made =
        (*backend)->compile(*alone, {.gpu = !isPtx, .ptx = isPtx, .locations = sources != nullptr});
    if (!made)
      return made.takeError();
    const std::string &own = isPtx ? made->ptx : made->gpu;
    text += (sources ? annotatePlaces(own, "//", *sources) : own) + "\n";
  }
  return text;
}
