#include "frontend/reference/Inverse.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

/// P at the latents y.
static FailureOr<Tensor> targetAt(const Clauses &clauses, const Environment &host,
                                  const std::vector<double> &y) {
  Environment environment(&host);
  Point point;
  point.x = Tensor(y.size(), 1);
  for (size_t i = 0; i < y.size(); ++i)
    point.x(i).value = y[i];
  for (Operation &op : QuantizerOp(clauses.quantizer).getBody().front())
    if (!isa<WeightOp>(op) && failed(clauses.declare(op, environment, point)))
      return failure();
  return environment.at(clauses.targetValue());
}

static FailureOr<Tensor> inverse(const Clauses &clauses, const Environment &host,
                                 const Tensor &wanted) {
  size_t n = wanted.entries();
  // As far out as P is a number: beyond, an infinity in it may be divided by another.
  double largest = 0x1p64;
  std::vector<double> low, high;
  FailureOr<Tensor> lowest = failure(), highest = failure();
  for (bool isNumber = false; !isNumber && largest > 1; largest /= 2) {
    low.assign(n, -largest), high.assign(n, largest);
    lowest = targetAt(clauses, host, low), highest = targetAt(clauses, host, high);
    if (failed(lowest) || failed(highest))
      return failure();
    isNumber = true;
    for (size_t i = 0; i < n; ++i)
      isNumber &= !std::isnan(lowest->at(i).value) && !std::isnan(highest->at(i).value);
  }
  for (bool open = true; open;) {
    open = false;
    std::vector<double> middle;
    for (size_t i = 0; i < n; ++i)
      middle.push_back(low[i] / 2 + high[i] / 2);
    auto at = targetAt(clauses, host, middle);
    if (failed(at))
      return failure();
    for (size_t i = 0; i < n; ++i) {
      if (!(middle[i] > low[i] && middle[i] < high[i]))
        continue;
      open = true;
      (at->at(i).value < wanted.at(i).value ? low : high)[i] = middle[i];
    }
  }
  Tensor result(n, 1);
  for (size_t i = 0; i < n; ++i) {
    double w = wanted.at(i).value;
    // What is not inside of the range is at infinity on its bounds, and nowhere beyond them.
    double below = lowest->at(i).value, above = highest->at(i).value;
    result(i).value = w > below && w < above ? high[i]
                      : w == below           ? -INFINITY
                      : w == above           ? INFINITY
                                             : NAN;
  }
  return result;
}

/// What softmax is taken of, at the latents y.
static FailureOr<Tensor> exponentAt(const Clauses &clauses, const Environment &host,
                                    const Tensor &y) {
  Environment environment(&host);
  Point point;
  point.x = y;
  for (Operation &op : QuantizerOp(clauses.quantizer).getBody().front())
    if (!isa<ProjectOp, WeightOp>(op) && failed(clauses.declare(op, environment, point)))
      return failure();
  Environment inside(&environment);
  for (Operation &op : ProjectOp(clauses.project).getBody().front()) {
    auto softmax = dyn_cast<SoftmaxOp>(op);
    if (!softmax) {
      if (op.hasTrait<OpTrait::IsTerminator>())
        break;
      if (failed(evaluate(op, inside)))
        return failure();
      continue;
    }
    Tensor exponent = inside.at(softmax.getOperand());
    if (softmax.getScale())
      exponent.multiply(inside.at(softmax.getScale()).at(0).value);
    return exponent;
  }
  return ProjectOp(clauses.project)
      .emitOpError("is inverted by the oracle over levels as a softmax only");
}

/// Of softmax, level by level: where its argument is log u. It has no other constant then.
static FailureOr<Tensor> inverseOverLevels(const Clauses &clauses, const Environment &host,
                                           const Tensor &wanted) {
  int64_t n = wanted.entries(), levels = wanted.levels();
  Tensor low(n, levels), high(n, levels);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t l = 0; l < levels; ++l)
      low(i, l).value = -0x1p64, high(i, l).value = 0x1p64;
  for (bool open = true; open;) {
    open = false;
    Tensor middle(n, levels);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t l = 0; l < levels; ++l)
        middle(i, l).value = low(i, l).value / 2 + high(i, l).value / 2;
    auto at = exponentAt(clauses, host, middle);
    if (failed(at))
      return failure();
    for (int64_t i = 0; i < n; ++i)
      for (int64_t l = 0; l < levels; ++l) {
        double between = middle(i, l).value;
        if (!(between > low(i, l).value && between < high(i, l).value))
          continue;
        open = true;
        bool isBelow = at->at(i, l).value < std::log(wanted.at(i, l).value);
        (isBelow ? low : high)(i, l).value = between;
      }
  }
  Tensor result(n, levels);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t l = 0; l < levels; ++l) {
      double u = wanted.at(i, l).value;
      result(i, l).value = u > 0 ? high(i, l).value : u == 0 ? -INFINITY : NAN;
    }
  return result;
}

FailureOr<Tensor> reference::firstLatent(const Clauses &clauses, const Environment &host,
                                         const Tensor &w0) {
  LatentOp latent = clauses.latent;
  Environment environment(&host);
  // What else stands above it, as a learned value and levels of that, has no value yet.
  if (failed(clauses.declareReads(latent, environment, Point())))
    return failure();
  environment.set(latent.getBody().getArgument(0), w0);
  for (Operation &op : latent.getBody().front().without_terminator()) {
    if (auto inverted = dyn_cast<InverseOp>(op)) {
      bool overLevels = isa<VectorType>(inverted.getResult().getType());
      const Tensor &wanted = environment.at(inverted.getOperand());
      auto y = overLevels
                   ? inverseOverLevels(clauses, host, wanted.spread(w0.entries(), wanted.levels()))
                   : inverse(clauses, host, wanted);
      if (failed(y))
        return failure();
      environment.set(inverted.getResult(), std::move(*y));
    } else if (failed(evaluate(op, environment))) {
      return failure();
    }
  }
  return environment.at(yieldOf(latent.getBody()).getValues().front())
      .spread(w0.entries(), levelCount(latent.getResult().getType()));
}
