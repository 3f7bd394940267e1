// The stages of a kernel's code as text for a person.
#pragma once

#include "codegen/LoopVariant.h"
#include "dialect/BregmanDialect.h"

#include "llvm/IR/Module.h"

#include <string>

namespace bregman {

/// "file:line:column", or nothing.
std::string placeOf(mlir::Location loc);

/// The stage `loops`; with `locations` the place in the spec stands behind each operation as a
/// comment.
std::string printLoops(mlir::ModuleOp module, bool locations);

/// The stage `llvm`; with `locations` the same, from the module's debug information, which itself
/// is left out.
std::string printLLVM(const llvm::Module &module, bool locations);

/// Comments that open the stage `asm`: which kernel this is, its streams and scalars in order.
std::string assemblyHeader(KernelOp kernel, const LoopOptions &options);

} // namespace bregman
