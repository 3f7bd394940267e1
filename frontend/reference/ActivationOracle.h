// The oracle of what quantizes activations: forward pass, vector-Jacobian product, and the learned
// values, interpreted in double precision from the stage `bregman`. Axes are read here as the
// language has them: a channel is axis 1, a token all axes but the last.
#pragma once

#include "frontend/reference/BaseOptimizer.h"
#include "frontend/reference/Clauses.h"

namespace bregman::reference {

class ActivationOracle {
public:
  using Planes = Variable::Planes;
  /// Values by the name of the learned value, in textual order.
  using Learned = std::vector<std::pair<std::string, Planes>>;

  /// Both ops outlive the oracle; `optimizer` is that of the learned values.
  ActivationOracle(QuantizerOp quantizer, OptimizerOp optimizer, Timing timing);

  /// The value of a parameter from now on; the optimizer's are prefixed, `optimizer.`.
  void set(const std::string &parameter, double value) { parameters[parameter] = value; }
  /// What random() is keyed with beside step and index.
  void seed(uint64_t key, uint32_t parameter) { seedOfRun = key, index = parameter; }

  /// w of a batch, row-major with axes of these sizes; the first one gives the learned values.
  mlir::FailureOr<std::vector<double>> forward(llvm::ArrayRef<double> batch,
                                               llvm::ArrayRef<int64_t> sizes);
  /// dL/dx of the last batch from its dL/dw; the learned values' gradients are kept.
  mlir::FailureOr<std::vector<double>> backward(llvm::ArrayRef<double> gradient);
  /// The optimizer's step: each learned value moves by its gradient.
  mlir::LogicalResult advance();

  Learned learned() const;
  /// dL/dn, times `scaled`.
  Learned gradients() const;

private:
  Clock clock() const;
  Context context() const { return {shape, step, seedOfRun, index}; }
  Point point() const;
  mlir::LogicalResult initialize();
  mlir::LogicalResult takeShape(llvm::ArrayRef<int64_t> sizes);

  Clauses clauses;
  OptimizerOp optimizer;
  Timing timing;
  Parameters parameters;
  uint64_t seedOfRun = 0;
  uint32_t index = 0;
  int64_t step = 0;
  Shape shape;
  Tensor x;
  /// A learned value, what moves it, and its gradient.
  struct Value {
    LearnOp op;
    Variable variable;
    BaseOptimizer base;
    Tensor gradient;
  };
  std::vector<Value> values;
  bool begun = false;
};

} // namespace bregman::reference
