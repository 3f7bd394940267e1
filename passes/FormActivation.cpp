// bregman-form-activation: the kernels of what quantizes an activation.
#include "passes/Clauses.h"
#include "passes/KernelProgram.h"
#include "passes/Passes.h"
namespace bregman {
#define GEN_PASS_DEF_FORMACTIVATION
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// The kernels of one method.
class ActivationFormer {
public:
  ActivationFormer(MethodOp method, Type element) : method(method), builder(method.getContext()) {
    builder.setInsertionPointAfter(method);
    Type f32 = builder.getF32Type();
    streams.push_back({"g", f32, element, {}});
    streams.push_back({"x", f32, element, {}});
    for (auto stored : method.getBody().getOps<StoredOp>())
      if (stored.getName() != "x")
        streams.push_back(
            {stored.getName().str(), stored.getType(), stored.getType(), stored.getExtentAttr()});
    size_t learned = streams.size();
    streams.push_back({"w", f32, element, {}});
    streams.push_back({"x.gradient", f32, element, {}});
    for (size_t i = 2; i < learned; ++i)
      streams.push_back(
          {streams[i].name + ".gradient", streams[i].type, streams[i].storage, streams[i].extent});
  }

  void run() {
    formAttach();
    formPublish();
    formStep();
  }

private:
  void finish(KernelProgram &program, const char *suffix) {
    writeKernels(builder, (method.getQuantizer() + "." + suffix).str(), program);
  }

  /// The learned values from the first batch.
  void formAttach() {
    AttachOp op = method.getAttach();
    KernelProgram program(method.getContext(), op.getLoc(), streams);
    program.rename("w0", "x");
    SmallVector<Value> values = program.inlineRegion(op.getBody(), op.getArgNames());
    YieldOp yield = yieldOf(op.getBody());
    for (auto [index, value] : llvm::enumerate(values))
      if (yield.nameOf(index) != "x")
        program.write(yield.nameOf(index), value, yield.getLoc());
    finish(program, "initial");
  }

  void formPublish() {
    PublishOp op = method.getPublish();
    KernelProgram program(method.getContext(), op.getLoc(), streams);
    Value w = program.inlineRegion(op.getBody(), op.getArgNames()).front();
    program.write("w", w, yieldOf(op.getBody()).getLoc());
    finish(program, "forward");
  }

  void formStep() {
    StepOp op = method.getStep();
    KernelProgram program(method.getContext(), op.getLoc(), streams);
    SmallVector<Value> values = program.inlineRegion(op.getBody(), op.getArgNames());
    YieldOp yield = yieldOf(op.getBody());
    for (auto [index, value] : llvm::enumerate(values))
      program.write((yield.nameOf(index) + ".gradient").str(), value, yield.getLoc());
    finish(program, "backward");
  }

  MethodOp method;
  OpBuilder builder;
  SmallVector<KernelStream> streams;
};

/// Which of the two kinds of rows a quantizer asks for; it may not ask for both.
LogicalResult checkRows(ModuleOp module, MethodOp method) {
  bool tokens = false, channels = false;
  for (auto kernel : module.getOps<KernelOp>())
    for (unsigned index = 0; index < kernel.getStreams().size(); ++index)
      if (ExtentAttr extent = kernel.extentOf(index)) {
        tokens |= extent.getScope() == Scope::Token;
        channels |= extent.getScope() == Scope::Channel || extent.getScope() == Scope::Group;
      }
  if (tokens && channels)
    return method.emitError("Q3: quantizer `")
           << method.getQuantizer()
           << "` has values per token beside values per channel or group, which cross each other "
              "in memory; quantize in two `activations`, one after the other";
  return success();
}

struct FormActivation : bregman::impl::FormActivationBase<FormActivation> {
  using FormActivationBase::FormActivationBase;

  void runOnOperation() override {
    Type type = elementNamed(element, getOperation());
    if (!type)
      return signalPassFailure();
    for (auto method : llvm::to_vector(getOperation().getOps<MethodOp>())) {
      ActivationFormer(method, type).run();
      if (failed(checkRows(getOperation(), method)))
        return signalPassFailure();
    }
  }
};

} // namespace
