// Replaces every elementary function by its own arithmetic, so that none becomes a library call.
#include "codegen/Passes.h"
#include "codegen/functions/Functions.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_EXPANDFUNCTIONS
#include "codegen/Passes.h.inc"

/// Emits the function that `op` names, or returns null if `op` is none of ours.
using Expansion = llvm::function_ref<Value(LaneBuilder &)>;

static LogicalResult expandBy(Operation *op, llvm::DenseMap<Region *, ConstantPool> &pools,
                              Expansion expansion) {
  Type type = op->getResult(0).getType();
  if (!LaneBuilder::supports(type))
    return op->emitOpError("cannot be expanded on ")
           << type << "; the functions take 'f32', 'vector<8xf32>' and 'vector<16xf32>'";
  Region &region = ConstantPool::regionOf(op);
  ConstantPool &pool = pools.try_emplace(&region, region).first->second;
  OpBuilder builder(op);
  LaneBuilder lanes(builder, op->getLoc(), type, pool);
  op->getResult(0).replaceAllUsesWith(expansion(lanes));
  op->erase();
  return success();
}

namespace {
struct ExpandFunctions : impl::ExpandFunctionsBase<ExpandFunctions> {
  void runOnOperation() override {
    llvm::DenseMap<Region *, ConstantPool> pools;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      LogicalResult done =
          llvm::TypeSwitch<Operation *, LogicalResult>(op)
              .Case([&](math::TanhOp f) {
                return expandBy(f, pools,
                                [&](LaneBuilder &b) { return buildTanh(b, f.getOperand()); });
              })
              .Case([&](math::ErfOp f) {
                return expandBy(f, pools,
                                [&](LaneBuilder &b) { return buildErf(b, f.getOperand()); });
              })
              .Default(success());
      return failed(done) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

} // namespace bregman
