// Replaces every elementary function by its own arithmetic, so that none becomes a library call.
#include "codegen/Passes.h"
#include "codegen/functions/Functions.h"
#include "codegen/functions/TablePool.h"
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_EXPANDFUNCTIONS
#include "codegen/Passes.h.inc"

/// Emits the function that `op` names.
using Build = Value (*)(LaneBuilder &, Operation *op);

template <Value (*build)(LaneBuilder &, Value)> Value buildUnary(LaneBuilder &b, Operation *op) {
  return build(b, op->getOperand(0));
}

template <Value (*build)(LaneBuilder &, Value, Value)>
Value buildBinary(LaneBuilder &b, Operation *op) {
  return build(b, op->getOperand(0), op->getOperand(1));
}

/// Whether the machine's own approximation is wanted.
static bool isApproximate(Operation *op) {
  auto tanh = dyn_cast<math::TanhOp>(op);
  return tanh && bitEnumContainsAny(tanh.getFastmath(), arith::FastMathFlags::afn);
}

/// How to emit `op`, or null if it is none of our functions.
static Build buildOf(Operation *op) {
  if (isApproximate(op))
    return nullptr;
  return llvm::TypeSwitch<Operation *, Build>(op)
      .Case([](math::AtanOp) { return buildUnary<buildAtan>; })
      .Case([](math::AtanhOp) { return buildUnary<buildAtanh>; })
      .Case([](math::ErfOp) { return buildUnary<buildErf>; })
      .Case([](math::ExpOp) { return buildUnary<buildExp>; })
      .Case([](math::Log2Op) { return buildUnary<buildLog2>; })
      .Case([](math::LogOp) { return buildUnary<buildLog>; })
      .Case([](math::PowFOp) { return buildBinary<buildPow>; })
      .Case([](SigmoidOp) { return buildUnary<buildSigmoid>; })
      .Case([](math::TanhOp) { return buildUnary<buildTanh>; })
      .Default(nullptr);
}

namespace {
struct ExpandFunctions : impl::ExpandFunctionsBase<ExpandFunctions> {
  using ExpandFunctionsBase::ExpandFunctionsBase;

  void runOnOperation() override {
    auto module = dyn_cast<ModuleOp>(getOperation());
    if (inMemory && !module) {
      getOperation()->emitError("tables in memory are a module's; run the pass on one");
      return signalPassFailure();
    }
    tables = TablePool();
    WalkResult result = getOperation()->walk([&](Operation *op) {
      return failed(expand(op)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    pools.clear();
    if (inMemory)
      tables.define(module);
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult expand(Operation *op) {
    Build build = buildOf(op);
    if (!build)
      return success();
    Type type = op->getResult(0).getType();
    if (!LaneBuilder::supports(type))
      return op->emitOpError("cannot be expanded on ")
             << type << "; the functions take 'f32', 'vector<8xf32>' and 'vector<16xf32>'";
    Region &region = ConstantPool::regionOf(op);
    OpBuilder builder(op);
    LaneBuilder lanes(builder, op->getLoc(), type, pools.try_emplace(&region, region).first->second,
                      inMemory ? &tables : nullptr);
    op->getResult(0).replaceAllUsesWith(build(lanes, op));
    op->erase();
    return success();
  }

  /// The constants of each function.
  llvm::DenseMap<Region *, ConstantPool> pools;
  TablePool tables;
};
} // namespace

} // namespace bregman
