// What is published of the latent and what moves it: project, weight, high, update, penalty, prox,
// every, freeze, final, assume; and an optimizer's next and descend.
#include "frontend/spec/SemaClauses.h"

#include "frontend/spec/Evaluate.h"
#include "frontend/spec/Suggest.h"

#include <algorithm>
#include <cmath>

using namespace bregman::spec;

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
