// Verifies in between where assertions are on.
#include "codegen/BackendSteps.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace bregman {

#ifdef NDEBUG
static constexpr bool verifies = false;
#else
static constexpr bool verifies = true;
#endif

llvm::Error runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> build) {
  std::string report;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    llvm::raw_string_ostream(report)
        << (report.empty() ? "" : "\n") << placeOf(diagnostic.getLocation()) << ": "
        << diagnostic.str();
    return success();
  });
  PassManager pm(module.getContext());
  pm.enableVerifier(verifies);
  build(pm);
  if (succeeded(pm.run(module)))
    return llvm::Error::success();
  return llvm::createStringError("code generation failed: " + report);
}

llvm::Expected<std::unique_ptr<llvm::Module>> translate(ModuleOp module, StringRef name,
                                                        const llvm::TargetMachine &machine,
                                                        llvm::LLVMContext &context,
                                                        Places *places) {
  if (places) {
    places->number(module);
    // Lines without sections that describe them: the code stays what it is without.
    LLVM::DIScopeForLLVMFuncOpPassOptions lines;
    lines.emissionKind = LLVM::DIEmissionKind::DebugDirectivesOnly;
    if (llvm::Error error = runPasses(module, [&](OpPassManager &pm) {
          pm.addPass(LLVM::createDIScopeForLLVMFuncOpPass(lines));
        }))
      return error;
  }
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, context, name, /*disableVerification=*/!verifies);
  if (!code)
    return llvm::createStringError("the translation to LLVM IR failed");
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  // The translation's flag about a debug information that isn't there.
  if (llvm::NamedMDNode *flags = places ? nullptr : code->getModuleFlagsMetadata())
    code->eraseNamedMetadata(flags);
  return code;
}

llvm::Error writeCode(llvm::TargetMachine &machine, llvm::Module &module,
                      llvm::CodeGenFileType type, llvm::SmallVectorImpl<char> &bytes) {
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr, type,
                                  /*DisableVerify=*/!verifies))
    return llvm::createStringError("the back end writes no such file");
  passes.run(module);
  return llvm::Error::success();
}

} // namespace bregman
