// Writes a kernel as one function: a loop over the weights of a tensor in explicit vectors.
#include "codegen/Passes.h"
#include "codegen/loops/KernelForm.h"
#include "codegen/loops/LoopBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_LOWERTOLOOPS
#include "codegen/Passes.h.inc"

namespace {
struct LowerToLoops : impl::LowerToLoopsBase<LowerToLoops> {
  using LowerToLoopsBase::LowerToLoopsBase;

  void runOnOperation() override {
    if (lanes != 8 && lanes != 16) {
      getOperation().emitError("lanes of ")
          << lanes.getValue() << " are not supported; take 8 or 16";
      return signalPassFailure();
    }
    FailureOr<KernelOp> kernel = soleKernel(getOperation());
    LoopOptions options{.lanes = lanes, .variant = variant, .vectors = vectors};
    if (failed(kernel) || (*kernel && failed(buildLoop(*kernel, options))))
      signalPassFailure();
  }
};
} // namespace

} // namespace bregman
