// The stages of a kernel's code as text for a person.
#pragma once

#include "codegen/Places.h"
#include "dialect/BregmanDialect.h"

#include "llvm/IR/Module.h"

#include <string>

namespace bregman {

/// The stage `loops`; with `locations` the place in the spec stands behind each operation as a
/// comment.
std::string printLoops(mlir::ModuleOp module, bool locations);

/// The stage `llvm`; with `places` the same, from the debug information, which is taken out of the
/// module.
std::string printLLVM(llvm::Module &module, const Places *places);

/// Comments that open assembly, which cannot say it by itself: which kernel this is, for what, its
/// streams and scalars in order.
std::string codeHeader(KernelOp kernel, llvm::StringRef what, llvm::StringRef comment);

} // namespace bregman
