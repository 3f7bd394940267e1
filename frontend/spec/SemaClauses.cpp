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

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Schedule &schedule) {
  const Node *value = sema.hostNumber(*schedule.value, "a schedule");
  if (!value->type.valid())
    return sema.poison(schedule.name);
  Declaration *declaration = sema.declare(DeclarationKind::Schedule, schedule.name, hostType);
  declaration->value = value;
  add(TypedClause::Schedule, clause, value).declared = declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &, const ast::Let &let) { sema.abbreviate(let); }

/// The type of a declared value with an initial one: its extent, and a level axis where it says so.
Type ClauseAnalyzer::declaredType(const ast::Axis &axis, const std::optional<ast::Extent> &per,
                                  const Node *value, SourceRange place, const std::string &what) {
  Extent extent;
  if (per && per->kind == ast::Extent::Token) {
    sema.error("Q3", per->range, what + " is not per token: those come and go");
    return {};
  }
  if (per) {
    std::optional<Extent> given = sema.extent(*per);
    if (!given)
      return {};
    extent = *given;
  }
  if (!value->type.valid())
    return {};
  if (extent.kind == Extent::Run)
    return hostType;
  if (!sema.fits(value, extent, place, "the initial value of " + what))
    return {};
  Type type{Type::Weight, 0, false, extent};
  if (axis.level) {
    type.levels = value->type.levels ? value->type.levels : levelCount;
    if (!type.levels) {
      sema.error("Q3", axis.name.range,
                 axis.name.text + "[level] has a level axis, but neither its value nor 'levels' "
                                  "has one");
      return {};
    }
  }
  return type;
}

/// "state" axis [ "per" extent ] "=" expr
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::State &state) {
  const std::string what = "'" + state.name.name.text + "'";
  bool ofRun = state.per && state.per->kind == ast::Extent::Run;
  const Node *value = nullptr;
  if (state.name.level && (written.isOptimizer || ofRun)) {
    sema.error("Q3", state.name.name.range,
               written.isOptimizer
                   ? "a state of an optimizer has a level axis where the latent has one; leave "
                     "'[level]' out"
                   : "a state per run is one number and has no level axis");
    return sema.poison(state.name.name);
  }
  if (written.isOptimizer || ofRun)
    value = sema.hostNumber(*state.value, "the initial value of a state");
  else
    value = sema.number(*state.value, "the initial value of a state", state.name.level ? -1 : 0);
  Type type = declaredType(state.name, state.per, value, state.value->range, what);
  if (!type.valid())
    return sema.poison(state.name.name);
  forbidAtAttach(value, what, clause);
  Declaration *declaration = sema.declare(DeclarationKind::State, state.name.name, type);
  declaration->value = value;
  declaration->extent = type.shared();
  if (auto entry = sema.names.find(state.name.name.text); entry != sema.names.end())
    entry->second.warnIfUnused = false; // Q15 says more
  add(TypedClause::State, clause, value).declared = declaration;
}

/// What a state or a learned value begins with is known at attach.
void ClauseAnalyzer::forbidAtAttach(const Node *value, const std::string &what,
                                    const ast::Clause &clause) {
  forbid(value, DependsOnGradient, "'g' and 'grad' belong to 'update gradient'", clause.range);
  forbid(value, DependsOnTarget, what + " is set before the first weight is published",
         clause.range);
  forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'", clause.range,
         nullptr);
}

/// "learn" axis [ "per" extent ] [ "in" range ] "=" expr [ "scaled" expr ]
void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Learn &learn) {
  const std::string what = "'" + learn.name.name.text + "'";
  std::optional<double> low, high;
  bool bounded = true;
  if (learn.bounds) {
    low = sema.constant(*learn.bounds->low, "a bound");
    high = sema.constant(*learn.bounds->high, "a bound");
    bounded = low && high;
    if (bounded && !(*low <= *high)) {
      sema.error(learn.bounds->range, "this range is empty");
      bounded = false;
    }
  }
  const Node *value =
      sema.number(*learn.value, "the initial value of " + what, learn.name.level ? -1 : 0);
  if (learn.per && learn.per->kind == ast::Extent::Run) {
    sema.error("Q3", learn.per->range,
               "a learned value is per tensor, channel, group or weight; nothing is trained for "
               "all tensors at once");
    return sema.poison(learn.name.name);
  }
  Type type = declaredType(learn.name, learn.per, value, learn.value->range, what);
  const Node *scale = nullptr;
  if (learn.scale) {
    scale = sema.number(*learn.scale, "what the gradient of " + what + " is multiplied with", 0);
    if (scale->type.valid() && type.valid() &&
        !sema.fits(scale, type.extent, learn.scale->range,
                   "what the gradient of " + what + " is multiplied with"))
      type = {};
    if (!scale->type.valid())
      type = {};
  }
  if (!type.valid() || !bounded)
    return sema.poison(learn.name.name);
  forbidAtAttach(value, what, clause);
  forbid(value, DependsOnRate, "'lr' may not enter the initial value of " + what, clause.range);
  if (scale) {
    forbid(scale, DependsOnGradient | DependsOnTarget,
           "'scaled' speaks of x, not of g or the projected weight", clause.range);
    forbid(scale, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'",
           clause.range, nullptr);
    forbidInverse(scale, clause);
  }
  Declaration *declaration = sema.declare(DeclarationKind::Learned, learn.name.name, type);
  declaration->value = value;
  declaration->extent = type.extent;
  TypedClause &typed = add(TypedClause::Learn, clause, value);
  typed.declared = declaration;
  typed.scale = scale;
  typed.low = low;
  typed.high = high;
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
  if (value->dependencies & DependsOnInverse) {
    const auto targets = std::ranges::count_if(this->written.clauses, [](const auto &other) {
      return std::holds_alternative<ast::Project>(other.content);
    });
    if (!targets)
      forbid(value, DependsOnInverse, "'inverse' is that of a 'project', and there is none",
             clause.range);
  }
  if (written.name.level && value->type.valid() && !type.levels) {
    if (levelCount)
      type.levels = levelCount;
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
  sema.latentLevels = type.levels;
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
  const TypedClause *start = result.find(TypedClause::Latent);
  if (start && start->value && (start->value->dependencies & DependsOnInverse) && type.valid() &&
      type.levels != latentLevels())
    sema.error("Q3", project.value->range,
               "its inverse is as wide as x, " + describe(latent->type) + "; this is " +
                   describe(value->type))
        .note(sema.source, start->range, "it is inverted here");
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
  const Node *value = sema.number(*high.value, "'high'", 0);
  forbidInPublished(value, "high", clause);
  add(TypedClause::High, clause, value);
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

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Penalty &penalty) {
  once(clause, "penalty");
  const Node *value = sema.number(*penalty.value, "'penalty'", 0);
  forbid(value, DependsOnGradient, "'g' and 'grad' belong to 'update gradient'", clause.range);
  forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'", clause.range,
         nullptr);
  add(TypedClause::Penalty, clause, value);
}

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Prox &prox) {
  once(clause, "prox");
  const Node *value = sema.number(*prox.value, "'prox'", 0);
  forbid(value, DependsOnGradient, "'g' and 'grad' belong to 'update gradient'", clause.range);
  forbid(value, DependsOnTarget, "'prox' speaks of x, not of the projected weight", clause.range);
  forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'", clause.range,
         nullptr);
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
  std::vector<std::pair<const Declaration *, const Node *>> next;
  for (const ast::Next &item : every.body) {
    const std::string &name = item.name.text;
    const Declaration *target = name == "x" ? latent
                                            : stateNamed(item.name, "'every' changes x and "
                                                                    "states");
    if (!target) {
      // Its value is looked at all the same.
      sema.primed[name] = sema.expr(*item.value);
      continue;
    }
    const std::string what = "the new " + name;
    const Node *value = target->type.host() ? sema.hostNumber(*item.value, what)
                                            : sema.number(*item.value, what, -1);
    if (value->type.levels && value->type.levels != target->type.levels) {
      sema.error("Q3", item.value->range,
                 what + " is " + describe(target->type) + "; this is " + describe(value->type));
      value = sema.invalid(item.value->range);
    }
    if (value->type.valid() && !target->type.host() &&
        !sema.fits(value, target->type.extent, item.value->range, what))
      value = sema.invalid(item.value->range);
    forbid(value, DependsOnGradient | DependsOnTarget,
           "'every' speaks of x, not of g or the projected weight", clause.range);
    forbid(value, DependsOnInitial, "'w0' is known at attach only; keep it in 'latent'",
           clause.range, nullptr);
    forbidInverse(value, clause);
    if (sema.primed.count(name))
      sema.error("Q2", item.name.range, "'" + name + "'' is written twice");
    sema.primed[name] = value;
    next.emplace_back(target, value);
    changed.insert(name);
  }
  sema.primed.clear();
  if (every.body.empty())
    sema.error(clause.keyword, "this 'every' changes nothing");
  TypedClause &typed = add(TypedClause::Every, clause, nullptr);
  typed.period = period;
  typed.epochs = every.period.epochs;
  typed.next = std::move(next);
}

/// The state of a name; null where there is none, which is reported.
const Declaration *ClauseAnalyzer::stateNamed(const ast::Name &name, const std::string &note) {
  auto found = sema.names.find(name.text);
  bool known = found != sema.names.end();
  if (known && found->second.declaration &&
      found->second.declaration->kind == DeclarationKind::State)
    return found->second.declaration;
  if (known && found->second.poisoned)
    return nullptr;
  std::vector<std::string> states;
  for (const auto &[other, entry] : sema.names)
    if (entry.declaration && entry.declaration->kind == DeclarationKind::State)
      states.push_back(other);
  sema.error("Q2", name.range,
             "'" + name.text + "' is no state" + (note.empty() ? "" : "; " + note) +
                 didYouMean(name.text, states));
  return nullptr;
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
  const Declaration *state = stateNamed(next.name, "");
  bool ofRun = state && state->type.host();
  const Node *value = ofRun ? sema.hostNumber(*next.value, "the new value of a state per run")
                            : sema.number(*next.value, "the new value of a state", 0);
  if (!state)
    return;
  if (sema.primed.count(next.name.text)) {
    sema.error("Q2", next.name.range, "'" + next.name.text + "'' is written twice");
    return;
  }
  if (value->type.valid() && !ofRun &&
      !sema.fits(value, state->type.extent, next.value->range, "the new " + next.name.text))
    value = sema.invalid(next.value->range);
  sema.declarations.push_back(*state);
  Declaration &declaration = sema.declarations.back();
  declaration.kind = DeclarationKind::Next;
  declaration.range = next.name.range;
  declaration.value = value;
  Node *node = sema.make(Op::Declared, state->type, next.name.range);
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
    warnAboutStates();
    return;
  }
  warnAboutStates();
  if (has("project") && !has("update"))
    sema.error("Q16", keyword("project")->second,
               "'project' needs an 'update', which says what is handed on to the optimizer");
  if (has("update") && !has("project"))
    sema.error("Q16", keyword("update")->second,
               "'update' needs a 'project'; without one the optimizer moves the weight itself");
  // Without `final` it may be for activations, which are never deployed as levels.
  const ast::Clause *foreign = notOfActivations(written);
  result.ofActivations = sema.tokens || (has("levels") && !has("final") && !foreign);
  if (sema.tokens && foreign)
    sema.error("Q17", *sema.tokens,
               "'per token' is of activations, whose quantizers have 'let', 'schedule', 'learn', "
               "'levels', 'project w' and 'update chain' only")
        .note(sema.source, foreign->keyword, "this is another clause");
  if (has("levels") && !has("final") && !result.ofActivations)
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

/// Q15.
void ClauseAnalyzer::warnAboutStates() {
  for (const TypedClause &clause : result.clauses) {
    if (clause.kind != TypedClause::State)
      continue;
    const std::string &name = clause.declared->name;
    bool isRead = sema.names[name].used;
    bool isWritten = written.isOptimizer ? sema.primed.count(name) : changed.count(name);
    if (!isRead || !isWritten)
      sema.diagnostics.warning(sema.source, clause.declared->range,
                               "Q15: the state '" + name + "' is never " +
                                   (isWritten ? "read" : "written"));
  }
}

const ast::Clause *bregman::spec::notOfActivations(const ast::Definition &written) {
  bool projects = false;
  for (const ast::Clause &clause : written.clauses) {
    const auto &content = clause.content;
    const auto *project = std::get_if<ast::Project>(&content);
    const auto *update = std::get_if<ast::Update>(&content);
    projects |= project != nullptr;
    bool fits = std::holds_alternative<ast::Let>(content) ||
                std::holds_alternative<ast::Schedule>(content) ||
                std::holds_alternative<ast::Learn>(content) ||
                std::holds_alternative<ast::Levels>(content) ||
                (project && project->name.text == "w") ||
                (update && update->kind == ast::UpdateKind::Chain);
    if (!fits)
      return &clause;
  }
  return projects || written.clauses.empty() ? nullptr : &written.clauses.front();
}
