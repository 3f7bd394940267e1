// The analysis of one definition's clauses. Private.
#pragma once

#include "frontend/spec/SemaBase.h"

#include <set>

namespace bregman::spec {

/// The first clause that keeps a quantizer from being one of activations (Q17), or null.
const ast::Clause *notOfActivations(const ast::Definition &written);

class ClauseAnalyzer {
public:
  ClauseAnalyzer(std::shared_ptr<const Source> source, const ast::Definition &written,
                 Definition &result, Diagnostics &diagnostics);

  void params(const Structural &structural, const Moving &moving);
  void analyze(const ast::Clause &clause);
  /// The rules about clauses together (Q16), and states that nothing reads or writes (Q15).
  void finish();
  /// Of a definition without errors: names that nobody reads (Q2).
  void warnUnused();

  Analyzer sema;

private:
  // One per clause (SemaClauses.cpp).
  void clause(const ast::Clause &clause, const ast::Levels &levels);
  void clause(const ast::Clause &clause, const ast::Schedule &schedule);
  void clause(const ast::Clause &clause, const ast::Let &let);
  void clause(const ast::Clause &clause, const ast::State &state);
  void clause(const ast::Clause &clause, const ast::Learn &learn);
  void clause(const ast::Clause &clause, const ast::Latent &latent);
  void clause(const ast::Clause &clause, const ast::Project &project);
  void clause(const ast::Clause &clause, const ast::Weight &weight);
  void clause(const ast::Clause &clause, const ast::High &high);
  void clause(const ast::Clause &clause, const ast::Update &update);
  void clause(const ast::Clause &clause, const ast::Penalty &penalty);
  void clause(const ast::Clause &clause, const ast::Prox &prox);
  void clause(const ast::Clause &clause, const ast::Every &every);
  void clause(const ast::Clause &clause, const ast::Freeze &freeze);
  void clause(const ast::Clause &clause, const ast::Final &final);
  void clause(const ast::Clause &clause, const ast::Assume &assume);
  void clause(const ast::Clause &clause, const ast::Next &next);
  void clause(const ast::Clause &clause, const ast::Descend &descend);

  const Node *adopt(const Node &node, SourceRange range,
                    std::map<const Node *, const Node *> &known);
  Type declaredType(const ast::Axis &axis, const std::optional<ast::Extent> &per, const Node *value,
                    SourceRange place, const std::string &what);
  const Declaration *stateNamed(const ast::Name &name, const std::string &note);
  void mayBind(const ast::Name &name);
  void warnAboutStates();
  void checkStart();
  void checkInverse();
  void checkLearned();
  void aliasWeight();
  void codebook(const Node *value, SourceRange place);
  void once(const ast::Clause &clause, const std::string &word);
  TypedClause &add(TypedClause::Kind kind, const ast::Clause &clause, const Node *value);
  /// Reports where `value` reads what it must not.
  void forbid(const Node *value, unsigned dependencies, const std::string &what, SourceRange clause,
              const char *rule = "Q16");
  /// What is computed when weights are published: neither lr, nor g, nor w0.
  void forbidInPublished(const Node *value, const std::string &word, const ast::Clause &clause);
  void forbidAtAttach(const Node *value, const std::string &what, const ast::Clause &clause);
  void forbidInverse(const Node *value, const ast::Clause &clause) {
    forbid(value, DependsOnInverse, "'inverse' belongs to 'latent'", clause.range);
  }
  int latentLevels() const { return latent ? latent->type.levels : 0; }

  const ast::Definition &written;
  Definition &result;
  Declaration *latent = nullptr;
  int levelCount = 0; ///< of the codebook
  const ast::Levels *codebookAsWritten = nullptr;
  std::map<std::string, SourceRange> seen;
  std::set<std::string> changed; ///< what `every` gives new values to
};

} // namespace bregman::spec
