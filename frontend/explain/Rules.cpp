// The verdicts, as the prover gives them.
#include "frontend/explain/Explain.h"
#include "frontend/explain/Page.h"

#include "passes/prove/Prover.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace bregman;

std::string explain::describeRules(QuantizerOp quantizer) {
  // The findings are asked for; their diagnostics were given when the spec was read.
  ScopedDiagnosticHandler quiet(quantizer.getContext(), [](Diagnostic &) { return success(); });
  SmallVector<prove::Verified> verdicts;
  (void)prove::prove(quantizer, &verdicts);
  Page page;
  page.section("Rules");
  for (const prove::Verified &verdict : verdicts) {
    static constexpr const char *words[] = {"holds", "does not hold", "undecided", "warning"};
    std::string word = verdict.assumed ? "assumed" : words[int(verdict.finding.verdict)];
    page.line(verdict.rule, word + ": " + verdict.finding.text);
  }
  if (verdicts.empty())
    page.line("", "none applies: nothing is projected and there are no levels");
  return std::move(page.text);
}
