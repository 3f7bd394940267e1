// The oracle's arithmetic: regions of the dialect in double precision, a whole tensor at a time,
// with the derivative along one direction carried beside each value. It shares nothing with code
// generation, nor with the calculus by which the compiler derives: each rule is written a second
// time, on purpose.
#pragma once

#include "frontend/reference/Rounding.h"
#include "frontend/reference/Shape.h"
#include "frontend/reference/Tensor.h"

namespace bregman::reference {

/// What an operation may ask for that is no operand.
struct Context {
  Shape shape;
  int64_t step = 0;
  uint64_t seed = 0;
  uint32_t parameter = 0;                 ///< which one of the model, for random()
  llvm::StringMap<Tensor> optimizer = {}; ///< the states of the base optimizer, by name
  const Rounding *rounding = nullptr;     ///< of every f32; null: nothing is rounded
  int64_t classes = 1;                    ///< the length of the class axis, which only a run knows
};

/// Whether a value of a constraint has the class axis.
inline bool isClassAxis(mlir::Type type) {
  auto vector = mlir::dyn_cast<mlir::VectorType>(type);
  return vector && vector.isScalable();
}

/// What is known of SSA values: parameters, counters, captured declarations, block arguments. An
/// inner one sees what the outer ones know.
class Environment {
public:
  explicit Environment(Context context) : own(std::move(context)) {}
  explicit Environment(const Environment *outer) : outer(outer) {}
  Environment(const Environment &) = delete;

  const Context &context() const { return outer ? outer->context() : own; }
  void set(mlir::Value value, Tensor is) { values[value] = std::move(is); }
  /// Null where it is not known.
  const Tensor *find(mlir::Value value) const {
    auto found = values.find(value);
    return found != values.end() ? &found->second : outer ? outer->find(value) : nullptr;
  }
  const Tensor &at(mlir::Value value) const { return *find(value); }

private:
  const Environment *outer = nullptr;
  Context own;
  llvm::DenseMap<mlir::Value, Tensor> values;
};

/// Evaluates one operation.
mlir::LogicalResult evaluate(mlir::Operation &operation, Environment &environment);

/// Evaluates the operations of a block up to the terminator. Nested clause regions are not entered.
mlir::LogicalResult evaluate(mlir::Block &block, Environment &environment);

/// The one value that a region yields. What the region computes is forgotten.
mlir::FailureOr<Tensor> yielded(mlir::Region &region, const Environment &environment);

YieldOp yieldOf(mlir::Region &region);

} // namespace bregman::reference
