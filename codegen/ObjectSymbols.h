// The last check on compiled code: it must stand alone.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace bregman {

/// An error that names the symbols which the object needs from outside: a library function that
/// some instruction was lowered to. Such code would depend on the process that loads it, and on
/// that library's rounding.
llvm::Error verifyStandsAlone(llvm::MemoryBufferRef object);

} // namespace bregman
