// Which line of a plan takes which parameter (rule Q10).
#include "frontend/torch/Patterns.h"

namespace bregman {

bool matches(const std::string &pattern, const std::string &name) {
  // The last `*` seen and where its run ends in the name: the only place to come back to.
  size_t p = 0, n = 0, star = std::string::npos, runEnd = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      runEnd = n;
    } else if (p < pattern.size() && (pattern[p] == '?' ? name[n] != '/' : pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string::npos && name[runEnd] != '/') {
      p = star + 1;
      n = ++runEnd;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

static bool matchesAny(const std::string &pattern, const PlanTarget &target) {
  for (const std::string &name : target.names)
    if (matches(pattern, name))
      return true;
  return false;
}

static std::string listOf(const std::vector<PlanTarget> &targets) {
  std::string list = "the parameters are ";
  for (const PlanTarget &target : targets)
    list += (&target == &targets.front() ? "" : ", ") + target.names.front();
  return targets.empty() ? "the module has no parameters" : list;
}

static std::string placeOf(const PlanLine &line) {
  return line.location.empty() ? "" : line.location + ": ";
}

/// A pattern that takes nothing: it matches nothing at all, or an earlier line hides it.
static Error unusedPattern(const PlanLine &line, const std::string &pattern,
                           const std::vector<PlanLine> &lines,
                           const std::vector<PlanTarget> &targets, const std::vector<int> &taken) {
  std::string message = placeOf(line) + "error: pattern \"" + pattern + "\" matches no parameter";
  for (size_t i = 0; i < targets.size(); ++i) {
    if (taken[i] < 0 || !matchesAny(pattern, targets[i]))
      continue;
    message += " that is not taken yet [Q10]";
    message += "\n" + placeOf(lines[taken[i]]) + "note: " + targets[i].names.front() +
               " is taken by an earlier pattern; move the narrower pattern up or remove it";
    return {ErrorKind::SpecRefused, message};
  }
  return {ErrorKind::SpecRefused, message + " [Q10]\nnote: " + listOf(targets)};
}

Result<std::vector<int>> assignLines(const std::vector<PlanLine> &lines,
                                     const std::vector<PlanTarget> &targets) {
  std::vector<int> taken(targets.size(), -1);
  for (size_t l = 0; l < lines.size(); ++l) {
    for (const std::string &pattern : lines[l].patterns) {
      bool used = false;
      for (size_t i = 0; i < targets.size(); ++i) {
        if (taken[i] >= 0 || !matchesAny(pattern, targets[i]))
          continue;
        taken[i] = int(l);
        used = true;
      }
      if (!used)
        return unusedPattern(lines[l], pattern, lines, targets, taken);
    }
    if (lines[l].patterns.empty())
      for (int &line : taken)
        if (line < 0)
          line = int(l);
  }
  for (size_t i = 0; i < targets.size(); ++i)
    if (taken[i] < 0 && targets[i].trained)
      return Error{ErrorKind::SpecRefused,
                   "error: no line of the plan takes the parameter " + targets[i].names.front() +
                       " [Q10]\nnote: add a line for it, or one for all that is left: "
                       "`else : float by ...`\nnote: " +
                       listOf(targets)};
  return taken;
}

} // namespace bregman
