// Which line of a plan takes which parameter: the first whose pattern matches (rule Q10).
#pragma once

#include "frontend/Compiler.h"

namespace bregman {

/// A parameter as a plan sees it.
struct PlanTarget {
  /// Every name of the parameter; more than one where modules share it.
  std::vector<std::string> names;
  /// One that needs no gradient may be left over.
  bool trained = true;
};

/// Whether `pattern` matches the whole of `name`: `*` is any run of characters but `/`, `?` is one
/// character but `/`.
BREGMAN_API bool matches(const std::string &pattern, const std::string &name);

/// The index of the line that takes each target, or -1 for one that needs no gradient and that no
/// line names. Fails where a pattern matches no parameter not yet taken, and where a parameter is
/// left over (Q10); the message lists the parameters.
BREGMAN_API Result<std::vector<int>> assignLines(const std::vector<PlanLine> &lines,
                                                 const std::vector<PlanTarget> &targets);

} // namespace bregman
