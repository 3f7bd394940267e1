// The oracle of a plan's `subject to`: D and its derivatives of what two branches give, the bound,
// and the multiplier's ascent, interpreted in double precision.
#pragma once

#include "frontend/reference/Clock.h"
#include "frontend/reference/Interpreter.h"

namespace bregman::reference {

class Constraint {
public:
  /// `op` outlives it. One for each module that the plan's pattern names.
  Constraint(SubjectToOp op, Timing timing) : op(op), timing(timing) {}

  /// The mean of D over a batch, and its derivative by each number that a branch gives.
  struct Distance {
    double mean = 0;
    std::vector<double> high, low;
  };
  /// Of what the branches give, row-major with axes of these sizes; axis 1 is the class axis.
  mlir::FailureOr<Distance> distance(llvm::ArrayRef<double> high, llvm::ArrayRef<double> low,
                                     llvm::ArrayRef<int64_t> sizes, int64_t step) const;

  /// The numbers in force in step `step`.
  struct Numbers {
    double bound, multiplier, rate;
  };
  mlir::FailureOr<Numbers> numbers(int64_t step) const;

  /// Whether a period ends with step `step`, counted from 0.
  bool endsPeriod(int64_t step) const;
  /// l <- max(0, l + rate (mean D - e)), after step `step`. Before it l is what the plan begins
  /// with.
  mlir::FailureOr<double> ascend(double multiplier, double mean, int64_t step) const;

private:
  mlir::FailureOr<Tensor> value(const Tensor &high, const Tensor &low, int64_t step) const;

  SubjectToOp op;
  Timing timing;
};

} // namespace bregman::reference
