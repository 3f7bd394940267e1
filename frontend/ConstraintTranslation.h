// From `bregman.subject_to` to data.
#pragma once

#include "dialect/BregmanDialect.h"
#include "frontend/Constraint.h"

#include "llvm/Support/Error.h"

namespace bregman {

/// Everything of a constraint but its place.
llvm::Expected<Constraint> translateConstraint(SubjectToOp op);

} // namespace bregman
