// A method's kernels beside the oracle, which derives nothing.
#pragma once

#include "Program.h"

namespace bregman::test {

/// 40 steps of normal gradients, in epochs of 3, with schedules fast enough to matter: all that is
/// stored and the weights are the same before each step. Both compute in double; constants are
/// rounded to f32 in the kernels.
void compareRuns(Program &program, double tolerance = 1e-9);

} // namespace bregman::test
