// What the tests of the front end share: sources from text and from files.
#pragma once

#include "frontend/spec/Parser.h"

#include <fstream>
#include <sstream>
#include <string>

namespace bregman::spec {

inline std::shared_ptr<const Source> sourceOf(std::string text, std::string name = "t.breg") {
  return std::make_shared<Source>(std::move(name), std::move(text));
}

/// A file of the project, by its path from the root.
inline std::string readProjectFile(const std::string &path) {
  std::ifstream in(std::string(BREGMAN_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// All messages that parsing a file's text gives.
inline std::string parseErrors(const std::string &text) {
  Diagnostics diagnostics;
  parseFile(sourceOf(text), diagnostics);
  return diagnostics.render();
}

/// The same for an expression.
inline std::string expressionErrors(const std::string &text) {
  Diagnostics diagnostics;
  parseExpression(sourceOf(text), diagnostics);
  return diagnostics.render();
}

} // namespace bregman::spec
