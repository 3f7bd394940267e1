// The calculus of what is flat almost everywhere (floor, ceil, round, sign, sgn), of clamp and of
// ste.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// A nondecreasing staircase of one variable: derivative 0, no inverse.
template <typename Model, typename Op> struct StaircaseModel : LaneModel<Model, Op> {
  double value(Operation *, ArrayRef<double> x) const { return Model::at(x[0]); }
  Interval range(Operation *, Intervals x) const {
    return x[0].isEmpty() ? x[0] : Interval{Model::at(x[0].lo), Model::at(x[0].hi)};
  }
  Slope slope(Operation *op, unsigned, Intervals x) const {
    return range(op, x).isPoint() ? constantSlope() : Slope{Direction::Increasing, false, true};
  }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    return Interval::point(Model::at(end == End::Plus ? infinity : -infinity));
  }
  void vjp(Operation *, OpBuilder &, ValueRange, SmallVectorImpl<Value> &out) const {
    out.push_back({});
  }
};

struct FloorModel : StaircaseModel<FloorModel, math::FloorOp> {
  static double at(double x) { return std::floor(x); }
};
struct CeilModel : StaircaseModel<CeilModel, math::CeilOp> {
  static double at(double x) { return std::ceil(x); }
};
struct RoundModel : StaircaseModel<RoundModel, RoundOp> {
  static double at(double x) { return interval::round(x); }
};
struct SignModel : StaircaseModel<SignModel, SignOp> {
  static double at(double x) { return interval::sign(x); }
};
struct SgnModel : StaircaseModel<SgnModel, SgnOp> {
  static double at(double x) { return interval::sgn(x); }
};

/// min(max(x, low), high). Both ends count as inside, so that the derivative there is 1.
struct ClampModel : LaneModel<ClampModel, ClampOp> {
  double value(Operation *, ArrayRef<double> x) const {
    if (std::isnan(x[0]) || std::isnan(x[1]) || std::isnan(x[2]))
      return x[0] + x[1] + x[2];
    double raised = x[0] < x[1] ? x[1] : x[0];
    return raised > x[2] ? x[2] : raised;
  }
  Interval range(Operation *, Intervals x) const {
    return interval::min(interval::max(x[0], x[1]), x[2]);
  }
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (range(op, x).isPoint() && operand == 0)
      return constantSlope();
    if (operand == 0)
      return increasing(x[0].lo >= x[1].hi && x[0].hi <= x[2].lo);
    bool idle = operand == 1 ? x[0].lo >= x[1].hi : x[0].hi <= x[2].lo && x[1].hi <= x[2].lo;
    return idle ? constantSlope() : increasing(false);
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    return rangeAtEnd(*this, op, operand, end, x);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value x = op->getOperand(0), low = op->getOperand(1), high = op->getOperand(2);
    using P = arith::CmpFPredicate;
    Value inside =
        emit.make<arith::AndIOp>(emit.compare(P::OGE, x, low), emit.compare(P::OLE, x, high));
    out.push_back(emit.keep(inside, c[0]));
    // A `low` above `high` gives high.
    if (constantOf(low))
      out.push_back({});
    else
      out.push_back(emit.keep(
          emit.make<arith::AndIOp>(emit.compare(P::OLT, x, low), emit.compare(P::OLE, low, high)),
          c[0]));
    if (constantOf(high))
      out.push_back({});
    else
      out.push_back(
          emit.keep(emit.compare(P::OGT, emit.make<arith::MaximumFOp>(x, low), high), c[0]));
  }
};

/// The value of the first operand, the derivative of the second.
struct SteModel : LaneModel<SteModel, SteOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0]; }
  Interval range(Operation *, Intervals x) const { return x[0]; }
  Slope slope(Operation *, unsigned operand, Intervals) const {
    return operand == 0 ? increasing() : constantSlope();
  }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    return operand == 0 ? Interval::point(end == End::Plus ? infinity : -infinity) : x[0];
  }
  void vjp(Operation *, OpBuilder &, ValueRange c, SmallVectorImpl<Value> &out) const {
    out.append({Value(), c[0]});
  }
};

} // namespace

void bregman::registerStaircaseModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    math::FloorOp::attachInterface<FloorModel>(*context);
    math::CeilOp::attachInterface<CeilModel>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, BregmanDialect *) {
    RoundOp::attachInterface<RoundModel>(*context);
    SignOp::attachInterface<SignModel>(*context);
    SgnOp::attachInterface<SgnModel>(*context);
    ClampOp::attachInterface<ClampModel>(*context);
    SteOp::attachInterface<SteModel>(*context);
  });
}
