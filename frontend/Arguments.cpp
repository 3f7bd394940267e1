// The clock of a plan line: which arguments are in force, when the optimizer starts anew.
#include "frontend/Compiler.h"

using namespace bregman;

static Error unknown(const PlanLine &line, const std::string &what, const std::string &number) {
  return {ErrorKind::Usage, (line.location.empty() ? "" : line.location + ": ") + "error: " + what +
                                ", but the number of " + number + " is not known: give it"};
}

Result<std::vector<std::pair<std::string, double>>>
bregman::argumentsAt(const PlanLine &line, int64_t step, const Timing &timing) {
  if (line.resetEvery && line.resetInEpochs && timing.stepsPerEpoch <= 0)
    return unknown(line, "`reset every` counts epochs", "steps per epoch");
  std::vector<double> inputs;
  for (const std::string &input : line.arguments.inputs) {
    const std::string what = "an argument reads `" + input + "`";
    if (input == "step") {
      inputs.push_back(step);
    } else if (input == "epoch") {
      if (timing.stepsPerEpoch <= 0)
        return unknown(line, what, "steps per epoch");
      inputs.push_back(step / timing.stepsPerEpoch);
    } else if (input == "steps") {
      if (timing.steps <= 0)
        return unknown(line, what, "steps");
      inputs.push_back(timing.steps);
    } else {
      if (timing.epochs <= 0)
        return unknown(line, what, "epochs");
      inputs.push_back(timing.epochs);
    }
  }
  std::vector<double> values = line.arguments.run(inputs);
  std::vector<std::pair<std::string, double>> result;
  for (size_t i = 0; i < values.size(); ++i)
    result.emplace_back(line.arguments.outputs[i].name, values[i]);
  return result;
}

bool bregman::resetsAfter(const PlanLine &line, int64_t step, const Timing &timing) {
  int64_t period = line.resetEvery * (line.resetInEpochs ? timing.stepsPerEpoch : 1);
  return period > 0 && (step + 1) % period == 0;
}
