// Analysis of text, for the tests.
#pragma once

#include "SpecTest.h"

#include "frontend/spec/Sema.h"

namespace bregman::spec {

/// All messages that analysing a file's definitions gives, warnings included.
inline std::string semaMessages(const std::string &text) {
  Diagnostics diagnostics;
  auto source = sourceOf(text);
  ast::File file = parseFile(source, diagnostics);
  for (const auto &item : file.items)
    if (const auto *definition = std::get_if<ast::Definition>(&item))
      analyze(source, *definition, diagnostics);
  return diagnostics.render();
}

} // namespace bregman::spec
