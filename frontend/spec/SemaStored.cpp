// What is stored beside a weight: states, learned values, the latent.
#include "frontend/spec/SemaClauses.h"

#include "frontend/spec/Evaluate.h"

#include <algorithm>

using namespace bregman::spec;

static constexpr Type hostType{Type::Host, 0, false};

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
