// Functions are asked for their values through the calculus interface; declarations are followed to
// their regions.
#include "frontend/explain/Sampler.h"

#include "passes/Clauses.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::explain;

Sampler::Sampler(QuantizerOp quantizer, Moment moment, const std::vector<double> &at)
    : quantizer(quantizer), moment(moment) {
  for (double point : at)
    points.push_back({point});
  Clauses clauses(quantizer);
  if (!clauses.latent)
    return;
  known[clauses.latent.getBody().getArgument(0)] = points;
  bool single = clauses.latent.getResult().getType().isF32();
  known[clauses.latent.getResult()] = single ? points : yielded(clauses.latent.getBody());
}

std::vector<double> Sampler::weights() {
  Clauses clauses(quantizer);
  Value w = clauses.weight    ? clauses.weight.getResult()
            : clauses.project ? clauses.project.getResult()
                              : clauses.latent.getResult();
  const Column &column = of(w);
  std::vector<double> result;
  if (missing.empty())
    for (size_t i = 0; i < points.size(); ++i)
      result.push_back(column[column.size() == 1 ? 0 : i].front());
  return result;
}

std::vector<double> Sampler::levels() {
  Clauses clauses(quantizer);
  if (!clauses.levels)
    return {};
  Region &body = clauses.levels.getBody();
  if (body.getNumArguments())
    known[body.getArgument(0)] = points;
  Column column = yielded(body);
  if (!missing.empty())
    return {};
  return {column.front().begin(), column.front().end()};
}

Sampler::Column Sampler::yielded(Region &region) { return of(yieldOf(region).getValues().front()); }

const Sampler::Column &Sampler::of(Value value) {
  auto found = known.find(value);
  if (found == known.end()) {
    Column made = compute(value);
    if (made.empty())
      made.push_back({std::nan("")});
    found = known.try_emplace(value, std::move(made)).first;
  }
  return found->second;
}

Sampler::Column Sampler::compute(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto param = dyn_cast_or_null<ParamOp>(op))
    return {{param.getValue().convertToDouble()}};
  if (auto counter = dyn_cast_or_null<CounterOp>(op))
    switch (counter.getKind()) {
    case Counter::Step:
      return {{moment.step}};
    case Counter::Epoch:
      return {{moment.epoch}};
    case Counter::Steps:
      return {{moment.steps}};
    case Counter::Epochs:
      return {{moment.epochs}};
    case Counter::T:
    case Counter::LearningRate:
      break;
    }
  if (isa_and_present<ScheduleOp, LevelsOp, StateOp, LearnOp, ProjectOp, WeightOp>(op))
    return yielded(op->getRegion(0));
  if (auto reduce = dyn_cast_or_null<ReduceOp>(op); reduce && reduce.getExtent())
    return narrowed(reduce);
  if (isa_and_present<CalculusOpInterface>(op) && !isa<FitOp, RandomOp, OptimizerStateOp>(op))
    return applied(op);
  if (auto state = dyn_cast_or_null<OptimizerStateOp>(op))
    missing = "`optimizer." + state.getName().str() + "`";
  else
    missing = op ? "`" + op->getName().stripDialect().str() + "`" : "what only a step gives";
  return {};
}

Sampler::Column Sampler::applied(Operation *op) {
  size_t size = 1;
  std::vector<const Column *> operands;
  for (Value operand : op->getOperands())
    size = std::max(size, of(operand).size());
  for (Value operand : op->getOperands()) // no later look-up moves what these point at
    operands.push_back(&known.find(operand)->second);
  int64_t count = levelCount(op->getResult(0).getType());
  Column result;
  for (size_t i = 0; i < size; ++i) {
    SmallVector<double> all;
    for (const Column *column : operands)
      llvm::append_range(all, (*column)[column->size() == 1 ? 0 : i]);
    result.emplace_back(count, 0.0);
    cast<CalculusOpInterface>(op).evaluate(all, result.back());
  }
  return result;
}

/// The statistics of the points, as those of a tensor.
Sampler::Column Sampler::narrowed(ReduceOp op) {
  Column values = of(op.getOperand());
  Column where = op.getCondition() ? of(op.getCondition()) : Column{{1.0}};
  size_t count = levelCount(op.getOperand().getType());
  SmallVector<double, 4> result;
  for (size_t level = 0; level < count; ++level) {
    double n = 0, sum = 0, least = INFINITY, most = -INFINITY;
    auto each = [&](auto &&f) {
      for (size_t i = 0; i < points.size(); ++i)
        if (where[where.size() == 1 ? 0 : i].front() != 0)
          f(values[values.size() == 1 ? 0 : i][level]);
    };
    each([&](double v) { n += 1, sum += v, least = std::min(least, v), most = std::max(most, v); });
    double mean = n ? sum / n : 0, squares = 0;
    each([&](double v) { squares += (v - mean) * (v - mean); });
    switch (op.getKind()) {
    case Reduction::Sum:
      result.push_back(sum);
      break;
    case Reduction::Mean:
      result.push_back(mean);
      break;
    case Reduction::Min:
      result.push_back(least);
      break;
    case Reduction::Max:
      result.push_back(most);
      break;
    case Reduction::Std:
      result.push_back(std::sqrt(squares / (n - 1)));
      break;
    }
  }
  return {result};
}
