// Which line of a plan takes which parameter (rule Q10).
#include "frontend/torch/Patterns.h"

#include <algorithm>
#include <set>

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

static std::string listOf(const std::vector<PlanTarget> &targets, bool activations = false) {
  std::string list;
  std::set<std::string> listed; // two branches have some names twice
  for (const PlanTarget &target : targets)
    if (target.activation == activations && listed.insert(target.names.front()).second)
      list += (list.empty() ? "" : ", ") + target.names.front();
  if (activations)
    return list.empty() ? "the module has no bregman::Activation" : "the activations are " + list;
  return list.empty() ? "the module has no parameters" : "the parameters are " + list;
}

/// A pattern that takes nothing: it matches nothing at all, or an earlier line hides it.
static Error unusedPattern(const PlanLine &line, const std::string &pattern,
                           const std::vector<PlanLine> &lines,
                           const std::vector<PlanTarget> &targets, const std::vector<int> &taken) {
  std::string message = messageAt(line.location) + "pattern \"" + pattern + "\" matches no " +
                        (line.activations ? "activation" : "parameter");
  for (size_t i = 0; i < targets.size(); ++i) {
    if (taken[i] < 0 || targets[i].activation != line.activations ||
        !matchesAny(pattern, targets[i]))
      continue;
    message += " that is not taken yet [Q10]";
    message += "\n" + messageAt(lines[taken[i]].location, "note") + targets[i].names.front() +
               " is taken by an earlier pattern; move the narrower pattern up or remove it";
    return {ErrorKind::SpecRefused, message};
  }
  return {ErrorKind::SpecRefused, message + " [Q10]\nnote: " + listOf(targets, line.activations)};
}

namespace {

/// A pattern of a line, and whether it has taken something.
struct Pattern {
  size_t line;
  const std::string *text;
  bool activations;
  bool used = false;
};

} // namespace

/// What a line that names a learned value may say: it is trained as it is.
static Status checkLearned(const PlanLine &line, const std::string &name) {
  if (line.quantizer == "float")
    return std::nullopt;
  return Error{ErrorKind::SpecRefused, messageAt(line.location) + name +
                                           " is a learned value, which can't be quantized by `" +
                                           line.quantizer + "` [Q10]; write `float by ...` for it"};
}

/// The first line before `end` whose pattern matches, or -1.
static int take(std::vector<Pattern> &patterns, size_t end, const PlanTarget &target) {
  for (Pattern &pattern : patterns)
    if (pattern.line < end && pattern.activations == target.activation &&
        matchesAny(*pattern.text, target)) {
      pattern.used = true;
      return int(pattern.line);
    }
  return -1;
}

Result<Assignment> assignLines(const std::vector<PlanLine> &lines,
                               const std::vector<PlanTarget> &tensors,
                               const LearnedValues &learnedValues) {
  std::vector<Pattern> patterns;
  int rest[2] = {-1, -1}; // of parameters, of activations
  for (size_t l = 0; l < lines.size(); ++l) {
    for (const std::string &pattern : lines[l].patterns)
      patterns.push_back({l, &pattern, lines[l].activations});
    if (int &first = rest[lines[l].activations]; lines[l].patterns.empty() && first < 0)
      first = int(l);
  }
  // Everything that patterns may name: the tensors, then their learned values.
  std::vector<PlanTarget> targets = tensors;
  std::vector<int> taken;
  Assignment result;
  result.learned.resize(tensors.size());
  for (const PlanTarget &tensor : tensors) {
    int others = rest[tensor.activation];
    int line = take(patterns, others < 0 ? lines.size() : size_t(others), tensor);
    taken.push_back(line < 0 ? others : line);
  }
  result.lines = taken;

  bool asks = learnedValues && std::any_of(patterns.begin(), patterns.end(),
                                           [](const Pattern &pattern) { return !pattern.used; });
  for (size_t i = 0; asks && i < tensors.size(); ++i) {
    if (result.lines[i] < 0)
      continue;
    Result<std::vector<std::string>> values = learnedValues(i, size_t(result.lines[i]));
    if (!values)
      return values.error();
    for (const std::string &value : *values) {
      PlanTarget target;
      for (const std::string &name : tensors[i].names)
        target.names.push_back(name + "/" + value);
      int line = take(patterns, lines.size(), target);
      if (line >= 0) {
        if (Status bad = checkLearned(lines[line], target.names.front()))
          return *bad;
        result.learned[i].push_back({value, line});
      }
      targets.push_back(std::move(target));
      taken.push_back(line);
    }
  }

  for (const Pattern &pattern : patterns)
    if (!pattern.used)
      return unusedPattern(lines[pattern.line], *pattern.text, lines, targets, taken);
  for (size_t i = 0; i < tensors.size(); ++i)
    if (result.lines[i] < 0 && tensors[i].trained && !tensors[i].activation)
      return Error{ErrorKind::SpecRefused,
                   "error: no line of the plan takes the parameter " + tensors[i].names.front() +
                       " [Q10]\nnote: add a line for it, or one for all that is left: "
                       "`else : float by ...`\nnote: " +
                       listOf(tensors)};
  return result;
}

} // namespace bregman
