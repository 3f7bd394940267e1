// The passes of the code generator: from vector code to what the machine's back end takes.
#pragma once

#include "codegen/LoopVariant.h"

#include "mlir/Pass/Pass.h"

#include <memory>

namespace bregman {

#define GEN_PASS_DECL
#include "codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "codegen/Passes.h.inc"

} // namespace bregman
