#include "frontend/reference/Prox.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

namespace {

class Objective {
public:
  Objective(ProxOp prox, const Clauses &clauses, const Environment &declared, const Tensor &x,
            double lr)
      : prox(prox), latent(LatentOp(clauses.latent).getResult()), declared(declared), incoming(x),
        lr(lr) {}

  /// The derivative of the objective in every entry of y, levels being entries of their own. The
  /// first call is at the incoming x.
  FailureOr<std::vector<double>> slope(const std::vector<double> &y) {
    std::vector<double> result(y.size());
    int64_t levels = incoming.levels();
    for (int64_t level = 0; level < levels; ++level) {
      auto penalty = penaltyAlong(level, y);
      if (failed(penalty))
        return failure();
      for (size_t i = level; i < y.size(); i += levels)
        result[i] =
            y[i] - incoming.at(i / levels, level).value + lr * penalty->at(i / levels).tangent;
    }
    return result;
  }

private:
  /// The penalty of every weight, with its derivative in one level of the latent.
  FailureOr<Tensor> penaltyAlong(int64_t level, const std::vector<double> &y) {
    Environment inside(&declared);
    int64_t levels = incoming.levels();
    Tensor at(y.size() / levels, levels);
    for (size_t i = 0; i < y.size(); ++i)
      at(i / levels, i % levels) = {y[i], int64_t(i) % levels == level ? 1.0 : 0.0};
    inside.set(latent, at);
    for (Operation &op : prox.getBody().front().without_terminator()) {
      if (!isTakenAtTheStart(op)) {
        if (failed(evaluate(op, inside)))
          return failure();
        continue;
      }
      if (!started && failed(evaluate(op, inside)))
        return failure();
      for (mlir::Value result : op.getResults()) {
        if (!started)
          taken[result] = inside.at(result).held();
        inside.set(result, taken[result]);
      }
    }
    started = true;
    return inside.at(yieldOf(prox.getBody()).getValues().front());
  }

  static bool isTakenAtTheStart(Operation &op) {
    auto reduce = dyn_cast<ReduceOp>(op);
    return isa<NearestOp, LowerOp, UpperOp, FitOp>(op) || (reduce && reduce.getExtent());
  }

  ProxOp prox;
  mlir::Value latent;
  const Environment &declared;
  const Tensor &incoming;
  double lr;
  bool started = false;
  DenseMap<mlir::Value, Tensor> taken;
};

} // namespace

FailureOr<Tensor> reference::proximal(ProxOp prox, const Clauses &clauses,
                                      const Environment &declared, const Tensor &x, double lr) {
  Objective objective(prox, clauses, declared, x, lr);
  size_t n = x.entries() * x.levels();
  std::vector<double> start;
  for (size_t i = 0; i < n; ++i)
    start.push_back(x.at(i / x.levels(), i % x.levels()).value);
  std::vector<double> low = start, high = start, middle = start;
  auto first = objective.slope(start);
  if (failed(first))
    return failure();

  // Brackets, doubled until the derivative has another sign at their far end.
  for (bool below : {true, false}) {
    std::vector<double> &end = below ? low : high, at = *first, width(n);
    for (size_t i = 0; i < n; ++i)
      width[i] = 1e-3 + std::fabs(at[i]);
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t i = 0; i < n; ++i) {
        if (!std::isfinite(start[i]) || !(below ? at[i] > 0 : at[i] < 0) || width[i] >= 1e300)
          continue;
        end[i] = start[i] + (below ? -width[i] : width[i]);
        width[i] *= 2;
        moved = true;
      }
      if (!moved)
        break;
      auto next = objective.slope(end);
      if (failed(next))
        return failure();
      at = *next;
    }
  }

  std::vector<bool> done(n);
  for (bool open = true; open;) {
    open = false;
    for (size_t i = 0; i < n; ++i) {
      if (done[i])
        continue;
      middle[i] = low[i] < high[i] ? low[i] + (high[i] - low[i]) / 2 : start[i];
      done[i] = !(middle[i] > low[i] && middle[i] < high[i]);
      open |= !done[i];
    }
    if (!open)
      break;
    auto at = objective.slope(middle);
    if (failed(at))
      return failure();
    for (size_t i = 0; i < n; ++i) {
      if (done[i])
        continue;
      if ((*at)[i] == 0)
        done[i] = true;
      else
        ((*at)[i] > 0 ? high : low)[i] = middle[i];
    }
  }
  // At a kink the derivative has three values; of two neighbours the kink is where more of its jump
  // lies between the numbers on both sides.
  auto jumpAt = [&](const std::vector<double> &points) -> FailureOr<std::vector<double>> {
    std::vector<double> below, above;
    for (double point : points) {
      below.push_back(std::nextafter(point, -HUGE_VAL));
      above.push_back(std::nextafter(point, HUGE_VAL));
    }
    auto from = objective.slope(below), to = objective.slope(above);
    if (failed(from) || failed(to))
      return failure();
    for (size_t i = 0; i < n; ++i)
      (*to)[i] -= (*from)[i];
    return to;
  };
  auto jumpsLow = jumpAt(low), jumpsHigh = jumpAt(high);
  if (failed(jumpsLow) || failed(jumpsHigh))
    return failure();
  Tensor result(x.entries(), x.levels());
  for (size_t i = 0; i < n; ++i) {
    bool isBetween = middle[i] > low[i] && middle[i] < high[i]; // a root itself
    double &end = (*jumpsHigh)[i] > (*jumpsLow)[i] ? high[i] : low[i];
    result(i / x.levels(), i % x.levels()).value =
        isBetween || !(low[i] < high[i]) ? middle[i] : end;
  }
  return result;
}
