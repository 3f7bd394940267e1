// `bregman eval`: a checkpoint's accuracy.
#pragma once

#include "frontend/train/CommandLine.h"

namespace bregman::train {

/// Prints loss and accuracy, soft and hardened; the exit status. Needs no compiler: a checkpoint
/// has the hardened weights in it.
int evalCommand(const EvalOptions &options);

} // namespace bregman::train
