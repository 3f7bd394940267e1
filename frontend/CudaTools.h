// NVIDIA's tools, where they are installed: what becomes of PTX on a chip. Nothing needs them.
#pragma once

#include "llvm/Support/Error.h"

#include <string>

namespace bregman {

/// What one kernel takes of a multiprocessor, as ptxas says.
struct CudaResources {
  int registers = 0; ///< of a thread
  int spilled = 0;   ///< bytes that a thread stores and loads because they did not fit there
  int shared = 0;    ///< bytes of a block
};

/// Whether ptxas is in PATH.
bool hasPtxas();

/// Assembles `ptx`, which has one entry; an error where ptxas is missing or refuses it.
llvm::Expected<CudaResources> resourcesOf(llvm::StringRef ptx, llvm::StringRef chip);

/// The machine code of `ptx` as text; needs nvdisasm or cuobjdump too, for `lines` of the spec
/// nvdisasm.
llvm::Expected<std::string> disassemble(llvm::StringRef ptx, llvm::StringRef chip, bool lines);

/// Blocks of abi::cuda::threads threads that a multiprocessor of `chip` holds at once.
int blocksPerMultiprocessor(const CudaResources &resources, llvm::StringRef chip);

} // namespace bregman
