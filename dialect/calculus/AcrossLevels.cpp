// The calculus of maps onto the simplex of the level axis: softmax, sparsemax, hardmax.
#include "dialect/calculus/FunctionModel.h"
#include "dialect/calculus/Models.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::calculus;

namespace {

/// NaN passes to every level.
bool spreadNaN(ArrayRef<double> operands, MutableArrayRef<double> results) {
  bool found = llvm::any_of(operands, [](double value) { return std::isnan(value); });
  if (found)
    llvm::fill(results, std::numeric_limits<double>::quiet_NaN());
  return found;
}

template <typename Model, typename Op> struct SimplexModel : FunctionModel<Model, Op> {
  Interval range(Operation *, Intervals) const { return {0, 1}; }
  Interval limit(Operation *, unsigned, End, Intervals) const { return {0, 1}; }
  Slope slope(Operation *, unsigned, Intervals) const { return wandering(); }
};

/// softmax(c e), c the scale: evaluated by exp(c (e - max e)).
struct SoftmaxModel : SimplexModel<SoftmaxModel, SoftmaxOp> {
  void evaluate(Operation *op, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    if (spreadNaN(operands, results))
      return;
    double scale = op->getNumOperands() == 2 ? operands.back() : 1;
    ArrayRef<double> levels = operands.take_front(results.size());
    double top = *llvm::max_element(levels), sum = 0;
    for (auto [level, result] : llvm::zip(levels, results))
      sum += result = std::exp(scale * (level - top));
    for (double &result : results)
      result /= sum;
  }
  // u (c - sum(u c)), times the scale; in the scale its product with e, summed.
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value u = op->getResult(0), levels = op->getOperand(0);
    Type type = levels.getType();
    Value mean = emit.reduce(Reduction::Sum, emit.mul(u, c[0]));
    Value inner = emit.mul(u, emit.sub(c[0], emit.spread(mean, type)));
    if (op->getNumOperands() == 1) {
      out.push_back(inner);
      return;
    }
    out.push_back(emit.mul(emit.spread(op->getOperand(1), type), inner));
    out.push_back(emit.reduce(Reduction::Sum, emit.mul(inner, levels)));
  }
  /// Up to a constant that is common to all levels.
  FailureOr<Value> inverse(Operation *op, OpBuilder &b, unsigned operand, Value result) const {
    if (operand != 0)
      return failure();
    Emit emit(b, op->getLoc());
    Value levels = emit.make<math::LogOp>(result);
    if (op->getNumOperands() == 1)
      return levels;
    return emit.div(levels, emit.spread(op->getOperand(1), levels.getType()));
  }
};

/// The Euclidean projection onto the simplex (Martins and Astudillo 2016): max(e - tau, 0).
struct SparsemaxModel : SimplexModel<SparsemaxModel, SparsemaxOp> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    if (spreadNaN(operands, results))
      return;
    SmallVector<double> falling(operands);
    llvm::sort(falling, std::greater<double>());
    double sum = 0, threshold = 0;
    for (auto [i, level] : llvm::enumerate(falling)) {
      sum += level;
      if (1 + (i + 1) * level > sum)
        threshold = (sum - 1) / (i + 1);
    }
    for (auto [level, result] : llvm::zip(operands, results))
      result = std::max(level - threshold, 0.0);
  }
  // On the support, the cotangent less its mean there.
  void vjp(Operation *op, OpBuilder &b, ValueRange c, SmallVectorImpl<Value> &out) const {
    Emit emit(b, op->getLoc());
    Value u = op->getResult(0);
    Type type = u.getType();
    Value zero = emit.constant(type, 0);
    Value support = emit.compare(arith::CmpFPredicate::OGT, u, zero);
    Value count = emit.reduce(Reduction::Sum, emit.keep(support, emit.constant(type, 1)));
    Value sum = emit.reduce(Reduction::Sum, emit.keep(support, c[0]));
    Value mean = emit.spread(emit.div(sum, count), type);
    out.push_back(emit.keep(support, emit.sub(c[0], mean)));
  }
};

struct HardmaxModel : SimplexModel<HardmaxModel, HardmaxOp> {
  void evaluate(Operation *, ArrayRef<double> operands, MutableArrayRef<double> results) const {
    if (spreadNaN(operands, results))
      return;
    size_t best = 0;
    for (size_t i = 1; i < operands.size(); ++i)
      if (operands[i] >= operands[best])
        best = i;
    llvm::fill(results, 0);
    results[best] = 1;
  }
  Slope slope(Operation *, unsigned, Intervals) const { return jumping(); }
  void vjp(Operation *, OpBuilder &, ValueRange, SmallVectorImpl<Value> &out) const {
    out.push_back({});
  }
};

} // namespace

void bregman::registerAcrossLevelsModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, BregmanDialect *) {
    SoftmaxOp::attachInterface<SoftmaxModel>(*context);
    SparsemaxOp::attachInterface<SparsemaxModel>(*context);
    HardmaxOp::attachInterface<HardmaxModel>(*context);
  });
}
