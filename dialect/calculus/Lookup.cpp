// The calculus of what looks a value up in the codebook: nearest, lower, upper, soft_nearest.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"
#include "dialect/calculus/Reverse.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// The numbers of a codebook written as constants, in their order; empty when it has others.
SmallVector<double> constantLevels(Value levels) {
  if (auto clause = levels.getDefiningOp<LevelsOp>())
    levels = clause.getBody().front().getTerminator()->getOperand(0);
  auto constant = levels.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return {};
  SmallVector<double> values(levelCount(levels.getType()));
  cast<CalculusOpInterface>(constant.getOperation()).evaluate({}, values);
  return values;
}

SmallVector<double> sorted(ArrayRef<double> levels) {
  SmallVector<double> all(levels);
  llvm::sort(all);
  return all;
}

bool anyNaN(ArrayRef<double> values) {
  return llvm::any_of(values, [](double value) { return std::isnan(value); });
}

/// nearest, lower, upper: `Model::lookup(x, sorted levels)`, nondecreasing in x and in each level.
template <typename Model, typename Op> struct LookupModel : FunctionModel<Model, Op> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    results[0] = anyNaN(operands) ? std::numeric_limits<double>::quiet_NaN()
                                  : Model::lookup(operands[0], sorted(operands.drop_front()));
  }
  Interval range(Operation *op, Intervals x) const {
    SmallVector<double> levels = sorted(constantLevels(op->getOperand(1)));
    if (levels.empty() || x[0].isEmpty())
      return x[1];
    return {Model::lookup(x[0].lo, levels), Model::lookup(x[0].hi, levels)};
  }
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (range(op, x).isPoint())
      return constantSlope();
    // In a level: the chosen one may change.
    return operand == 0 ? Slope{Direction::Increasing, false, true} : jumping();
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    return rangeAtEnd(*this, op, operand, end, x);
  }
  /// The chosen level's cotangent.
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    out.push_back({});
    Value levels = op->getOperand(1);
    if (!constantLevels(levels).empty()) {
      out.push_back({});
      return;
    }
    Emit emit(b, op->getLoc());
    Type type = levels.getType();
    Value equal =
        emit.compare(arith::CmpFPredicate::OEQ, levels, emit.spread(op->getResult(0), type));
    // Of merged levels one takes it all.
    Value chosen = emit.make<HardmaxOp>(type, emit.keep(equal, emit.constant(type, 1)));
    out.push_back(emit.mul(chosen, emit.spread(c[0], type)));
  }
};

struct NearestModel : LookupModel<NearestModel, NearestOp> {
  static double lookup(double x, ArrayRef<double> levels) {
    double best = levels.front();
    if (std::isinf(x))
      return x > 0 ? levels.back() : best;
    for (double level : levels.drop_front()) // distances of large x are rounded to one
      if (x >= best + (level - best) / 2)
        best = level;
    return best;
  }
};

/// The index of the lower one of the pair of neighbours around x.
size_t pairAround(double x, ArrayRef<double> levels) {
  size_t low = 0;
  while (low + 2 < levels.size() && levels[low + 1] <= x)
    ++low;
  return low;
}
struct LowerModel : LookupModel<LowerModel, LowerOp> {
  static double lookup(double x, ArrayRef<double> levels) { return levels[pairAround(x, levels)]; }
};
struct UpperModel : LookupModel<UpperModel, UpperOp> {
  static double lookup(double x, ArrayRef<double> levels) {
    return levels.size() < 2 ? levels[0] : levels[pairAround(x, levels) + 1];
  }
};

struct SoftNearestModel : FunctionModel<SoftNearestModel, SoftNearestOp> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    if (anyNaN(operands)) {
      results[0] = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    SmallVector<double> levels = sorted(operands.drop_front(2));
    double sum = levels[0];
    for (size_t i = 0; i + 1 < levels.size(); ++i) {
      double middle = (levels[i] + levels[i + 1]) / 2;
      sum += (levels[i + 1] - levels[i]) / (1 + std::exp(-operands[1] * (operands[0] - middle)));
    }
    results[0] = sum;
  }
  Interval range(Operation *op, Intervals x) const {
    SmallVector<double> levels = sorted(constantLevels(op->getOperand(2)));
    if (levels.empty())
      return x[2];
    auto logistic = [](double v) { return 1 / (1 + std::exp(-v)); };
    Interval sum = Interval::point(levels[0]);
    for (size_t i = 0; i + 1 < levels.size(); ++i) {
      Interval low = Interval::point(levels[i]), high = Interval::point(levels[i + 1]);
      Interval middle = interval::mul(interval::add(low, high), Interval::point(0.5));
      Interval argument = interval::mul(x[1], interval::sub(x[0], middle));
      sum = interval::add(sum, interval::mul(interval::sub(high, low),
                                             interval::monotone(logistic, argument, {0, 1})));
    }
    return interval::intersect(sum, {levels.front(), levels.back()});
  }
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (operand == 0) {
      bool distinct = !constantLevels(op->getOperand(2)).empty();
      Slope slope = slopeOfFactor(x[1]);
      slope.strict = slope.strict && distinct;
      return slope;
    }
    return wandering();
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    SmallVector<double> levels = sorted(constantLevels(op->getOperand(2)));
    if (operand != 0 || levels.empty() || x[1].contains(0))
      return operand == 2 ? Interval::all() : x[2];
    return Interval::point((end == End::Plus) == (x[1].lo > 0) ? levels.back() : levels.front());
  }

  /// The levels in increasing order, as scalars.
  static SmallVector<Value> sortedLevels(Emit &emit, Value levels) {
    SmallVector<Value> all;
    Type element = getElementTypeOrSelf(levels.getType());
    for (double level : sorted(constantLevels(levels)))
      all.push_back(emit.constant(element, level));
    if (!all.empty())
      return all;
    for (int64_t i = 0; i < levelCount(levels.getType()); ++i)
      all.push_back(emit.extract(levels, i));
    // Odd-even transposition: a network, so that it is straight-line and has a derivative.
    for (size_t round = 0; round < all.size(); ++round)
      for (size_t i = round % 2; i + 1 < all.size(); i += 2) {
        Value low = emit.make<arith::MinimumFOp>(all[i], all[i + 1]);
        all[i + 1] = emit.make<arith::MaximumFOp>(all[i], all[i + 1]);
        all[i] = low;
      }
    return all;
  }

  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value x = op->getOperand(0), steepness = op->getOperand(1), codebook = op->getOperand(2);
    SmallVector<Value> levels = sortedLevels(emit, codebook);
    Value sum = levels[0];
    for (size_t i = 0; i + 1 < levels.size(); ++i) {
      Value middle = emit.mul(emit.add(levels[i], levels[i + 1]), 0.5);
      Value argument = emit.mul(steepness, emit.sub(x, middle));
      Value part = emit.make<SigmoidOp>(x.getType(), argument);
      sum = emit.add(sum, emit.mul(emit.sub(levels[i + 1], levels[i]), part));
    }
    SmallVector<Value> leaves{x, steepness, codebook}, results;
    if (x == steepness) // the whole derivative would land twice
      leaves[0] = Value();
    LogicalResult done = differentiate(b, sum, c[0], leaves, results);
    assert(succeeded(done) && "the expansion is made of ops with a calculus");
    (void)done;
    out.append(results.begin(), results.end());
  }

  /// Of two levels: the inverse of the sigmoid.
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    if (operand != 0 || levelCount(op->getOperand(2).getType()) != 2)
      return failure();
    Emit emit(b, op->getLoc());
    SmallVector<Value> levels = sortedLevels(emit, op->getOperand(2));
    Value middle = emit.mul(emit.add(levels[0], levels[1]), 0.5);
    Value odds = emit.sub(emit.make<math::LogOp>(emit.sub(result, levels[0])),
                          emit.make<math::LogOp>(emit.sub(levels[1], result)));
    return emit.add(middle, emit.div(odds, op->getOperand(1)));
  }
};

} // namespace

void bregman::registerLookupModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, BregmanDialect *) {
    NearestOp::attachInterface<NearestModel>(*context);
    LowerOp::attachInterface<LowerModel>(*context);
    UpperOp::attachInterface<UpperModel>(*context);
    SoftNearestOp::attachInterface<SoftNearestModel>(*context);
  });
}
