// The mixed-precision plan that the multipliers of constrained runs suggest.
#include "frontend/train/MixedPlan.h"

#include "frontend/torch/Exception.h"
#include "frontend/torch/Patterns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace bregman::train {

Budget parseBudget(const std::string &text) {
  double number = 0;
  auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(bad == std::errc() ? end : text.data(), text.data() + text.size());
  double factor = unit == "B" ? 1 : unit == "kB" ? 1e3 : unit == "MB" ? 1e6 : 0;
  if (bad == std::errc() && number >= 0 && number <= 1e15) {
    if (unit.empty() && number == std::floor(number))
      return {int64_t(number), -1};
    if (factor != 0)
      return {0, int64_t(number * factor)};
  }
  raise(ErrorKind::Usage, "--budget takes a number of layers, as 2, or bytes, as 300000B, 120kB or "
                          "1.5MB, and not '" +
                              text + "'");
}

/// The module of a multiplier; "output" for that of the networks.
static std::string moduleOf(const std::string &multiplier) {
  return multiplier.substr(0, multiplier.find('#'));
}

/// The parameters of a module that have levels.
static std::vector<Precision::Parameter> quantizedOf(const Precision &sizes,
                                                     const std::string &module) {
  std::vector<Precision::Parameter> found;
  for (const Precision::Parameter &parameter : sizes.parameters)
    if (parameter.name.starts_with(module + ".") && parameter.packedBytes < parameter.floatBytes)
      found.push_back(parameter);
  return found;
}

std::vector<Precision::Layer> rankLayers(const std::vector<Precision> &runs) {
  std::vector<Precision::Layer> ranking;
  for (const Precision &run : runs) {
    std::vector<Precision::Layer> own;
    for (const Precision::Layer &layer : run.layers) {
      std::string module = moduleOf(layer.name);
      if (module == "output" || quantizedOf(run, module).empty())
        continue;
      auto known = std::find_if(own.begin(), own.end(), [&](const Precision::Layer &other) {
        return other.name == module;
      });
      if (known == own.end())
        own.push_back({module, layer.multiplier});
      else
        known->multiplier += layer.multiplier;
    }
    if (own.empty())
      raise(ErrorKind::Usage,
            "the run has no multipliers of quantized layers; train by a plan with "
            "`subject to \"layer\" ...`, once for each seed, and name those runs");
    if (ranking.empty())
      ranking.assign(own.size(), {"", 0});
    bool same = own.size() == ranking.size();
    for (size_t i = 0; same && i < own.size(); ++i) {
      same = ranking[i].name.empty() || ranking[i].name == own[i].name;
      ranking[i].name = own[i].name;
      ranking[i].multiplier += own[i].multiplier / double(runs.size());
    }
    if (!same)
      raise(ErrorKind::Usage,
            "the runs do not have multipliers of the same layers; name runs of one "
            "plan and model that differ in their seed");
  }
  std::stable_sort(ranking.begin(), ranking.end(),
                   [](const auto &a, const auto &b) { return a.multiplier > b.multiplier; });
  return ranking;
}

static std::string listOf(const std::vector<Precision::Layer> &layers) {
  std::string list;
  for (const Precision::Layer &layer : layers)
    list += (list.empty() ? "" : ", ") + layer.name;
  return list;
}

std::vector<std::string> chooseLayers(const std::vector<Precision::Layer> &ranking,
                                      const Precision &sizes, const Budget &budget) {
  std::vector<std::string> chosen;
  if (budget.bytes < 0) {
    if (budget.layers > int64_t(ranking.size()))
      raise(ErrorKind::Usage, "--budget " + std::to_string(budget.layers) + " is more than the " +
                                  std::to_string(ranking.size()) +
                                  " layers that have a multiplier: " + listOf(ranking));
    for (int64_t i = 0; i < budget.layers; ++i)
      chosen.push_back(ranking[size_t(i)].name);
    return chosen;
  }
  int64_t bytes = 0;
  for (const Precision::Parameter &parameter : sizes.parameters)
    bytes += parameter.packedBytes;
  if (bytes > budget.bytes)
    raise(ErrorKind::Usage, "--budget of " + std::to_string(budget.bytes) +
                                " bytes is less than the " + std::to_string(bytes) +
                                " that the network takes with every layer quantized");
  // The dearest first; one that does not fit leaves its place to the next.
  for (const Precision::Layer &layer : ranking) {
    int64_t more = 0;
    for (const Precision::Parameter &parameter : quantizedOf(sizes, layer.name))
      more += parameter.floatBytes - parameter.packedBytes;
    if (bytes + more > budget.bytes)
      continue;
    bytes += more;
    chosen.push_back(layer.name);
  }
  return chosen;
}

namespace {

/// The plan's lines over the parameters that are left to them.
class Lines {
public:
  explicit Lines(const Plan &plan) : plan(plan), used(plan.lines.size()) {
    for (const PlanLine &line : plan.lines)
      used[size_t(&line - plan.lines.data())].resize(line.patterns.size());
  }

  /// The line that takes a parameter, its pattern being used now; null for one that none takes.
  const PlanLine *take(const std::string &name) {
    for (size_t l = 0; l < plan.lines.size(); ++l) {
      const PlanLine &line = plan.lines[l];
      if (line.activations)
        continue;
      if (line.patterns.empty() && name.find('/') == std::string::npos)
        return &line;
      for (size_t p = 0; p < line.patterns.size(); ++p)
        if (matches(line.patterns[p], name)) {
          used[l][p] = true;
          return &line;
        }
    }
    return nullptr;
  }

  /// The lines that something is left for.
  std::string text() const {
    std::string text;
    for (size_t l = 0; l < plan.lines.size(); ++l) {
      const PlanLine &line = plan.lines[l];
      std::string patterns;
      for (size_t p = 0; p < line.patterns.size(); ++p)
        if (line.activations || used[l][p])
          patterns += (patterns.empty() ? "\"" : ", \"") + line.patterns[p] + "\"";
      if (line.patterns.empty())
        patterns = "else";
      if (!patterns.empty())
        text += std::string(line.activations ? "  activations " : "  ") + patterns + " : " +
                line.use + "\n";
    }
    return text;
  }

private:
  const Plan &plan;
  std::vector<std::vector<bool>> used;
};

} // namespace

std::string mixedPlan(const Plan &plan, const Precision &sizes,
                      const std::vector<std::string> &layers, const std::string &name) {
  std::set<std::string> kept;
  for (const std::string &layer : layers)
    for (const Precision::Parameter &parameter : quantizedOf(sizes, layer))
      kept.insert(parameter.name);
  // In float, under the optimizer of the line that they had; one line for each optimizer.
  Lines before(plan), after(plan);
  std::vector<std::pair<std::string, std::string>> inFloat;
  for (const Precision::Parameter &parameter : sizes.parameters) {
    if (!kept.contains(parameter.name)) {
      after.take(parameter.name);
      continue;
    }
    std::string by = before.take(parameter.name)->by;
    auto known = std::find_if(inFloat.begin(), inFloat.end(),
                              [&](const auto &line) { return line.second == by; });
    if (known == inFloat.end())
      inFloat.push_back({"\"" + parameter.name + "\"", by});
    else
      known->first += ", \"" + parameter.name + "\"";
  }
  for (const std::string &value : sizes.learned)
    if (!kept.contains(value.substr(0, value.rfind('/'))))
      after.take(value);
  std::string text = "plan " + name + " {\n";
  for (const auto &[patterns, by] : inFloat)
    text += "  " + patterns + (by.empty() ? " : float\n" : " : float by " + by + "\n");
  return text + after.text() + "}\n";
}

} // namespace bregman::train
