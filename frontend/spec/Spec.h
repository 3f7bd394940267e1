// The front end as the compiler's facade sees it: a file or a text in, a verified module out, and
// every message rendered with its place, those of passes too.
#pragma once

#include "frontend/spec/IRGen.h"

#include "mlir/IR/Diagnostics.h"

namespace bregman::spec {

/// Parses, checks and generates. Null after an error, which is in `diagnostics`; `unit` is set as
/// soon as the file is sound.
mlir::OwningOpRef<mlir::ModuleOp> compile(std::shared_ptr<const Source> source,
                                          const Library &library, mlir::MLIRContext &context,
                                          Diagnostics &diagnostics, std::unique_ptr<Unit> &unit);

/// While it lives, what is emitted in a context becomes messages at the lines of the spec. It knows
/// the unit's sources and those added to it; a location elsewhere is named in the text.
class DiagnosticCollector {
public:
  DiagnosticCollector(mlir::MLIRContext &context, Diagnostics &diagnostics,
                      const Unit *unit = nullptr);

  void add(std::shared_ptr<const Source> source) { sources.push_back(std::move(source)); }

  /// One message with its notes.
  void take(mlir::Diagnostic &diagnostic);

private:
  Diagnostic convert(mlir::Diagnostic &diagnostic) const;

  Diagnostics &diagnostics;
  const Unit *unit;
  std::vector<std::shared_ptr<const Source>> sources;
  mlir::ScopedDiagnosticHandler handler;
};

/// The place in the spec that a location leads to, through names, calls and fusions; line 0 where
/// it leads to none.
Position positionOf(mlir::Location location, std::string &file);

} // namespace bregman::spec
