// What the tests of the stage `bregman` share: a spec's module, and its text.
#pragma once

#include "SpecTest.h"

#include "dialect/BregmanDialect.h"
#include "frontend/spec/Spec.h"

#include <gtest/gtest.h>

namespace bregman::spec {

struct Compiled {
  mlir::MLIRContext context;
  Diagnostics diagnostics;
  std::unique_ptr<Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Compiled(const std::string &text, const Library &library = Library("")) {
    module = compile(sourceOf(text), library, context, diagnostics, unit);
  }
  std::string print() {
    std::string out;
    llvm::raw_string_ostream stream(out);
    mlir::OpPrintingFlags flags;
    module->print(stream, flags.printNameLocAsPrefix());
    return out;
  }
};

inline Library shipped() { return Library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"); }

inline std::string printed(const std::string &text) {
  Compiled compiled(text);
  EXPECT_EQ(compiled.diagnostics.render(), "");
  return compiled.module ? compiled.print() : "";
}

} // namespace bregman::spec
