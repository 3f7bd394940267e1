// The calculus of conditions: comparisons, and, or, not, and `if`.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// A comparison without its flag for NaN.
enum class Relation { False, Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual, True, Other };

std::pair<Relation, bool> relationOf(arith::CmpFPredicate predicate) {
  using P = arith::CmpFPredicate;
  switch (predicate) {
  case P::AlwaysFalse:
    return {Relation::False, false};
  case P::OEQ:
    return {Relation::Equal, false};
  case P::OGT:
    return {Relation::Greater, false};
  case P::OGE:
    return {Relation::GreaterEqual, false};
  case P::OLT:
    return {Relation::Less, false};
  case P::OLE:
    return {Relation::LessEqual, false};
  case P::ONE:
    return {Relation::NotEqual, false};
  case P::ORD:
    return {Relation::True, false};
  case P::UEQ:
    return {Relation::Equal, true};
  case P::UGT:
    return {Relation::Greater, true};
  case P::UGE:
    return {Relation::GreaterEqual, true};
  case P::ULT:
    return {Relation::Less, true};
  case P::ULE:
    return {Relation::LessEqual, true};
  case P::UNE:
    return {Relation::NotEqual, true};
  case P::UNO:
    return {Relation::False, true};
  case P::AlwaysTrue:
    return {Relation::True, true};
  }
  llvm_unreachable("a comparison of floats");
}

bool holds(Relation relation, double a, double b) {
  switch (relation) {
  case Relation::Equal:
    return a == b;
  case Relation::Greater:
    return a > b;
  case Relation::GreaterEqual:
    return a >= b;
  case Relation::Less:
    return a < b;
  case Relation::LessEqual:
    return a <= b;
  case Relation::NotEqual:
    return a != b;
  case Relation::True:
    return true;
  default:
    return false;
  }
}

Interval truth(bool always, bool never) {
  return always ? Interval::point(1) : never ? Interval::point(0) : Interval{0, 1};
}

Interval compare(Relation relation, Interval a, Interval b) {
  switch (relation) {
  case Relation::True:
    return Interval::point(1);
  case Relation::Equal:
    return truth(a.isPoint() && b.isPoint() && a.lo == b.lo, interval::intersect(a, b).isEmpty());
  case Relation::NotEqual:
    return interval::sub(Interval::point(1), compare(Relation::Equal, a, b));
  case Relation::Greater:
    return truth(a.lo > b.hi, a.hi <= b.lo);
  case Relation::GreaterEqual:
    return truth(a.lo >= b.hi, a.hi < b.lo);
  case Relation::Less:
    return truth(a.hi < b.lo, a.lo >= b.hi);
  case Relation::LessEqual:
    return truth(a.hi <= b.lo, a.lo > b.hi);
  default:
    return Interval::point(0);
  }
}

struct CompareModel : LaneModel<CompareModel, arith::CmpFOp> {
  double value(Operation *op, ArrayRef<double> x) const {
    auto [relation, unordered] = relationOf(cast<arith::CmpFOp>(op).getPredicate());
    return std::isnan(x[0]) || std::isnan(x[1]) ? unordered : holds(relation, x[0], x[1]);
  }
  Interval range(Operation *op, Intervals x) const {
    if (x[0].isEmpty() || x[1].isEmpty())
      return Interval::empty();
    Relation relation = relationOf(cast<arith::CmpFOp>(op).getPredicate()).first;
    if (op->getOperand(0) == op->getOperand(1))
      return Interval::point(holds(relation, 0, 0));
    return compare(relation, x[0], x[1]);
  }
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (range(op, x).isPoint())
      return constantSlope();
    Relation relation = relationOf(cast<arith::CmpFOp>(op).getPredicate()).first;
    bool greater = relation == Relation::Greater || relation == Relation::GreaterEqual;
    bool less = relation == Relation::Less || relation == Relation::LessEqual;
    if (!greater && !less)
      return jumping();
    return {greater == (operand == 0) ? Direction::Increasing : Direction::Decreasing, false, true};
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    return rangeAtEnd(*this, op, operand, end, x);
  }
  void vjp(Operation *, OpBuilder &, ValueRange, SmallVectorImpl<Value> &out) const {
    out.append(2, Value());
  }
};

/// and, or, xor of conditions. Slopes speak of the order false < true.
template <typename Model, typename Op> struct LogicModel : LaneModel<Model, Op> {
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (static_cast<const Model *>(this)->range(op, x).isPoint())
      return constantSlope();
    if (!isa<arith::XOrIOp>(op))
      return {Direction::Increasing, false, true};
    Interval other = x[1 - operand];
    if (!other.isPoint())
      return jumping();
    return {other.lo == 0 ? Direction::Increasing : Direction::Decreasing, false, true};
  }
  void vjp(Operation *, OpBuilder &, ValueRange, SmallVectorImpl<Value> &out) const {
    out.append(2, Value());
  }
};
struct AndModel : LogicModel<AndModel, arith::AndIOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] != 0 && x[1] != 0; }
  Interval range(Operation *, Intervals x) const { return interval::min(x[0], x[1]); }
};
struct OrModel : LogicModel<OrModel, arith::OrIOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] != 0 || x[1] != 0; }
  Interval range(Operation *, Intervals x) const { return interval::max(x[0], x[1]); }
};
struct XorModel : LogicModel<XorModel, arith::XOrIOp> {
  double value(Operation *, ArrayRef<double> x) const { return (x[0] != 0) != (x[1] != 0); }
  Interval range(Operation *, Intervals x) const {
    return x[0].isPoint() && x[1].isPoint() ? Interval::point(x[0].lo != x[1].lo) : Interval{0, 1};
  }
};

struct SelectModel : LaneModel<SelectModel, arith::SelectOp> {
  double value(Operation *, ArrayRef<double> x) const { return x[0] != 0 ? x[1] : x[2]; }
  Interval range(Operation *, Intervals x) const {
    if (x[0].isPoint())
      return x[0].lo != 0 ? x[1] : x[2];
    return interval::hull(x[1], x[2]);
  }
  Slope slope(Operation *op, unsigned operand, Intervals x) const {
    if (operand != 0) {
      bool taken = operand == 1 ? x[0].lo == 1 : x[0].hi == 0;
      bool never = operand == 1 ? x[0].hi == 0 : x[0].lo == 1;
      return never ? constantSlope() : increasing(taken);
    }
    if (x[0].isPoint() || op->getOperand(1) == op->getOperand(2))
      return constantSlope();
    if (x[1].lo >= x[2].hi)
      return {Direction::Increasing, false, true};
    if (x[1].hi <= x[2].lo)
      return {Direction::Decreasing, false, true};
    return jumping();
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    return rangeAtEnd(*this, op, operand, end, x);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value condition = op->getOperand(0), zero = emit.constant(c[0].getType(), 0);
    out.append({Value(), emit.select(condition, c[0], zero), emit.select(condition, zero, c[0])});
  }
};

} // namespace

void bregman::registerConditionModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    arith::CmpFOp::attachInterface<CompareModel>(*context);
    arith::AndIOp::attachInterface<AndModel>(*context);
    arith::OrIOp::attachInterface<OrModel>(*context);
    arith::XOrIOp::attachInterface<XorModel>(*context);
    arith::SelectOp::attachInterface<SelectModel>(*context);
  });
}
