// One rule per operation: value and derivative.
#include "frontend/reference/Interpreter.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using bregman::reference::Dual;
using bregman::reference::Environment;
using Duals = bregman::reference::Value;

static const double notANumber = std::numeric_limits<double>::quiet_NaN();

Duals reference::constant(double value, int64_t levels) { return Duals(levels, Dual{value, 0}); }

/// A zero tangent stays zero whatever it is multiplied with, so that no NaN leaks from a factor
/// that does not matter.
static double scaled(double factor, double tangent) { return tangent == 0 ? 0 : factor * tangent; }

static Dual unary(Operation &op, Dual a) {
  double x = a.value, v = 0, slope = 0;
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](arith::NegFOp) { v = -x, slope = -1; })
      .Case([&](math::ExpOp) { v = std::exp(x), slope = v; })
      .Case([&](math::LogOp) { v = std::log(x), slope = 1 / x; })
      .Case([&](math::Log2Op) { v = std::log2(x), slope = 1 / (x * M_LN2); })
      .Case([&](math::SqrtOp) { v = std::sqrt(x), slope = 0.5 / v; })
      .Case([&](math::TanhOp) { v = std::tanh(x), slope = 1 / std::pow(std::cosh(x), 2); })
      .Case([&](math::AtanhOp) { v = std::atanh(x), slope = 1 / (1 - x * x); })
      .Case([&](math::ErfOp) { v = std::erf(x), slope = M_2_SQRTPI * std::exp(-x * x); })
      .Case([&](math::AtanOp) { v = std::atan(x), slope = 1 / (1 + x * x); })
      .Case([&](math::AbsFOp) {
        v = std::fabs(x), slope = x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
      })
      .Case([&](math::FloorOp) { v = std::floor(x); })
      .Case([&](math::CeilOp) { v = std::ceil(x); })
      .Case([&](SignOp) { v = std::isnan(x) ? x
                              : x < 0       ? -1
                                            : 1; })
      .Case([&](SgnOp) {
        v = std::isnan(x) ? x : x < 0 ? -1 : x > 0 ? 1 : 0;
      })
      // floor(x + 0.5) would round the sum of the largest number below a half.
      .Case([&](RoundOp) { v = x - std::floor(x) < 0.5 ? std::floor(x) : std::ceil(x); })
      .Case([&](SigmoidOp) {
        double e = std::exp(-std::fabs(x));
        v = (x < 0 ? e : 1) / (1 + e), slope = e / ((1 + e) * (1 + e));
        if (std::isnan(x))
          v = x;
      });
  return {v, scaled(slope, a.tangent)};
}

static bool isUnary(Operation &op) {
  return isa<arith::NegFOp, math::ExpOp, math::LogOp, math::Log2Op, math::SqrtOp, math::TanhOp,
             math::AtanhOp, math::ErfOp, math::AtanOp, math::AbsFOp, math::FloorOp, math::CeilOp,
             SignOp, SgnOp, RoundOp, SigmoidOp>(op);
}

static Dual power(Dual a, Dual b) {
  double v = std::pow(a.value, b.value);
  return {v, scaled(b.value * std::pow(a.value, b.value - 1), a.tangent) +
                 scaled(v * std::log(a.value), b.tangent)};
}

/// The one of two that `first` chooses; equal ones share the derivative, NaN passes through.
static Dual extreme(Dual a, Dual b, bool first) {
  if (std::isnan(a.value) || std::isnan(b.value))
    return {notANumber, notANumber};
  if (a.value == b.value)
    return {a.value, (a.tangent + b.tangent) / 2};
  return first ? a : b;
}

static Dual binary(Operation &op, Dual a, Dual b) {
  return llvm::TypeSwitch<Operation *, Dual>(&op)
      .Case([&](arith::AddFOp) { return Dual{a.value + b.value, a.tangent + b.tangent}; })
      .Case([&](arith::SubFOp) { return Dual{a.value - b.value, a.tangent - b.tangent}; })
      .Case([&](arith::MulFOp) {
        return Dual{a.value * b.value, scaled(b.value, a.tangent) + scaled(a.value, b.tangent)};
      })
      .Case([&](arith::DivFOp) {
        double v = a.value / b.value;
        return Dual{v, scaled(1 / b.value, a.tangent) - scaled(v / b.value, b.tangent)};
      })
      .Case([&](arith::MinimumFOp) { return extreme(a, b, a.value < b.value); })
      .Case([&](arith::MaximumFOp) { return extreme(a, b, a.value > b.value); })
      .Case([&](math::PowFOp) { return power(a, b); })
      .Case([&](SteOp) { return Dual{a.value, b.tangent}; })
      .Case([&](arith::AndIOp) { return Dual{double(a.value != 0 && b.value != 0), 0}; })
      .Case([&](arith::OrIOp) { return Dual{double(a.value != 0 || b.value != 0), 0}; })
      .Case([&](arith::XOrIOp) { return Dual{double((a.value != 0) != (b.value != 0)), 0}; });
}

static bool isBinary(Operation &op) {
  return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MinimumFOp,
             arith::MaximumFOp, math::PowFOp, SteOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp>(
      op);
}

static bool compares(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OEQ:
    return a == b;
  case P::ONE:
    return !unordered && a != b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::UEQ:
    return unordered || a == b;
  case P::UNE:
    return unordered || a != b;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  case P::AlwaysFalse:
    return false;
  }
  llvm_unreachable("all predicates are listed");
}

static Dual clamp(Dual x, Dual low, Dual high) {
  if (std::isnan(x.value))
    return x;
  // On both ends the derivative is that of x.
  return x.value < low.value ? low : x.value > high.value ? high : x;
}

/// The levels in increasing order.
static Duals sorted(ArrayRef<Dual> levels) {
  Duals result(levels);
  llvm::sort(result, [](Dual a, Dual b) { return a.value < b.value; });
  return result;
}

static Dual nearest(Dual x, ArrayRef<Dual> levels) {
  if (std::isnan(x.value))
    return {x.value, 0};
  Duals ordered = sorted(levels);
  Dual best = ordered.front();
  for (Dual level : llvm::drop_begin(ordered))
    if (std::fabs(x.value - level.value) <= std::fabs(x.value - best.value))
      best = level;
  return best;
}

double reference::nearestLevel(double value, ArrayRef<Dual> levels) {
  return nearest({value, 0}, levels).value;
}

static Dual neighbour(Dual x, ArrayRef<Dual> levels, bool upper) {
  if (std::isnan(x.value))
    return {x.value, 0};
  Duals ordered = sorted(levels);
  size_t pair = 0;
  while (pair + 2 < ordered.size() && x.value >= ordered[pair + 1].value)
    ++pair;
  return ordered[pair + upper];
}

static Dual softNearest(Dual x, Dual steepness, ArrayRef<Dual> levels) {
  Duals q = sorted(levels);
  Dual sum = q.front();
  for (size_t i = 0; i + 1 < q.size(); ++i) {
    double mid = (q[i].value + q[i + 1].value) / 2;
    double midTangent = (q[i].tangent + q[i + 1].tangent) / 2;
    double argument = steepness.value * (x.value - mid);
    double e = std::exp(-std::fabs(argument));
    double s = (argument < 0 ? e : 1) / (1 + e), slope = e / ((1 + e) * (1 + e));
    double tangent =
        scaled(steepness.value, x.tangent - midTangent) + scaled(x.value - mid, steepness.tangent);
    sum.value += (q[i + 1].value - q[i].value) * s;
    sum.tangent += (q[i + 1].tangent - q[i].tangent) * s +
                   scaled((q[i + 1].value - q[i].value) * slope, tangent);
  }
  if (std::isnan(x.value))
    sum.value = x.value;
  return sum;
}

static Duals softmax(ArrayRef<Dual> x, Dual scale) {
  double top = x.front().value;
  for (Dual entry : x)
    top = std::isnan(entry.value) ? entry.value : std::fmax(top, entry.value);
  Duals u;
  double sum = 0, mean = 0;
  for (Dual entry : x) {
    // An infinite difference times a zero scale never occurs: the scale is positive (Q4).
    double e = std::exp(scale.value * (entry.value - top));
    u.push_back({e, 0});
    sum += e;
  }
  SmallVector<double> slopes;
  for (auto [entry, out] : llvm::zip(x, u)) {
    out.value /= sum;
    slopes.push_back(scaled(scale.value, entry.tangent) + scaled(entry.value, scale.tangent));
    mean += scaled(out.value, slopes.back());
  }
  for (auto [slope, out] : llvm::zip(slopes, u))
    out.tangent = scaled(out.value, slope - mean);
  return u;
}

static Duals sparsemax(ArrayRef<Dual> x) {
  Duals ordered = sorted(x);
  double sum = 0, threshold = 0;
  size_t support = 0;
  for (size_t k = 1; k <= ordered.size(); ++k) {
    sum += ordered[ordered.size() - k].value;
    if (ordered[ordered.size() - k].value * k > sum - 1)
      threshold = (sum - 1) / k, support = k;
  }
  Duals u;
  double mean = 0;
  for (Dual entry : x) {
    bool inside = entry.value > threshold;
    u.push_back({std::isnan(sum) ? notANumber
                 : inside        ? entry.value - threshold
                                 : 0,
                 inside ? entry.tangent : 0});
    mean += inside ? entry.tangent / support : 0;
  }
  for (Dual &out : u)
    if (out.value > 0)
      out.tangent -= mean;
  return u;
}

static Duals hardmax(ArrayRef<Dual> x) {
  size_t best = 0;
  bool anyNan = false;
  for (size_t i = 0; i < x.size(); ++i) {
    anyNan |= std::isnan(x[i].value);
    if (x[i].value >= x[best].value)
      best = i;
  }
  Duals u = reference::constant(anyNan ? notANumber : 0, x.size());
  if (!anyNan)
    u[best].value = 1;
  return u;
}

static Dual reduce(Reduction kind, ArrayRef<Dual> x) {
  Dual result = x.front();
  for (Dual entry : x.drop_front()) {
    if (kind == Reduction::Min)
      result = extreme(result, entry, result.value < entry.value);
    else if (kind == Reduction::Max)
      result = extreme(result, entry, result.value > entry.value);
    else
      result = {result.value + entry.value, result.tangent + entry.tangent};
  }
  double n = x.size();
  if (kind == Reduction::Mean)
    return {result.value / n, result.tangent / n};
  if (kind != Reduction::Std)
    return result;
  double mean = result.value / n, meanTangent = result.tangent / n, squares = 0, tangent = 0;
  for (Dual entry : x) {
    squares += (entry.value - mean) * (entry.value - mean);
    tangent += (entry.value - mean) * (entry.tangent - meanTangent);
  }
  double deviation = std::sqrt(squares / (n - 1));
  return {deviation, scaled(1 / (deviation * (n - 1)), tangent)};
}

static Duals constantOf(Attribute value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return reference::constant(number.getValueAsDouble());
  if (auto number = dyn_cast<IntegerAttr>(value))
    return reference::constant(number.getValue().getBoolValue());
  Duals result;
  for (APFloat number : cast<DenseElementsAttr>(value).getValues<APFloat>())
    result.push_back({number.convertToDouble(), 0});
  return result;
}

LogicalResult reference::evaluate(Operation &op, Environment &environment) {
  auto at = [&](unsigned operand) -> const Duals & {
    auto found = environment.find(op.getOperand(operand));
    assert(found != environment.end() && "the verifier has checked dominance");
    return found->second;
  };
  // Of a value without a level axis every level sees the same.
  auto lane = [&](unsigned operand, size_t level) {
    const Duals &value = at(operand);
    return value[value.size() == 1 ? 0 : level];
  };
  Duals result;
  int64_t levels = op.getNumResults() == 1 ? levelCount(op.getResult(0).getType()) : 0;
  auto each = [&](auto rule) {
    for (int64_t level = 0; level < levels; ++level)
      result.push_back(rule(level));
  };

  if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
    result = constantOf(literal.getValue());
    if (int64_t(result.size()) != levels)
      result = constant(result.front().value, levels);
  } else if (isUnary(op)) {
    each([&](size_t level) { return unary(op, lane(0, level)); });
  } else if (isBinary(op)) {
    each([&](size_t level) { return binary(op, lane(0, level), lane(1, level)); });
  } else if (isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op)) {
    // The oracle does not round.
    each([&](size_t level) { return lane(0, level); });
  } else if (isa<vector::FromElementsOp>(op)) {
    result.clear();
    for (unsigned level = 0; level < op.getNumOperands(); ++level)
      result.push_back(at(level).front());
  } else if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    each([&](size_t level) {
      return Dual{
          double(compares(compare.getPredicate(), lane(0, level).value, lane(1, level).value)), 0};
    });
  } else if (isa<arith::SelectOp>(op)) {
    each([&](size_t level) { return lane(lane(0, level).value != 0 ? 1 : 2, level); });
  } else if (isa<ClampOp>(op)) {
    each([&](size_t level) { return clamp(lane(0, level), lane(1, level), lane(2, level)); });
  } else if (isa<NearestOp>(op)) {
    result = {nearest(at(0).front(), at(1))};
  } else if (isa<LowerOp, UpperOp>(op)) {
    result = {neighbour(at(0).front(), at(1), isa<UpperOp>(op))};
  } else if (isa<SoftNearestOp>(op)) {
    result = {softNearest(at(0).front(), at(1).front(), at(2))};
  } else if (auto soft = dyn_cast<SoftmaxOp>(op)) {
    result = softmax(at(0), soft.getScale() ? at(1).front() : Dual{1, 0});
  } else if (isa<SparsemaxOp>(op)) {
    result = sparsemax(at(0));
  } else if (isa<HardmaxOp>(op)) {
    result = hardmax(at(0));
  } else if (auto narrow = dyn_cast<ReduceOp>(op)) {
    result = {reduce(narrow.getKind(), at(0))};
  } else {
    return op.emitOpError("is not known to the oracle");
  }
  environment[op.getResult(0)] = std::move(result);
  return success();
}

LogicalResult reference::evaluate(Block &block, Environment &environment) {
  for (Operation &op : block.without_terminator())
    if (failed(evaluate(op, environment)))
      return failure();
  return success();
}
