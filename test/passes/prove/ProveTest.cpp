// Running the prover on a spec's text, and what it says when it can say neither yes nor no.
#include "Verdict.h"

#include "frontend/spec/Spec.h"
#include "passes/prove/Prover.h"

#include "gmock/gmock.h"

using namespace bregman;
using namespace bregman::test;

static std::string run(const std::string &text, bool proofs) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  std::string messages;
  auto source = std::make_shared<spec::Source>("t.breg", text);
  auto module =
      spec::compile(source, spec::Library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"),
                    context, diagnostics, unit);
  if (!module)
    return diagnostics.render();
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    bool error = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    messages += (error ? "error: " : "warning: ") + diagnostic.str() + "\n";
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      messages += "note: " + note.str() + "\n";
    return mlir::success();
  });
  std::string how;
  for (auto quantizer : module->getOps<QuantizerOp>()) {
    llvm::SmallVector<prove::Verified> log;
    (void)prove::prove(quantizer, &log);
    for (const prove::Verified &entry : log)
      if (entry.finding.verdict == prove::Verdict::Proved || entry.assumed)
        how += entry.rule + ": " + entry.finding.text + "\n";
  }
  return proofs ? how : messages;
}

std::string test::verdictOf(const std::string &text) { return run(text, false); }
std::string test::proofsOf(const std::string &text) { return run(text, true); }

std::string test::mirror(const std::string &projection, const std::string &levels,
                         const std::string &kind, const std::string &more) {
  return "quantizer q(growth in [1, 2] = 1.02, period = 200) {\n  levels " + levels +
         "\n  schedule beta = min(growth ^ ceil(step / period), 1e35)\n  " + more +
         "\n  project w = " + projection + "\n  update " + kind + " mirror\n  final nearest(" +
         (kind == "agile" ? "w" : "x") + ")\n}\n";
}
