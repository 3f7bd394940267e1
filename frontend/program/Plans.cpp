// The plans of a file, line by line, for who attaches them to a model.
#include "frontend/program/Program.h"

#include "codegen/Places.h"
#include "frontend/ConstraintTranslation.h"
#include "frontend/HostTranslation.h"

using namespace mlir;
using namespace bregman;

/// The program of a line's arguments, and which of them mention a counter.
Result<PlanLine> Program::Impl::translate(LineOp line) {
  PlanLine result;
  for (Attribute pattern : line.getPatterns())
    result.patterns.push_back(cast<StringAttr>(pattern).getValue().str());
  result.quantizer = line.getQuantizer().str();
  result.optimizer = line.getOptimizer().value_or("").str();
  result.resetEvery = line.getReset().value_or(0);
  result.resetInEpochs = line.getResetUnit() == PeriodUnit::Epoch;
  result.location = placeOf(line.getLoc());
  result.activations = line.getActivations();
  llvm::Expected<HostProgram> arguments = translateHost(line.getArgs());
  if (!arguments)
    return internal(arguments.takeError());
  result.arguments = std::move(*arguments);
  // An output moves if any input is among what it is computed from.
  std::vector<bool> moves;
  for (const HostProgram::Instruction &instruction : result.arguments.code) {
    auto operandMoves = [&](int32_t index) { return index >= 0 && moves[index]; };
    moves.push_back(instruction.op == HostProgram::Op::Input ||
                    (instruction.op != HostProgram::Op::Constant &&
                     (operandMoves(instruction.a) || operandMoves(instruction.b) ||
                      operandMoves(instruction.c))));
  }
  for (const HostProgram::Output &output : result.arguments.outputs)
    if (moves[output.value])
      result.recomputed.push_back(output.name);
  return result;
}

/// A part of a spec without its comments, with one space where there is any.
static std::string onOneLine(llvm::StringRef text) {
  std::string line;
  SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef written : lines)
    for (written = written.split("//").first.trim(); !written.empty(); written = written.ltrim()) {
      llvm::StringRef word = written.take_until([](char c) { return c == ' ' || c == '\t'; });
      line += (line.empty() ? "" : " ") + word.str();
      written = written.drop_front(word.size());
    }
  return line;
}

std::vector<Plan> Program::plans() const {
  std::lock_guard lock(impl->mutex);
  std::vector<Plan> plans;
  for (auto [op, typed] : llvm::zip(impl->module->getOps<PlanOp>(), impl->unit->plans())) {
    Plan plan;
    plan.name = typed.name;
    for (auto line : op.getBody().getOps<LineOp>())
      plan.lines.push_back(std::move(*impl->translate(line))); // which `parse` has done once
    for (auto [line, written] : llvm::zip(plan.lines, typed.lines)) {
      const spec::Source &source = *written.source;
      auto textOf = [&](spec::SourceRange range) {
        return onOneLine(source.text().substr(range.begin, range.end - range.begin));
      };
      line.use = textOf(written.use);
      line.by = textOf(written.by);
    }
    for (Operation &constraint : op.getBody().front()) {
      if (isa<MinimizeOp, SubjectToOp>(constraint) && plan.constrainedAt.empty())
        plan.constrainedAt = placeOf(constraint.getLoc());
      if (auto minimize = dyn_cast<MinimizeOp>(constraint))
        plan.minimizesHigh = minimize.getBranch() == Branch::High;
      if (auto subject = dyn_cast<SubjectToOp>(constraint)) {
        plan.constraints.push_back(std::move(*translateConstraint(subject))); // as `parse` has
        plan.constraints.back().location = placeOf(constraint.getLoc());
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

Result<PlanLine> Program::use(const std::string &text) const {
  std::lock_guard lock(impl->mutex);
  spec::Diagnostics found;
  std::unique_ptr<spec::TypedLine> line = impl->unit->use(text, found);
  if (!line)
    return refused(found, ErrorKind::Usage);
  spec::TypedPlan plan;
  plan.range = line->range;
  const spec::Source &source = *line->source;
  plan.lines.push_back(std::move(*line));
  OwningOpRef<ModuleOp> holder = ModuleOp::create(impl->module->getLoc());
  spec::generateInto(plan, source, *holder);
  Result<PlanLine> translated =
      impl->translate(*(*holder->getOps<PlanOp>().begin()).getBody().getOps<LineOp>().begin());
  if (translated)
    if (Status failed = impl->proveWith(*translated))
      return *failed;
  return translated;
}
