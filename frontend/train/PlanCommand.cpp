// `bregman plan`: from the multipliers of runs to a plan of mixed precision.
#include "frontend/train/PlanCommand.h"

#include "frontend/train/MethodChoice.h"
#include "frontend/train/MixedPlan.h"
#include "frontend/train/RunState.h"

#include <cstdio>

namespace bregman::train {

/// Where the runs come from and what they say, for the reader of the plan.
static std::string heading(const PlanOptions &options, const std::vector<Precision::Layer> &ranking,
                           const std::vector<std::string> &kept) {
  std::string text = "// Mixed precision by the multipliers of";
  for (const std::string &run : options.runs)
    text += (&run == &options.runs.front() ? " " : ", ") + run;
  text += options.runs.size() > 1 ? ", averaged.\n" : ".\n";
  for (const Precision::Layer &layer : ranking) {
    char line[64];
    std::snprintf(line, sizeof line, "%.4g", layer.multiplier);
    bool isKept = std::find(kept.begin(), kept.end(), layer.name) != kept.end();
    text += "//   " + layer.name + ": " + line + (isKept ? ", stays float\n" : "\n");
  }
  return text;
}

int planCommand(const PlanOptions &options) {
  Budget budget = parseBudget(options.budget);
  std::vector<Precision> runs;
  RunState first;
  for (const std::string &path : options.runs) {
    RunState state = RunState::unpack(openCheckpoint(path));
    if (runs.empty())
      first = state;
    else if (state.specText != first.specText || state.options.plan != first.options.plan ||
             state.options.model != first.options.model)
      raise(ErrorKind::Usage, "'" + options.runs.front() + "' and '" + path +
                                  "' are runs of different plans or models");
    if (state.precision.layers.empty())
      raise(ErrorKind::Usage, "the run in '" + path +
                                  "' has no multipliers: it was not trained by a plan with "
                                  "`subject to`");
    runs.push_back(state.precision);
  }
  std::vector<Precision::Layer> ranking = rankLayers(runs);
  std::vector<std::string> kept = chooseLayers(ranking, runs.front(), budget);
  auto program = unwrap(Program::parse(first.options.spec, first.specText));
  Plan plan = choosePlan(program, first.options.plan);
  bool hasOwn = !program.quantizers().empty() || !program.optimizers().empty();
  std::string text = hasOwn ? program.definitions() : "";
  text.erase(0, text.find_first_not_of(" \n"));
  text.erase(text.find_last_not_of(" \n") + 1);
  text = heading(options, ranking, kept) + mixedPlan(plan, runs.front(), kept, options.name) +
         (text.empty() ? "" : "\n" + text + "\n");
  if (Result<Program> made = Program::parse(options.out.empty() ? "plan" : options.out, text);
      !made)
    raise(made.error());
  if (options.out.empty())
    std::fputs(text.c_str(), stdout);
  else
    writeAtomically(options.out, text);
  return 0;
}

} // namespace bregman::train
