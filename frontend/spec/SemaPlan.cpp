// The arguments of a plan line: numbers and host expressions of the counters.
#include "frontend/spec/Evaluate.h"
#include "frontend/spec/SemaBase.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <cmath>

using namespace bregman::spec;

static void analyzeUse(Analyzer &sema, const ast::Use &use, TypedUse &result) {
  for (const ast::Argument &argument : use.arguments) {
    const std::string &name = argument.name.text;
    const Node *value = sema.hostNumber(*argument.value, "the argument '" + name + "'");
    const Definition &definition = *result.definition;
    const Declaration *param = definition.param(name);
    if (!param) {
      std::vector<std::string> candidates;
      for (const Declaration *candidate : definition.params)
        candidates.push_back(candidate->name);
      sema.error("Q2", argument.name.range,
                 "'" + definition.plainName + "' has no parameter '" + name + "'" +
                     didYouMean(name, candidates))
          .note(definition.source, definition.nameRange, "declared here");
      continue;
    }
    for (const TypedArgument &other : result.arguments)
      if (other.name == name)
        sema.error("Q2", argument.name.range, "'" + name + "' is given twice")
            .note(sema.source, other.range, "first here");
    if (!value->type.valid())
      continue;
    if (value->constant()) {
      double number = *evaluate(*value);
      if (std::isnan(number) || number < param->low || number > param->high)
        sema.error(argument.value->range, "'" + name + "' lies outside of its range")
            .note(definition.source, param->range, "declared here");
    }
    if (param->structural || param->kind == DeclarationKind::Schedule)
      continue; // compiled in: the definition was analyzed with it
    result.arguments.push_back({name, argument.name.range, value});
  }
}

/// Q10: the optimizer has what the quantizer reads. Q16: activations have quantizers of their own.
static void checkReads(Analyzer &sema, const ast::PlanLine &line, const TypedLine &result) {
  const Definition &quantizer = *result.quantizer.definition;
  const Definition *optimizer = result.optimizer ? result.optimizer->definition : nullptr;
  const std::string &name = quantizer.plainName;
  if (quantizer.ofActivations && !line.activations)
    sema.error("Q16", line.quantizer.name.range,
               "'" + name + "' has no 'final', so it is for lines that begin with 'activations'")
        .note(quantizer.source, quantizer.nameRange, "declared here");
  auto complain = [&](const std::string &what, const std::string &kind) {
    SourceRange place = line.optimizer ? line.optimizer->name.range : line.quantizer.name.range;
    sema.error("Q10", place,
               "'" + name + "' reads " + what + ", " +
                   (optimizer
                        ? "but '" + optimizer->plainName + "' has no " + kind + " of that name"
                        : "but no optimizer is given by 'by'"))
        .note(quantizer.source, quantizer.nameRange, "declared here");
  };
  for (const auto &[state, place] : quantizer.optimizerStates) {
    bool has = false;
    if (optimizer)
      for (const TypedClause &clause : optimizer->clauses)
        has |= clause.kind == TypedClause::State && clause.declared->name == state;
    if (!has)
      complain("optimizer." + state, "state");
  }
  // A proximal step is as long as the optimizer's.
  bool readsRate = quantizer.find(TypedClause::Prox);
  for (const Declaration *counter : quantizer.counters)
    readsRate |= counter->name == "lr";
  if (readsRate && !(optimizer && optimizer->param("lr")))
    complain("lr", "parameter");
}

static void predeclareCounters(Analyzer &sema) {
  for (const char *counter : {"step", "epoch", "steps", "epochs"})
    sema.predeclare(DeclarationKind::Counter, counter, {Type::Host, 0, false});
}

/// A period of a plan, which is a number; 1 after an error.
static int64_t periodOf(Analyzer &sema, const ast::Period &period) {
  if (!period.count)
    return 1;
  const Node *count = sema.hostNumber(*period.count, "a period");
  std::optional<double> value = count->constant() ? evaluate(*count) : std::nullopt;
  if (value && *value >= 1 && *value == std::floor(*value) && *value <= 1e15)
    return static_cast<int64_t>(*value);
  if (count->type.valid())
    sema.error(period.count->range, "a period is a positive integer");
  return 1;
}

const Node *bregman::spec::movingArgument(const std::shared_ptr<const Source> &source,
                                          const ast::Expr &written,
                                          std::deque<Declaration> &declarations,
                                          std::deque<Node> &nodes) {
  Diagnostics unheard; // the line's own analysis says it
  Analyzer sema(source, declarations, nodes, unheard);
  predeclareCounters(sema);
  const Node *value = sema.hostNumber(written, "an argument");
  return value->type.valid() && (value->dependencies & DependsOnCounter) ? value : nullptr;
}

/// "subject" "to" ( STRING | "output" ) sum "<=" sum "multiplier" expr "rate" expr "every" period
bool bregman::spec::analyzeSubject(const std::shared_ptr<const Source> &source,
                                   const ast::SubjectTo &written, TypedSubject &result,
                                   Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  Analyzer sema(source, result.declarations, result.nodes, diagnostics);
  sema.inConstraint = true;
  predeclareCounters(sema);
  Type branch{Type::Weight, classAxis, false};
  result.high = sema.predeclare(DeclarationKind::Branch, "high", branch);
  result.low = sema.predeclare(DeclarationKind::Branch, "low", branch);
  result.range = written.range;
  result.target = written.target;
  result.value = sema.number(*written.value, "a constraint", -1);
  if (result.value->type.valid() && !(result.value->dependencies & DependsOnBranch))
    sema.error(written.value->range, "a constraint is one on 'high' and 'low'; this reads neither");
  if (result.value->dependencies & DependsOnRandom)
    sema.error(written.value->range, "a constraint is of 'high' and 'low' alone; 'random' belongs "
                                     "to quantizers and optimizers");
  auto number = [&](const ast::Expr &expr, const std::string &what, bool signedNumber) {
    const Node *value = sema.hostNumber(expr, what);
    std::optional<double> known = value->constant() ? evaluate(*value) : std::nullopt;
    if (known && (std::isnan(*known) || (!signedNumber && *known < 0)))
      sema.error(expr.range, what + " is 0 or more");
    return value;
  };
  result.bound = number(*written.bound, "the bound of a constraint", /*signedNumber=*/true);
  result.multiplier = number(*written.multiplier, "a multiplier", /*signedNumber=*/false);
  result.rate = number(*written.rate, "the rate of a multiplier", /*signedNumber=*/false);
  result.every = periodOf(sema, written.every);
  result.inEpochs = written.every.epochs;
  result.counters = sema.counters;
  return diagnostics.errorCount() == before;
}

bool bregman::spec::analyzeLine(const ast::PlanLine &line, TypedLine &result,
                                Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  Analyzer sema(result.source, result.declarations, result.nodes, diagnostics);
  predeclareCounters(sema);
  result.range = line.range;
  result.use = {line.quantizer.name.range.begin, line.range.end};
  if (line.optimizer)
    result.by = {line.optimizer->name.range.begin, line.range.end};
  result.activations = line.activations;
  result.patterns = line.patterns;
  checkReads(sema, line, result);
  analyzeUse(sema, line.quantizer, result.quantizer);
  if (line.optimizer && result.optimizer)
    analyzeUse(sema, *line.optimizer, *result.optimizer);
  if (line.reset) {
    result.resetInEpochs = line.reset->epochs;
    result.reset = periodOf(sema, *line.reset);
    if (!line.optimizer)
      sema.error(line.reset->range, "'reset' needs an optimizer, whose states it sets anew");
  }
  result.counters = sema.counters;
  if (diagnostics.errorCount() > before)
    return false;
  // `float` alone is how parameters are said to stay as they are.
  bool quantizes = !result.quantizer.definition->clauses.empty();
  if (!line.optimizer && !line.activations && quantizes)
    diagnostics.warning(result.source, line.quantizer.name.range,
                        "no optimizer is given by 'by', so that nothing trains the parameters of "
                        "this line");
  return true;
}
