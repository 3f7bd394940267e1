// Values of the dialect in the language's own words, for messages.
#pragma once

#include "dialect/BregmanDialect.h"

#include <string>

namespace bregman::prove {

/// `tanh(beta * (x + 0.5))`.
std::string describe(mlir::Value value);

/// As short as tells it from its neighbours among f32 numbers.
std::string describe(double number);

/// The language's sign of a comparison, with the spaces around it.
llvm::StringRef symbolOf(mlir::arith::CmpFPredicate predicate);

} // namespace bregman::prove
