// bregman-select: one quantizer and one optimizer of a module.
#include "passes/Passes.h"

namespace bregman {
#define GEN_PASS_DEF_SELECT
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

struct Select : bregman::impl::SelectBase<Select> {
  using SelectBase::SelectBase;

  /// The symbol of that name, or the module's only one of its kind.
  template <typename Op> Operation *choose(StringRef kind, const std::string &name) {
    ModuleOp module = getOperation();
    if (!name.empty()) {
      auto op = module.lookupSymbol<Op>(name);
      if (!op)
        module.emitError() << "has no " << kind << " named `" << name << "`";
      return op;
    }
    auto ops = llvm::to_vector(module.getOps<Op>());
    if (ops.size() == 1)
      return ops.front();
    InFlightDiagnostic error = module.emitError();
    error << "has " << ops.size() << " " << kind << "s; name the one to take";
    for (Op op : ops)
      error.attachNote(op.getLoc()) << "`" << op.getSymName() << "`";
    return nullptr;
  }

  void runOnOperation() override {
    Operation *chosenQuantizer = choose<QuantizerOp>("quantizer", quantizer);
    Operation *chosenOptimizer = choose<OptimizerOp>("optimizer", optimizer);
    if (!chosenQuantizer || !chosenOptimizer)
      return signalPassFailure();
    SmallPtrSet<Operation *, 4> kept{chosenQuantizer, chosenOptimizer};
    for (const std::string &entry : learned) {
      Operation *op = choose<OptimizerOp>("optimizer", StringRef(entry).split(':').second.str());
      if (!op)
        return signalPassFailure();
      kept.insert(op);
    }
    for (Operation &op : llvm::make_early_inc_range(*getOperation().getBody()))
      if (!kept.contains(&op))
        op.erase();
  }
};

} // namespace
