#include "frontend/reference/Derivatives.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

namespace {

class Handing {
public:
  Handing(const Clauses &clauses, const Environment &host, const Point &point)
      : clauses(clauses), host(host), point(point), shape(host.context().shape) {}

  /// The derivative of sum c f(at) along each number of `at`: an entry per segment of `own`, within
  /// which `at` is one number. `reach` bounds which weights see a segment; those of different
  /// segments of it are seeded together. What does not move contributes nothing, whatever its
  /// cotangent is; but where `multiplies`, a weight's own cotangent is multiplied as written.
  template <typename Function>
  FailureOr<Tensor> gradient(const Tensor &at, ExtentAttr extent, const Tensor &c, Function f,
                             bool multiplies = false) {
    Segments own(shape, extent), reach(shape, wider(extent, clauses.reach));
    std::vector<int64_t> turn(own.count()), turns(reach.count());
    int64_t passes = 0;
    for (int64_t segment = 0; segment < own.count(); ++segment) {
      turn[segment] = turns[reach.of(own.first(segment))]++;
      passes = std::max(passes, turn[segment] + 1);
    }
    Tensor point = at.held().spread(shape.size, at.levels());
    Tensor result(own.count(), at.levels());
    for (int64_t pass = 0; pass < passes; ++pass) {
      for (int64_t level = 0; level < at.levels(); ++level) {
        Tensor seeded = point;
        for (int64_t weight = 0; weight < shape.size; ++weight)
          seeded(weight, level).tangent = turn[own.of(weight)] == pass;
        FailureOr<Tensor> moved = f(seeded);
        if (failed(moved))
          return failure();
        std::vector<double> sums(reach.count());
        for (int64_t weight = 0; weight < shape.size; ++weight) {
          bool whole = multiplies && turn[own.of(weight)] == pass;
          for (int64_t l = 0; l < moved->levels(); ++l) {
            double cotangent = c.at(weight, l).value, tangent = moved->at(weight, l).tangent;
            sums[reach.of(weight)] += whole ? cotangent * tangent : scaled(cotangent, tangent);
          }
        }
        for (int64_t segment = 0; segment < own.count(); ++segment)
          if (turn[segment] == pass)
            result(segment, level).value = sums[reach.of(own.first(segment))];
      }
    }
    return result;
  }

  /// A declared value, or that of a region, at a changed point.
  FailureOr<Tensor> valueAt(const Point &changed, mlir::Value value) {
    Environment environment(&host);
    if (failed(clauses.declare(environment, changed)))
      return failure();
    return environment.at(value);
  }
  FailureOr<Tensor> valueAt(const Point &changed, Region &region) {
    Environment environment(&host);
    if (failed(clauses.declare(environment, changed)))
      return failure();
    return yielded(region, environment);
  }

  Point withLatent(const Tensor &x, bool holdsWeight = false) {
    Point changed = point;
    changed.x = x;
    changed.holdsWeight = holdsWeight;
    return changed;
  }
  Point withStored(Operation *op, const Tensor &value, bool holdsWeight = false) {
    Point changed = point;
    changed.stored[op] = value;
    changed.holdsWeight = holdsWeight;
    return changed;
  }

  const Clauses &clauses;
  const Environment &host;
  const Point &point;
  Shape shape;
};

} // namespace

/// The sum of two tensors, entry by entry.
static Tensor plus(const Tensor &a, const Tensor &b, int64_t entries) {
  Tensor sum(entries, std::max(a.levels(), b.levels()));
  for (int64_t entry = 0; entry < entries; ++entry)
    for (int64_t level = 0; level < sum.levels(); ++level)
      sum(entry, level) = {a.at(entry, level).value + b.at(entry, level).value, 0};
  return sum;
}

/// h of `update gradient`: its region at g, with what `grad` stands for.
static FailureOr<Tensor> custom(const Clauses &clauses, const Environment &declared,
                                const Tensor &g, const Tensor &c,
                                const DenseMap<Operation *, Tensor> &learned,
                                const DenseMap<Operation *, const Variable *> &variables) {
  UpdateOp update = clauses.update;
  Environment inside(&declared);
  if (update.getBody().getNumArguments() == 1)
    inside.set(update.getBody().getArgument(0), g);
  for (Operation &op : update.getBody().front().without_terminator()) {
    auto grad = dyn_cast<GradOp>(op);
    if (!grad) {
      if (failed(evaluate(op, inside)))
        return failure();
      continue;
    }
    Operation *of = grad.getTarget().getDefiningOp();
    if (auto found = learned.find(of); found != learned.end()) {
      Variable spread = *variables.at(of);
      for (int64_t segment = 0; segment < spread.segments.count(); ++segment)
        for (int64_t level = 0; level < found->second.levels(); ++level)
          spread.values[segment][level] = found->second.at(segment, level).value;
      inside.set(grad.getResult(), spread.tensor());
    } else {
      bool isTarget = clauses.project && grad.getTarget() == clauses.targetValue();
      inside.set(grad.getResult(), isTarget ? c : g);
    }
  }
  return inside.at(yieldOf(update.getBody()).getValues().front());
}

FailureOr<HandedOn> reference::handOn(const Clauses &clauses, const Environment &host,
                                      const Point &point, const Tensor &loss,
                                      const DenseMap<Operation *, const Variable *> &variables,
                                      const Tensor *highLoss) {
  Handing handing(clauses, host, point);
  Environment declared(&host);
  if (failed(clauses.declare(declared, point)))
    return failure();
  int64_t size = handing.shape.size;
  Tensor g = loss, one(1.0);
  auto penalties = QuantizerOp(clauses.quantizer).getBody().getOps<PenaltyOp>();

  // dE/dw joins g. Without `project` there is no w beside x.
  auto ofPenalties = [&](mlir::Value variable, Tensor &total) -> LogicalResult {
    for (PenaltyOp penalty : penalties) {
      auto added = handing.gradient(declared.at(variable), {}, one, [&](const Tensor &value) {
        Environment inside(&declared);
        inside.set(variable, value);
        return yielded(penalty.getBody(), inside);
      });
      if (failed(added))
        return failure();
      total = plus(total, *added, size);
    }
    return success();
  };
  if (clauses.project && failed(ofPenalties(clauses.weightValue(), g)))
    return failure();

  HandedOn result;
  Tensor c = g, ofTarget(0.0); // dE/du
  if (clauses.weight) {
    auto through = handing.gradient(
        declared.at(clauses.targetValue()), {}, g,
        [&](const Tensor &u) {
          Environment inside(&declared);
          inside.set(clauses.targetValue(), u);
          return yielded(WeightOp(clauses.weight).getBody(), inside);
        },
        /*multiplies=*/true);
    if (failed(through))
      return failure();
    c = *through;
    if (failed(ofPenalties(clauses.targetValue(), ofTarget)))
      return failure();
    c = plus(c, ofTarget, size);
  }

  for (auto [op, variable] : variables) {
    auto gradient =
        handing.gradient(point.stored.at(op), variable->extent, g, [&](const Tensor &value) {
          return handing.valueAt(handing.withStored(op, value), clauses.weightValue());
        });
    if (failed(gradient))
      return failure();
    if (clauses.weight && !penalties.empty()) {
      auto added = handing.gradient(
          point.stored.at(op), variable->extent, ofTarget, [&](const Tensor &value) {
            return handing.valueAt(handing.withStored(op, value), clauses.targetValue());
          });
      if (failed(added))
        return failure();
      *gradient = plus(*gradient, *added, variable->segments.count());
    }
    for (PenaltyOp penalty : penalties) {
      auto added =
          handing.gradient(point.stored.at(op), variable->extent, one, [&](const Tensor &value) {
            return handing.valueAt(handing.withStored(op, value, true), penalty.getBody());
          });
      if (failed(added))
        return failure();
      *gradient = plus(*gradient, *added, variable->segments.count());
    }
    if (highLoss && clauses.high) {
      auto added = handing.gradient(
          point.stored.at(op), variable->extent, *highLoss, [&](const Tensor &value) {
            return handing.valueAt(handing.withStored(op, value), HighOp(clauses.high).getBody());
          });
      if (failed(added))
        return failure();
      *gradient = plus(*gradient, *added, variable->segments.count());
    }
    result.learned[op] = *gradient;
  }

  result.h = c;
  if (highLoss) {
    result.h = *highLoss;
    if (clauses.high) {
      auto h = handing.gradient(point.x, {}, *highLoss, [&](const Tensor &x) {
        return handing.valueAt(handing.withLatent(x), HighOp(clauses.high).getBody());
      });
      if (failed(h))
        return failure();
      result.h = *h;
    }
  } else if (clauses.update && UpdateOp(clauses.update).getKind() == UpdateKind::Gradient) {
    auto h = custom(clauses, declared, g, c, result.learned, variables);
    if (failed(h))
      return failure();
    result.h = *h;
  } else if (clauses.update && UpdateOp(clauses.update).getKind() == UpdateKind::Chain) {
    auto h = handing.gradient(point.x, {}, c, [&](const Tensor &x) {
      return handing.valueAt(handing.withLatent(x), clauses.targetValue());
    });
    if (failed(h))
      return failure();
    result.h = *h;
  }
  for (PenaltyOp penalty : penalties) {
    auto added = handing.gradient(point.x, {}, one, [&](const Tensor &x) {
      return handing.valueAt(handing.withLatent(x, true), penalty.getBody());
    });
    if (failed(added))
      return failure();
    result.h = plus(result.h, *added, size);
  }
  return result;
}
