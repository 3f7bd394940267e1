// Whether contenders compute the same: a time says nothing where they don't.
#pragma once

#include "frontend/bench/Contender.h"
#include "runtime/Result.h"

namespace bregman::bench {

/// A few steps from weights and by gradients large enough that every number of `numbers` shows.
Trial trial();

/// The largest difference between the weights that both make of `trial`; an error where it is more
/// than rounding explains. `title` says of what, for the message.
Result<double> differenceOf(const std::string &title, Contender &ours, Contender &theirs,
                            const Trial &trial);

} // namespace bregman::bench
