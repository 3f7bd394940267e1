// The five phases of a step.
#include "frontend/reference/Oracle.h"

#include <algorithm>
#include <cmath>
#include <optional>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;
using Duals = bregman::reference::Value;

template <typename Op> static Op only(QuantizerOp quantizer) {
  auto ops = quantizer.getBody().getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

static YieldOp yieldOf(Region &region) { return cast<YieldOp>(region.front().getTerminator()); }

/// Evaluates a clause in a copy of what is known, and gives the value that it yields.
static LogicalResult clause(Region &region, Environment environment, Duals &result) {
  if (failed(evaluate(region.front(), environment)))
    return failure();
  result = environment[yieldOf(region).getValues().front()];
  return success();
}

static Duals dualsOf(ArrayRef<double> values) {
  Duals result;
  for (double value : values)
    result.push_back({value, 0});
  return result;
}

static std::vector<double> valuesOf(const Duals &duals) {
  std::vector<double> result;
  for (Dual dual : duals)
    result.push_back(dual.value);
  return result;
}

Oracle::Oracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing)
    : quantizer(quantizer), optimizer(optimizer), latent(only<LatentOp>(quantizer)),
      project(only<ProjectOp>(quantizer)), weightClause(only<WeightOp>(quantizer)),
      update(only<UpdateOp>(quantizer)), final(only<FinalOp>(quantizer)), timing(timing) {
  for (auto param : quantizer.getBody().getOps<ParamOp>())
    parameters[param.getName().str()] = param.getValue().convertToDouble();
  for (auto param : optimizer.getBody().getOps<ParamOp>())
    parameters["optimizer." + param.getName().str()] = param.getValue().convertToDouble();
}

bool Oracle::agile() const { return update && UpdateOp(update).getKind() == UpdateKind::Agile; }

/// A counter at `step`, `next` one later.
static double counter(CounterOp op, int64_t step, int64_t t, const Timing &timing,
                      const std::map<std::string, double> &parameters) {
  step += op.getNext();
  switch (op.getKind()) {
  case Counter::Step:
    return step;
  case Counter::Epoch:
    return timing.stepsPerEpoch ? step / timing.stepsPerEpoch : 0;
  case Counter::Steps:
    return timing.steps;
  case Counter::Epochs:
    return timing.epochs;
  case Counter::T:
    return t;
  case Counter::LearningRate:
    return parameters.at("optimizer.lr");
  }
  llvm_unreachable("all counters are listed");
}

/// Everything of the quantizer that does not depend on a weight.
Environment Oracle::host(int64_t atStep) {
  Environment environment;
  for (Operation &op : quantizer.getBody().front()) {
    if (auto param = dyn_cast<ParamOp>(op)) {
      environment[param.getResult()] = constant(parameters.at(param.getName().str()));
    } else if (auto count = dyn_cast<CounterOp>(op)) {
      environment[count.getResult()] = constant(counter(count, atStep, t, timing, parameters));
    } else if (isa<ScheduleOp, LevelsOp>(op)) {
      Duals result;
      if (failed(clause(op.getRegion(0), environment, result)))
        continue;
      environment[op.getResult(0)] = result;
    } else if (op.getNumRegions() == 0 && op.getNumResults() == 1) {
      (void)evaluate(op, environment);
    }
  }
  return environment;
}

/// u = P(x), which also becomes known in `environment`, as x does.
LogicalResult Oracle::target(Environment &environment, const Duals &x, Duals &u) {
  environment[latent.getResult()] = x;
  u = x;
  if (!project)
    return success();
  if (failed(clause(project.getBody(), environment, u)))
    return failure();
  environment[project.getResult()] = u;
  return success();
}

LogicalResult Oracle::weight(Environment &environment, const Duals &x, double &result) {
  Duals value;
  if (failed(target(environment, x, value)))
    return failure();
  if (weightClause) {
    if (failed(clause(weightClause.getBody(), environment, value)))
      return failure();
    environment[weightClause.getResult()] = value;
  }
  result = value.front().value;
  return success();
}

/// Whether `value`, which stands in a clause's region, is computed from `source`.
static bool dependsOn(mlir::Value value, mlir::Value source) {
  Operation *op = value.getDefiningOp();
  return value == source || (op && llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
                               return dependsOn(operand, source);
                             }));
}

/// The factors of a host product, a divisor as its reciprocal.
static void splitProduct(mlir::Value value, bool divides, const Environment &environment,
                         std::vector<double> &factors) {
  Operation *op = value.getDefiningOp();
  if (op && isa<arith::TruncFOp, vector::BroadcastOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::MulFOp, arith::DivFOp>(op)) {
    splitProduct(op->getOperand(0), divides, environment, factors);
    splitProduct(op->getOperand(1), divides != isa<arith::DivFOp>(op), environment, factors);
  } else if (op && op->getResult(0).getType().isF64() && isa<arith::NegFOp>(op)) {
    factors.push_back(-1);
    splitProduct(op->getOperand(0), divides, environment, factors);
  } else {
    double factor = environment.find(value)->second.front().value;
    if (factor != 1)
      factors.push_back(divides ? 1 / factor : factor);
  }
}

/// c of P(x) = R(c x): what x is multiplied with wherever it occurs (rule Q13, which the prover has
/// checked).
LogicalResult Oracle::coordinateScale(Environment &environment, double &scale) {
  Environment inside = environment;
  inside[latent.getResult()] = constant(0, levelCount(latent.getResult().getType()));
  if (failed(evaluate(project.getBody().front(), inside)))
    return failure();
  std::optional<std::vector<double>> common;
  for (Operation *user : latent.getResult().getUsers()) {
    if (user->getParentOp() != project)
      continue;
    std::vector<double> factors;
    bool ofSign = false;
    for (mlir::Value value = latent.getResult(); user;) {
      auto product = dyn_cast<arith::MulFOp>(user);
      auto soft = dyn_cast<SoftmaxOp>(user);
      mlir::Value factor = product
                               ? (product.getLhs() == value ? product.getRhs() : product.getLhs())
                           : soft ? soft.getScale()
                                  : mlir::Value();
      // No positive factor changes a sign, and abs lets it through.
      ofSign = isa<SignOp, SgnOp>(user);
      if (auto compare = dyn_cast<arith::CmpFOp>(user))
        ofSign = inside[compare.getOperand(compare.getLhs() == value)].front().value == 0 &&
                 !dependsOn(compare.getOperand(compare.getLhs() == value), latent.getResult());
      bool passes = isa<math::AbsFOp, arith::NegFOp>(user);
      if (!passes && (!factor || dependsOn(factor, latent.getResult())))
        break;
      if (!passes)
        splitProduct(factor, /*divides=*/false, inside, factors);
      value = user->getResult(0);
      user = !soft && value.hasOneUse() ? *value.user_begin() : nullptr;
    }
    if (ofSign)
      continue;
    std::erase_if(factors, [](double factor) { return !(factor > 0); });
    if (!common)
      common = factors;
    std::erase_if(*common, [&](double factor) {
      auto found = std::find(factors.begin(), factors.end(), factor);
      bool missing = found == factors.end();
      if (!missing)
        factors.erase(found);
      return missing;
    });
  }
  scale = 1;
  for (double factor : common.value_or(std::vector<double>()))
    scale *= factor;
  return success();
}

LogicalResult Oracle::attach(ArrayRef<double> w0) {
  Environment known = host(0);
  values.clear();
  values.emplace_back(agile() ? "dual" : "x", std::vector<std::vector<double>>());
  double scale = 1;
  if (agile() && failed(coordinateScale(known, scale)))
    return failure();
  for (double start : w0) {
    Environment environment = known;
    environment[latent.getBody().getArgument(0)] = constant(start);
    Duals x;
    if (failed(clause(latent.getBody(), environment, x)))
      return failure();
    for (Dual &entry : x)
      entry.value *= scale;
    values.front().second.push_back(valuesOf(x));
  }
  w.assign(w0.size(), 0);
  step = 0;
  frozen = false;
  return failure(failed(resetStates()) || failed(publish(/*onlyFreeze=*/false)));
}

LogicalResult Oracle::resetStates() {
  values.resize(1);
  t = 1;
  for (auto state : optimizer.getBody().getOps<StateOp>()) {
    Duals start;
    if (failed(clause(state.getBody(), Environment(), start)))
      return failure();
    std::vector<std::vector<double>> all;
    for (const auto &x : values.front().second)
      all.emplace_back(x.size(), start.front().value);
    values.emplace_back("optimizer." + state.getName().str(), all);
  }
  return success();
}

/// Phase 2: h, and c = dL/du.
LogicalResult Oracle::handOn(Environment &environment, const Duals &x, const Duals &u, double g,
                             Duals &h, Duals &c) {
  c = constant(g, u.size());
  if (weightClause) {
    for (size_t level = 0; level < u.size(); ++level) {
      Environment seeded = environment;
      seeded[project.getResult()] = u;
      seeded[project.getResult()][level].tangent = 1;
      Duals weight;
      if (failed(clause(weightClause.getBody(), seeded, weight)))
        return failure();
      c[level].value = g * weight.front().tangent;
    }
  }
  h = c;
  if (!update)
    return success();
  if (update.getKind() == UpdateKind::Gradient) {
    Environment inside = environment;
    if (update.getBody().getNumArguments() == 1)
      inside[update.getBody().getArgument(0)] = constant(g);
    for (Operation &op : update.getBody().front().without_terminator()) {
      if (auto grad = dyn_cast<GradOp>(op))
        inside[grad.getResult()] =
            project && grad.getTarget() == project.getResult() ? c : constant(g);
      else if (failed(evaluate(op, inside)))
        return failure();
    }
    h = inside[yieldOf(update.getBody()).getValues().front()];
  } else if (update.getKind() == UpdateKind::Chain) {
    for (size_t level = 0; level < x.size(); ++level) {
      Environment seeded = environment;
      Duals point = x, moved;
      point[level].tangent = 1;
      if (failed(target(seeded, point, moved)))
        return failure();
      h[level].value = 0;
      // What does not move with x contributes nothing, whatever its cotangent is.
      for (auto [along, cotangent] : llvm::zip(moved, c))
        h[level].value += along.tangent == 0 ? 0 : along.tangent * cotangent.value;
    }
  }
  return success();
}

/// Phase 3: d = B(x, h); the states of weight `index` move.
LogicalResult Oracle::base(size_t index, ArrayRef<double> x, ArrayRef<double> h,
                           std::vector<double> &d) {
  d.assign(x.size(), 0);
  for (size_t level = 0; level < x.size(); ++level) {
    Environment environment;
    environment[optimizer.getBody().getArgument(0)] = constant(h[level]);
    environment[optimizer.getBody().getArgument(1)] = constant(x[level]);
    size_t slot = 1;
    llvm::StringMap<size_t> slots;
    for (Operation &op : optimizer.getBody().front().without_terminator()) {
      if (auto param = dyn_cast<ParamOp>(op)) {
        environment[param.getResult()] =
            constant(parameters.at("optimizer." + param.getName().str()));
      } else if (auto count = dyn_cast<CounterOp>(op)) {
        environment[count.getResult()] = constant(counter(count, step, t, timing, parameters));
      } else if (auto state = dyn_cast<StateOp>(op)) {
        slots[state.getName()] = slot;
        environment[state.getResult()] = constant(values[slot++].second[index][level]);
      } else if (failed(evaluate(op, environment))) {
        return failure();
      }
    }
    auto descend = cast<DescendOp>(optimizer.getBody().front().getTerminator());
    d[level] = environment[descend.getStep()].front().value;
    for (auto [name, value] : llvm::zip(descend.getNames(), descend.getStates()))
      values[slots[cast<StringAttr>(name).getValue()]].second[index][level] =
          environment[value].front().value;
  }
  return success();
}

/// x <- argmin_y (y - x)^2 / 2 + lr R(y), with every nearest level chosen at the incoming x. The
/// objective is convex (rule Q8), so its derivative changes sign once.
LogicalResult Oracle::prox(Environment &environment, Duals &x) {
  auto clauses = quantizer.getBody().getOps<ProxOp>();
  double lr = parameters.at("optimizer.lr");
  for (auto prox : clauses) {
    double incoming = x.front().value;
    if (!std::isfinite(incoming))
      continue;
    DenseMap<mlir::Value, double> chosen;
    auto slope = [&](double y, bool choose, double &result) -> LogicalResult {
      Environment inside = environment;
      inside[latent.getResult()] = {{y, 1}};
      for (Operation &op : prox.getBody().front().without_terminator()) {
        auto nearest = dyn_cast<NearestOp>(op);
        if (nearest && !choose) {
          inside[nearest.getResult()] = constant(chosen[nearest.getResult()]);
          continue;
        }
        if (failed(evaluate(op, inside)))
          return failure();
        if (nearest)
          chosen[nearest.getResult()] = inside[nearest.getResult()].front().value;
      }
      result =
          y - incoming + lr * inside[yieldOf(prox.getBody()).getValues().front()].front().tangent;
      return success();
    };
    double low = incoming, high = incoming, at = 0;
    if (failed(slope(incoming, /*choose=*/true, at)))
      return failure();
    for (double width = 1e-3 + std::fabs(at); at > 0 && width < 1e300; width *= 2) {
      low = incoming - width;
      if (failed(slope(low, false, at)))
        return failure();
    }
    if (failed(slope(incoming, false, at)))
      return failure();
    for (double width = 1e-3 + std::fabs(at); at < 0 && width < 1e300; width *= 2) {
      high = incoming + width;
      if (failed(slope(high, false, at)))
        return failure();
    }
    double middle = incoming;
    while (low < high) {
      middle = low + (high - low) / 2;
      if (middle <= low || middle >= high)
        break;
      if (failed(slope(middle, false, at)))
        return failure();
      if (at == 0)
        break;
      (at > 0 ? high : low) = middle;
    }
    x.front().value = middle;
  }
  return success();
}

/// Phase 4.
LogicalResult Oracle::after(Environment &environment, Duals &x) {
  if (failed(prox(environment, x)))
    return failure();
  for (auto every : quantizer.getBody().getOps<EveryOp>()) {
    double period = environment[every.getPeriod()].front().value;
    if (every.getUnit() == PeriodUnit::Epoch)
      period *= timing.stepsPerEpoch;
    if (std::fmod(double(step + 1), period) != 0)
      continue;
    Environment inside = environment;
    Duals u;
    if (failed(target(inside, x, u)) || failed(evaluate(every.getBody().front(), inside)))
      return failure();
    x = inside[yieldOf(every.getBody()).get("x")];
  }
  return success();
}

/// Phase 5: w from the latents with schedules at `step`; `final` where `freeze` holds.
LogicalResult Oracle::publish(bool onlyFreeze) {
  Environment known = host(step);
  for (auto freeze : quantizer.getBody().getOps<FreezeOp>()) {
    Duals holds;
    if (failed(clause(freeze.getBody(), known, holds)))
      return failure();
    frozen |= holds.front().value != 0;
  }
  double scale = 1;
  if (agile() && failed(coordinateScale(known, scale)))
    return failure();
  for (size_t index = 0; index < w.size(); ++index) {
    Environment environment = known;
    Duals x = dualsOf(values.front().second[index]);
    for (Dual &entry : x)
      entry.value /= scale;
    double published = 0;
    if (failed(weight(environment, x, published)))
      return failure();
    if (frozen) {
      Duals level;
      if (failed(clause(final.getBody(), environment, level)))
        return failure();
      published = level.front().value;
    }
    if (frozen || !onlyFreeze)
      w[index] = published;
  }
  return success();
}

LogicalResult Oracle::advance(ArrayRef<double> gradient) {
  if (frozen) {
    ++step;
    return success();
  }
  Environment known = host(step);
  double scale = 1;
  if (agile() && failed(coordinateScale(known, scale)))
    return failure();
  for (size_t index = 0; index < w.size(); ++index) {
    Environment environment = known;
    std::vector<double> &stored = values.front().second[index];
    Duals x = dualsOf(stored), u, h, c;
    // Agile stores z = c(k) P^-1(u), so P is asked at z / c(k).
    for (Dual &entry : x)
      entry.value /= scale;
    if (failed(target(environment, x, u)) ||
        failed(handOn(environment, x, u, gradient[index], h, c)))
      return failure();
    std::vector<double> d;
    if (failed(base(index, agile() ? valuesOf(u) : valuesOf(x), valuesOf(h), d)))
      return failure();
    if (agile()) {
      for (size_t level = 0; level < stored.size(); ++level)
        stored[level] -= scale * d[level];
      continue;
    }
    for (size_t level = 0; level < stored.size(); ++level)
      x[level].value -= d[level];
    if (failed(after(environment, x)))
      return failure();
    stored = valuesOf(x);
  }
  ++step;
  ++t;
  return publish(/*onlyFreeze=*/false);
}

std::vector<std::pair<std::string, double>> Oracle::schedules() {
  std::vector<std::pair<std::string, double>> result;
  Environment known = host(step);
  for (auto schedule : quantizer.getBody().getOps<ScheduleOp>())
    result.emplace_back(schedule.getName().str(), known[schedule.getResult()].front().value);
  return result;
}
