// The first stage is the backward slice of the states' new values, the second the rest.
#include "codegen/loops/Stages.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace bregman {

/// Whether it takes long: whatever isn't simple arithmetic.
static bool isLong(Operation &op) {
  return isa<arith::DivFOp>(op) || !isa<arith::ArithDialect>(op.getDialect());
}

Stages findStages(KernelOp kernel, SweepOp sweep) {
  Block &body = sweep.getBody().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  auto isRead = [&](StringRef name) {
    return llvm::any_of(sweep.getReads(), [&](Value read) {
      unsigned argument = cast<BlockArgument>(read).getArgNumber();
      return kernel.streamName(argument - kernel.getScalars().size()) == name;
    });
  };

  // Every operation stands behind its operands.
  llvm::DenseSet<Value> early, varying;
  for (auto [number, value] : llvm::enumerate(yield.getValues()))
    if (isRead(yield.nameOf(number)))
      early.insert(value);
  for (Operation &op : llvm::reverse(body.without_terminator()))
    if (llvm::any_of(op.getResults(), [&](Value result) { return early.contains(result); }))
      early.insert(op.operand_begin(), op.operand_end());
  for (auto [read, argument] : llvm::zip(sweep.getReads(), body.getArguments()))
    if (!kernel.isUniform(cast<BlockArgument>(read).getArgNumber() - kernel.getScalars().size()))
      varying.insert(argument);
  for (Operation &op : body.without_terminator())
    if (isa<RandomOp>(op) ||
        llvm::any_of(op.getOperands(), [&](Value operand) { return varying.contains(operand); }))
      varying.insert(op.result_begin(), op.result_end());
  if (early.empty())
    return {};

  Stages stages;
  llvm::SetVector<Value> carried;
  bool isWorthwhile = false;
  for (Operation &op : body.without_terminator()) {
    Value result = op.getResult(0);
    if (early.contains(result) || !varying.contains(result))
      continue;
    stages.late.insert(&op);
    isWorthwhile |= isLong(op);
    for (Value operand : op.getOperands())
      if (varying.contains(operand) && !stages.isLate(operand))
        carried.insert(operand);
  }
  bool isCarriable = llvm::all_of(carried, [](Value value) { return value.getType().isF32(); });
  if (!isWorthwhile || !isCarriable)
    return {};
  stages.carried = carried.takeVector();
  return stages;
}

} // namespace bregman
