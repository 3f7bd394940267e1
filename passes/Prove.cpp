// bregman-prove: every quantizer is sound, or the compiler says where it is not.
#include "passes/Passes.h"
#include "passes/prove/Prover.h"

using namespace mlir;

namespace bregman {
#define GEN_PASS_DEF_PROVE
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace bregman;

namespace {

struct Prove : bregman::impl::ProveBase<Prove> {
  using ProveBase::ProveBase;

  void runOnOperation() override {
    for (auto quantizer : getOperation().getOps<QuantizerOp>()) {
      llvm::SmallVector<prove::Verified> log;
      if (failed(prove::prove(quantizer, &log)))
        signalPassFailure();
      for (const prove::Verified &entry : log)
        if (remarks && (entry.finding.verdict == prove::Verdict::Proved || entry.assumed))
          emitRemark(quantizer.getLoc())
              << entry.rule << (entry.assumed ? " is assumed: " : ": ") << entry.finding.text;
    }
  }
};

} // namespace
