// An instance of a base optimizer: of the latent, or of a learned value.
#pragma once

#include "frontend/reference/Clock.h"
#include "frontend/reference/Interpreter.h"
#include "frontend/reference/Variable.h"

namespace bregman::reference {

class BaseOptimizer {
public:
  /// `moved` is named in the states' names: `prefix` is "optimizer." or "s.optimizer.". What it
  /// moves has this shape and this many levels, each of which is moved by itself.
  BaseOptimizer(OptimizerOp op, std::string prefix, Shape shape, int64_t levels);

  /// States to their initial values, t to 1.
  mlir::LogicalResult reset(const Parameters &parameters, const Clock &clock);
  /// d = B(x, h); the states move.
  mlir::FailureOr<Tensor> step(const Tensor &x, const Tensor &h, const Parameters &parameters,
                               const Clock &clock);

  /// Those with entries, and those of the run.
  const std::vector<Variable> &states() const { return variables; }
  static bool isOfRun(const Variable &variable) {
    return variable.extent && variable.extent.getScope() == Scope::Run;
  }
  const std::string &prefix() const { return before; }

private:
  double parameter(ParamOp param, const Parameters &parameters) const;

  OptimizerOp op;
  int64_t t = 1; ///< in the coming step
  std::string before;
  Shape shape;
  int64_t levels;
  std::vector<Variable> variables;
};

} // namespace bregman::reference
