#include "frontend/reference/Learned.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

FailureOr<Tensor> reference::scaledGradient(LearnOp learn, const Variable &variable,
                                            Tensor gradient, const Environment &declared) {
  if (learn.getScale().empty())
    return gradient;
  auto scale = yielded(learn.getScale(), declared);
  if (failed(scale))
    return failure();
  for (int64_t segment = 0; segment < variable.segments.count(); ++segment)
    for (int64_t level = 0; level < gradient.levels(); ++level)
      gradient(segment, level).value *= scale->at(variable.segments.first(segment)).value;
  return gradient;
}

BaseOptimizer reference::optimizerOf(const Variable &variable, OptimizerOp optimizer,
                                     Shape weights) {
  int64_t segments = variable.segments.count();
  // What several weights share is a parameter with one axis, each number of which is a channel.
  return BaseOptimizer(optimizer, variable.name + ".optimizer.",
                       variable.extent ? Shape{segments, segments} : weights,
                       variable.values.empty() ? 1 : variable.values.front().size());
}

LogicalResult reference::moveLearned(LearnOp learn, Variable &variable, const Tensor &h,
                                     BaseOptimizer &base, const Parameters &parameters,
                                     const Clock &clock) {
  Tensor at(variable.segments.count(), h.levels());
  for (int64_t segment = 0; segment < at.entries(); ++segment)
    for (int64_t level = 0; level < at.levels(); ++level)
      at(segment, level).value = variable.values[segment][level];
  auto d = base.step(at, h, parameters, clock);
  if (failed(d))
    return failure();
  for (int64_t segment = 0; segment < at.entries(); ++segment)
    for (int64_t level = 0; level < at.levels(); ++level)
      variable.values[segment][level] -= d->at(segment, level).value;
  clampToRange(learn, variable);
  return success();
}

void reference::clampToRange(LearnOp learn, Variable &variable) {
  for (auto &levels : variable.values)
    for (double &value : levels) {
      if (learn.getLow() && value < learn.getLow()->convertToDouble())
        value = learn.getLow()->convertToDouble();
      if (learn.getHigh() && value > learn.getHigh()->convertToDouble())
        value = learn.getHigh()->convertToDouble();
    }
}
