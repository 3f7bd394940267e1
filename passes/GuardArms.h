// Host scalars that only one arm of a host `if` reads.
#pragma once

#include "dialect/BregmanDialect.h"

namespace bregman {

/// A reciprocal may be infinite where the `if` around it takes the other arm. There the host gives
/// 1 in its place, so that whatever is read is finite.
void guardArms(MethodOp method);

} // namespace bregman
