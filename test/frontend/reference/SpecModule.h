// A spec's text as a module at the stage `bregman`, with what it uses of the library.
#pragma once

#include "dialect/BregmanDialect.h"
#include "frontend/spec/Spec.h"

#include <gtest/gtest.h>

namespace bregman::reference {

class SpecModule {
public:
  explicit SpecModule(const std::string &text) {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
    spec::Library library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs");
    auto source = std::make_shared<const spec::Source>("test.breg", text);
    module = spec::compile(source, library, context, diagnostics, unit);
    if (!module)
      throw std::runtime_error(diagnostics.render());
  }

  QuantizerOp quantizer(const std::string &name) { return module->lookupSymbol<QuantizerOp>(name); }
  OptimizerOp optimizer(const std::string &name) { return module->lookupSymbol<OptimizerOp>(name); }
  /// The constraints of its only plan.
  std::vector<SubjectToOp> constraints() {
    auto all = (*module->getOps<PlanOp>().begin()).getBody().getOps<SubjectToOp>();
    return {all.begin(), all.end()};
  }

  /// A module of some of its definitions.
  mlir::OwningOpRef<mlir::ModuleOp> only(std::initializer_list<std::string> names) {
    mlir::OwningOpRef<mlir::ModuleOp> some = mlir::ModuleOp::create(module->getLoc());
    for (const std::string &name : names)
      some->push_back(mlir::SymbolTable::lookupSymbolIn(*module, name)->clone());
    return some;
  }

private:
  mlir::MLIRContext context;
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace bregman::reference
