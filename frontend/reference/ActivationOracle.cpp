#include "frontend/reference/ActivationOracle.h"

#include "frontend/reference/Derivatives.h"
#include "frontend/reference/Learned.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

ActivationOracle::ActivationOracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing)
    : clauses(quantizer), optimizer(optimizer), timing(timing) {
  for (auto param : quantizer.getBody().getOps<ParamOp>())
    parameters[param.getName().str()] = param.getValue().convertToDouble();
  for (auto param : optimizer.getBody().getOps<ParamOp>())
    parameters["optimizer." + param.getName().str()] = param.getValue().convertToDouble();
}

Clock ActivationOracle::clock() const {
  auto lr = parameters.find("optimizer.lr");
  return {timing, step, lr == parameters.end() ? std::nan("") : lr->second};
}

Point ActivationOracle::point() const {
  Point result;
  result.x = x;
  for (const Value &value : values)
    result.stored[value.op] = value.variable.tensor();
  return result;
}

/// Of this batch. Another one has other segments, but as many where something is learned.
LogicalResult ActivationOracle::takeShape(ArrayRef<int64_t> sizes) {
  shape = Shape::ofActivation(sizes);
  for (Value &value : values) {
    Variable now(value.variable.name, shape, value.variable.extent, value.gradient.levels());
    if (now.segments.count() != value.variable.segments.count())
      return value.op.emitOpError("has a value for each of ")
             << value.variable.segments.count() << " segments, and the batch has "
             << now.segments.count();
    now.values = value.variable.values;
    value.variable = std::move(now);
  }
  return success();
}

/// Learned values in textual order, seeing earlier ones.
LogicalResult ActivationOracle::initialize() {
  for (auto learn : clauses.quantizer.getBody().getOps<LearnOp>()) {
    Environment declared(context());
    if (failed(clauses.host(declared, clock(), parameters, point())))
      return failure();
    for (Operation &above : clauses.quantizer.getBody().front()) {
      if (&above == learn)
        break;
      if (failed(clauses.declare(above, declared, point())))
        return failure();
    }
    auto start = yielded(learn.getBody(), declared);
    if (failed(start))
      return failure();
    int64_t levels = levelCount(learn.getResult().getType());
    Variable variable(learn.getName().str(), shape, learn.getExtentAttr(), levels);
    variable.assign(*start);
    clampToRange(learn, variable);
    BaseOptimizer base = optimizerOf(variable, optimizer, Shape());
    if (failed(base.reset(parameters, clock())))
      return failure();
    Tensor none(variable.segments.count(), levels);
    values.push_back({learn, std::move(variable), std::move(base), std::move(none)});
  }
  begun = true;
  return success();
}

FailureOr<std::vector<double>> ActivationOracle::forward(ArrayRef<double> batch,
                                                         ArrayRef<int64_t> sizes) {
  if (failed(takeShape(sizes)))
    return failure();
  x = Tensor::of(batch);
  Environment declared(context());
  if ((!begun && failed(initialize())) ||
      failed(clauses.host(declared, clock(), parameters, point())) ||
      failed(clauses.declare(declared, point())))
    return failure();
  const Tensor &w = declared.at(clauses.weightValue());
  std::vector<double> result;
  for (int64_t i = 0; i < shape.size; ++i)
    result.push_back(w.at(i).value);
  return result;
}

FailureOr<std::vector<double>> ActivationOracle::backward(ArrayRef<double> gradient) {
  Environment host(context()), declared(context());
  DenseMap<Operation *, const Variable *> learned;
  for (const Value &value : values)
    learned[value.op] = &value.variable;
  if (failed(clauses.host(host, clock(), parameters, point())) ||
      failed(clauses.host(declared, clock(), parameters, point())) ||
      failed(clauses.declare(declared, point())))
    return failure();
  auto handed = handOn(clauses, host, point(), Tensor::of(gradient), learned);
  if (failed(handed))
    return failure();
  for (Value &value : values) {
    auto scaled = scaledGradient(value.op, value.variable, handed->learned[value.op], declared);
    if (failed(scaled))
      return failure();
    value.gradient = std::move(*scaled);
  }
  std::vector<double> result;
  for (int64_t i = 0; i < shape.size; ++i)
    result.push_back(handed->h.at(i).value);
  return result;
}

LogicalResult ActivationOracle::advance() {
  for (Value &value : values)
    if (failed(
            moveLearned(value.op, value.variable, value.gradient, value.base, parameters, clock())))
      return failure();
  ++step;
  return success();
}

ActivationOracle::Learned ActivationOracle::learned() const {
  Learned result;
  for (const Value &value : values)
    result.emplace_back(value.variable.name, value.variable.values);
  return result;
}

ActivationOracle::Learned ActivationOracle::gradients() const {
  Learned result;
  for (const Value &value : values) {
    Planes planes;
    for (int64_t segment = 0; segment < value.gradient.entries(); ++segment) {
      std::vector<double> &levels = planes.emplace_back();
      for (const Dual &level : value.gradient.row(segment))
        levels.push_back(level.value);
    }
    result.emplace_back(value.variable.name, std::move(planes));
  }
  return result;
}
