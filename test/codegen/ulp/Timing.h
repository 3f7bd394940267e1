// What a function costs where memory does not: over an array that stays in the first-level cache.
#pragma once

#include "Catalogue.h"
#include "SweepJit.h"

#include "llvm/Support/Error.h"

#include <array>
#include <optional>

namespace bregman::ulp {

/// Nanoseconds per value at each width; nothing for a width that this machine cannot run.
using Times = std::array<std::optional<double>, widthCount>;

/// The least of many runs over 2048 values in [-4, 4]: other processes only add.
llvm::Expected<Times> measureTimes(const Function &f);

} // namespace bregman::ulp
