// The last look at LLVM IR before the back end.
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace bregman {

/// What a back end's instructions are of; CudaFast has approximations too.
enum class Machine : uint8_t { Host, Cuda, CudaFast };

/// An error that names the first instruction or intrinsic which is not on the list of those that
/// become machine instructions. The back end would call a library for it, or end the process.
llvm::Error verifyIsNative(const llvm::Module &module, Machine machine);

} // namespace bregman
