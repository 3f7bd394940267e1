// Runs the passes from the stage `bregman` to `derived` and to `kernel`.
#pragma once

#include "dialect/BregmanDialect.h"
#include "runtime/Kernel.h"

namespace bregman {

enum class MethodStage { Derived, Kernel };

/// The module of one quantizer under one optimizer at a stage; `source` is at the stage `bregman`
/// and stays as it is. `learned` are learned values with the optimizers of their own;
/// `constrained`: of constrained training. Failure has been reported to the context.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
deriveMethod(mlir::ModuleOp source, llvm::StringRef quantizer, llvm::StringRef optimizer,
             MethodStage stage, ElementType element,
             const std::vector<std::pair<std::string, std::string>> &learned = {},
             bool constrained = false);

/// The same for a quantizer of activations; `still` is an optimizer that moves nothing.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
deriveActivation(mlir::ModuleOp source, llvm::StringRef quantizer, llvm::StringRef still,
                 MethodStage stage, ElementType element);

} // namespace bregman
