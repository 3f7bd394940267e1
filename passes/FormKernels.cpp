// bregman-form-kernels: a method's regions become kernels of one sweep each.
#include "passes/Clauses.h"
#include "passes/KernelProgram.h"
#include "passes/Passes.h"

namespace bregman {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

/// The kernels of one method.
class KernelFormer {
public:
  KernelFormer(MethodOp method, Type element) : method(method), builder(method.getContext()) {
    builder.setInsertionPointAfter(method);
    Type f32 = builder.getF32Type();
    Value published = yieldOf(method.getPublish().getBody()).getValues().front();
    auto argument = dyn_cast<BlockArgument>(published);
    // Where the weight may freeze, the parameter ends as a level while the latent stays what it
    // was.
    bool freezes = yieldOf(method.getHost().getBody()).get("freeze") != nullptr;
    bool branches = yieldOf(method.getPublish().getBody()).getValues().size() > 1;
    if (argument && element == f32 && !freezes && !branches) {
      // The latent's name comes first. Another stored value may be published too, but the parameter
      // takes only the latent's place.
      auto name = cast<StringAttr>(method.getPublish().getArgNames()[argument.getArgNumber()]);
      if (name.getValue() == (*method.getBody().getOps<StoredOp>().begin()).getName())
        latent = name;
    }
    streams.push_back({"g", f32, element, {}});
    if (branches)
      streams.push_back({"g.high", f32, element, {}});
    for (auto stored : method.getBody().getOps<StoredOp>())
      if (stored.getName() == latent)
        streams.push_back({"w", f32, element, {}});
      else
        streams.push_back(
            {stored.getName().str(), stored.getType(), stored.getType(), stored.getExtentAttr()});
    if (latent.empty())
      streams.push_back({"w", f32, element, {}});
    if (branches)
      streams.push_back({"w.high", f32, element, {}});
  }

  void run() {
    form(method.getAttach(), "attach", /*publishes=*/false);
    form(method.getStep(), "step", /*publishes=*/latent.empty());
    for (auto [index, block] : llvm::enumerate(method.getEveryBlocks()))
      form(block, "every." + std::to_string(index), /*publishes=*/false);
    if (latent.empty())
      formWeight(method.getPublish(), "publish");
    if (method.getFinal())
      formWeight(method.getFinal(), "final");
  }

private:
  void start(KernelProgram &program) {
    program.rename("w0", "w");
    if (!latent.empty())
      program.rename(latent, "w");
  }
  void finish(KernelProgram &program, const std::string &suffix) {
    writeKernels(builder, (method.getSymName() + "." + suffix).str(), program);
  }

  /// A region that gives stored values new ones, and perhaps the weight with them.
  template <typename Op> void form(Op op, const std::string &suffix, bool publishes) {
    KernelProgram program(method.getContext(), op.getLoc(), streams);
    start(program);
    SmallVector<Value> values = program.inlineRegion(op.getBody(), op.getArgNames());
    YieldOp yield = yieldOf(op.getBody());
    for (auto [index, value] : llvm::enumerate(values)) {
      StringRef stream = yield.nameOf(index) == latent ? "w" : yield.nameOf(index);
      program.write(stream, value, yield.getLoc());
      program.update(stream, value);
    }
    if (publishes)
      writeWeight(program, method.getPublish());
    finish(program, suffix);
  }
  template <typename Op> void formWeight(Op op, const std::string &suffix) {
    KernelProgram program(method.getContext(), op.getLoc(), streams);
    start(program);
    writeWeight(program, op);
    finish(program, suffix);
  }
  template <typename Op> void writeWeight(KernelProgram &program, Op op) {
    SmallVector<Value> values = program.inlineRegion(op.getBody(), op.getArgNames());
    Location loc = yieldOf(op.getBody()).getLoc();
    program.write("w", values.front(), loc);
    if (values.size() > 1)
      program.write("w.high", values[1], loc);
  }

  MethodOp method;
  OpBuilder builder;
  /// The name of the latent where the parameter itself holds it, else empty.
  StringRef latent;
  SmallVector<KernelStream> streams;
};

struct FormKernels : bregman::impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    Type type = elementNamed(element, getOperation());
    if (!type)
      return signalPassFailure();
    for (auto method : llvm::to_vector(getOperation().getOps<MethodOp>()))
      KernelFormer(method, type).run();
  }
};

} // namespace
