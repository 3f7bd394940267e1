// The canonical text of a spec: what `emit --stage=ast` shows. Parsing it gives the same tree.
#pragma once

#include "frontend/spec/AST.h"

#include <string>

namespace bregman::spec {

std::string print(const ast::File &file);
std::string print(const ast::Definition &definition);
std::string print(const ast::Plan &plan);
std::string print(const ast::Use &use);
std::string print(const ast::Expr &expr);
std::string print(const ast::Extent &extent);
std::string print(const ast::Period &period);

} // namespace bregman::spec
