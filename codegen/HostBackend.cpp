// Drives MLIR's passes, the translation to LLVM IR and LLVM's code generator. No pass of LLVM's
// middle end runs: the IR is written as it should be.
#include "codegen/HostBackend.h"
#include "codegen/BackendSteps.h"
#include "codegen/NativeCheck.h"
#include "codegen/Pipelines.h"
#include "codegen/PrintStages.h"
#include "codegen/ValueNames.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

using namespace mlir;

namespace bregman {

HostBackend::HostBackend(HostTarget target, std::unique_ptr<llvm::TargetMachine> machine)
    : hostTarget(std::move(target)), machine(std::move(machine)) {}
HostBackend::~HostBackend() = default;

llvm::Expected<std::unique_ptr<HostBackend>> HostBackend::create(HostTarget target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  std::string problem;
  llvm::Triple triple(target.triple);
  const llvm::Target *known = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!known)
    return llvm::createStringError("no back end for '" + target.triple + "': " + problem);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only what says fma is one
  options.MCOptions.AsmVerbose = true;
  std::unique_ptr<llvm::TargetMachine> machine(known->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
      llvm::CodeGenOptLevel::Default, /*JIT=*/true));
  if (!machine)
    return llvm::createStringError("no code generator for '" + target.triple + "'");
  return std::unique_ptr<HostBackend>(new HostBackend(std::move(target), std::move(machine)));
}

static void setAttributes(llvm::Function &function, int lanes) {
  std::string width = std::to_string(32 * lanes);
  function.addFnAttr(llvm::Attribute::NoUnwind);
  function.addFnAttr("frame-pointer", "none");
  function.addFnAttr("prefer-vector-width", width);
  function.addFnAttr("min-legal-vector-width", width);
}

llvm::Expected<HostArtifacts> HostBackend::compile(ModuleOp kernel, const HostRequest &request) {
  HostArtifacts artifacts;
  auto kernels = kernel.getOps<KernelOp>();
  if (kernels.empty())
    return llvm::createStringError("code generation expects a kernel");
  KernelOp source = *kernels.begin();
  LoopOptions options{.lanes = hostTarget.lanes, .variant = request.variant};

  OwningOpRef<ModuleOp> module = kernel.clone();
  if (llvm::Error error =
          runPasses(*module, [&](OpPassManager &pm) { buildLoopsPipeline(pm, options); }))
    return error;
  if (request.loops)
    artifacts.loops = printLoops(*module, request.locations);
  if (!request.llvm && !request.assembly && !request.object)
    return artifacts;

  if (llvm::Error error = runPasses(*module, [](OpPassManager &pm) { buildLLVMPipeline(pm); }))
    return error;
  Places places;
  llvm::LLVMContext context;
  auto translated = translate(*module, source.getSymName(), *machine, context,
                              request.locations ? &places : nullptr);
  if (!translated)
    return translated.takeError();
  std::unique_ptr<llvm::Module> code = std::move(*translated);
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      setAttributes(function, options.lanes);
  if (llvm::Error error = verifyIsNative(*code, Machine::Host))
    return error;

  if (request.llvm && request.locations) {
    auto copy = llvm::CloneModule(*code);
    artifacts.llvm = printLLVM(*code, &places);
    code = std::move(copy);
  } else if (request.llvm) {
    artifacts.llvm = printLLVM(*code, nullptr);
  }
  if (request.assembly) {
    // The code generator changes the IR that it is given.
    std::unique_ptr<llvm::Module> copy;
    if (request.object)
      copy = llvm::CloneModule(*code);
    llvm::SmallVector<char, 0> text;
    if (llvm::Error error =
            writeCode(*machine, copy ? *copy : *code, llvm::CodeGenFileType::AssemblyFile, text))
      return error;
    std::string assembly(text.begin(), text.end());
    std::string what = (options.variant == LoopVariant::Plain ? "plain, " : "streaming, ") +
                       std::to_string(options.lanes) + " lanes";
    artifacts.assembly = codeHeader(source, what, "#") +
                         (request.locations ? withPlaces(assembly, places) : assembly);
  }
  if (request.object)
    if (llvm::Error error =
            writeCode(*machine, *code, llvm::CodeGenFileType::ObjectFile, artifacts.object))
      return error;
  return artifacts;
}

void registerHostBackend(DialectRegistry &registry) {
  registerBregmanDialects(registry);
  registry.insert<func::FuncDialect, scf::SCFDialect, LLVM::LLVMDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerValueNames(registry);
}

} // namespace bregman
