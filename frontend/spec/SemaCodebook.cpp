// `levels`: what a codebook must be, rule Q1 as far as numbers and parameters decide it.
#include "frontend/spec/SemaClauses.h"

#include "frontend/spec/Evaluate.h"

#include <algorithm>
#include <cmath>

using namespace bregman::spec;

static constexpr Type weightType{Type::Weight, 0, false};

/// "levels" [ "(" NAME ")" ] expr [ "where" ... ]; rule Q1 as far as numbers decide it.
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Levels &levels) {
  once(clause, "levels");
  sema.absent.erase("levels");
  sema.levelsIndex = sema.order.size();
  if (levels.variable)
    mayBind(*levels.variable);
  for (const ast::Binding &binding : levels.where)
    for (const ast::Axis &axis : binding.names)
      mayBind(axis.name);
  Declaration *variable = nullptr;
  const Node *argument = nullptr;
  if (levels.variable) {
    sema.declarations.push_back({});
    variable = &sema.declarations.back();
    variable->kind = DeclarationKind::Quantized;
    variable->name = levels.variable->text;
    variable->range = levels.variable->range;
    variable->type = weightType;
    Node *node = sema.make(Op::Declared, weightType, levels.variable->range);
    node->declaration = variable;
    argument = node;
  }
  const Node *value = sema.unfoldLevels(levels, argument);
  if (!value->type.valid()) {
    sema.levelsRefused = true;
    return;
  }
  if (!value->type.levels || value->type.condition) {
    sema.error("Q3", levels.value->range,
               "'levels' is a value with a level axis, such as {-1, 1}; this is " +
                   describe(value->type));
    sema.levelsRefused = true;
    return;
  }
  int before = sema.diagnostics.errorCount();
  forbid(value, DependsOnTarget, "the levels are those of what is projected, not of the result",
         clause.range);
  forbidInPublished(value, "levels", clause);
  if (sema.diagnostics.errorCount() > before) {
    sema.levelsRefused = true;
    return;
  }
  codebook(value, levels.value->range);
  codebookAsWritten = &levels;
  sema.declarations.push_back({});
  Declaration &declaration = sema.declarations.back();
  declaration.kind = DeclarationKind::Levels;
  declaration.name = "levels";
  declaration.range = clause.keyword;
  declaration.type = value->type;
  declaration.value = value;
  levelCount = value->type.levels;
  if (levels.variable) {
    sema.levelsFunction = &levels;
    sema.unfolded.clear();
  } else {
    Node *node = sema.make(Op::Declared, value->type, clause.keyword);
    node->declaration = &declaration;
    node->dependencies = value->dependencies;
    sema.levels = node;
  }
  TypedClause &typed = add(TypedClause::Levels, clause, value);
  typed.declared = &declaration;
  typed.variable = variable;
}

void ClauseAnalyzer::warnUnused() {
  sema.warnUnused();
  if (!codebookAsWritten)
    return;
  const ast::Levels &levels = *codebookAsWritten;
  auto isRead = [&](const std::string &name, size_t from) {
    auto reads = [&](const ast::ExprPtr &part) { return part && mentions(*part, name); };
    bool found = mentions(*levels.value, name);
    for (size_t i = from; i < levels.where.size(); ++i) {
      found |= reads(levels.where[i].value);
      if (const auto &fit = levels.where[i].fit)
        found |= reads(fit->value) || reads(fit->weight) || reads(fit->per.length) ||
                 reads(fit->rounds) || std::any_of(fit->start.begin(), fit->start.end(), reads);
    }
    return found;
  };
  if (levels.variable && !isRead(levels.variable->text, 0))
    sema.warnUnused(*levels.variable);
  for (size_t i = 0; i < levels.where.size(); ++i)
    for (const ast::Axis &axis : levels.where[i].names)
      if (!isRead(axis.name.text, i + 1))
        sema.warnUnused(axis.name);
}

/// A name that `levels` binds is its own.
void ClauseAnalyzer::mayBind(const ast::Name &name) {
  auto found = sema.names.find(name.text);
  if (found != sema.names.end() && found->second.predeclared)
    sema.error("Q2", name.range,
               "'" + name.text + "' is a name of the language and cannot be declared");
  else if (found != sema.names.end())
    sema.error("Q2", name.range, "'" + name.text + "' is declared twice")
        .note(sema.source, found->second.range, "first here");
  else if (functionNamed(name.text))
    sema.error("Q2", name.range,
               "'" + name.text + "' is a function of the language and cannot be declared");
}

/// Rule Q1, as far as numbers and parameters decide it.
void ClauseAnalyzer::codebook(const Node *value, SourceRange place) {
  int count = value->type.levels;
  if (count < 2) {
    sema.error("Q1", place, "a codebook has two or more levels");
    return;
  }
  // An element of a set as it is written, or the whole of a computed one.
  auto placeOf = [&](int level) {
    return value->op == Op::Set ? value->operands[level]->range : place;
  };
  // At the values in force, and wherever a range allows.
  constexpr int samples = 17;
  std::vector<std::vector<std::optional<double>>> values;
  for (int sample = 0; sample < samples; ++sample) {
    std::map<const Declaration *, double> at;
    for (const Declaration *param : result.params)
      if (param->kind == DeclarationKind::Param && param->bounded && !param->structural && sample) {
        double low = std::max(param->low, -1e6), high = std::min(param->high, 1e6);
        at[param] = low + (high - low) * (sample - 1) / (samples - 2);
      }
    values.emplace_back();
    for (int level = 0; level < count; ++level)
      values.back().push_back(evaluateLevel(*value, level, at));
  }
  auto isConstant = [&](int level) {
    return value->op == Op::Set ? value->operands[level]->constant()
                                : value->dependencies == 0 && values[0][level].has_value();
  };
  // Rounded to f32, as the kernel has them.
  auto inForce = [&](int level) { return static_cast<float>(values[0][level].value_or(0)); };
  for (int level = 0; level < count; ++level) {
    if (!std::isfinite(inForce(level))) {
      sema.error("Q1", placeOf(level), "a level is finite in f32");
      return;
    }
    if (level && isConstant(level) && isConstant(level - 1) &&
        !(inForce(level - 1) < inForce(level))) {
      Diagnostic &error = sema.error("Q1", placeOf(level), "levels increase as they are written");
      if (value->op == Op::Set)
        error.note(sema.source, placeOf(level - 1), "this one is not below it");
      return;
    }
  }
  for (int one = 0; one < count; ++one)
    for (int other = one + 1; other < count; ++other) {
      bool identical = !isConstant(one) || !isConstant(other);
      for (int sample = 0; sample < samples && identical; ++sample)
        identical = values[sample][one] && values[sample][one] == values[sample][other];
      if (identical) {
        Diagnostic &error =
            sema.error("Q1", placeOf(other), "two levels are the same for all admissible values");
        if (value->op == Op::Set)
          error.note(sema.source, placeOf(one), "the other one");
        return;
      }
    }
}
