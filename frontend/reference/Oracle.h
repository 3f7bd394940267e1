// The oracle: a method interpreted from the stage `bregman`, weight by weight, in double precision,
// by the five phases of the language's page. Nothing that the compiler derives is used: J^T c is a
// forward derivative, a proximal step an argmin by bisection. It is slow, and it is what every
// kernel is compared with.
#pragma once

#include "frontend/reference/Interpreter.h"
#include "runtime/Stepper.h"

#include <map>

namespace bregman::reference {

class Oracle {
public:
  /// Both ops outlive the oracle and are at the stage `bregman`, before any pass.
  Oracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing);

  /// The value of a parameter from now on; the optimizer's are prefixed `optimizer.`.
  void set(const std::string &parameter, double value) { parameters[parameter] = value; }

  /// Latents and states from w0, one entry per weight; then w_0 is published.
  mlir::LogicalResult attach(llvm::ArrayRef<double> w0);
  /// One step with dL/dw at the published weights.
  mlir::LogicalResult advance(llvm::ArrayRef<double> gradient);
  /// Optimizer states to their initial values, t to 1.
  mlir::LogicalResult resetStates();

  /// What `trace` prints. `stored` is by name, then weight, then level: "x" or "dual" first, then
  /// "optimizer.m" and so on.
  std::vector<std::pair<std::string, double>> schedules();
  const std::vector<std::pair<std::string, std::vector<std::vector<double>>>> &stored() const {
    return values;
  }
  const std::vector<double> &weights() const { return w; }

private:
  Environment host(int64_t atStep);
  mlir::LogicalResult target(Environment &environment, const Value &x, Value &u);
  mlir::LogicalResult weight(Environment &environment, const Value &x, double &result);
  mlir::LogicalResult coordinateScale(Environment &environment, double &scale);
  mlir::LogicalResult handOn(Environment &environment, const Value &x, const Value &u, double g,
                             Value &h, Value &c);
  mlir::LogicalResult base(size_t index, llvm::ArrayRef<double> x, llvm::ArrayRef<double> h,
                           std::vector<double> &d);
  mlir::LogicalResult after(Environment &environment, Value &x);
  mlir::LogicalResult prox(Environment &environment, Value &x);
  mlir::LogicalResult publish(bool onlyFreeze);
  bool agile() const;

  QuantizerOp quantizer;
  OptimizerOp optimizer;
  LatentOp latent;
  ProjectOp project;
  WeightOp weightClause;
  UpdateOp update;
  FinalOp final;
  Timing timing;
  std::map<std::string, double> parameters;
  std::vector<std::pair<std::string, std::vector<std::vector<double>>>> values;
  std::vector<double> w;
  int64_t step = 0, t = 1;
  bool frozen = false;
};

} // namespace bregman::reference
