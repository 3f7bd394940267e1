// The mixed-precision plan that the multipliers of constrained runs suggest: the layers that
// quantization is dearest to stay float.
#pragma once

#include "frontend/Compiler.h"
#include "frontend/train/Precision.h"

namespace bregman::train {

/// How much stays float: a number of layers, or as many as keep the whole network within bytes.
struct Budget {
  int64_t layers = 0;
  int64_t bytes = -1; ///< -1: by layers
};

/// `2`, `120kB`, `1.5MB`, `300000B`. Throws an Exception of kind Usage.
Budget parseBudget(const std::string &text);

/// The layers by the average of their multipliers over the runs, the dearest first; those of which
/// nothing is quantized are left out. Several constraints on one layer add up. Throws an Exception
/// of kind Usage where runs have no multipliers of layers, or not the same ones.
std::vector<Precision::Layer> rankLayers(const std::vector<Precision> &runs);

/// How many of the layers of a ranking, and which, stay float. Throws an Exception of kind Usage
/// for a budget that is out of range.
std::vector<std::string> chooseLayers(const std::vector<Precision::Layer> &ranking,
                                      const Precision &sizes, const Budget &budget);

/// The lines of `plan` less its constraints, behind one that keeps the parameters of `layers` in
/// float under the optimizer that they had.
std::string mixedPlan(const Plan &plan, const Precision &sizes,
                      const std::vector<std::string> &layers, const std::string &name);

} // namespace bregman::train
