// Q11, as far as it is known before a run: what the clauses read of the host is finite in f32 at
// step 0, which is a step of every run.
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

/// Whether attach alone knows the value: a total of the run, or an argument of the optimizer.
static bool isOfTheRun(const Scratch &scratch, Value value) {
  if (const Leaf *leaf = scratch.leafOf(value)) {
    auto counter = leaf->source.getDefiningOp<CounterOp>();
    if (counter)
      return counter.getKind() != Counter::Step && counter.getKind() != Counter::Epoch;
    if (leaf->kind == Leaf::Kind::Parameter)
      return false;
    auto schedule = leaf->source.getDefiningOp<ScheduleOp>();
    if (!schedule)
      return true; // a state of the run
    Scratch host(schedule->getParentOfType<QuantizerOp>());
    return isOfTheRun(host, host.add(schedule.getBody()));
  }
  return llvm::any_of(value.getDefiningOp()->getOperands(),
                      [&](Value operand) { return isOfTheRun(scratch, operand); });
}

Finding prove::checkQ11(Clauses &clauses, Operation *&place) {
  for (Operation &clause : clauses.quantizer.getBody().front()) {
    if (isa<ScheduleOp>(clause) || clause.getNumRegions() == 0 || clause.getRegion(0).empty())
      continue;
    Scratch scratch(clauses.quantizer);
    for (Value value : clause.getRegion(0).front().getTerminator()->getOperands())
      scratch.add(clause.getRegion(0), value);
    DenseMap<Value, Numbers> values = scratch.evaluate(scratch.now(0));
    for (Operation &op : scratch.block()) {
      if (!isa<arith::TruncFOp>(op) || isOfTheRun(scratch, op.getOperand(0)))
        continue;
      double number = values.lookup(op.getOperand(0))[0];
      if (std::isfinite(float(number)))
        continue;
      const Leaf *leaf = scratch.leafOf(op.getOperand(0));
      place = leaf ? leaf->source.getDefiningOp() : &clause;
      return Finding::refuted("`" + describe(op.getOperand(0)) + "` is " + describe(number) +
                              " at step 0, and a host scalar is finite at every step");
    }
  }
  return Finding::proved("samples: finite at step 0; the other steps are looked at when a run is "
                         "attached");
}
