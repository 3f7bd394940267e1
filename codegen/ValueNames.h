// The spec's names in the code: a stream or scalar keeps its name in `loops` and `llvm`.
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Operation.h"

namespace bregman {

/// `loc` with a name, which is the value's name where MLIR is printed.
mlir::Location named(llvm::StringRef name, mlir::Location loc);

/// Gives `op`, of the LLVM dialect, a name that its instruction will have in LLVM IR.
void keepName(mlir::Operation *op, llvm::StringRef name);

/// The attribute that keepName leaves, for the arguments of functions.
inline constexpr const char *nameAttribute = "bregman.name";

/// Lets the translation to LLVM IR honour the names.
void registerValueNames(mlir::DialectRegistry &registry);

} // namespace bregman
