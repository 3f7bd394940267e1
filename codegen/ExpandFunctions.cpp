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

/// The builder of a function of one argument, or null if `op` is none of ours.
static Value (*builderOf(Operation *op))(LaneBuilder &, Value) {
  using Builder = Value (*)(LaneBuilder &, Value);
  return llvm::TypeSwitch<Operation *, Builder>(op)
      .Case([](math::AtanOp) { return buildAtan; })
      .Case([](math::AtanhOp) { return buildAtanh; })
      .Case([](math::ErfOp) { return buildErf; })
      .Case([](math::ExpOp) { return buildExp; })
      .Case([](math::Log2Op) { return buildLog2; })
      .Case([](math::LogOp) { return buildLog; })
      .Case([](math::TanhOp) { return buildTanh; })
      .Default(nullptr);
}

namespace {
struct ExpandFunctions : impl::ExpandFunctionsBase<ExpandFunctions> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](Operation *op) {
      return failed(expand(op)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    pools.clear();
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult expand(Operation *op) {
    auto build = builderOf(op);
    if (!build)
      return success();
    Type type = op->getResult(0).getType();
    if (!LaneBuilder::supports(type))
      return op->emitOpError("cannot be expanded on ")
             << type << "; the functions take 'f32', 'vector<8xf32>' and 'vector<16xf32>'";
    Region &region = ConstantPool::regionOf(op);
    OpBuilder builder(op);
    LaneBuilder lanes(builder, op->getLoc(), type,
                      pools.try_emplace(&region, region).first->second);
    op->getResult(0).replaceAllUsesWith(build(lanes, op->getOperand(0)));
    op->erase();
    return success();
  }

  /// The constants of each function.
  llvm::DenseMap<Region *, ConstantPool> pools;
};
} // namespace

} // namespace bregman
