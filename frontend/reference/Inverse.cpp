#include "frontend/reference/Inverse.h"

#include "llvm/ADT/SetVector.h"

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
  // Farther out a power of x overflows before the quotient that it stands in is taken.
  constexpr double largest = 0x1p64;
  std::vector<double> low(n, -largest), high(n, largest);
  auto lowest = targetAt(clauses, host, low), highest = targetAt(clauses, host, high);
  if (failed(lowest) || failed(highest))
    return failure();
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

/// The declarations that an op reads, itself and through others.
static void collectReads(Operation *reader, llvm::SetVector<Operation *> &reads) {
  reader->walk([&](Operation *inner) {
    for (mlir::Value operand : inner->getOperands())
      if (Operation *declared = operand.getDefiningOp();
          declared && !reader->isAncestor(declared) && reads.insert(declared))
        collectReads(declared, reads);
  });
}

FailureOr<Tensor> reference::firstLatent(const Clauses &clauses, const Environment &host,
                                         const Tensor &w0) {
  LatentOp latent = clauses.latent;
  Environment environment(&host);
  // What else stands above it, as a learned value and levels of that, has no value yet.
  llvm::SetVector<Operation *> reads;
  collectReads(latent, reads);
  for (Operation &op : QuantizerOp(clauses.quantizer).getBody().front())
    if (reads.contains(&op) && failed(clauses.declare(op, environment, Point())))
      return failure();
  environment.set(latent.getBody().getArgument(0), w0);
  for (Operation &op : latent.getBody().front().without_terminator()) {
    if (auto inverted = dyn_cast<InverseOp>(op)) {
      if (levelCount(inverted.getResult().getType()) != 1)
        return inverted.emitOpError("is known to the oracle without a level axis only");
      auto y = inverse(clauses, host, environment.at(inverted.getOperand()));
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
