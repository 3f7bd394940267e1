// What `bregman explain` shows: a method in the paper's terms, what was derived, what was proved,
// and what a step costs.
#pragma once

#include "dialect/BregmanDialect.h"
#include "runtime/Kernel.h"

#include <string>

namespace bregman::explain {

/// The forward pass, what is moved and by what, the inverse, the mirror map, the derivative and the
/// proximal step, as formulas. Both ops are at the stage `bregman`; without an optimizer the
/// quantizer is one of activations.
std::string describeMethod(QuantizerOp quantizer, OptimizerOp optimizer);

/// The verdict of each rule that applies, with its proof.
std::string describeRules(QuantizerOp quantizer);

/// What is stored, the sweeps of a step, the bytes that it moves, its arithmetic, and the time that
/// the bytes take at `bandwidth` bytes per second. `kernels` is at the stage `kernel` and is
/// lowered further.
std::string describeCost(mlir::ModuleOp kernels, ElementType element, double bandwidth);
/// The same of the two passes of an activation.
std::string describeActivationCost(mlir::ModuleOp kernels, double bandwidth);

/// Bytes per second that one thread of this machine moves between memory and core, read and
/// written together; takes some tens of milliseconds.
double measureBandwidth();

} // namespace bregman::explain
