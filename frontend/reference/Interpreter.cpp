// Dispatch: which rule an operation follows, and over what it is applied.
#include "frontend/reference/Interpreter.h"

#include "frontend/reference/Elementwise.h"
#include "frontend/reference/Fit.h"
#include "frontend/reference/LevelFunctions.h"
#include "frontend/reference/Random.h"
#include "frontend/reference/Reductions.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

YieldOp reference::yieldOf(Region &region) { return cast<YieldOp>(region.front().getTerminator()); }

static Tensor constantOf(Attribute value, int64_t levels) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return Tensor(number.getValueAsDouble());
  if (auto number = dyn_cast<IntegerAttr>(value))
    return Tensor(number.getValue().getBoolValue());
  auto elements = cast<DenseElementsAttr>(value);
  if (elements.isSplat() && elements.getElementType().isInteger(1))
    return Tensor(1, levels, {double(elements.getSplatValue<bool>()), 0});
  if (elements.isSplat())
    return Tensor(1, levels, {elements.getSplatValue<APFloat>().convertToDouble(), 0});
  Tensor result(1, levels);
  int64_t level = 0;
  if (elements.getElementType().isInteger(1))
    for (bool condition : elements.getValues<bool>())
      result(0, level++).value = condition;
  else
    for (APFloat number : elements.getValues<APFloat>())
      result(0, level++).value = number.convertToDouble();
  return result;
}

namespace {

/// One operation, its operands and the shape of its result.
class Application {
public:
  Application(Operation &op, Environment &environment)
      : op(op), environment(environment), rounding(environment.context().rounding) {
    for (mlir::Value operand : op.getOperands()) {
      operands.push_back(environment.find(operand));
      if (operands.back())
        entries = std::max(entries, operands.back()->entries());
    }
    if (op.getNumResults())
      levels = isClassAxis(op.getResult(0).getType()) ? environment.context().classes
                                                      : levelCount(op.getResult(0).getType());
  }

  LogicalResult run() {
    if (llvm::is_contained(operands, nullptr))
      return op.emitOpError("reads a value that the oracle does not have here");
    if (auto fit = dyn_cast<FitOp>(op))
      return evaluateFit(fit, environment);
    if (op.getNumResults() != 1 || failed(compute()))
      return op.emitOpError("is not known to the oracle");
    if (rounding && getElementTypeOrSelf(op.getResult(0).getType()).isF32())
      result.map([&](double value) {
        return op.getDialect() == op.getContext()->getLoadedDialect<math::MathDialect>()
                   ? rounding->ofFunction(value)
                   : (*rounding)(value);
      });
    environment.set(op.getResult(0), std::move(result));
    return success();
  }

private:
  /// For every weight and level.
  template <typename Rule> LogicalResult each(Rule rule) {
    result = Tensor(entries, levels);
    for (int64_t entry = 0; entry < entries; ++entry)
      for (int64_t level = 0; level < levels; ++level)
        result(entry, level) = rule(entry, level);
    return success();
  }
  /// For every weight, all levels at once.
  template <typename Rule> LogicalResult rows(Rule rule) {
    result = Tensor(entries, levels);
    for (int64_t entry = 0; entry < entries; ++entry)
      result.setRow(entry, rule(entry));
    return success();
  }
  const Tensor &at(unsigned operand) const { return *operands[operand]; }

  LogicalResult compute() {
    if (Unary rule = unaryRule(op))
      return each([&](int64_t i, int64_t l) { return rule(at(0).at(i, l)); });
    if (Binary rule = binaryRule(op))
      return each([&](int64_t i, int64_t l) { return rule(at(0).at(i, l), at(1).at(i, l)); });
    if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
      result = constantOf(literal.getValue(), levels);
      return success();
    }
    // The oracle does not round.
    if (isa<arith::TruncFOp, arith::ExtFOp, vector::BroadcastOp>(op))
      return each([&](int64_t i, int64_t l) { return at(0).at(i, l); });
    if (auto compare = dyn_cast<arith::CmpFOp>(op))
      return each([&](int64_t i, int64_t l) {
        return Dual{
            double(compares(compare.getPredicate(), at(0).at(i, l).value, at(1).at(i, l).value)),
            0};
      });
    if (isa<arith::SelectOp>(op))
      return each(
          [&](int64_t i, int64_t l) { return at(at(0).at(i, l).value != 0 ? 1 : 2).at(i, l); });
    if (isa<ClampOp>(op))
      return each([&](int64_t i, int64_t l) {
        return clamp(at(0).at(i, l), at(1).at(i, l), at(2).at(i, l));
      });
    return computeLevels();
  }

  LogicalResult computeLevels() {
    if (isa<vector::FromElementsOp>(op))
      return each([&](int64_t i, int64_t l) { return at(l).at(i); });
    if (auto extract = dyn_cast<vector::ExtractOp>(op))
      return each(
          [&](int64_t i, int64_t) { return at(0).at(i, extract.getStaticPosition().front()); });
    if (isa<NearestOp>(op))
      return each([&](int64_t i, int64_t) { return nearest(at(0).at(i), at(1).row(i), rounding); });
    if (isa<LowerOp, UpperOp>(op))
      return each([&](int64_t i, int64_t) {
        return neighbour(at(0).at(i), at(1).row(i), isa<UpperOp>(op));
      });
    if (isa<SoftNearestOp>(op))
      return each([&](int64_t i, int64_t) {
        return softNearest(at(0).at(i), at(1).at(i), at(2).row(i), rounding);
      });
    if (auto soft = dyn_cast<SoftmaxOp>(op))
      return rows([&](int64_t i) {
        return softmax(at(0).row(i), soft.getScale() ? at(1).at(i) : Dual{1, 0}, rounding);
      });
    if (isa<SparsemaxOp>(op))
      return rows([&](int64_t i) { return sparsemax(at(0).row(i), rounding); });
    if (isa<HardmaxOp>(op))
      return rows([&](int64_t i) { return hardmax(at(0).row(i)); });
    return computeWeights();
  }

  /// What needs to know how many weights there are.
  LogicalResult computeWeights() {
    const Context &context = environment.context();
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      if (reduce.getExtent())
        result = narrowWeights(reduce.getKind(), Segments(context.shape, reduce.getExtentAttr()),
                               at(0), reduce.getCondition() ? &at(1) : nullptr);
      else
        result = narrowLevels(reduce.getKind(), at(0));
      return success();
    }
    if (auto random = dyn_cast<RandomOp>(op)) {
      entries = context.shape.size;
      return each([&](int64_t i, int64_t) {
        return Dual{uniform(context.seed, context.parameter, context.step + random.getNext(), i),
                    0};
      });
    }
    if (auto state = dyn_cast<OptimizerStateOp>(op)) {
      auto found = context.optimizer.find(state.getName());
      if (found == context.optimizer.end())
        return failure();
      result = found->second;
      return success();
    }
    return failure();
  }

  Operation &op;
  Environment &environment;
  const Rounding *rounding;
  SmallVector<const Tensor *, 4> operands;
  int64_t entries = 1, levels = 1;
  Tensor result;
};

} // namespace

LogicalResult reference::evaluate(Operation &op, Environment &environment) {
  return Application(op, environment).run();
}

LogicalResult reference::evaluate(Block &block, Environment &environment) {
  for (Operation &op : block.without_terminator())
    if (failed(evaluate(op, environment)))
      return failure();
  return success();
}

FailureOr<Tensor> reference::yielded(Region &region, const Environment &environment) {
  Environment inside(&environment);
  if (failed(evaluate(region.front(), inside)))
    return failure();
  mlir::Value value = yieldOf(region).getValues().front();
  if (const Tensor *found = inside.find(value))
    return *found;
  return region.getParentOp()->emitOpError("yields a value that the oracle does not have here");
}
