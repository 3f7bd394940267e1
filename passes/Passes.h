// The target-independent passes, one file each; Pipelines.h puts them in order.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/Pass/Pass.h"

#include <memory>

namespace bregman {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace bregman
