// Semantic analysis: names declared before use (Q2), host against weight against level axis (Q3),
// levels (Q1), which clauses belong together (Q16). What the grammar allows and the compiler does
// not take yet is refused at its place.
#pragma once

#include "frontend/spec/Diagnostics.h"
#include "frontend/spec/Typed.h"

namespace bregman::spec {

/// Values of structural parameters that differ from the defaults, by name.
using Structural = std::map<std::string, double>;

/// Analyses one definition. Null after an error; warnings leave it as it is.
std::unique_ptr<Definition> analyze(const std::shared_ptr<const Source> &source,
                                    const ast::Definition &definition, Diagnostics &diagnostics,
                                    const Structural &structural = {});

/// Analyses the arguments and the reset of a plan line, whose definitions are known. False after an
/// error.
bool analyzeLine(const ast::PlanLine &line, TypedLine &result, Diagnostics &diagnostics);

} // namespace bregman::spec
