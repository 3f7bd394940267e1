#include "frontend/reference/Constraint.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;
using bregman::reference::Constraint;

/// What a region reads of the host stands in it.
static LogicalResult evaluateAt(Block &block, Environment &environment, const Clock &clock) {
  for (Operation &inner : block.without_terminator())
    if (auto counter = dyn_cast<CounterOp>(inner))
      environment.set(counter.getResult(), Tensor(read(counter, clock)));
    else if (failed(evaluate(inner, environment)))
      return failure();
  return success();
}

/// An entry for each element and position, a level for each class.
static Tensor byClass(ArrayRef<double> values, Shape shape) {
  Tensor result(shape.size / shape.channels, shape.channels);
  for (int64_t index = 0; index < shape.size; ++index) {
    int64_t entry = index / (shape.inner * shape.channels) * shape.inner + index % shape.inner;
    result(entry, index / shape.inner % shape.channels).value = values[index];
  }
  return result;
}

FailureOr<Tensor> Constraint::value(const Tensor &high, const Tensor &low, int64_t step) const {
  Environment environment(
      Context{.shape = {high.entries(), 1}, .step = step, .classes = high.levels()});
  Block &body = SubjectToOp(op).getBody().front();
  environment.set(body.getArgument(0), high);
  environment.set(body.getArgument(1), low);
  if (failed(evaluateAt(body, environment, {timing, step})))
    return failure();
  return environment.at(yieldOf(SubjectToOp(op).getBody()).getValues().front())
      .spread(high.entries(),
              isClassAxis(body.getTerminator()->getOperand(0).getType()) ? high.levels() : 1);
}

FailureOr<Constraint::Distance> Constraint::distance(ArrayRef<double> high, ArrayRef<double> low,
                                                     ArrayRef<int64_t> sizes, int64_t step) const {
  Shape shape = Shape::ofActivation(sizes);
  Tensor ofHigh = byClass(high, shape), ofLow = byClass(low, shape);
  Distance result;
  auto sumOf = [](const Tensor &all, int64_t entry, double Dual::*part) {
    double sum = 0;
    for (const Dual &number : all.row(entry))
      sum += number.*part;
    return sum;
  };
  auto now = value(ofHigh, ofLow, step);
  if (failed(now))
    return failure();
  auto count = double(now->entries() * now->levels());
  for (int64_t entry = 0; entry < now->entries(); ++entry)
    result.mean += sumOf(*now, entry, &Dual::value) / count;
  // Elements don't know of each other: one class of all of them moves at a time.
  for (auto [seeded, derivative] :
       {std::pair(&ofHigh, &result.high), std::pair(&ofLow, &result.low)}) {
    derivative->resize(shape.size);
    for (int64_t level = 0; level < shape.channels; ++level) {
      Tensor held = *seeded;
      for (int64_t entry = 0; entry < seeded->entries(); ++entry)
        (*seeded)(entry, level).tangent = 1;
      auto moved = value(ofHigh, ofLow, step);
      if (failed(moved))
        return failure();
      *seeded = held;
      for (int64_t index = 0; index < shape.size; ++index)
        if (index / shape.inner % shape.channels == level) {
          int64_t entry =
              index / (shape.inner * shape.channels) * shape.inner + index % shape.inner;
          (*derivative)[index] = sumOf(*moved, entry, &Dual::tangent) / count;
        }
    }
  }
  return result;
}

FailureOr<Constraint::Numbers> Constraint::numbers(int64_t step) const {
  Environment environment(Context{Shape(), step});
  Region &region = SubjectToOp(op).getNumbers();
  if (failed(evaluateAt(region.front(), environment, {timing, step})))
    return failure();
  YieldOp yield = yieldOf(region);
  auto of = [&](StringRef name) { return environment.at(yield.get(name)).at(0).value; };
  return Numbers{of("bound"), of("multiplier"), of("rate")};
}

bool Constraint::endsPeriod(int64_t step) const {
  SubjectToOp subject = op;
  int64_t period = subject.getPeriod();
  if (subject.getUnit() == PeriodUnit::Epoch)
    period *= timing.stepsPerEpoch;
  return (step + 1) % period == 0;
}

FailureOr<double> Constraint::ascend(double multiplier, double mean, int64_t step) const {
  auto now = numbers(step);
  if (failed(now))
    return failure();
  return std::max(0.0, multiplier + now->rate * (mean - now->bound));
}
