// Semantic analysis: names declared before use (Q2), host against weight against level axis (Q3),
// levels (Q1), which clauses belong together (Q16).
#pragma once

#include "frontend/spec/Diagnostics.h"
#include "frontend/spec/Typed.h"

namespace bregman::spec {

/// Values of structural parameters that differ from the defaults, by name.
using Structural = std::map<std::string, double>;

/// Arguments that mention a counter, by parameter: host expressions of the counters.
using Moving = std::map<std::string, const Node *>;

/// Analyses one definition. Null after an error; warnings leave it as it is.
std::unique_ptr<Definition> analyze(const std::shared_ptr<const Source> &source,
                                    const ast::Definition &definition, Diagnostics &diagnostics,
                                    const Structural &structural = {}, const Moving &moving = {});

/// Analyses the arguments and the reset of a plan line, whose definitions are known. False after an
/// error.
bool analyzeLine(const ast::PlanLine &line, TypedLine &result, Diagnostics &diagnostics);

/// Analyses a constraint of a plan. False after an error.
bool analyzeSubject(const std::shared_ptr<const Source> &source, const ast::SubjectTo &written,
                    TypedSubject &result, Diagnostics &diagnostics);

/// The argument's value where it is a host number that mentions a counter, else null and no word.
const Node *movingArgument(const std::shared_ptr<const Source> &source, const ast::Expr &written,
                           std::deque<Declaration> &declarations, std::deque<Node> &nodes);

} // namespace bregman::spec
