// The calculus of the elementary functions: math's and sigmoid.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

#include <numbers>

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// A strictly increasing function of one variable, described by `Model`: `value`, `domain`,
/// `image`, `derivative` (of x, the result r and the cotangent c) and `inverted`.
template <typename Model, typename Op> struct IncreasingModel : LaneModel<Model, Op> {
  static constexpr Interval domain{};
  static constexpr Interval image{};

  double value(Operation *, ArrayRef<double> x) const { return Model::at(x[0]); }
  Interval range(Operation *, Intervals x) const {
    if (x[0].isEmpty())
      return x[0];
    // Outside its domain the function has no value that a proof could speak of.
    if (!Model::domain.contains(x[0]))
      return Interval::all();
    return interval::monotone(Model::at, x[0], Model::image);
  }
  Slope slope(Operation *, unsigned, Intervals x) const {
    return Model::domain.contains(x[0]) ? increasing() : jumping();
  }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    if (end == End::Minus)
      return std::isinf(Model::domain.lo) ? Interval::point(Model::image.lo) : Interval::all();
    return std::isinf(Model::domain.hi) ? Interval::point(Model::image.hi) : Interval::all();
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    out.push_back(Model::derivative(emit, op->getOperand(0), op->getResult(0), c[0]));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned, Value result) const {
    Emit emit(b, op->getLoc());
    return Model::inverted(emit, result);
  }
  static FailureOr<Value> inverted(Emit &, Value) { return failure(); }
};

struct ExpModel : IncreasingModel<ExpModel, math::ExpOp> {
  static constexpr Interval image{0, infinity};
  static double at(double x) { return std::exp(x); }
  static Value derivative(Emit &e, Value, Value r, Value c) { return e.mul(c, r); }
  static FailureOr<Value> inverted(Emit &e, Value r) { return e.make<math::LogOp>(r); }
};

struct LogModel : IncreasingModel<LogModel, math::LogOp> {
  static constexpr Interval domain{0, infinity};
  static double at(double x) { return std::log(x); }
  static Value derivative(Emit &e, Value x, Value, Value c) { return e.div(c, x); }
  static FailureOr<Value> inverted(Emit &e, Value r) { return e.make<math::ExpOp>(r); }
};

struct Log2Model : IncreasingModel<Log2Model, math::Log2Op> {
  static constexpr Interval domain{0, infinity};
  static double at(double x) { return std::log2(x); }
  static Value derivative(Emit &e, Value x, Value, Value c) {
    return e.div(e.mul(c, std::numbers::log2e), x);
  }
  static FailureOr<Value> inverted(Emit &e, Value r) {
    return e.make<math::PowFOp>(e.constant(r.getType(), 2), r);
  }
};

struct SqrtModel : IncreasingModel<SqrtModel, math::SqrtOp> {
  static constexpr Interval domain{0, infinity};
  static constexpr Interval image{0, infinity};
  static double at(double x) { return std::sqrt(x); }
  static Value derivative(Emit &e, Value, Value r, Value c) { return e.div(e.mul(c, 0.5), r); }
  static FailureOr<Value> inverted(Emit &e, Value r) { return e.mul(r, r); }
};

struct TanhModel : IncreasingModel<TanhModel, math::TanhOp> {
  static constexpr Interval image{-1, 1};
  static double at(double x) { return std::tanh(x); }
  // (1 - r)(1 + r): near saturation 1 - r is exact where 1 - r r is not.
  static Value derivative(Emit &e, Value, Value r, Value c) {
    return e.mul(c, e.mul(e.sub(1, r), e.add(r, 1)));
  }
  static FailureOr<Value> inverted(Emit &e, Value r) { return e.make<math::AtanhOp>(r); }
};

struct AtanhModel : IncreasingModel<AtanhModel, math::AtanhOp> {
  static constexpr Interval domain{-1, 1};
  static double at(double x) { return std::atanh(x); }
  static Value derivative(Emit &e, Value x, Value, Value c) {
    return e.div(c, e.mul(e.sub(1, x), e.add(x, 1)));
  }
  static FailureOr<Value> inverted(Emit &e, Value r) { return e.make<math::TanhOp>(r); }
};

struct SigmoidModel : IncreasingModel<SigmoidModel, SigmoidOp> {
  static constexpr Interval image{0, 1};
  static double at(double x) { return 1 / (1 + std::exp(-x)); }
  static Value derivative(Emit &e, Value, Value r, Value c) {
    return e.mul(c, e.mul(r, e.sub(1, r)));
  }
  static FailureOr<Value> inverted(Emit &e, Value r) {
    return e.sub(e.make<math::LogOp>(r), e.make<math::LogOp>(e.sub(1, r)));
  }
};

struct ErfModel : IncreasingModel<ErfModel, math::ErfOp> {
  static constexpr Interval image{-1, 1};
  static double at(double x) { return std::erf(x); }
  static Value derivative(Emit &e, Value x, Value, Value c) {
    Value bell = e.make<math::ExpOp>(e.neg(e.mul(x, x)));
    return e.mul(c, e.mul(bell, 2 * std::numbers::inv_sqrtpi));
  }
  // Winitzki's approximation (2 digits), then Newton's steps, each of which doubles the digits.
  static FailureOr<Value> inverted(Emit &e, Value r) {
    constexpr double a = 0.147;
    Value log = e.make<math::LogOp>(e.mul(e.sub(1, r), e.add(r, 1)));
    Value half = e.add(e.mul(log, 0.5), 2 / (std::numbers::pi * a));
    Value size = e.sub(e.make<math::SqrtOp>(e.sub(e.mul(half, half), e.mul(log, 1 / a))), half);
    size = e.make<math::SqrtOp>(size);
    Value start = e.mul(size, e.make<SgnOp>(r.getType(), r)), x = start;
    for (int i = 0; i < 4; ++i) {
      Value steep = e.mul(e.make<math::ExpOp>(e.mul(x, x)), 0.5 / std::numbers::inv_sqrtpi);
      x = e.sub(x, e.mul(e.sub(e.make<math::ErfOp>(x), r), steep));
    }
    // At +-1 the start is infinite, and right.
    Value far = e.compare(arith::CmpFPredicate::OLT, size, e.constant(size.getType(), 7));
    return e.select(far, x, start);
  }
};

struct AtanModel : IncreasingModel<AtanModel, math::AtanOp> {
  // The doubles around pi / 2.
  static constexpr Interval image{-0x1.921fb54442d19p+0, 0x1.921fb54442d19p+0};
  static double at(double x) { return std::atan(x); }
  static Value derivative(Emit &e, Value x, Value, Value c) {
    return e.div(c, e.add(e.mul(x, x), 1));
  }
  // The tangent: of a quarter by its continued fraction, then doubled twice.
  static FailureOr<Value> inverted(Emit &e, Value r) {
    Value quarter = e.mul(r, 0.25), square = e.mul(quarter, quarter);
    Value below = e.constant(r.getType(), 15);
    for (int n = 13; n > 0; n -= 2)
      below = e.sub(n, e.div(square, below));
    Value tangent = e.div(quarter, below);
    for (int i = 0; i < 2; ++i)
      tangent = e.div(e.mul(tangent, 2), e.sub(1, e.mul(tangent, tangent)));
    return tangent;
  }
  Interval limit(Operation *, unsigned, End end, Intervals) const {
    Interval top{0x1.921fb54442d18p+0, 0x1.921fb54442d19p+0};
    return end == End::Plus ? top : interval::neg(top);
  }
};

struct AbsModel : LaneModel<AbsModel, math::AbsFOp> {
  double value(Operation *, ArrayRef<double> x) const { return std::abs(x[0]); }
  Interval range(Operation *, Intervals x) const { return interval::abs(x[0]); }
  Slope slope(Operation *, unsigned, Intervals x) const {
    return x[0].lo >= 0 ? increasing() : x[0].hi <= 0 ? decreasing() : wandering();
  }
  Interval limit(Operation *, unsigned, End, Intervals) const { return Interval::point(infinity); }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    out.push_back(emit.mul(c[0], emit.make<SgnOp>(op->getOperand(0).getType(), op->getOperand(0))));
  }
};

struct PowModel : LaneModel<PowModel, math::PowFOp> {
  double value(Operation *, ArrayRef<double> x) const {
    // pow(1, NaN) and pow(NaN, 0) are 1 in C; here NaN passes.
    return std::isnan(x[0]) || std::isnan(x[1]) ? x[0] + x[1] : std::pow(x[0], x[1]);
  }
  Interval range(Operation *, Intervals x) const { return interval::pow(x[0], x[1]); }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    Interval base = x[0], exponent = x[1];
    bool integer =
        exponent.isPoint() && exponent.lo == std::floor(exponent.lo) && std::isfinite(exponent.lo);
    if (operand == 0) {
      if (integer && exponent.lo == 0)
        return constantSlope();
      bool even = integer && std::fmod(exponent.lo, 2) == 0;
      if (base.lo < 0 && !integer)
        return jumping();
      if (base.contains(0) && exponent.lo < 0)
        return jumping();
      if (integer && base.lo < 0) {
        if (even && base.hi > 0)
          return wandering();
        bool rising = even ? exponent.lo < 0 : exponent.lo > 0;
        return rising ? increasing() : decreasing();
      }
      return slopeOfFactor(exponent);
    }
    if (base.lo < 0 || (base.lo == 0 && exponent.lo <= 0))
      return jumping();
    if (base.lo >= 1)
      return base.hi == 1 ? constantSlope() : increasing(base.lo > 1);
    if (base.hi <= 1)
      return decreasing(base.lo > 0 && base.hi < 1);
    return wandering();
  }
  Interval limit(Operation *, unsigned operand, End end, Intervals x) const {
    Interval base = x[0], exponent = x[1];
    if (operand == 0) {
      Interval far = Interval::point(infinity);
      bool integer = exponent.isPoint() && exponent.lo == std::floor(exponent.lo);
      if (end == End::Minus && !integer)
        return Interval::all();
      if (end == End::Minus && std::fmod(exponent.lo, 2) != 0)
        return exponent.lo > 0 ? Interval::point(-infinity) : Interval::point(0);
      if (exponent.lo > 0)
        return far;
      return exponent.hi < 0      ? Interval::point(0)
             : exponent.isPoint() ? Interval::point(1)
                                  : Interval{0, infinity};
    }
    if (base.lo < 0)
      return Interval::all();
    bool grows = end == End::Plus;
    if (base.lo > 1)
      return Interval::point(grows ? infinity : 0);
    if (base.hi < 1 && base.lo > 0)
      return Interval::point(grows ? 0 : infinity);
    return base.isPoint() && base.lo == 1 ? Interval::point(1) : Interval{0, infinity};
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value base = op->getOperand(0), exponent = op->getOperand(1), result = op->getResult(0);
    std::optional<double> constant = constantOf(exponent);
    if (constantOf(base))
      out.push_back({});
    else if (constant == 0.0)
      out.push_back({});
    else if (constant == 1.0)
      out.push_back(c[0]);
    else if (constant == 2.0)
      out.push_back(emit.mul(c[0], emit.mul(base, 2.0)));
    else {
      Value lower = emit.make<math::PowFOp>(base, emit.add(exponent, -1.0));
      Value slope = emit.mul(exponent, lower);
      // 0 * base^-1 is NaN at base 0, where the derivative of base^0 is 0.
      if (!constant)
        slope = emit.select(
            emit.compare(arith::CmpFPredicate::OEQ, exponent, emit.constant(base.getType(), 0)),
            emit.constant(base.getType(), 0), slope);
      out.push_back(emit.mul(c[0], slope));
    }
    if (constant) {
      out.push_back({});
      return;
    }
    // At base 0 the power is flat in a positive exponent, where log says -inf.
    Value zero = emit.constant(base.getType(), 0);
    Value slope = emit.mul(result, emit.make<math::LogOp>(base));
    slope = emit.select(emit.compare(arith::CmpFPredicate::OEQ, base, zero), zero, slope);
    out.push_back(emit.mul(c[0], slope));
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    Emit emit(b, op->getLoc());
    if (operand == 0) // only odd roots and roots of positive numbers are unique
      return failure();
    return emit.div(emit.make<math::LogOp>(result), emit.make<math::LogOp>(op->getOperand(0)));
  }
};

struct FmaModel : LaneModel<FmaModel, math::FmaOp> {
  double value(Operation *, ArrayRef<double> x) const { return std::fma(x[0], x[1], x[2]); }
  Interval range(Operation *op, Intervals x) const {
    bool same = op->getOperand(0) == op->getOperand(1);
    return interval::add(same ? interval::square(x[0]) : interval::mul(x[0], x[1]), x[2]);
  }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    return operand == 2 ? increasing() : slopeOfFactor(x[1 - operand]);
  }
  Interval limit(Operation *op, unsigned operand, End end, Intervals x) const {
    Interval far = Interval::point(end == End::Plus ? infinity : -infinity);
    if (operand == 2)
      return interval::add(interval::mul(x[0], x[1]), far);
    if (op->getOperand(0) == op->getOperand(1))
      return interval::add(Interval::point(infinity), x[2]);
    return interval::add(interval::mul(far, x[1 - operand]), x[2]);
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    out.append({emit.mul(c[0], op->getOperand(1)), emit.mul(c[0], op->getOperand(0)), c[0]});
  }
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    Emit emit(b, op->getLoc());
    Value x0 = op->getOperand(0), x1 = op->getOperand(1);
    if (operand == 2)
      return emit.sub(result, emit.mul(x0, x1));
    if (x0 == x1)
      return failure();
    return emit.div(emit.sub(result, op->getOperand(2)), operand == 0 ? x1 : x0);
  }
};

/// |a| with the sign of b.
struct CopysignModel : LaneModel<CopysignModel, math::CopySignOp> {
  double value(Operation *, ArrayRef<double> x) const {
    return std::isnan(x[1]) ? x[1] : std::copysign(x[0], x[1]);
  }
  Interval range(Operation *, Intervals x) const {
    Interval size = interval::abs(x[0]);
    if (x[1].lo > 0)
      return size;
    return x[1].hi < 0 ? interval::neg(size) : interval::hull(size, interval::neg(size));
  }
  Slope slope(Operation *, unsigned operand, Intervals x) const {
    bool positive = x[1].lo > 0, negative = x[1].hi < 0;
    if (operand == 1)
      return positive || negative ? constantSlope() : Slope{Direction::Increasing, false, true};
    bool rising = (x[0].lo >= 0 && positive) || (x[0].hi <= 0 && negative);
    bool falling = (x[0].lo >= 0 && negative) || (x[0].hi <= 0 && positive);
    return rising ? increasing() : falling ? decreasing() : wandering();
  }
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value size = op->getOperand(0);
    Value one = emit.constant(size.getType(), 1);
    Value turn = emit.make<math::CopySignOp>(one, op->getOperand(1));
    out.append({emit.mul(c[0], emit.mul(emit.make<SgnOp>(size.getType(), size), turn)), Value()});
  }
};

} // namespace

void bregman::registerElementaryModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    math::ExpOp::attachInterface<ExpModel>(*context);
    math::LogOp::attachInterface<LogModel>(*context);
    math::Log2Op::attachInterface<Log2Model>(*context);
    math::SqrtOp::attachInterface<SqrtModel>(*context);
    math::TanhOp::attachInterface<TanhModel>(*context);
    math::AtanhOp::attachInterface<AtanhModel>(*context);
    math::ErfOp::attachInterface<ErfModel>(*context);
    math::AtanOp::attachInterface<AtanModel>(*context);
    math::AbsFOp::attachInterface<AbsModel>(*context);
    math::PowFOp::attachInterface<PowModel>(*context);
    math::FmaOp::attachInterface<FmaModel>(*context);
    math::CopySignOp::attachInterface<CopysignModel>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, BregmanDialect *) {
    SigmoidOp::attachInterface<SigmoidModel>(*context);
  });
}
