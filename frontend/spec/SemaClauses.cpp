// What each clause must be.
#include "frontend/spec/SemaClauses.h"

#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Evaluate.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <cmath>

using namespace bregman::spec;

static constexpr Type hostType{Type::Host, 0, false};
static constexpr Type weightType{Type::Weight, 0, false};

void ClauseAnalyzer::analyze(const ast::Clause &written) {
  std::visit([&](const auto &content) { clause(written, content); }, written.content);
}

void ClauseAnalyzer::forbidInPublished(const Node *value, const std::string &word,
                                       const ast::Clause &clause) {
  forbid(value, DependsOnRate,
         "'lr' may not enter '" + word +
             "': the learning rate of the step after is not known "
             "when it is published",
         clause.range);
  forbid(value, DependsOnGradient, "'g' and 'grad' belong to 'update gradient'", clause.range);
  forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'", clause.range,
         nullptr);
}

/// "levels" [ "(" NAME ")" ] expr [ "where" ... ]; rule Q1 as far as numbers decide it.
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Levels &levels) {
  once(clause, "levels");
  sema.absent.erase("levels");
  if (levels.variable || !levels.where.empty()) {
    sema.refuse(clause.keyword,
                levels.variable ? "a codebook that is a function of what is quantized ('levels(" +
                                      levels.variable->text + ")')"
                                : "'where' in 'levels'");
    sema.levelsRefused = true;
    for (const ast::Binding &binding : levels.where)
      for (const ast::Axis &name : binding.names)
        sema.poison(name.name);
    return;
  }
  const Node *value = sema.expr(*levels.value);
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
  if (value->dependencies & ~unsigned(DependsOnParam)) {
    sema.refuse(levels.value->range, "a codebook that changes during the run");
    sema.levelsRefused = true;
    return;
  }
  codebook(value, levels.value->range);
  sema.declarations.push_back({});
  Declaration &declaration = sema.declarations.back();
  declaration.kind = DeclarationKind::Levels;
  declaration.name = "levels";
  declaration.range = clause.keyword;
  declaration.type = value->type;
  declaration.value = value;
  Node *node = sema.make(Op::Declared, value->type, clause.keyword);
  node->declaration = &declaration;
  sema.levels = node;
  add(TypedClause::Levels, clause, value).declared = &declaration;
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
  auto isConstant = [&](int level) {
    return value->op == Op::Set ? value->operands[level]->constant() : value->dependencies == 0;
  };
  // At the values in force, and wherever a range allows.
  constexpr int samples = 17;
  std::vector<std::vector<std::optional<double>>> values;
  for (int sample = 0; sample < samples; ++sample) {
    std::map<const Declaration *, double> at;
    for (const Declaration *param : result.params)
      if (param->bounded && !param->structural && sample) {
        double low = std::max(param->low, -1e6), high = std::min(param->high, 1e6);
        at[param] = low + (high - low) * (sample - 1) / (samples - 2);
      }
    values.emplace_back();
    for (int level = 0; level < count; ++level)
      values.back().push_back(evaluateLevel(*value, level, at));
  }
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

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Schedule &schedule) {
  const Node *value = sema.hostNumber(*schedule.value, "a schedule");
  if (!value->type.valid())
    return sema.poison(schedule.name);
  Declaration *declaration = sema.declare(DeclarationKind::Schedule, schedule.name, hostType);
  declaration->value = value;
  add(TypedClause::Schedule, clause, value).declared = declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &, const ast::Let &let) { sema.abbreviate(let); }

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::State &state) {
  auto refuse = [&](const std::string &what) {
    sema.refuse(clause.keyword, what);
    sema.poison(state.name.name);
  };
  if (!written.isOptimizer)
    return refuse("a state of a quantizer");
  if (state.per)
    return refuse("a state per " + print(*state.per));
  if (state.name.level)
    return refuse("a state with a level axis of its own");
  const Node *value = sema.hostNumber(*state.value, "the initial value of a state");
  if (!value->type.valid())
    return sema.poison(state.name.name);
  Declaration *declaration = sema.declare(DeclarationKind::State, state.name.name, weightType);
  declaration->value = value;
  if (auto entry = sema.names.find(state.name.name.text); entry != sema.names.end())
    entry->second.warnIfUnused = false; // Q15 says more
  add(TypedClause::State, clause, value).declared = declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Learn &learn) {
  sema.refuse(clause.keyword, "a learned value ('learn')");
  sema.poison(learn.name.name);
}

/// "latent" axis "=" expr
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Latent &written) {
  once(clause, "latent");
  if (written.name.name.text != "x") {
    sema.error("Q2", written.name.name.range, "the latent is called x");
    return;
  }
  if (latent)
    return;
  const Node *value =
      sema.number(*written.value, "the initial latent", written.name.level ? -1 : 0);
  Type type{Type::Weight, value->type.levels, false};
  if (written.name.level && value->type.valid() && !type.levels) {
    if (sema.levels)
      type.levels = sema.levels->type.levels;
    else
      sema.error("Q3", written.name.name.range,
                 "x[level] has a level axis, but neither its value nor 'levels' has one");
  }
  forbid(value, DependsOnRate | DependsOnGradient, "the initial latent is made of w0 alone",
         clause.range);
  sema.absent.erase("x");
  if (!value->type.valid())
    type = {};
  latent = sema.predeclare(DeclarationKind::Latent, "x", type);
  latent->range = written.name.name.range;
  bool hasTarget = std::any_of(
      this->written.clauses.begin(), this->written.clauses.end(),
      [](const ast::Clause &other) { return std::holds_alternative<ast::Project>(other.content); });
  if (!hasTarget)
    aliasWeight();
  add(TypedClause::Latent, clause, value).declared = latent;
}

/// "project" NAME "=" expr
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Project &project) {
  once(clause, "project");
  bool isWeight = project.name.text == "w";
  const Node *value = sema.number(*project.value, "the target of 'project'", isWeight ? 0 : -1);
  forbidInPublished(value, "project", clause);
  Declaration *declaration = nullptr;
  Type type{value->type.valid() ? Type::Weight : Type::Invalid, value->type.levels, false};
  if (isWeight) {
    sema.absent.erase("w");
    declaration = sema.predeclare(DeclarationKind::Target, "w", type);
    declaration->range = project.name.range;
  } else {
    declaration = sema.declare(DeclarationKind::Target, project.name, type);
    if (auto entry = sema.names.find(project.name.text); entry != sema.names.end()) {
      entry->second.warnIfUnused = false;
      entry->second.poisoned = !type.valid();
    }
  }
  add(TypedClause::Project, clause, value).declared = declaration;
}

/// "weight" NAME "=" expr
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Weight &weight) {
  once(clause, "weight");
  const Node *value = sema.number(*weight.value, "the weight", 0);
  forbidInPublished(value, "weight", clause);
  if (weight.name.text != "w") {
    sema.error("Q2", weight.name.range, "the weight is called w");
    return;
  }
  if (!sema.absent.count("w"))
    return; // two of them, or one without need: said elsewhere
  sema.absent.erase("w");
  Type type{value->type.valid() ? Type::Weight : Type::Invalid, 0, false};
  Declaration *declaration = sema.predeclare(DeclarationKind::Weight, "w", type);
  declaration->range = weight.name.range;
  add(TypedClause::Weight, clause, value).declared = declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::High &high) {
  once(clause, "high");
  sema.refuse(clause.keyword, "constrained training ('high')");
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Update &update) {
  once(clause, "update");
  const Node *value = nullptr;
  if (update.gradient) {
    if (!latent) {
      sema.error("Q2", clause.keyword, "'update' stands before the 'latent' clause");
      return;
    }
    value = sema.number(*update.gradient, "what is handed on", -1);
    if (value->type.valid() && value->type.levels && value->type.levels != latentLevels())
      sema.error("Q3", update.gradient->range,
                 "what is handed on is as wide as x, " + describe(latent->type) + "; this is " +
                     describe(value->type));
    forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'",
           clause.range, nullptr);
  }
  add(TypedClause::Update, clause, value).update = update.kind;
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Penalty &) {
  once(clause, "penalty");
  sema.refuse(clause.keyword, "'penalty'");
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Prox &prox) {
  once(clause, "prox");
  const Node *value = sema.number(*prox.value, "'prox'", 0);
  forbid(value, DependsOnGradient, "'g' and 'grad' belong to 'update gradient'", clause.range);
  forbid(value, DependsOnTarget, "'prox' speaks of x, not of the projected weight", clause.range);
  forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'", clause.range,
         nullptr);
  if (latentLevels())
    sema.refuse(clause.keyword, "'prox' of a latent with a level axis");
  add(TypedClause::Prox, clause, value);
}

/// "every" period ( next | "{" { next } "}" )
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Every &every) {
  if (!latent) {
    sema.error("Q2", clause.keyword, "'every' stands before the 'latent' clause");
    return;
  }
  const Node *period = nullptr;
  if (every.period.count) {
    period = sema.hostNumber(*every.period.count, "a period");
    std::optional<double> value = period->type.valid() ? evaluate(*period) : std::nullopt;
    // Nothing made of parameters: what is in force could not be checked.
    bool plain = period->constant() || (period->op == Op::Declared &&
                                        period->declaration->kind == DeclarationKind::Param);
    if (period->type.valid() && !plain)
      sema.error(every.period.count->range, "a period is a number or a parameter");
    else if (value && (*value < 1 || *value != std::floor(*value)))
      sema.error(every.period.count->range, "a period is a positive integer");
  }
  sema.primed.clear();
  std::vector<std::pair<std::string, const Node *>> next;
  for (const ast::Next &item : every.body) {
    const std::string &name = item.name.text;
    if (name != "x") {
      auto known = sema.names.find(name);
      if (known == sema.names.end() || !known->second.poisoned)
        sema.error("Q2", item.name.range,
                   "'" + name + "' is no state; 'every' changes x and states");
      continue;
    }
    const Node *value = sema.number(*item.value, "the new x", -1);
    if (value->type.levels && value->type.levels != latentLevels())
      sema.error("Q3", item.value->range,
                 "the new x is " + describe(latent->type) + "; this is " + describe(value->type));
    forbid(value, DependsOnGradient | DependsOnTarget,
           "'every' speaks of x, not of g or the projected weight", clause.range);
    forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'",
           clause.range, nullptr);
    if (sema.primed.count(name))
      sema.error("Q2", item.name.range, "'" + name + "'' is written twice");
    sema.primed[name] = value;
    next.emplace_back(name, value);
  }
  sema.primed.clear();
  if (every.body.empty())
    sema.error(clause.keyword, "this 'every' changes nothing");
  TypedClause &typed = add(TypedClause::Every, clause, nullptr);
  typed.period = period;
  typed.epochs = every.period.epochs;
  typed.next = std::move(next);
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Freeze &freeze) {
  once(clause, "freeze");
  const Node *value = sema.hostCondition(*freeze.condition, "'freeze when'");
  forbid(value, DependsOnRate,
         "'lr' may not enter 'freeze': the learning rate of the step after is not known when it "
         "is published",
         clause.range);
  add(TypedClause::Freeze, clause, value);
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Final &final) {
  once(clause, "final");
  const Node *value = sema.number(*final.value, "'final'", 0);
  forbidInPublished(value, "final", clause);
  add(TypedClause::Final, clause, value);
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Assume &assume) {
  static const std::vector<std::string> rules = {"Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "Q13", "Q14"};
  if (std::find(rules.begin(), rules.end(), assume.rule.text) == rules.end()) {
    sema.error(assume.rule.range, "'" + assume.rule.text +
                                      "' is no rule that can be assumed; those are Q4 to Q9, Q13 "
                                      "and Q14");
    return;
  }
  TypedClause &typed = add(TypedClause::Assume, clause, nullptr);
  typed.rule = assume.rule.text;
  typed.reason = assume.reason;
}

/// A new value of an optimizer's state.
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Next &next) {
  const Node *value = sema.number(*next.value, "the new value of a state", 0);
  auto found = sema.names.find(next.name.text);
  bool isState = found != sema.names.end() && found->second.declaration &&
                 found->second.declaration->kind == DeclarationKind::State;
  if (!isState) {
    if (found != sema.names.end() && found->second.poisoned)
      return;
    std::vector<std::string> states;
    for (const auto &[name, entry] : sema.names)
      if (entry.declaration && entry.declaration->kind == DeclarationKind::State)
        states.push_back(name);
    sema.error("Q2", next.name.range,
               "'" + next.name.text + "' is no state" + didYouMean(next.name.text, states));
    return;
  }
  if (sema.primed.count(next.name.text)) {
    sema.error("Q2", next.name.range, "'" + next.name.text + "'' is written twice");
    return;
  }
  sema.declarations.push_back(*found->second.declaration);
  Declaration &declaration = sema.declarations.back();
  declaration.kind = DeclarationKind::Next;
  declaration.range = next.name.range;
  declaration.value = value;
  Node *node = sema.make(Op::Declared, weightType, next.name.range);
  node->declaration = &declaration;
  node->dependencies = DependsOnState | value->dependencies;
  if (!value->type.valid())
    node->type = {};
  sema.primed[next.name.text] = node;
  add(TypedClause::Next, clause, value).declared = &declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Descend &descend) {
  add(TypedClause::Descend, clause, sema.number(*descend.value, "what 'descend' subtracts", 0));
}

void ClauseAnalyzer::finish() {
  auto keyword = [&](const char *word) { return seen.find(word); };
  auto has = [&](const char *word) { return seen.count(word) != 0; };
  if (written.isOptimizer) {
    bool descends = !written.clauses.empty() &&
                    std::holds_alternative<ast::Descend>(written.clauses.back().content);
    if (!descends)
      sema.error(written.name.range, "an optimizer ends with 'descend'");
    for (const TypedClause &clause : result.clauses)
      if (clause.kind == TypedClause::State) {
        const std::string &name = clause.declared->name;
        bool isRead = sema.names[name].used, isWritten = sema.primed.count(name);
        if (!isRead || !isWritten)
          sema.diagnostics.warning(sema.source, clause.declared->range,
                                   "Q15: the state '" + name + "' is never " +
                                       (isWritten ? "read" : "written"));
      }
    return;
  }
  if (has("project") && !has("update"))
    sema.error("Q16", keyword("project")->second,
               "'project' needs an 'update', which says what is handed on to the optimizer");
  if (has("update") && !has("project"))
    sema.error("Q16", keyword("update")->second,
               "'update' needs a 'project'; without one the optimizer moves the weight itself");
  if (has("levels") && !has("final"))
    sema.error("Q16", keyword("levels")->second,
               "'levels' needs a 'final', which gives each weight its level");
  if (has("final") && !has("levels"))
    sema.error("Q16", keyword("final")->second, "'final' needs 'levels'");
  bool targetIsWeight = false;
  for (const ast::Clause &clause : written.clauses)
    if (auto project = std::get_if<ast::Project>(&clause.content))
      targetIsWeight = project->name.text == "w";
  if (has("weight") && (targetIsWeight || !has("project")))
    sema.error("Q16", keyword("weight")->second,
               targetIsWeight ? "'weight' needs a target of 'project' other than w"
                              : "'weight' needs a 'project'");
  if (has("project") && !has("weight") && !targetIsWeight)
    sema.error("Q16", keyword("project")->second,
               "a target other than w needs 'weight w = ...', which makes the weight of it");
  if (!has("project") && latentLevels())
    sema.error("Q16", keyword("latent")->second,
               "a latent with a level axis needs a 'project' that makes the weight of it");
  if (has("freeze") && !has("final"))
    sema.error("Q16", keyword("freeze")->second, "'freeze' publishes 'final', which is missing");
}
