// Which rules apply to a quantizer, and what is said about each.
#include "passes/prove/Prover.h"

#include <set>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

namespace {

class Prover {
public:
  Prover(QuantizerOp quantizer, SmallVectorImpl<Verified> *log)
      : clauses(quantizer), quantizer(quantizer), log(log) {}

  LogicalResult run() {
    if (clauses.levels)
      report("Q1", clauses.levels, checkQ1(clauses));
    Operation *place = quantizer;
    Finding finite = checkQ11(clauses, place);
    // That it holds is said when a run is attached, of all its steps.
    if (finite.verdict != Verdict::Proved)
      report("Q11", place, finite);
    if (clauses.prox)
      report("Q8", clauses.prox, checkQ8(clauses));
    if (clauses.project)
      checkProjection();
    if (clauses.final && clauses.levels && good("Q1")) {
      report("Q6", clauses.final, checkQ6(clauses));
      // A hard weight that the soft one never tends to is worth a word, beside no error.
      if (clauses.project && !errors)
        report("Q9", clauses.final, checkQ9(clauses));
    }
    if (!errors && clauses.latent)
      if (Finding begin = checkLatentOfQ12(clauses); begin.verdict != Verdict::Proved)
        report("Q12", clauses.latent, begin);
    if (!errors)
      report("Q12", clauses.project ? clauses.project.getOperation() : quantizer,
             checkQ12(clauses));
    reportUnusedAssumptions();
    return failure(errors);
  }

private:
  bool good(StringRef rule) const { return !bad.count(rule.str()); }

  void checkProjection() {
    bool isMirror = clauses.update && (clauses.update.getKind() == UpdateKind::Lazy ||
                                       clauses.update.getKind() == UpdateKind::Agile);
    bool invertsLatent = false;
    if (clauses.latent)
      clauses.latent.getBody().walk([&](InverseOp) { invertsLatent = true; });
    bool isChain = clauses.update && clauses.update.getKind() == UpdateKind::Chain;
    if (isChain || !quantizer.getBody().getOps<LearnOp>().empty())
      report("Q14", clauses.project, checkQ14(clauses, isChain));
    if (!isMirror && !invertsLatent)
      return;
    std::optional<Projection> projection;
    if (clauses.project.getResult().getType().isF32())
      projection.emplace(clauses);
    Projection *single = projection ? &*projection : nullptr;
    if (isMirror) {
      report("Q4", clauses.project, checkQ4(clauses, single));
      Finding hull = checkQ5(clauses, single);
      // What is undecided only because Q4 failed says nothing new.
      if (good("Q4") || hull.verdict == Verdict::Refuted)
        report("Q5", clauses.project, hull);
    }
    bool decided = good("Q4") && good("Q5");
    if (decided && (clauses.isAgile() || invertsLatent))
      report("Q7", clauses.project, checkQ7(clauses, single));
    if (clauses.isAgile())
      report("Q13", clauses.project, checkQ13(clauses));
  }

  AssumeOp assumptionOf(StringRef rule) {
    for (auto assume : quantizer.getBody().getOps<AssumeOp>())
      if (assume.getRule() == rule)
        return assume;
    return {};
  }

  void report(StringRef rule, Operation *clause, Finding finding) {
    AssumeOp assume = assumptionOf(rule);
    bool assumed = assume && finding.verdict == Verdict::Undecided;
    if (log)
      log->push_back({rule.str(), finding, assumed});
    switch (finding.verdict) {
    case Verdict::Proved:
      return;
    case Verdict::Warned:
      emitWarning(clause->getLoc()) << rule << ": " << finding.text;
      return;
    case Verdict::Undecided: {
      if (assumed)
        return;
      InFlightDiagnostic error = emitError(clause->getLoc())
                                 << rule << ": neither proved nor refuted: " << finding.text;
      error.attachNote(clause->getLoc())
          << "`assume " << rule << " because \"...\"` takes the responsibility";
      break;
    }
    case Verdict::Refuted: {
      InFlightDiagnostic error = emitError(clause->getLoc()) << rule << ": " << finding.text;
      if (assume)
        error.attachNote(assume.getLoc()) << "what is refuted cannot be assumed";
      break;
    }
    }
    bad.insert(rule.str());
    errors = true;
  }

  /// Assuming what is no rule that can be assumed is a mistake worth a word. The front end refuses
  /// it in a spec; IR may come from elsewhere.
  void reportUnusedAssumptions() {
    for (auto assume : quantizer.getBody().getOps<AssumeOp>()) {
      StringRef rule = assume.getRule();
      bool provable = llvm::is_contained({"Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q13", "Q14"}, rule);
      if (!provable)
        emitWarning(assume.getLoc()) << "rule " << rule << " is not one that can be assumed";
    }
  }

  Clauses clauses;
  QuantizerOp quantizer;
  SmallVectorImpl<Verified> *log;
  std::set<std::string> bad;
  bool errors = false;
};

} // namespace

LogicalResult prove::prove(QuantizerOp quantizer, SmallVectorImpl<Verified> *log) {
  return Prover(quantizer, log).run();
}
