// The parser: hand-written recursive descent, one function per production of the grammar. It says
// what the text is made of and nothing about what it means; an undeclared name parses.
#pragma once

#include "frontend/spec/AST.h"
#include "frontend/spec/Diagnostics.h"

namespace bregman::spec {

/// Parses a whole file. It gathers itself after an error at the next clause or item, so one run
/// reports several; what could be read is returned.
ast::File parseFile(std::shared_ptr<const Source> source, Diagnostics &diagnostics);

/// What may stand right of the colon of a plan line: use [ "by" use ] [ "reset" "every" period ].
/// Nothing after an error.
std::optional<ast::PlanLine> parseUse(std::shared_ptr<const Source> source,
                                      Diagnostics &diagnostics);

/// One expression, as `--set NAME=EXPR` takes it. Null after an error.
ast::ExprPtr parseExpression(std::shared_ptr<const Source> source, Diagnostics &diagnostics);

} // namespace bregman::spec
