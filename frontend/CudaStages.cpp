// Compiles each kernel of a method for a chip, and asks NVIDIA's tools about it.
#include "frontend/CudaStages.h"
#include "dialect/BregmanDialect.h"
#include "frontend/CudaTools.h"
#include "frontend/SourceLines.h"
#include "frontend/explain/Page.h"

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

static llvm::Expected<CudaArtifacts> compile(CudaBackend &backend, KernelOp kernel,
                                             const CudaRequest &request) {
  OwningOpRef<ModuleOp> alone = ModuleOp::create(kernel.getLoc());
  alone->push_back(kernel->clone());
  return backend.compile(*alone, request);
}

llvm::Expected<std::string> bregman::cudaStage(ModuleOp kernels, llvm::StringRef stage,
                                               const CudaTarget &target,
                                               const SourceLines *sources) {
  auto backend = CudaBackend::create(target);
  if (!backend)
    return backend.takeError();
  bool isGpu = stage == "gpu";
  std::string text;
  for (auto kernel : kernels.getOps<KernelOp>()) {
    auto made =
        compile(**backend, kernel, {.gpu = isGpu, .ptx = !isGpu, .locations = sources != nullptr});
    if (!made)
      return made.takeError();
    if (stage == "sass") {
      auto code = disassemble(made->ptx, target.chip, /*lines=*/sources != nullptr);
      if (!code)
        return code.takeError();
      text += ("// " + kernel.getSymName() + ", " + target.chip + "\n" + *code + "\n").str();
      continue;
    }
    const std::string &own = isGpu ? made->gpu : made->ptx;
    text += (sources ? annotatePlaces(own, "//", *sources) : own) + "\n";
  }
  return text;
}

/// `98 registers, nothing spilled, 4160 bytes shared; 2 blocks ...`.
static std::string describe(const CudaResources &found, llvm::StringRef chip) {
  int blocks = blocksPerMultiprocessor(found, chip);
  auto text = [](int number) { return std::to_string(number); };
  return text(found.registers) + " registers, " +
         (found.spilled ? text(found.spilled) + " bytes" : "nothing") + " spilled" +
         (found.shared ? ", " + text(found.shared) + " bytes of shared memory" : "") + "; " +
         text(blocks) + (blocks == 1 ? " block of " : " blocks of ") + text(abi::cuda::threads) +
         " threads at once, " + text(100 * blocks * abi::cuda::threads / 2048) +
         " % of a multiprocessor's";
}

llvm::Expected<std::string> bregman::describeResources(ModuleOp kernels, const CudaTarget &target) {
  explain::Page page;
  page.section("Kernels of a step on " + target.chip);
  if (!hasPtxas()) {
    page.line("unknown", "ptxas, which knows them, is not in PATH");
    return std::move(page.text);
  }
  auto backend = CudaBackend::create(target);
  if (!backend)
    return backend.takeError();
  for (auto kernel : kernels.getOps<KernelOp>()) {
    size_t at = kernel.getSymName().rfind(".step");
    if (at == llvm::StringRef::npos)
      continue;
    auto made = compile(**backend, kernel, {});
    if (!made)
      return made.takeError();
    auto found = resourcesOf(made->ptx, target.chip);
    if (!found)
      return found.takeError();
    page.line(kernel.getSymName().drop_front(at + 1).str(), describe(*found, target.chip));
  }
  return std::move(page.text);
}
