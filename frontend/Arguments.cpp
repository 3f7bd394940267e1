// The clock of a plan line: which arguments are in force, when the optimizer starts anew.
#include "frontend/Compiler.h"

using namespace bregman;

std::vector<std::pair<std::string, double>> bregman::argumentsAt(const PlanLine &line, int64_t step,
                                                                 const Timing &timing) {
  std::vector<double> inputs;
  for (const std::string &input : line.arguments.inputs) {
    if (input == "step")
      inputs.push_back(step);
    else if (input == "epoch")
      inputs.push_back(timing.stepsPerEpoch ? step / timing.stepsPerEpoch : 0);
    else if (input == "steps")
      inputs.push_back(timing.steps);
    else
      inputs.push_back(timing.epochs);
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
