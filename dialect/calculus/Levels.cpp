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
    return Interval::point(end == End::Plus ? Infinity : -Infinity);
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
  Interval range(Operation *op, Intervals x) const {
    double count = levelCount(op->getOperand(0).getType());
    switch (kind(op)) {
    case Reduction::Sum:
      return interval::mul(x[0], Interval::point(count));
    case Reduction::Std:
      return interval::mul(interval::sub(x[0], x[0]), Interval{0, count > 1 ? 1.0 : Infinity});
    default:
      return x[0];
    }
  }
  Slope slope(Operation *op, unsigned, Intervals) const {
    return kind(op) == Reduction::Std
               ? wandering()
               : increasing(kind(op) == Reduction::Sum || kind(op) == Reduction::Mean);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
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
