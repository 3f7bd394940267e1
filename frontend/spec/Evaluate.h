// Host values in double precision, as they are known when a spec is read: defaults, ranges,
// structural parameters, levels.
#pragma once

#include "frontend/spec/Typed.h"

#include <map>

namespace bregman::spec {

/// The value of a host expression; conditions are 0 or 1. Parameters have the values of `params`,
/// else their defaults. Nothing where it reads a counter or anything but a host value.
std::optional<double> evaluate(const Node &node,
                               const std::map<const Declaration *, double> &params = {});

/// The same for one level of a codebook.
std::optional<double> evaluateLevel(const Node &node, int level,
                                    const std::map<const Declaration *, double> &params = {});

} // namespace bregman::spec
