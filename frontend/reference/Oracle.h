// The oracle: a method interpreted from the stage `bregman`, a tensor at a time, in double
// precision, by the five phases of the language's page. Nothing that the compiler derives is used:
// derivatives are directional, a proximal step is an argmin by bisection. It is slow, and it is
// what every kernel is compared with.
#pragma once

#include "frontend/reference/BaseOptimizer.h"
#include "frontend/reference/Clauses.h"

#include <memory>

namespace bregman::reference {

class Oracle {
public:
  using Planes = Variable::Planes;

  /// Both ops outlive the oracle and are at the stage `bregman`, before any pass. Where it is
  /// `constrained`, there are two branches, and two weights for each latent.
  Oracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing, bool constrained = false);

  /// Another definition for a learned value; by default it has an instance of the latent's.
  void setOptimizer(const std::string &learned, OptimizerOp op) { ofLearned[learned] = op; }
  /// The value of a parameter from now on; an optimizer's are prefixed, `optimizer.` that of the
  /// latent and, where it has none of its own, of a learned value, whose own is `s.optimizer.`.
  void set(const std::string &parameter, double value) { parameters[parameter] = value; }
  /// What random() is keyed with beside step and index.
  void seed(uint64_t key, uint32_t parameter) { seedOfRun = key, index = parameter; }

  /// Latents, learned values and states from w0, one entry per weight; then w_0 is published.
  mlir::LogicalResult attach(llvm::ArrayRef<double> w0, int64_t channels = 1);
  /// One step with dL/dw at the published weights and, of constrained training, dL/dw at those of
  /// the float branch: the low branch is a constant for the latent.
  mlir::LogicalResult advance(llvm::ArrayRef<double> gradient,
                              llvm::ArrayRef<double> highGradient = {});
  /// The optimizer of a learned value, or of the latent where that is empty: states to their
  /// initial values, t to 1.
  mlir::LogicalResult resetStates(const std::string &learned);
  /// The same of all.
  mlir::LogicalResult resetStates();

  /// What `trace` prints: schedules, then states of the run.
  std::vector<std::pair<std::string, double>> schedules();
  /// By name, then weight or segment, then level: "x" or "dual" first, learned values and states in
  /// textual order, then "optimizer.m" and so on.
  std::vector<std::pair<std::string, Planes>> stored() const;
  const std::vector<double> &weights() const { return w; }
  /// Of constrained training: what the float branch multiplies with.
  const std::vector<double> &highWeights() const { return wHigh; }

private:
  Clock clock() const;
  Context context() const;
  Point point() const;
  mlir::FailureOr<double> scaleOf(const Environment &host) const;
  mlir::LogicalResult hostAt(Environment &environment, const Point &at) const;
  mlir::LogicalResult initialize();
  mlir::LogicalResult move(llvm::ArrayRef<double> gradient, llvm::ArrayRef<double> highGradient);
  mlir::LogicalResult moveLearned(mlir::Operation *op, const Environment &declared,
                                  const Tensor &gradient);
  mlir::LogicalResult after();
  mlir::LogicalResult runBlock(EveryOp every);
  mlir::LogicalResult publish();
  mlir::LogicalResult publishHigh(const Environment &declared, const Tensor &latent);

  Clauses clauses;
  OptimizerOp optimizer;
  std::map<std::string, OptimizerOp> ofLearned;
  Timing timing;
  bool constrained;
  Parameters parameters;
  Shape shape;
  uint64_t seedOfRun = 0;
  uint32_t index = 0;
  Variable x; ///< of agile mirror descent c(k) P^-1(u)
  /// Learned values and states of the quantizer, in textual order.
  std::vector<std::pair<mlir::Operation *, Variable>> values;
  /// Of the latent, then of each learned value.
  std::vector<BaseOptimizer> bases;
  std::vector<double> w, wHigh;
  int64_t step = 0;
  bool frozen = false;
};

} // namespace bregman::reference
