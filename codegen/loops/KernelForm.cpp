// Checks a kernel and lists its streams.
#include "codegen/loops/KernelForm.h"

using namespace mlir;

namespace bregman {

FailureOr<KernelOp> soleKernel(ModuleOp module) {
  auto kernels = llvm::to_vector(module.getOps<KernelOp>());
  if (kernels.size() > 1)
    return kernels[1].emitOpError("is a second kernel of its module; the symbols of the functions "
                                  "are the ABI's, so each stands in a module of its own");
  return kernels.empty() ? KernelOp() : kernels.front();
}

FailureOr<SweepOp> soleSweep(KernelOp kernel) {
  auto sweeps = kernel.getBody().getOps<SweepOp>();
  if (std::distance(sweeps.begin(), sweeps.end()) != 1)
    return kernel.emitOpError("expects one sweep; kernels of several are not compiled yet");
  for (unsigned index = 0; index < kernel.getStreams().size(); ++index) {
    Type storage = cast<TypeAttr>(kernel.getStorage()[index]).getValue();
    if (isa<VectorType>(storage))
      return kernel.emitOpError("stream `")
             << kernel.streamName(index)
             << "` has a level axis; --bregman-unroll-levels takes it apart";
    if (kernel.extentOf(index) && !storage.isF32())
      return kernel.emitOpError("stream `")
             << kernel.streamName(index) << "` is shared by many weights, which is 'f32' only";
  }
  return *sweeps.begin();
}

SmallVector<LoopStream> loopStreamsOf(KernelOp kernel, SweepOp sweep) {
  SmallVector<LoopStream> streams;
  for (unsigned index = 0; index < kernel.getStreams().size(); ++index)
    streams.push_back({.name = kernel.streamName(index).str(),
                       .storage = cast<TypeAttr>(kernel.getStorage()[index]).getValue(),
                       .isRead = llvm::is_contained(sweep.getReads(), kernel.getStream(index)),
                       .isWritten = kernel.isWritten(index),
                       .isSwept = !kernel.reductionOf(index) && !kernel.isUniform(index),
                       .address = {}});
  return streams;
}

bool reduces(KernelOp kernel) {
  for (unsigned index = 0; index < kernel.getStreams().size(); ++index)
    if (kernel.reductionOf(index))
      return true;
  return false;
}

} // namespace bregman
