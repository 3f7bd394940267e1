// The method in the paper's terms. What is derived is derived here on copies, by the same calculus
// as the passes use.
#include "frontend/explain/Explain.h"
#include "frontend/explain/Formula.h"
#include "frontend/explain/Page.h"

#include "dialect/calculus/Emit.h"
#include "dialect/calculus/Inverse.h"
#include "dialect/calculus/Reverse.h"
#include "passes/Clauses.h"
#include "passes/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::explain;

namespace {

class MethodWriter {
public:
  MethodWriter(QuantizerOp original, OptimizerOp optimizer) : optimizer(optimizer) {
    module = ModuleOp::create(original.getLoc());
    module->push_back(original->clone());
    quantizer = *module->getOps<QuantizerOp>().begin();
    clauses.emplace(quantizer);
    if (clauses->latent)
      formulas.name(clauses->latent.getBody().getArgument(0), "w0");
  }

  std::string run() {
    writeClauses();
    if (optimizer)
      writeOptimizer();
    writeDerived();
    return std::move(page.text);
  }

private:
  /// A formula with the definitions that it needs below it.
  std::string formula(Value value) {
    formulas.clear();
    std::string text = formulas.text(value);
    const std::vector<std::string> &where = formulas.definitions();
    for (size_t i = 0; i < where.size(); ++i)
      text += (i ? "\n      " : "\nwhere ") + where[i];
    return text;
  }
  std::string valueOf(Region &region) { return formula(yieldOf(region).getValues().front()); }
  /// Something that only has a name.
  Value symbol(OpBuilder &builder, Type type, const std::string &name) {
    Value made = UnrealizedConversionCastOp::create(builder, quantizer.getLoc(), type, ValueRange())
                     .getResult(0);
    formulas.name(made, name);
    return made;
  }
  std::string labelOf(ExtentAttr extent) {
    if (!extent)
      return "";
    std::string size =
        extent.getScope() == Scope::Group ? "(" + std::to_string(extent.getSize()) + ")" : "";
    return ", one per " + stringifyScope(extent.getScope()).str() + size;
  }

  void writeClauses();
  void writeUpdate();
  void writeOptimizer();
  void writeDerived();
  void writeDerivative();
  void writeInverse();
  void writeProx();
  const char *start() const { return optimizer ? " at attach" : " of the first batch"; }
  std::string targetName() {
    return clauses->project ? clauses->project.getName().str() : std::string("w");
  }

  OwningOpRef<ModuleOp> module;
  QuantizerOp quantizer;
  OptimizerOp optimizer;
  std::optional<Clauses> clauses;
  Formulas formulas;
  Page page;
};

void MethodWriter::writeClauses() {
  page.section("Method");
  for (Operation &op : quantizer.getBody().front()) {
    if (auto levels = dyn_cast<LevelsOp>(op)) {
      std::string of;
      if (levels.getBody().getNumArguments()) {
        formulas.name(levels.getBody().getArgument(0), "v");
        of = "(v)";
      }
      page.line("levels" + of, valueOf(levels.getBody()));
    } else if (auto schedule = dyn_cast<ScheduleOp>(op)) {
      page.line("schedule", schedule.getName().str() + " = " + valueOf(schedule.getBody()));
    } else if (auto state = dyn_cast<StateOp>(op)) {
      page.line("state", state.getName().str() + " = " + valueOf(state.getBody()) + " at attach" +
                             labelOf(state.getExtentAttr()));
    } else if (auto learn = dyn_cast<LearnOp>(op)) {
      page.line("learned", learn.getName().str() + " = " + valueOf(learn.getBody()) + start() +
                               labelOf(learn.getExtentAttr()) + "; moved by dL/d" +
                               learn.getName().str() + " at fixed x" +
                               (learn.getScale().empty() ? std::string()
                                                         : ", times " + valueOf(learn.getScale())));
    }
  }
  if (clauses->latent && optimizer)
    page.line("initial", "x = " + valueOf(clauses->latent.getBody()));
  if (clauses->project) {
    page.line("forward", targetName() + " = P(x) = " + valueOf(clauses->project.getBody()));
    if (clauses->weight)
      page.line("", "w = " + valueOf(clauses->weight.getBody()));
  } else {
    page.line("forward", "w = x: the network multiplies with the latent itself");
  }
  writeUpdate();
  if (clauses->prox)
    page.line("prox", "x <- argmin_y (y - x)^2 / 2 + lr * R(y), R(x) = " +
                          valueOf(clauses->prox.getBody()));
  for (auto penalty : quantizer.getBody().getOps<PenaltyOp>())
    page.line("penalty", valueOf(penalty.getBody()) + ", summed over the weights, joins the loss");
  for (auto every : quantizer.getBody().getOps<EveryOp>()) {
    std::string period = formula(every.getPeriod()),
                unit = stringifyPeriodUnit(every.getUnit()).str();
    YieldOp yield = yieldOf(every.getBody());
    for (auto [index, value] : llvm::enumerate(yield.getValues()))
      page.line(index ? ""
                      : "every " + (period == "1" ? "" : period + " ") + unit +
                            (period == "1" ? "" : "s"),
                yield.nameOf(index).str() + "' = " + formula(value));
  }
  if (clauses->freeze)
    page.line("freeze", "when " + valueOf(clauses->freeze.getBody()));
  if (clauses->final)
    page.line("final", valueOf(clauses->final.getBody()));
}

void MethodWriter::writeUpdate() {
  if (!optimizer) {
    page.line("backward", "J^T c to x, J = dP/dx, c = dL/dw");
    return;
  }
  std::string by = optimizer.getSymName().str();
  if (!clauses->update) {
    page.line("moved", "x, by " + by + " with h = g = dL/dw: x' = x - d");
    return;
  }
  std::string c = clauses->weight ? "c = dL/d" + targetName() + ", through w" : "c = dL/dw";
  switch (clauses->update.getKind()) {
  case UpdateKind::Lazy:
    page.line("moved", "x, the dual, by " + by + " with h = " + c + ": x' = x - d\n" +
                           targetName() +
                           "' = P(x') with the schedules of the next step "
                           "(lazy mirror descent, dual averaging)");
    break;
  case UpdateKind::Agile:
    page.line("moved", targetName() + ", the primal, by " + by + " with h = " + c + ": P^-1(" +
                           targetName() + "') = P^-1(" + targetName() +
                           ") - d, both with the schedules of this step (agile mirror descent)");
    break;
  case UpdateKind::Chain:
    page.line("moved", "x, by " + by + " with h = J^T c, J = dP/dx, " + c + ": x' = x - d");
    break;
  case UpdateKind::StraightThrough:
    page.line("moved",
              "x, by " + by + " with h = " + c + ", as if P were the identity: x' = x - d");
    break;
  case UpdateKind::Gradient:
    formulas.name(clauses->update.getBody().getArgument(0), "g");
    page.line("moved", "x, by " + by + " with h = " + valueOf(clauses->update.getBody()) +
                           ", g = dL/dw: x' = x - d");
    break;
  }
}

void MethodWriter::writeOptimizer() {
  Block &body = optimizer.getBody().front();
  formulas.name(body.getArgument(0), "h");
  formulas.name(body.getArgument(1), clauses->isAgile() ? targetName() : "x");
  auto descend = cast<DescendOp>(body.getTerminator());
  llvm::DenseMap<Value, std::string> next;
  std::string lines;
  for (auto [name, value] : llvm::zip(descend.getNames(), descend.getStates())) {
    std::string primed = cast<StringAttr>(name).getValue().str() + "'";
    lines += primed + " = " + formula(value) + "\n";
    formulas.name(value, primed);
  }
  page.line("by " + optimizer.getSymName().str(), lines + "d = " + formula(descend.getStep()));
}

/// P', or what a cotangent becomes where the latent has a level axis.
void MethodWriter::writeDerivative() {
  Region &body = clauses->project.getBody();
  OpBuilder builder(body.front().getTerminator());
  Value root = yieldOf(body).getValues().front();
  Value latent = clauses->latent.getResult();
  bool single = root.getType().isF32() && latent.getType().isF32();
  Value cotangent = single ? Emit(builder, quantizer.getLoc()).constant(root.getType(), 1)
                           : symbol(builder, root.getType(), "c");
  SmallVector<Value> results;
  if (failed(differentiate(builder, root, cotangent, latent, results)))
    return;
  page.line(single ? "P'(x)" : "J^T c", results.front() ? formula(results.front()) : "0");
}

void MethodWriter::writeInverse() {
  Region &body = clauses->project.getBody();
  OpBuilder builder(body.front().getTerminator());
  Value root = yieldOf(body).getValues().front();
  std::string u = targetName();
  FailureOr<Value> inverse =
      invert(builder, root, clauses->latent.getResult(), symbol(builder, root.getType(), u));
  UpdateKind kind = clauses->update.getKind();
  bool isMirror = kind == UpdateKind::Lazy || kind == UpdateKind::Agile;
  if (failed(inverse)) {
    if (isMirror)
      page.line("mirror map", "grad Phi(" + u + ") = P^-1(" + u + "): no closed form");
    return;
  }
  std::string constant =
      isa<VectorType>(root.getType()) ? ", up to a constant common to all levels" : "";
  page.line(isMirror ? "mirror map" : "inverse", (isMirror ? "grad Phi(" + u + ") = " : "") +
                                                     "P^-1(" + u + ") = " + formula(*inverse) +
                                                     constant);
}

/// A step that is the proximal operator alone, expanded.
void MethodWriter::writeProx() {
  OwningOpRef<ModuleOp> copy = module->clone();
  QuantizerOp alone = *copy->getOps<QuantizerOp>().begin();
  Clauses own(alone);
  OpBuilder builder = OpBuilder::atBlockEnd(&alone.getBody().front());
  Location loc = own.prox.getLoc();
  auto step = StepOp::create(builder, loc, builder.getStrArrayAttr({}));
  builder.setInsertionPointToStart(&step.getBody().emplaceBlock());
  Value lr = CounterOp::create(builder, loc, builder.getF64Type(), Counter::LearningRate, false);
  lr = arith::TruncFOp::create(builder, loc, builder.getF32Type(), lr);
  Value moved = ProximalOp::create(builder, loc, own.latent.getResult(), lr);
  YieldOp::create(builder, loc, moved, builder.getStrArrayAttr({"x"}));
  PassManager manager(copy->getContext());
  manager.addPass(createExpandProx());
  if (failed(manager.run(*copy)))
    return;
  page.line("prox", "x' = " + formula(yieldOf(step.getBody()).getValues().front()));
}

void MethodWriter::writeDerived() {
  if (!clauses->project && !clauses->prox)
    return;
  page.section("Derived");
  if (clauses->project) {
    writeDerivative();
    writeInverse();
  }
  if (clauses->prox)
    writeProx();
}

} // namespace

std::string explain::describeMethod(QuantizerOp quantizer, OptimizerOp optimizer) {
  return MethodWriter(quantizer, optimizer).run();
}
