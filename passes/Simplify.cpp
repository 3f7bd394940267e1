// bregman-simplify: upstream's canonicalizer with the patterns of three dialects only. Collecting
// those of every dialect that code generation loads would take longer than applying them.
#include "passes/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bregman {
#define GEN_PASS_DEF_SIMPLIFY
#include "passes/Passes.h.inc"
} // namespace bregman

using namespace mlir;
using namespace bregman;

namespace {

struct Simplify : bregman::impl::SimplifyBase<Simplify> {
  using SimplifyBase::SimplifyBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    for (StringRef dialect :
         {arith::ArithDialect::getDialectNamespace(), math::MathDialect::getDialectNamespace(),
          BregmanDialect::getDialectNamespace()}) {
      context->getLoadedDialect(dialect)->getCanonicalizationPatterns(all);
      for (RegisteredOperationName op : context->getRegisteredOperationsByDialect(dialect))
        op.getCanonicalizationPatterns(all, context);
    }
    patterns = FrozenRewritePatternSet(std::move(all));
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    // Nothing takes a constant's place in the spec away, and every region is one block.
    config.enableConstantCSE(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    // Where it does not come to an end what there is is right too.
    (void)applyPatternsGreedily(getOperation(), patterns, config);
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace
