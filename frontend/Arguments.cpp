// The clock of a plan: which numbers are in force, when the optimizer starts anew.
#include "frontend/Compiler.h"

using namespace bregman;

Result<std::vector<double>> bregman::countersProgramAt(const HostProgram &program, int64_t step,
                                                       const Timing &timing,
                                                       const std::string &place,
                                                       const std::string &what) {
  std::vector<double> inputs;
  for (const std::string &input : program.inputs) {
    if (input == "step") {
      inputs.push_back(double(step));
      continue;
    }
    if (Status bad = timing.missing(input, place + what + " reads `" + input + "`"))
      return *bad;
    if (input == "epoch") {
      int64_t epoch = step / timing.stepsPerEpoch;
      inputs.push_back(double(epoch));
      continue;
    }
    inputs.push_back(input == "steps" ? double(timing.steps) : timing.epochs);
  }
  return program.run(inputs);
}

Result<std::vector<std::pair<std::string, double>>>
bregman::argumentsAt(const PlanLine &line, int64_t step, const Timing &timing) {
  if (line.resetEvery && line.resetInEpochs)
    if (Status bad =
            timing.missing("epoch", messageAt(line.location) + "`reset every` counts epochs"))
      return *bad;
  auto values =
      countersProgramAt(line.arguments, step, timing, messageAt(line.location), "an argument");
  if (!values)
    return values.error();
  std::vector<std::pair<std::string, double>> result;
  for (size_t i = 0; i < values->size(); ++i)
    result.emplace_back(line.arguments.outputs[i].name, (*values)[i]);
  return result;
}

bool bregman::resetsAfter(const PlanLine &line, int64_t step, const Timing &timing) {
  int64_t period = line.resetEvery * (line.resetInEpochs ? timing.stepsPerEpoch : 1);
  return period > 0 && (step + 1) % period == 0;
}
