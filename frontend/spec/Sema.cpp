// Definitions: their parameters and clauses, in textual order.
#include "frontend/spec/Sema.h"

#include "frontend/spec/Evaluate.h"
#include "frontend/spec/SemaClauses.h"

#include <cmath>

using namespace bregman::spec;

const TypedClause *Definition::find(TypedClause::Kind kind) const {
  for (const TypedClause &clause : clauses)
    if (clause.kind == kind)
      return &clause;
  return nullptr;
}

Declaration *Definition::param(const std::string &paramName) const {
  for (Declaration *param : params)
    if (param->name == paramName)
      return param;
  return nullptr;
}

static constexpr Type hostType{Type::Host, 0, false};
static constexpr Type weightType{Type::Weight, 0, false};

ClauseAnalyzer::ClauseAnalyzer(std::shared_ptr<const Source> source, const ast::Definition &written,
                               Definition &result, Diagnostics &diagnostics)
    : sema(std::move(source), result.declarations, result.nodes, diagnostics), written(written),
      result(result) {
  const char *counters[] = {"step", "epoch", "steps", "epochs"};
  for (const char *counter : counters)
    sema.predeclare(DeclarationKind::Counter, counter, hostType);
  sema.inOptimizer = written.isOptimizer;
  if (written.isOptimizer) {
    sema.predeclare(DeclarationKind::Counter, "t", hostType);
    sema.predeclare(DeclarationKind::Gradient, "g", weightType);
    sema.predeclare(DeclarationKind::Latent, "x", weightType);
    return;
  }
  sema.predeclare(DeclarationKind::Counter, "lr", hostType);
  sema.predeclare(DeclarationKind::Gradient, "g", weightType);
  sema.predeclare(DeclarationKind::InitialWeight, "w0", weightType);
  bool hasLatent = false, hasTarget = false;
  for (const ast::Clause &clause : written.clauses) {
    hasLatent |= std::holds_alternative<ast::Latent>(clause.content);
    hasTarget |= std::holds_alternative<ast::Project>(clause.content);
    if (std::holds_alternative<ast::Levels>(clause.content))
      sema.absent["levels"] = "'levels' are used before they are declared";
  }
  if (hasLatent)
    sema.absent["x"] = "'x' is used before its 'latent' clause";
  else
    latent = sema.predeclare(DeclarationKind::Latent, "x", weightType);
  if (hasTarget)
    sema.absent["w"] = "'w' is used before its 'project' or 'weight' clause";
  else if (latent)
    aliasWeight();
  else
    sema.absent["w"] = "'w' is x here, and used before the 'latent' clause";
}

/// Without `project`, w is x.
void ClauseAnalyzer::aliasWeight() {
  Node *node = sema.make(Op::Declared, latent->type, latent->range);
  node->declaration = latent;
  node->dependencies = DependsOnLatent;
  sema.absent.erase("w");
  Analyzer::Entry &entry = sema.names["w"];
  entry.node = node;
  entry.predeclared = true;
  entry.warnIfUnused = false;
  entry.poisoned = !latent->type.valid();
}

/// An argument of the counters as a value of this definition, at the place of its parameter.
const Node *ClauseAnalyzer::adopt(const Node &node, SourceRange range,
                                  std::map<const Node *, const Node *> &known) {
  if (auto found = known.find(&node); found != known.end())
    return found->second;
  const Node *result = nullptr;
  if (node.op == Op::Declared) {
    ast::Expr name;
    name.kind = ast::ExprKind::Name;
    name.name = node.declaration->name;
    name.range = range;
    result = sema.name(name);
  } else {
    std::vector<const Node *> operands;
    for (const Node *operand : node.operands)
      operands.push_back(adopt(*operand, range, known));
    Node *made = sema.make(node.op, node.type, range, std::move(operands));
    made->number = node.number;
    result = made;
  }
  return known[&node] = result;
}

void ClauseAnalyzer::params(const Structural &structural, const Moving &moving) {
  for (const ast::Param &param : written.params) {
    std::optional<double> value = sema.constant(*param.value, "a default");
    std::optional<double> low, high;
    if (param.bounds) {
      low = sema.constant(*param.bounds->low, "a bound");
      high = sema.constant(*param.bounds->high, "a bound");
    }
    if (!value || (param.bounds && (!low || !high))) {
      sema.poison(param.name);
      continue;
    }
    Declaration *declaration = sema.declare(DeclarationKind::Param, param.name, hostType);
    auto given = structural.find(param.name.text);
    if (given != structural.end()) {
      value = given->second;
      declaration->structural = true;
    }
    declaration->number = *value;
    declaration->bounded = param.bounds.has_value();
    declaration->low = low.value_or(-INFINITY);
    declaration->high = high.value_or(INFINITY);
    if (param.bounds && !(*low <= *high))
      sema.error(param.bounds->range, "this range is empty");
    else if (std::isnan(*value) || *value < declaration->low || *value > declaration->high)
      sema.error(param.value->range,
                 "the default of '" + param.name.text + "' lies outside of its range")
          .note(sema.source, param.bounds ? param.bounds->range : param.name.range,
                "declared here");
    result.params.push_back(declaration);
    if (auto moves = moving.find(param.name.text); moves != moving.end()) {
      std::map<const Node *, const Node *> known;
      declaration->kind = DeclarationKind::Schedule;
      declaration->value = adopt(*moves->second, param.name.range, known);
      result.clauses.push_back({});
      TypedClause &clause = result.clauses.back();
      clause.kind = TypedClause::Schedule;
      clause.range = clause.keyword = param.name.range;
      clause.declared = declaration;
      clause.value = declaration->value;
    }
  }
}

void ClauseAnalyzer::once(const ast::Clause &clause, const std::string &word) {
  auto [found, inserted] = seen.emplace(word, clause.keyword);
  if (!inserted)
    sema.error("Q2", clause.keyword, "'" + word + "' stands twice")
        .note(sema.source, found->second, "first here");
}

TypedClause &ClauseAnalyzer::add(TypedClause::Kind kind, const ast::Clause &clause,
                                 const Node *value) {
  result.clauses.push_back({});
  TypedClause &typed = result.clauses.back();
  typed.kind = kind;
  typed.range = clause.range;
  typed.keyword = clause.keyword;
  typed.value = value;
  if (kind != TypedClause::Latent)
    forbidInverse(value, clause);
  return typed;
}

void ClauseAnalyzer::forbid(const Node *value, unsigned dependencies, const std::string &what,
                            SourceRange clause, const char *rule) {
  if (!value || !(value->dependencies & dependencies))
    return;
  // The place where it enters, which may be an abbreviation far above.
  std::vector<const Node *> open = {value};
  std::map<const Node *, bool> visited;
  const Node *culprit = value;
  while (!open.empty()) {
    const Node *node = open.back();
    open.pop_back();
    if (!node || visited[node] || !(node->dependencies & dependencies))
      continue;
    visited[node] = true;
    culprit = node;
    if (node->op == Op::Declared) {
      if (node->declaration->kind != DeclarationKind::Schedule &&
          node->declaration->kind != DeclarationKind::Levels)
        break;
      open = {node->declaration->value};
      continue;
    }
    if (node->op == Op::Grad || (node->op == Op::Inverse && (dependencies & DependsOnInverse)))
      break;
    open.insert(open.end(), node->operands.begin(), node->operands.end());
    if (node->body)
      open.push_back(node->body);
  }
  std::string message = (rule ? std::string(rule) + ": " : "") + what;
  Diagnostic &error = sema.error(culprit->range, message);
  if (culprit->range.begin < clause.begin || culprit->range.end > clause.end)
    error.note(sema.source, clause, "it is read here");
}

std::unique_ptr<Definition> bregman::spec::analyze(const std::shared_ptr<const Source> &source,
                                                   const ast::Definition &definition,
                                                   Diagnostics &diagnostics,
                                                   const Structural &structural,
                                                   const Moving &moving) {
  int before = diagnostics.errorCount();
  auto result = std::make_unique<Definition>();
  result->isOptimizer = definition.isOptimizer;
  result->name = result->plainName = definition.name.text;
  result->nameRange = definition.name.range;
  result->range = definition.range;
  result->source = source;

  ClauseAnalyzer clauses(source, definition, *result, diagnostics);
  clauses.params(structural, moving);
  for (const ast::Clause &clause : definition.clauses)
    clauses.analyze(clause);
  clauses.finish();
  if (diagnostics.errorCount() > before)
    return nullptr;
  clauses.warnUnused();
  result->counters = clauses.sema.counters;
  result->optimizerStates = clauses.sema.optimizerStates;
  return result;
}
