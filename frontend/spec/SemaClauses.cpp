// What each clause must be: the way to each kind, the short ones, and what is asked of all
// together.
#include "frontend/spec/SemaClauses.h"

#include "frontend/spec/Evaluate.h"

using namespace bregman::spec;

static constexpr Type hostType{Type::Host, 0, false};

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

void ClauseAnalyzer::clause(const ast::Clause &clause, const ast::Schedule &schedule) {
  const Node *value = sema.hostNumber(*schedule.value, "a schedule");
  if (!value->type.valid())
    return sema.poison(schedule.name);
  Declaration *declaration = sema.declare(DeclarationKind::Schedule, schedule.name, hostType);
  declaration->value = value;
  add(TypedClause::Schedule, clause, value).declared = declaration;
}

void ClauseAnalyzer::clause(const ast::Clause &, const ast::Let &let) { sema.abbreviate(let); }

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
  if (sema.tokens && sema.channels && !foreign)
    sema.error("Q3", *sema.channels,
               "channels and tokens cross each other; quantize in two 'activations', one after the "
               "other")
        .note(sema.source, *sema.tokens, "here are tokens");
  checkStart();
  checkInverse();
  checkLearned();
}

/// What has no value before there is a latent; null where all has.
static const Node *unknownAtAttach(const Node *value) {
  if (!value)
    return nullptr;
  bool isOfWeights = value->per && value->op != Op::Declared;
  if (isOfWeights || value->op == Op::Random || value->op == Op::OptimizerState)
    return value;
  if (value->op == Op::Declared) {
    const Declaration &declaration = *value->declaration;
    if (declaration.kind == DeclarationKind::State || declaration.kind == DeclarationKind::Learned)
      return value;
    bool isShort = declaration.kind == DeclarationKind::Schedule ||
                   declaration.kind == DeclarationKind::Levels;
    return isShort ? unknownAtAttach(declaration.value) : nullptr;
  }
  for (const Node *operand : value->operands)
    if (const Node *unknown = unknownAtAttach(operand))
      return unknown;
  return nullptr;
}

/// A state or a learned value that is read for `value`; null where there is none. A state per run
/// is the host's, which has it before any weight.
static const Declaration *begunAfterLatent(const Node *value) {
  if (!value)
    return nullptr;
  if (value->op == Op::Declared) {
    const Declaration &declaration = *value->declaration;
    if (declaration.kind == DeclarationKind::Learned ||
        (declaration.kind == DeclarationKind::State && declaration.extent.kind != Extent::Run))
      return &declaration;
    return declaration.kind == DeclarationKind::Levels ? begunAfterLatent(declaration.value)
                                                       : nullptr;
  }
  for (const Node *operand : value->operands)
    if (const Declaration *found = begunAfterLatent(operand))
      return found;
  return nullptr;
}

/// Q2: at attach the latent comes first, then learned values and states.
void ClauseAnalyzer::checkStart() {
  const TypedClause *start = result.find(TypedClause::Latent);
  if (const Declaration *later = start ? begunAfterLatent(start->value) : nullptr)
    sema.error("Q2", start->range,
               "'" + later->name + "' has no value yet where 'latent' is computed: " +
                   (later->kind == DeclarationKind::State ? "states" : "learned values") +
                   " begin after it; use what '" + later->name + "' begins with")
        .note(sema.source, later->range, "declared here");
}

/// Q7: P^-1 is taken when only w0 and the schedules are known.
void ClauseAnalyzer::checkInverse() {
  const TypedClause *start = result.find(TypedClause::Latent);
  const TypedClause *project = result.find(TypedClause::Project);
  if (!start || !start->value || !(start->value->dependencies & DependsOnInverse) || !project)
    return;
  const Node *unknown = unknownAtAttach(project->value);
  if (!unknown)
    return;
  sema.error("Q7", unknown->range,
             "this has no value yet when 'inverse' is taken; a projection that is inverted is of "
             "x, parameters and schedules")
      .note(sema.source, start->range, "it is inverted here");
}

/// Q14 where there is no projection; one is judged by its derivative.
void ClauseAnalyzer::checkLearned() {
  bool trains = result.find(TypedClause::Project) || result.find(TypedClause::Penalty);
  for (const TypedClause &clause : result.clauses)
    if (clause.kind == TypedClause::Learn && !trains)
      sema.error("Q14", clause.declared->range,
                 "neither a projection nor a penalty reads '" + clause.declared->name +
                     "', which therefore is not trained");
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
