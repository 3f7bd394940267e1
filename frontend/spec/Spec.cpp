// MLIR's diagnostics as messages about a spec.
#include "frontend/spec/Spec.h"

using namespace mlir;
using namespace bregman::spec;
using SpecDiagnostic = bregman::spec::Diagnostic;

OwningOpRef<ModuleOp> bregman::spec::compile(std::shared_ptr<const Source> source,
                                             const Library &library, MLIRContext &context,
                                             Diagnostics &diagnostics,
                                             std::unique_ptr<Unit> &unit) {
  unit = Unit::check(std::move(source), library, diagnostics);
  if (!unit)
    return nullptr;
  DiagnosticCollector collector(context, diagnostics, unit.get());
  return generate(*unit, context);
}

Position bregman::spec::positionOf(Location location, std::string &file) {
  auto place = location->findInstanceOf<FileLineColLoc>();
  if (!place)
    return {0, 0};
  file = place.getFilename().str();
  return {static_cast<int>(place.getLine()), static_cast<int>(place.getColumn())};
}

DiagnosticCollector::DiagnosticCollector(MLIRContext &context, Diagnostics &diagnostics,
                                         const Unit *unit)
    : diagnostics(diagnostics), unit(unit), handler(&context, [this](mlir::Diagnostic &diagnostic) {
        take(diagnostic);
        return success();
      }) {}

/// The word or number at an offset, or one character.
static uint32_t endOfWord(std::string_view text, uint32_t begin) {
  auto isPart = [&](uint32_t index) {
    return index < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[index])) || text[index] == '_');
  };
  uint32_t end = begin;
  while (isPart(end))
    ++end;
  return std::max(end, begin + 1);
}

SpecDiagnostic DiagnosticCollector::convert(mlir::Diagnostic &diagnostic) const {
  SpecDiagnostic result;
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    result.severity = Severity::Error;
    break;
  case DiagnosticSeverity::Warning:
    result.severity = Severity::Warning;
    break;
  case DiagnosticSeverity::Note:
  case DiagnosticSeverity::Remark:
    result.severity = Severity::Note;
    break;
  }
  result.message = diagnostic.str();
  std::string file;
  Position position = positionOf(diagnostic.getLocation(), file);
  if (position.line) {
    result.source = unit ? unit->sourceNamed(file) : nullptr;
    for (const auto &source : sources)
      if (!result.source && source->name() == file)
        result.source = source;
    if (result.source) {
      result.range.begin = result.source->offset(position);
      result.range.end = endOfWord(result.source->text(), result.range.begin);
    } else {
      result.message = file + ":" + std::to_string(position.line) + ":" +
                       std::to_string(position.column) + ": " + result.message;
    }
  }
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    result.notes.push_back(convert(note));
  return result;
}

void DiagnosticCollector::take(mlir::Diagnostic &diagnostic) {
  SpecDiagnostic converted = convert(diagnostic);
  // One clause may be compiled several times, for several structural arguments.
  for (const SpecDiagnostic &said : diagnostics.all())
    if (said.source == converted.source && said.range == converted.range &&
        said.message == converted.message)
      return;
  SpecDiagnostic &added =
      diagnostics.report(converted.severity, converted.source, converted.range, converted.message);
  added.notes = std::move(converted.notes);
}
