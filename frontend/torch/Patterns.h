// Which line of a plan takes which parameter: the first whose pattern matches (rule Q10).
#pragma once

#include "frontend/Compiler.h"

#include <functional>

namespace bregman {

/// A parameter as a plan sees it.
struct PlanTarget {
  /// Every name of the parameter; more than one where modules share it.
  std::vector<std::string> names;
  /// One that needs no gradient may be left over.
  bool trained = true;
  /// A module of activations, which `activations` lines alone take; it may be left over.
  bool activation = false;
};

/// Whether `pattern` matches the whole of `name`: `*` is any run of characters but `/`, `?` is one
/// character but `/`.
BREGMAN_API bool matches(const std::string &pattern, const std::string &name);

/// A learned value of a target, and the line whose pattern names it.
struct LearnedTarget {
  std::string value;
  int line;
};

struct Assignment {
  /// The index of the line that takes each target, or -1 for one that needs no gradient and that no
  /// line names.
  std::vector<int> lines;
  /// Of each target the learned values that a pattern names; the others follow their tensor's line.
  std::vector<std::vector<LearnedTarget>> learned;
};

/// The names of the values that are learned beside the target `target` on line `line`. Asked only
/// where a pattern is left that has matched no tensor.
using LearnedValues = std::function<Result<std::vector<std::string>>(size_t target, size_t line)>;

/// Fails where a pattern matches no parameter not yet taken, where a parameter is left over, and
/// where a learned value would be quantized (Q10); the message lists the parameters.
BREGMAN_API Result<Assignment> assignLines(const std::vector<PlanLine> &lines,
                                           const std::vector<PlanTarget> &targets,
                                           const LearnedValues &learnedValues = {});

} // namespace bregman
