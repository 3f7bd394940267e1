// Reverse mode: cotangents flow from the root to the leaves, through ops in reverse order.
#include "dialect/calculus/Reverse.h"
#include "dialect/calculus/Emit.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace bregman;

namespace {

class Reverse {
public:
  Reverse(OpBuilder &builder, ArrayRef<Value> leaves) : builder(builder), leaves(leaves) {}

  /// One cotangent per leaf.
  LogicalResult run(Value root, Value cotangent, MutableArrayRef<Value> results) {
    if (!isActive(root))
      return success();
    SmallVector<Operation *> order;
    DenseSet<Operation *> seen;
    collect(root, order, seen);
    DenseMap<Value, Value> cotangents{{root, cotangent}};
    takeLeaf(root, cotangent, results);
    for (Operation *op : llvm::reverse(order))
      if (failed(step(op, cotangents, results)))
        return failure();
    return success();
  }

  /// Whether `value` depends on a leaf.
  bool isActive(Value value) {
    if (isLeaf(value))
      return true;
    Operation *op = value.getDefiningOp();
    if (!op || op->getNumRegions())
      return false;
    auto [found, isNew] = active.try_emplace(op, false);
    if (!isNew)
      return found->second;
    bool any = llvm::any_of(op->getOperands(), [&](Value operand) { return isActive(operand); });
    return active[op] = any;
  }

private:
  bool isLeaf(Value value) const { return llvm::is_contained(leaves, value); }

  /// Active ops above `value`, operands first. Arms of selects are left to their selects.
  void collect(Value value, SmallVector<Operation *> &order, DenseSet<Operation *> &seen) {
    Operation *op = value.getDefiningOp();
    if (isLeaf(value) || !isActive(value) || !seen.insert(op).second)
      return;
    if (!isa<arith::SelectOp>(op))
      for (Value operand : op->getOperands())
        collect(operand, order, seen);
    order.push_back(op);
  }

  void accumulate(Location loc, Value &into, Value value) {
    if (value)
      into = into ? Emit(builder, loc).add(into, value) : value;
  }

  void takeLeaf(Value value, Value cotangent, MutableArrayRef<Value> results) {
    for (auto [leaf, result] : llvm::zip(leaves, results))
      if (leaf == value)
        accumulate(value.getLoc(), result, cotangent);
  }

  LogicalResult step(Operation *op, DenseMap<Value, Value> &cotangents,
                     MutableArrayRef<Value> results) {
    Value cotangent = cotangents.lookup(op->getResult(0));
    if (!cotangent)
      return success();
    if (auto select = dyn_cast<arith::SelectOp>(op))
      return stepSelect(select, cotangent, results);
    auto calculus = dyn_cast<CalculusOpInterface>(op);
    if (!calculus)
      return op->emitError("`") << op->getName() << "` has no derivative";
    SmallVector<Value> parts;
    calculus.vjp(builder, cotangent, parts);
    for (auto [operand, part] : llvm::zip_equal(op->getOperands(), parts)) {
      if (!part || !isActive(operand))
        continue;
      if (isLeaf(operand))
        takeLeaf(operand, part, results);
      else
        accumulate(op->getLoc(), cotangents[operand], part);
    }
    return success();
  }

  /// Each arm takes the whole cotangent, and the condition selects among what arrives at the
  /// leaves.
  LogicalResult stepSelect(arith::SelectOp select, Value cotangent,
                           MutableArrayRef<Value> results) {
    Value condition = select.getCondition();
    bool perLevel = isa<VectorType>(condition.getType());
    Value intoYes = cotangent, intoNo = cotangent;
    Emit emit(builder, select.getLoc());
    if (perLevel) { // a level's cotangent may reach other levels: it is masked on its way in
      Value zero = emit.constant(cotangent.getType(), 0);
      intoYes = emit.select(condition, cotangent, zero);
      intoNo = emit.select(condition, zero, cotangent);
    }
    SmallVector<Value> yes(leaves.size()), no(leaves.size());
    if (failed(run(select.getTrueValue(), intoYes, yes)) ||
        failed(run(select.getFalseValue(), intoNo, no)))
      return failure();
    bool levelByLevel = !perLevel || (isElementwise(select.getTrueValue()) &&
                                      isElementwise(select.getFalseValue()));
    for (auto [a, b, result] : llvm::zip(yes, no, results)) {
      if (!a && !b)
        continue;
      if (levelByLevel) {
        Value zero = a && b ? Value() : emit.constant((a ? a : b).getType(), 0);
        accumulate(select.getLoc(), result, emit.select(condition, a ? a : zero, b ? b : zero));
        continue;
      }
      accumulate(select.getLoc(), result, a);
      accumulate(select.getLoc(), result, b);
    }
    return success();
  }

  /// Whether `value` depends on the leaves level by level.
  bool isElementwise(Value value) {
    if (isLeaf(value))
      return isa<VectorType>(value.getType());
    if (!isActive(value))
      return true;
    Operation *op = value.getDefiningOp();
    return op->hasTrait<OpTrait::Elementwise>() &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return isElementwise(operand); });
  }

  OpBuilder &builder;
  ArrayRef<Value> leaves;
  DenseMap<Operation *, bool> active;
};

} // namespace

/// The reductions over weights that `value` depends on, what they read before they themselves.
static void collectSums(Value value, SetVector<Value> &sums, DenseSet<Operation *> &seen) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() || !seen.insert(op).second)
    return;
  for (Value operand : op->getOperands())
    collectSums(operand, sums, seen);
  if (auto reduce = dyn_cast<ReduceOp>(op); reduce && reduce.getExtentAttr())
    sums.insert(value);
}

LogicalResult bregman::differentiate(OpBuilder &builder, Value root, Value cotangent,
                                     ArrayRef<Value> leaves, SmallVectorImpl<Value> &results) {
  // Between reductions over weights each weight is for itself. A reduction is a leaf of what reads
  // it; once all of that has been differentiated, its cotangent flows on from its operand.
  SetVector<Value> sums;
  DenseSet<Operation *> seen;
  for (Value leaf : leaves)
    if (Operation *op = leaf ? leaf.getDefiningOp() : nullptr)
      seen.insert(op);
  collectSums(root, sums, seen);
  SmallVector<Value> all(leaves);
  llvm::append_range(all, sums);
  SmallVector<Value> found(all.size());
  if (failed(Reverse(builder, all).run(root, cotangent, found)))
    return failure();
  for (size_t index = all.size(); index > leaves.size(); --index) {
    Value contributions = found[index - 1];
    auto reduce = all[index - 1].getDefiningOp<ReduceOp>();
    if (!contributions)
      continue;
    // What is differentiated from here on must not stop at this reduction's own readers.
    Reverse below(builder, ArrayRef<Value>(all).take_front(index - 1));
    if (!below.isActive(reduce.getOperand()))
      continue;
    SmallVector<Value> parts;
    cast<CalculusOpInterface>(reduce.getOperation()).vjp(builder, contributions, parts);
    SmallVector<Value> more(index - 1);
    if (failed(below.run(reduce.getOperand(), parts.front(), more)))
      return failure();
    Emit emit(builder, reduce.getLoc());
    for (auto [into, part] : llvm::zip(found, more))
      if (part)
        into = into ? emit.add(into, part) : part;
  }
  results.assign(found.begin(), found.begin() + leaves.size());
  return success();
}

Value bregman::sumOver(OpBuilder &builder, ExtentAttr extent, Value contributions) {
  if (!extent)
    return contributions;
  return ReduceOp::create(builder, contributions.getLoc(), Reduction::Sum, extent, contributions,
                          Value());
}
