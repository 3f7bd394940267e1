// `bregman plan`: from the multipliers of runs to a plan of mixed precision.
#pragma once

#include "frontend/train/CommandLine.h"

namespace bregman::train {

/// Writes the plan; the exit status.
int planCommand(const PlanOptions &options);

} // namespace bregman::train
