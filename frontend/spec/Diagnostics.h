// What the front end has to say to the author of a spec: errors, warnings and notes, each at its
// place, rendered with the line and a caret. A whole run's messages are collected, then shown.
#pragma once

#include "frontend/spec/Source.h"

#include <memory>
#include <string>
#include <vector>

namespace bregman::spec {

enum class Severity { Error, Warning, Note };

struct Diagnostic {
  Severity severity = Severity::Error;
  /// Null for a message without a place.
  std::shared_ptr<const Source> source;
  SourceRange range;
  std::string message;
  std::vector<Diagnostic> notes;

  /// Adds a note at a place, for chaining.
  Diagnostic &note(std::shared_ptr<const Source> source, SourceRange range, std::string message);
  /// Adds a note without a place.
  Diagnostic &note(std::string message);
};

class Diagnostics {
public:
  /// The reference is good until the next report.
  Diagnostic &report(Severity severity, std::shared_ptr<const Source> source, SourceRange range,
                     std::string message);
  Diagnostic &error(std::shared_ptr<const Source> source, SourceRange range, std::string message) {
    return report(Severity::Error, std::move(source), range, std::move(message));
  }
  Diagnostic &warning(std::shared_ptr<const Source> source, SourceRange range,
                      std::string message) {
    return report(Severity::Warning, std::move(source), range, std::move(message));
  }

  bool hasErrors() const { return errorCount() > 0; }
  int errorCount() const;
  const std::vector<Diagnostic> &all() const { return list; }

  /// All messages, in the order of their report, each ending with a line break.
  std::string render(bool colour = false) const;
  /// Those of one severity only, with their notes.
  std::string render(Severity severity, bool colour = false) const;

private:
  std::vector<Diagnostic> list;
};

/// One message with its notes: `file:line:column: error: message`, the line, a caret under the
/// range (its first line, where it has several).
std::string render(const Diagnostic &diagnostic, bool colour = false);

} // namespace bregman::spec
