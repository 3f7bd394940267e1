// The last look at LLVM IR before the back end.
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace bregman {

/// An error that names the first instruction or intrinsic which is not on the list of those that
/// become machine instructions. The back end would call a library for it, or end the process.
llvm::Error verifyIsNative(const llvm::Module &module);

} // namespace bregman
