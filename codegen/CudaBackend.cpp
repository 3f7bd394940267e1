// Drives MLIR's passes, the translation to LLVM IR and LLVM's NVPTX back end.
#include "codegen/CudaBackend.h"
#include "codegen/BackendSteps.h"
#include "codegen/NativeCheck.h"
#include "codegen/Pipelines.h"
#include "codegen/PrintStages.h"
#include "codegen/PtxPlaces.h"
#include "codegen/ValueNames.h"
#include "codegen/gpu/CombineBuilder.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace mlir;

namespace bregman {

llvm::Expected<CudaTarget> CudaTarget::of(StringRef chip) {
  if (chip != "sm_80" && chip != "sm_90" && chip != "sm_100")
    return llvm::createStringError("there is no code for the chip '" + chip +
                                   "'; it is made for sm_80, sm_90 and sm_100, and runs on later "
                                   "ones too");
  return CudaTarget{.chip = chip.str()};
}

llvm::Expected<CudaTarget> CudaTarget::forDevice(int major, int minor) {
  if (major < 8)
    return llvm::createStringError("a GPU of compute capability 8.0 or newer is needed, and this "
                                   "one has " +
                                   Twine(major) + "." + Twine(minor));
  return CudaTarget{.chip = major >= 10 ? "sm_100" : major >= 9 ? "sm_90" : "sm_80"};
}

std::string CudaTarget::features() const { return chip == "sm_100" ? "+ptx86" : "+ptx80"; }

CudaBackend::CudaBackend(CudaTarget target, std::unique_ptr<llvm::TargetMachine> machine)
    : cudaTarget(std::move(target)), machine(std::move(machine)) {}
CudaBackend::~CudaBackend() = default;

llvm::Expected<std::unique_ptr<CudaBackend>> CudaBackend::create(CudaTarget target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string problem;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *known = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!known)
    return llvm::createStringError("no back end for '" + triple.str() + "': " + problem);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only what says fma is one
  std::unique_ptr<llvm::TargetMachine> machine(
      known->createTargetMachine(triple, target.chip, target.features(), options, llvm::Reloc::PIC_,
                                 std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return llvm::createStringError("no code generator for '" + triple.str() + "'");
  return std::unique_ptr<CudaBackend>(new CudaBackend(std::move(target), std::move(machine)));
}

llvm::Expected<std::string> CudaBackend::write(ModuleOp module, StringRef name, Places *places) {
  if (llvm::Error error = runPasses(
          module, [](OpPassManager &pm) { buildLLVMPipeline(pm, /*tablesInMemory=*/true); }))
    return error;
  llvm::LLVMContext context;
  auto code = translate(module, name, *machine, context, places);
  if (!code)
    return code.takeError();
  for (llvm::Function &function : **code)
    if (!function.isDeclaration())
      function.addFnAttr(llvm::Attribute::NoUnwind);
  // The back end ends the process where it has no instruction.
  if (llvm::Error error =
          verifyIsNative(**code, cudaTarget.fast ? Machine::CudaFast : Machine::Cuda))
    return error;
  llvm::SmallVector<char, 0> text;
  if (llvm::Error error = writeCode(*machine, **code, llvm::CodeGenFileType::AssemblyFile, text))
    return error;
  return std::string(text.begin(), text.end());
}

/// What is said of approximate code, in the code.
static constexpr const char *fastHeader =
    "// fast: a product is rounded with the sum it goes into; x / y is within 2 ulp for |y| of "
    "2^-126\n"
    "// to 2^126, 1 / y within 1 ulp, exp(x) within 2.5 + 1.23 |x| ulp, tanh(x) within 2^-11 of "
    "itself\n";

llvm::Expected<CudaArtifacts> CudaBackend::compile(ModuleOp kernel, const CudaRequest &request) {
  CudaArtifacts artifacts;
  auto kernels = kernel.getOps<KernelOp>();
  if (kernels.empty())
    return llvm::createStringError("code generation expects a kernel");
  KernelOp source = *kernels.begin();
  OwningOpRef<ModuleOp> module = kernel.clone();
  const bool fast = cudaTarget.fast;
  if (llvm::Error error =
          runPasses(*module, [&](OpPassManager &pm) { buildGpuPipeline(pm, fast); }))
    return error;
  if (request.gpu)
    artifacts.gpu = printLoops(*module, request.locations);
  if (!request.ptx)
    return artifacts;
  Places places;
  auto ptx = write(*module, source.getSymName(), request.locations ? &places : nullptr);
  if (!ptx)
    return ptx.takeError();
  artifacts.ptx = codeHeader(source, cudaTarget.chip, "//") + (fast ? fastHeader : "") +
                  (request.locations ? withPtxPlaces(*ptx, places) : *ptx);
  return artifacts;
}

llvm::Expected<std::string> CudaBackend::combine(MLIRContext *context) {
  OwningOpRef<ModuleOp> module = gpu::buildCombine(context);
  return write(*module, abi::cuda::combineSymbol, nullptr);
}

void registerCudaBackend(DialectRegistry &registry) {
  registerBregmanDialects(registry);
  registry.insert<scf::SCFDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  registerValueNames(registry);
}

} // namespace bregman
