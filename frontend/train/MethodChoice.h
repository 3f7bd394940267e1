// From the flags to the lines of a plan: which parameter gets which quantizer and optimizer.
#pragma once

#include "frontend/torch/Constrained.h"
#include "frontend/train/Models.h"
#include "frontend/train/RunOptions.h"

#include <optional>

namespace bregman::train {

struct MethodChoice {
  std::vector<PlanLine> lines;
  std::shared_ptr<const Program> program; ///< compiles for the lines
  std::string name;                       ///< the quantizer or the plan, for folders and tables
  std::string warnings;                   ///< of the spec, rendered
  /// Constrained training, in two branches; `lines` are its lines.
  std::optional<Plan> constrained = {};
};

/// The text of the spec file, or "" where the run has none. Throws an Exception of kind Input.
std::string readSpec(const RunOptions &options);

/// All weight matrices by the quantizer, all else by `float`, under the same optimizer; or the
/// file's plan. Throws what the compiler has against the spec.
MethodChoice chooseMethod(const RunOptions &options, const std::string &specText,
                          const Network &network);

/// The same network all in float, under the same optimizer.
MethodChoice chooseFloat(const RunOptions &options, const std::string &specText);

} // namespace bregman::train
