// From the text of one operation to LLVM IR, through the passes that kernels go through.
#include "SweepModule.h"
#include "codegen/Passes.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include <regex>

using namespace mlir;

namespace bregman::ulp {

/// $L is the number of lanes, $T the type of the values, $BODY the function; in it $C(v) is a
/// constant of that type.
static constexpr llvm::StringRef loop = R"(
func.func @sweep(%first: !llvm.ptr {llvm.noalias}, %second: !llvm.ptr {llvm.noalias},
                 %out: !llvm.ptr {llvm.noalias}, %n: i64) {
  %begin = arith.constant 0 : i64
  %step = arith.constant $L : i64
  scf.for %i = %begin to %n step %step : i64 {
    %xp = llvm.getelementptr %first[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %zp = llvm.getelementptr %second[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %to = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %x = llvm.load %xp {alignment = 4 : i64} : !llvm.ptr -> $T
    %z = llvm.load %zp {alignment = 4 : i64} : !llvm.ptr -> $T
    $BODY
    llvm.store %y, %to {alignment = 4 : i64} : $T, !llvm.ptr
  }
  return
}
)";

static std::string substitute(std::string text, llvm::StringRef what, llvm::StringRef with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

static std::string writeLoop(llvm::StringRef body, int lanes) {
  std::string type = lanes == 1 ? "f32" : "vector<" + std::to_string(lanes) + "xf32>";
  std::string text = substitute(loop.str(), "$BODY", body);
  text = std::regex_replace(text, std::regex("\\$C\\(([^)]*)\\)"),
                            lanes == 1 ? "$1 : f32" : "dense<$1> : $$T");
  return substitute(substitute(text, "$T", type), "$L", std::to_string(lanes));
}

static LogicalResult lower(ModuleOp module) {
  PassManager pm(module.getContext());
  pm.addPass(createExpandFunctions());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createVerifyNoLibcalls());
  return pm.run(module);
}

llvm::Expected<llvm::orc::ThreadSafeModule> makeSweepModule(llvm::StringRef body, int lanes) {
  DialectRegistry registry;
  registry.insert<BregmanDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);

  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message += diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(writeLoop(body, lanes), &context);
  if (!module || failed(lower(*module)))
    return llvm::createStringError(message);

  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*module, *llvmContext);
  if (!translated)
    return llvm::createStringError(message);
  return llvm::orc::ThreadSafeModule(std::move(translated), std::move(llvmContext));
}

} // namespace bregman::ulp
