// Specs as written and as kernels: the library's and those of the language's appendix.
#pragma once

#include "dialect/BregmanDialect.h"
#include "frontend/spec/Spec.h"
#include "passes/Pipelines.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <gtest/gtest.h>

namespace bregman::test {

/// A quantizer and an optimizer.
using Names = std::tuple<std::string, std::string>;

/// A spec's method, as written and as kernels.
struct Program {
  mlir::MLIRContext context;
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> written, derived;

  explicit Program(const std::string &text, bool constrained = false) {
    mlir::DialectRegistry registry;
    registerBregmanDialects(registry);
    context.appendDialectRegistry(registry);
    auto source = std::make_shared<const spec::Source>("test.breg", text);
    spec::Library library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs");
    written = spec::compile(source, library, context, diagnostics, unit);
    EXPECT_TRUE(bool(written)) << diagnostics.render();
    if (!written)
      return;
    derived = mlir::OwningOpRef<mlir::ModuleOp>(written->clone());
    mlir::PassManager manager(&context);
    DeriveOptions options;
    options.constrained = constrained;
    buildDerivePipeline(manager, options);
    buildKernelPipeline(manager, KernelOptions());
    if (failed(manager.run(*derived))) {
      ADD_FAILURE() << "the passes failed";
      derived = nullptr;
    }
  }
};

/// A definition of the language's appendix where the library has none of that name.
inline std::string definitionOf(const std::string &name) {
  std::string root = BREGMAN_SOURCE_DIR;
  if (llvm::sys::fs::exists(root + "/examples/specs/" + name + ".breg"))
    return "";
  auto file = llvm::MemoryBuffer::getFile(root + "/test/frontend/spec/Inputs/appendix.breg");
  EXPECT_TRUE(bool(file));
  llvm::StringRef text = (*file)->getBuffer();
  for (const char *kind : {"quantizer ", "optimizer "})
    for (const char *end : {" {", "("})
      if (size_t start = text.find(kind + name + end); start != llvm::StringRef::npos)
        return text.slice(start, text.find("\n}", start) + 3).str();
  ADD_FAILURE() << "nobody defines " << name;
  return "";
}

inline std::string planOf(const Names &names) {
  const auto &[quantizer, optimizer] = names;
  return definitionOf(quantizer) + definitionOf(optimizer) + "plan { else : " + quantizer + " by " +
         optimizer + " }";
}

} // namespace bregman::test
