// A run by the oracle.
#pragma once

#include "dialect/BregmanDialect.h"
#include "frontend/Compiler.h"

namespace bregman {

/// Drives the oracle; `keep` holds the module in which the two symbols are.
std::unique_ptr<Run> makeOracleRun(QuantizerOp quantizer, OptimizerOp optimizer,
                                   const Timing &timing, std::shared_ptr<const void> keep);

} // namespace bregman
