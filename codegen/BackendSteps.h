// The steps that every back end takes: MLIR's passes, the translation to LLVM IR, LLVM's code
// generator.
#pragma once

#include "codegen/Places.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace bregman {

/// Runs `build`'s passes; what they report becomes the error.
llvm::Error runPasses(mlir::ModuleOp module, llvm::function_ref<void(mlir::OpPassManager &)> build);

/// LLVM IR for `machine` of a module in the LLVM dialect. With `places` the instructions carry the
/// numbers of their places as lines.
llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::ModuleOp module, llvm::StringRef name,
                                                        const llvm::TargetMachine &machine,
                                                        llvm::LLVMContext &context, Places *places);

/// Runs the code generator, which changes `module`.
llvm::Error writeCode(llvm::TargetMachine &machine, llvm::Module &module,
                      llvm::CodeGenFileType type, llvm::SmallVectorImpl<char> &bytes);

} // namespace bregman
