// The options' small print: what of the run follows from what, and a group's archive.
#include "frontend/torch/Options.h"

#include <torch/serialize/archive.h>

#include <cmath>

namespace bregman {

Timing OptimizerOptions::timing() const {
  Timing timing{stepsPerEpoch(), steps(), epochs()};
  timing.remedies = {"OptimizerOptions().stepsPerEpoch(...)", "OptimizerOptions().steps(...)",
                     "OptimizerOptions().epochs(...)"};
  if (!timing.steps && timing.stepsPerEpoch && timing.epochs > 0)
    timing.steps = int64_t(std::ceil(timing.epochs * double(timing.stepsPerEpoch)));
  if (timing.epochs == 0 && timing.stepsPerEpoch && timing.steps)
    timing.epochs = std::ceil(double(timing.steps) / double(timing.stepsPerEpoch));
  return timing;
}

void GroupOptions::serialize(torch::serialize::InputArchive &archive) {
  c10::IValue value;
  archive.read("lr", value);
  lr(value.toDouble());
}

void GroupOptions::serialize(torch::serialize::OutputArchive &archive) const {
  archive.write("lr", c10::IValue(lr()));
}

} // namespace bregman
