// The calculus of what enters and leaves the level axis: broadcast, elements, reductions.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

struct BroadcastModel : FunctionModel<BroadcastModel, vector::BroadcastOp> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    for (auto [i, result] : llvm::enumerate(results))
      result = operands[operands.size() == 1 ? 0 : i];
  }
  Interval range(Operation *, Intervals x) const { return x[0]; }
  Slope slope(Operation *, unsigned, Intervals) const { return increasing(); }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    return Interval::point(end == End::Plus ? infinity : -infinity);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    bool widens = !isa<VectorType>(op->getOperand(0).getType());
    bool isNumber = getElementTypeOrSelf(op->getResult(0).getType()).isF32();
    if (!isNumber)
      out.push_back({});
    else
      out.push_back(widens ? Emit(b, op->getLoc()).reduce(Reduction::Sum, c[0]) : c[0]);
  }
};

struct FromElementsModel : FunctionModel<FromElementsModel, vector::FromElementsOp> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    llvm::copy(operands, results.begin());
  }
  Interval range(Operation *, Intervals x) const {
    Interval all = Interval::empty();
    for (Interval element : x)
      all = interval::hull(all, element);
    return all;
  }
  Slope slope(Operation *, unsigned, Intervals) const { return increasing(false); }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    for (unsigned i = 0; i < op->getNumOperands(); ++i)
      out.push_back(constantOf(op->getOperand(i)) ? Value() : emit.extract(c[0], i));
  }
};

/// One level at a position known to the compiler.
struct ExtractModel : FunctionModel<ExtractModel, vector::ExtractOp> {
  static int64_t position(Operation *op) {
    return cast<vector::ExtractOp>(op).getStaticPosition().front();
  }
  void evaluate(Operation *op, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    results[0] = operands[position(op)];
  }
  Interval range(Operation *, Intervals x) const { return x[0]; }
  Slope slope(Operation *, unsigned, Intervals) const { return increasing(false); }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    SmallVector<Value> elements(levelCount(op->getOperand(0).getType()),
                                emit.constant(c[0].getType(), 0));
    elements[position(op)] = c[0];
    out.push_back(emit.fromElements(elements));
  }
};

struct ReduceModel : FunctionModel<ReduceModel, ReduceOp> {
  static Reduction kind(Operation *op) { return cast<ReduceOp>(op).getKind(); }

  void evaluate(Operation *op, ArrayRef<double> levels, MutableArrayRef<double> results) const {
    double sum = 0;
    bool isNaN = false;
    for (double level : levels) {
      sum += level;
      isNaN |= std::isnan(level);
    }
    double mean = sum / levels.size();
    switch (kind(op)) {
    case Reduction::Sum:
      results[0] = sum;
      return;
    case Reduction::Mean:
      results[0] = mean;
      return;
    case Reduction::Min:
      results[0] = isNaN ? sum : *llvm::min_element(levels);
      return;
    case Reduction::Max:
      results[0] = isNaN ? sum : *llvm::max_element(levels);
      return;
    case Reduction::Std:
      break;
    }
    double squares = 0;
    for (double level : levels)
      squares += (level - mean) * (level - mean);
    results[0] = std::sqrt(squares / (levels.size() - 1));
  }
  /// What narrows the weights of an extent: of none, where a condition stands, a mean is 0.
  static Interval rangeOverWeights(ReduceOp op, Interval x) {
    bool mayBeEmpty = op.getCondition() != nullptr;
    switch (op.getKind()) {
    case Reduction::Sum: // of one weight or more
      return {x.lo < 0     ? -infinity
              : mayBeEmpty ? 0
                           : x.lo,
              x.hi > 0     ? infinity
              : mayBeEmpty ? 0
                           : x.hi};
    case Reduction::Mean:
      return mayBeEmpty ? interval::hull(x, Interval::point(0)) : x;
    case Reduction::Min:
      return {x.lo, mayBeEmpty ? infinity : x.hi};
    case Reduction::Max:
      return {mayBeEmpty ? -infinity : x.lo, x.hi};
    case Reduction::Std:
      return {0, infinity};
    }
    llvm_unreachable("unknown reduction");
  }

  Interval range(Operation *op, Intervals x) const {
    if (auto reduce = cast<ReduceOp>(op); reduce.getExtentAttr())
      return rangeOverWeights(reduce, x[0]);
    double count = levelCount(op->getOperand(0).getType());
    switch (kind(op)) {
    case Reduction::Sum:
      return interval::mul(x[0], Interval::point(count));
    case Reduction::Std:
      return interval::mul(interval::sub(x[0], x[0]), Interval{0, count > 1 ? 1.0 : infinity});
    default:
      return x[0];
    }
  }
  /// Over weights: when all of them move together.
  Slope slope(Operation *op, unsigned operand, Intervals) const {
    if (operand > 0)
      return jumping();
    if (cast<ReduceOp>(op).getCondition())
      return kind(op) == Reduction::Std ? wandering() : increasing(false);
    return kind(op) == Reduction::Std
               ? wandering()
               : increasing(kind(op) == Reduction::Sum || kind(op) == Reduction::Mean);
  }
  /// Over the weights of an extent. The cotangent is what each weight contributes: the result's is
  /// their sum, and each weight of the operand takes its share of that.
  static void vjpOverWeights(ReduceOp op, OpBuilder &b, Value c, SmallVectorImpl<Value> &out) {
    Emit emit(b, op.getLoc());
    ExtentAttr extent = op.getExtentAttr();
    Value e = op.getOperand(), where = op.getCondition(), result = op.getResult();
    Type type = e.getType();
    auto sum = [&](Value value, Value where) {
      return emit.make<ReduceOp>(Reduction::Sum, extent, value, where);
    };
    auto keep = [&](Value value) { return where ? emit.keep(where, value) : value; };
    auto count = [&] { return sum(emit.constant(type, 1), where); };
    Value whole = sum(c, Value());
    switch (op.getKind()) {
    case Reduction::Sum:
      out.push_back(keep(whole));
      break;
    case Reduction::Mean:
      out.push_back(keep(emit.div(whole, count())));
      break;
    case Reduction::Min:
    case Reduction::Max: { // ties share
      Value equal = emit.compare(arith::CmpFPredicate::OEQ, e, result);
      Value chosen = keep(emit.keep(equal, emit.constant(type, 1)));
      out.push_back(keep(emit.keep(equal, emit.div(whole, sum(chosen, Value())))));
      break;
    }
    case Reduction::Std: { // (e - mean) / ((n - 1) std); 0 where all are equal
      Value zero = emit.constant(type, 0);
      Value mean = emit.make<ReduceOp>(Reduction::Mean, extent, e, where);
      Value scale = emit.div(emit.div(whole, emit.add(count(), -1)), result);
      scale = emit.select(emit.compare(arith::CmpFPredicate::OEQ, result, zero), zero, scale);
      out.push_back(keep(emit.mul(emit.sub(e, mean), scale)));
      break;
    }
    }
    if (where)
      out.push_back({});
  }

  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    if (auto reduce = cast<ReduceOp>(op); reduce.getExtentAttr())
      return vjpOverWeights(reduce, b, c[0], out);
    Emit emit(b, op->getLoc());
    Value levels = op->getOperand(0), result = op->getResult(0);
    Type type = levels.getType();
    double count = levelCount(type);
    switch (kind(op)) {
    case Reduction::Sum:
      out.push_back(emit.spread(c[0], type));
      return;
    case Reduction::Mean:
      out.push_back(emit.spread(emit.mul(c[0], 1 / count), type));
      return;
    case Reduction::Min:
    case Reduction::Max: { // ties share
      Value equal = emit.compare(arith::CmpFPredicate::OEQ, levels, emit.spread(result, type));
      Value chosen = emit.keep(equal, emit.constant(type, 1));
      Value share = emit.div(c[0], emit.reduce(Reduction::Sum, chosen));
      out.push_back(emit.keep(equal, emit.spread(share, type)));
      return;
    }
    case Reduction::Std: { // (e - mean) / ((d - 1) std); 0 where all levels are equal
      Value zero = emit.constant(result.getType(), 0);
      Value mean = emit.reduce(Reduction::Mean, levels);
      Value scale = emit.div(emit.mul(c[0], 1 / (count - 1)), result);
      scale = emit.select(emit.compare(arith::CmpFPredicate::OEQ, result, zero), zero, scale);
      Value away = emit.sub(levels, emit.spread(mean, type));
      out.push_back(emit.mul(away, emit.spread(scale, type)));
      return;
    }
    }
  }
};

} // namespace

void bregman::registerLevelModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, vector::VectorDialect *) {
    vector::BroadcastOp::attachInterface<BroadcastModel>(*context);
    vector::FromElementsOp::attachInterface<FromElementsModel>(*context);
    vector::ExtractOp::attachInterface<ExtractModel>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, BregmanDialect *) {
    ReduceOp::attachInterface<ReduceModel>(*context);
  });
}
