// The calculus of arith: sums, products, quotients, extrema, casts, constants.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

struct AddModel : LaneModel<AddModel, arith::AddFOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] + x[1]; }
  Interval range(Operation *, Intervals x) const { return interval::add(x[0], x[1]); }
  Slope slope(Operation *, unsigned, Intervals) const { return increasing(); }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    return interval::add(Interval::point(end == End::Plus ? infinity : -infinity), x[1 - operand]);
  }
  void vjp(Operation *, OpBuilder &, ValueRange c, SmallVectorImpl<Value> &out) const {
    out.append({c[0], c[0]});
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    return Emit(b, op->getLoc()).sub(result, op->getOperand(1 - operand));
  }
};

struct SubModel : LaneModel<SubModel, arith::SubFOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] - x[1]; }
  Interval range(Operation *op, Intervals x) const {
    // x - x is 0 whatever x is.
    if (op->getOperand(0) == op->getOperand(1) && std::isfinite(x[0].lo) && std::isfinite(x[0].hi))
      return Interval::point(0);
    return interval::sub(x[0], x[1]);
  }
  Slope slope(Operation *, unsigned operand, Intervals) const {
    return operand == 0 ? increasing() : decreasing();
  }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    Interval far = Interval::point(end == End::Plus ? infinity : -infinity);
    return operand == 0 ? interval::sub(far, x[1]) : interval::sub(x[0], far);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    out.append({c[0], Emit(b, op->getLoc()).neg(c[0])});
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    Emit emit(b, op->getLoc());
    return operand == 0 ? emit.add(result, op->getOperand(1)) : emit.sub(op->getOperand(0), result);
  }
};

struct NegModel : LaneModel<NegModel, arith::NegFOp> {
  double value(Operation *, ArrayRef<double> x) const { return -x[0]; }
  Interval range(Operation *, Intervals x) const { return interval::neg(x[0]); }
  Slope slope(Operation *, unsigned, Intervals) const { return decreasing(); }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    return Interval::point(end == End::Plus ? -infinity : infinity);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    out.push_back(Emit(b, op->getLoc()).neg(c[0]));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned, Value result) const {
    return Emit(b, op->getLoc()).neg(result);
  }
};

struct MulModel : LaneModel<MulModel, arith::MulFOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] * x[1]; }
  Interval range(Operation *op, Intervals x) const {
    return op->getOperand(0) == op->getOperand(1) ? interval::square(x[0])
                                                  : interval::mul(x[0], x[1]);
  }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    return slopeOfFactor(x[1 - operand]);
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    if (op->getOperand(0) == op->getOperand(1))
      return Interval::point(infinity);
    return interval::mul(Interval::point(end == End::Plus ? infinity : -infinity), x[1 - operand]);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    for (unsigned i : {0u, 1u})
      out.push_back(constantOf(op->getOperand(i)) ? Value()
                                                  : emit.mul(c[0], op->getOperand(1 - i)));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    if (op->getOperand(0) == op->getOperand(1))
      return failure();
    return Emit(b, op->getLoc()).div(result, op->getOperand(1 - operand));
  }
};

struct DivModel : LaneModel<DivModel, arith::DivFOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] / x[1]; }
  Interval range(Operation *, Intervals x) const { return interval::div(x[0], x[1]); }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    // A pole within the divisor's interval breaks continuity, and with it the direction.
    if (x[1].contains(0))
      return jumping();
    if (operand == 0)
      return x[1].lo > 0 ? increasing() : decreasing();
    Slope slope = slopeOfFactor(x[0]);
    if (slope.direction == Direction::Increasing)
      slope.direction = Direction::Decreasing;
    else if (slope.direction == Direction::Decreasing)
      slope.direction = Direction::Increasing;
    return slope;
  }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    Interval far = Interval::point(end == End::Plus ? infinity : -infinity);
    if (operand == 0)
      return interval::div(far, x[1]);
    bool bounded = std::isfinite(x[0].lo) && std::isfinite(x[0].hi);
    return bounded ? Interval::point(0) : Interval::all();
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value above = op->getOperand(0), below = op->getOperand(1);
    out.push_back(constantOf(above) ? Value() : emit.div(c[0], below));
    out.push_back(constantOf(below) ? Value()
                                    : emit.neg(emit.div(emit.mul(c[0], op->getResult(0)), below)));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    Emit emit(b, op->getLoc());
    return operand == 0 ? emit.mul(result, op->getOperand(1)) : emit.div(op->getOperand(0), result);
  }
};

/// minimumf and maximumf. Equal operands share the cotangent.
template <typename Model, typename Op, bool IsMin> struct ExtremumModel : LaneModel<Model, Op> {
  double value(Operation *, ArrayRef<double> x) const {
    if (std::isnan(x[0]) || std::isnan(x[1]))
      return x[0] + x[1];
    if (x[0] == x[1]) // the sign of zero
      return std::signbit(x[0]) == IsMin ? x[0] : x[1];
    return (x[0] < x[1]) == IsMin ? x[0] : x[1];
  }
  Interval range(Operation *, Intervals x) const {
    return IsMin ? interval::min(x[0], x[1]) : interval::max(x[0], x[1]);
  }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    Interval mine = x[operand], other = x[1 - operand];
    bool never = IsMin ? mine.lo >= other.hi : mine.hi <= other.lo;
    bool always = IsMin ? mine.hi <= other.lo : mine.lo >= other.hi;
    return never ? constantSlope() : increasing(always);
  }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    bool wins = (end == End::Minus) == IsMin;
    return wins ? Interval::point(IsMin ? -infinity : infinity) : x[1 - operand];
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value half = emit.mul(c[0], 0.5);
    Value zero = emit.constant(c[0].getType(), 0);
    for (unsigned i : {0u, 1u}) {
      Value mine = op->getOperand(i), other = op->getOperand(1 - i);
      if (constantOf(mine)) {
        out.push_back({});
        continue;
      }
      auto wins = IsMin ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGT;
      Value shared = emit.select(emit.compare(arith::CmpFPredicate::OEQ, mine, other), half, zero);
      out.push_back(emit.select(emit.compare(wins, mine, other), c[0], shared));
    }
  }
};
struct MinModel : ExtremumModel<MinModel, arith::MinimumFOp, true> {};
struct MaxModel : ExtremumModel<MaxModel, arith::MaximumFOp, false> {};

/// truncf and extf. Over the reals both are the identity; a host scalar is rounded once, on its way
/// to the weights.
template <typename Model, typename Op> struct CastModel : LaneModel<Model, Op> {
  double value(Operation *op, ArrayRef<double> x) const {
    Type to = getElementTypeOrSelf(op->getResult(0).getType());
    if (to.isF64())
      return x[0];
    if (to.isF32())
      return float(x[0]);
    APFloat number(x[0]);
    bool lossy = false;
    number.convert(cast<FloatType>(to).getFloatSemantics(), APFloat::rmNearestTiesToEven, &lossy);
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
    return number.convertToDouble();
  }
  Interval range(Operation *, Intervals x) const { return x[0]; }
  Slope slope(Operation *, unsigned, Intervals) const { return increasing(); }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    return Interval::point(end == End::Plus ? infinity : -infinity);
  }
  Value castTo(Operation *op, OpBuilder &b, Value value) const {
    Type to = op->getOperand(0).getType();
    Emit emit(b, op->getLoc());
    bool wider = getElementTypeOrSelf(to).getIntOrFloatBitWidth() >
                 getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth();
    return wider ? emit.make<arith::ExtFOp>(to, value) : emit.make<arith::TruncFOp>(to, value);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    // No host scalar is trained: the way from host to weight ends every derivative.
    bool fromHost = getElementTypeOrSelf(op->getOperand(0).getType()).isF64();
    out.push_back(fromHost ? Value() : castTo(op, b, c[0]));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned, Value result) const {
    return castTo(op, b, result);
  }
};
struct TruncModel : CastModel<TruncModel, arith::TruncFOp> {};
struct ExtModel : CastModel<ExtModel, arith::ExtFOp> {};

struct ConstantModel : FunctionModel<ConstantModel, arith::ConstantOp> {
  static SmallVector<double> values(Operation *op) {
    Attribute attribute = cast<arith::ConstantOp>(op).getValue();
    auto number = [](APFloat value) {
      bool lossy = false;
      value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lossy);
      return value.convertToDouble();
    };
    if (auto value = dyn_cast<FloatAttr>(attribute))
      return {number(value.getValue())};
    if (auto value = dyn_cast<IntegerAttr>(attribute))
      return {value.getType().isInteger(1) ? double(value.getValue().getBoolValue())
                                           : double(value.getInt())};
    SmallVector<double> all;
    if (auto dense = dyn_cast<DenseFPElementsAttr>(attribute))
      for (const APFloat &value : dense.getValues<APFloat>())
        all.push_back(number(value));
    else if (auto dense = dyn_cast<DenseIntElementsAttr>(attribute))
      for (const APInt &value : dense.getValues<APInt>())
        all.push_back(double(value.getBoolValue()));
    return all;
  }
  void evaluate(Operation *op, ArrayRef<double>, MutableArrayRef<double> results) const {
    llvm::copy(values(op), results.begin());
  }
  Interval range(Operation *op, Intervals) const {
    Interval all = Interval::empty();
    for (double value : values(op))
      all = std::isnan(value) ? Interval::all() : interval::hull(all, Interval::point(value));
    return all;
  }
  Slope slope(Operation *, unsigned, Intervals) const { return constantSlope(); }
  void vjp(Operation *, OpBuilder &, ValueRange, SmallVectorImpl<Value> &) const {}
};

} // namespace

void bregman::registerArithmeticModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    arith::AddFOp::attachInterface<AddModel>(*context);
    arith::SubFOp::attachInterface<SubModel>(*context);
    arith::NegFOp::attachInterface<NegModel>(*context);
    arith::MulFOp::attachInterface<MulModel>(*context);
    arith::DivFOp::attachInterface<DivModel>(*context);
    arith::MinimumFOp::attachInterface<MinModel>(*context);
    arith::MaximumFOp::attachInterface<MaxModel>(*context);
    arith::TruncFOp::attachInterface<TruncModel>(*context);
    arith::ExtFOp::attachInterface<ExtModel>(*context);
    arith::ConstantOp::attachInterface<ConstantModel>(*context);
  });
}
