// What the models of the calculus share: defaults, and functions that apply lane by lane.
#pragma once

#include "dialect/calculus/Emit.h"
#include "dialect/calculus/IntervalMath.h"

#include <cmath>

namespace bregman::calculus {

constexpr double infinity = std::numeric_limits<double>::infinity();
using Intervals = llvm::ArrayRef<Interval>;

inline Slope constantSlope() { return {Direction::Constant, false, false}; }
inline Slope increasing(bool strict = true) { return {Direction::Increasing, strict, false}; }
inline Slope decreasing(bool strict = true) { return {Direction::Decreasing, strict, false}; }
/// A continuous function of which no direction is known.
inline Slope wandering() { return {}; }
inline Slope jumping() { return {Direction::Unknown, false, true}; }

/// The slope of a * x in x, where a lies in `factor`.
inline Slope slopeOfFactor(Interval factor) {
  if (factor.lo == 0 && factor.hi == 0)
    return constantSlope();
  if (factor.lo >= 0)
    return increasing(factor.lo > 0);
  if (factor.hi <= 0)
    return decreasing(factor.hi < 0);
  return wandering();
}

/// The limit of a function whose range is known at infinity itself: its range there.
template <typename Model>
Interval rangeAtEnd(const Model &model, mlir::Operation *op, unsigned operand, End end,
                    Intervals operands) {
  llvm::SmallVector<Interval> at(operands);
  at[operand] = Interval::point(end == End::Plus ? infinity : -infinity);
  return model.range(op, at);
}

/// Defaults: nothing is known about a limit but the range, and there is no closed inverse.
template <typename Model, typename Op>
struct FunctionModel : CalculusOpInterface::ExternalModel<Model, Op> {
  Interval limit(mlir::Operation *op, unsigned operand, End end, Intervals operands) const {
    llvm::SmallVector<Interval> at(operands);
    double reach = end == End::Plus ? infinity : -infinity;
    at[operand] = {std::min(reach, 0.0), std::max(reach, 0.0)};
    return static_cast<const Model *>(this)->range(op, at);
  }
  mlir::FailureOr<mlir::Value> inverse(mlir::Operation *, mlir::OpBuilder &, unsigned,
                                       mlir::Value) const {
    return mlir::failure();
  }
};

/// A function whose value is `Model::value(op, operands of one lane)`.
template <typename Model, typename Op> struct LaneModel : FunctionModel<Model, Op> {
  void evaluate(mlir::Operation *op, llvm::ArrayRef<double> operands,
                llvm::MutableArrayRef<double> results) const {
    if (operands.size() == op->getNumOperands()) { // the common case: numbers
      llvm::fill(results, static_cast<const Model *>(this)->value(op, operands));
      return;
    }
    llvm::SmallVector<double, 3> lane(op->getNumOperands());
    for (size_t level = 0; level < results.size(); ++level) {
      size_t first = 0;
      for (unsigned i = 0; i < lane.size(); ++i) {
        // A scalar condition of a select holds for every level.
        size_t levels = levelCount(op->getOperand(i).getType());
        lane[i] = operands[first + (levels == 1 ? 0 : level)];
        first += levels;
      }
      results[level] = static_cast<const Model *>(this)->value(op, lane);
    }
  }
};

} // namespace bregman::calculus
