// The five phases of a step.
#include "frontend/reference/Oracle.h"

#include "frontend/reference/Coordinate.h"
#include "frontend/reference/Derivatives.h"
#include "frontend/reference/Learned.h"
#include "frontend/reference/Prox.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

Oracle::Oracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing, bool constrained)
    : clauses(quantizer), optimizer(optimizer), timing(timing), constrained(constrained),
      x("x", Shape(), {}, 1) {
  for (auto param : quantizer.getBody().getOps<ParamOp>())
    parameters[param.getName().str()] = param.getValue().convertToDouble();
  for (auto param : optimizer.getBody().getOps<ParamOp>())
    parameters["optimizer." + param.getName().str()] = param.getValue().convertToDouble();
}

Clock Oracle::clock() const {
  auto lr = parameters.find("optimizer.lr");
  return {timing, step, lr == parameters.end() ? std::nan("") : lr->second};
}

/// Of an operation outside of any optimizer. The optimizer's states are the newest.
Context Oracle::context() const {
  Context result{shape, step, seedOfRun, index};
  if (!bases.empty())
    for (const Variable &state : bases.front().states())
      result.optimizer[state.name.substr(bases.front().prefix().size())] = state.tensor();
  return result;
}

LogicalResult Oracle::hostAt(Environment &environment, const Point &at) const {
  return clauses.host(environment, clock(), parameters, at);
}

/// 1 but for agile mirror descent, which stores z = c(k) P^-1(u), so that P is asked at z / c(k).
FailureOr<double> Oracle::scaleOf(const Environment &host) const {
  return clauses.agile() ? coordinateScale(clauses, host) : FailureOr<double>(1.0);
}

/// As stored: of agile the latent is still to be divided by the scale.
Point Oracle::point() const {
  Point result;
  result.x = x.tensor().spread(shape.size, x.values.empty() ? 1 : x.values.front().size());
  for (const auto &[op, variable] : values)
    result.stored[op] = variable.tensor();
  return result;
}

/// A learned value, by its own optimizer.
LogicalResult Oracle::moveLearned(Operation *op, const Environment &declared,
                                  const Tensor &gradient) {
  auto learn = cast<LearnOp>(op);
  auto found = llvm::find_if(values, [&](const auto &value) { return value.first == op; });
  Variable &variable = found->second;
  auto base = llvm::find_if(bases, [&](const BaseOptimizer &candidate) {
    return candidate.prefix() == variable.name + ".optimizer.";
  });
  auto h = scaledGradient(learn, variable, gradient, declared);
  return failure(failed(h) ||
                 failed(reference::moveLearned(learn, variable, *h, *base, parameters, clock())));
}

/// Phases 2 and 3.
LogicalResult Oracle::move(ArrayRef<double> gradient, ArrayRef<double> highGradient) {
  Point at = point();
  Environment host(context());
  if (failed(hostAt(host, at)))
    return failure();
  auto scale = scaleOf(host);
  if (failed(scale))
    return failure();
  at.x.divide(*scale);
  DenseMap<Operation *, const Variable *> learned;
  for (const auto &[op, variable] : values)
    if (isa<LearnOp>(op))
      learned[op] = &variable;
  Tensor ofHigh = Tensor::of(highGradient);
  auto handed =
      handOn(clauses, host, at, Tensor::of(gradient), learned, constrained ? &ofHigh : nullptr);
  Environment declared(&host);
  if (failed(handed) || failed(clauses.declare(declared, at)))
    return failure();
  // Agile moves u, the others the latent.
  const Tensor &moved = clauses.agile() ? declared.at(clauses.targetValue()) : at.x;
  auto d = bases.front().step(moved, handed->h, parameters, clock());
  if (failed(d))
    return failure();
  for (size_t i = 0; i < x.values.size(); ++i)
    for (size_t level = 0; level < x.values[i].size(); ++level)
      x.values[i][level] -= *scale * d->at(i, level).value;
  for (const auto &[op, variable] : learned)
    if (failed(moveLearned(op, declared, handed->learned[op])))
      return failure();
  return success();
}

/// Phase 4.
LogicalResult Oracle::after() {
  for (auto prox : clauses.quantizer.getBody().getOps<ProxOp>()) {
    Point at = point();
    Environment declared(context());
    if (failed(hostAt(declared, at)) || failed(clauses.declare(declared, at, /*target=*/false)))
      return failure();
    auto moved = proximal(prox, clauses, declared, at.x, clock().lr);
    if (failed(moved))
      return failure();
    x.assign(*moved);
  }
  for (auto every : clauses.quantizer.getBody().getOps<EveryOp>())
    if (failed(runBlock(every)))
      return failure();
  return success();
}

LogicalResult Oracle::runBlock(EveryOp every) {
  Point at = point();
  Environment declared(context());
  if (failed(hostAt(declared, at)))
    return failure();
  double period = declared.at(every.getPeriod()).at(0).value;
  if (every.getUnit() == PeriodUnit::Epoch)
    period *= timing.stepsPerEpoch;
  if (std::fmod(double(step + 1), period) != 0)
    return success();
  auto scale = scaleOf(declared);
  if (failed(scale))
    return failure();
  at.x.divide(*scale);
  if (failed(clauses.declare(declared, at, /*target=*/false)) ||
      failed(evaluate(every.getBody().front(), declared)))
    return failure();
  YieldOp yield = yieldOf(every.getBody());
  if (mlir::Value next = yield.get("x")) {
    Tensor moved = declared.at(next).spread(shape.size, at.x.levels());
    moved.multiply(*scale);
    x.assign(moved);
  }
  for (auto &[op, variable] : values)
    if (mlir::Value next = yield.get(variable.name))
      variable.assign(declared.at(next));
  return success();
}

/// Phase 5: w from the latents with schedules at `step`; `final` where `freeze` holds.
LogicalResult Oracle::publish() {
  Point at = point();
  Environment declared(context());
  if (failed(hostAt(declared, at)))
    return failure();
  for (auto freeze : clauses.quantizer.getBody().getOps<FreezeOp>()) {
    auto holds = yielded(freeze.getBody(), declared);
    if (failed(holds))
      return failure();
    frozen |= holds->at(0).value != 0;
  }
  auto scale = scaleOf(declared);
  if (failed(scale))
    return failure();
  at.x.divide(*scale);
  if (failed(clauses.declare(declared, at)))
    return failure();
  Tensor published = declared.at(clauses.weightValue());
  if (frozen && clauses.final) {
    auto levels = yielded(clauses.final.getBody(), declared);
    if (failed(levels))
      return failure();
    published = *levels;
  }
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = published.at(i).value;
  return constrained ? publishHigh(declared, at.x) : success();
}

/// The float branch's weight: what `high` says, else the latent.
LogicalResult Oracle::publishHigh(const Environment &declared, const Tensor &latent) {
  auto high = clauses.high ? yielded(clauses.high.getBody(), declared) : FailureOr<Tensor>(latent);
  if (failed(high))
    return failure();
  for (size_t i = 0; i < wHigh.size(); ++i)
    wHigh[i] = high->at(i).value;
  return success();
}

LogicalResult Oracle::advance(ArrayRef<double> gradient, ArrayRef<double> highGradient) {
  if (frozen) {
    ++step;
    return success();
  }
  if (failed(move(gradient, highGradient)) || failed(after()))
    return failure();
  ++step;
  return publish();
}

std::vector<std::pair<std::string, double>> Oracle::schedules() {
  std::vector<std::pair<std::string, double>> result;
  Environment host(context());
  if (failed(hostAt(host, point())))
    return result;
  for (auto schedule : clauses.quantizer.getBody().getOps<ScheduleOp>())
    result.emplace_back(schedule.getName().str(), host.at(schedule.getResult()).at(0).value);
  for (const auto &[op, variable] : values)
    if (BaseOptimizer::isOfRun(variable))
      result.emplace_back(variable.name, variable.values.front().front());
  for (const BaseOptimizer &base : bases)
    for (const Variable &state : base.states())
      if (BaseOptimizer::isOfRun(state))
        result.emplace_back(state.name, state.values.front().front());
  return result;
}

std::vector<std::pair<std::string, Oracle::Planes>> Oracle::stored() const {
  std::vector<std::pair<std::string, Planes>> result = {{x.name, x.values}};
  for (const auto &[op, variable] : values)
    if (!BaseOptimizer::isOfRun(variable))
      result.emplace_back(variable.name, variable.values);
  for (const BaseOptimizer &base : bases)
    for (const Variable &state : base.states())
      if (!BaseOptimizer::isOfRun(state))
        result.emplace_back(state.name, state.values);
  return result;
}
