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
    // The weight of step k + 1 would need the argument of step k + 1.
    if (!definition.isOptimizer && (value->dependencies & DependsOnCounter)) {
      sema.error(argument.value->range,
                 "an argument of a quantizer that mentions a counter is not compiled yet")
          .note("a 'schedule' of the quantizer may mention counters");
      continue;
    }
    if (value->constant()) {
      double number = *evaluate(*value);
      if (std::isnan(number) || number < param->low || number > param->high)
        sema.error(argument.value->range, "'" + name + "' lies outside of its range")
            .note(definition.source, param->range, "declared here");
    }
    if (param->structural)
      continue; // compiled in: the definition was analyzed with it
    result.arguments.push_back({name, argument.name.range, value});
  }
}

bool bregman::spec::analyzeLine(const ast::PlanLine &line, TypedLine &result,
                                Diagnostics &diagnostics) {
  int before = diagnostics.errorCount();
  Analyzer sema(result.source, result.declarations, result.nodes, diagnostics);
  for (const char *counter : {"step", "epoch", "steps", "epochs"})
    sema.predeclare(DeclarationKind::Counter, counter, {Type::Host, 0, false});
  result.range = line.range;
  result.patterns = line.patterns;
  analyzeUse(sema, line.quantizer, result.quantizer);
  if (line.optimizer && result.optimizer)
    analyzeUse(sema, *line.optimizer, *result.optimizer);
  if (line.reset) {
    result.resetInEpochs = line.reset->epochs;
    result.reset = 1;
    if (!line.optimizer)
      sema.error(line.reset->range, "'reset' needs an optimizer, whose states it sets anew");
    if (line.reset->count) {
      const Node *count = sema.hostNumber(*line.reset->count, "a period");
      std::optional<double> value = count->constant() ? evaluate(*count) : std::nullopt;
      if (!value || *value < 1 || *value != std::floor(*value) || *value > 1e15)
        sema.error(line.reset->count->range, "a period is a positive integer");
      else
        result.reset = static_cast<int64_t>(*value);
    }
  }
  result.counters = sema.counters;
  return diagnostics.errorCount() == before;
}
