// Writes a kernel as one function that blocks of threads of a GPU run.
#include "codegen/Passes.h"
#include "codegen/gpu/ChunkBuilder.h"
#include "codegen/loops/KernelForm.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace bregman {

#define GEN_PASS_DEF_LOWERTOGPU
#include "codegen/Passes.h.inc"

namespace {
struct LowerToGpu : impl::LowerToGpuBase<LowerToGpu> {
  void runOnOperation() override {
    FailureOr<KernelOp> kernel = soleKernel(getOperation());
    if (failed(kernel) || (*kernel && failed(gpu::buildChunks(*kernel))))
      signalPassFailure();
  }
};
} // namespace

} // namespace bregman
