// Any bytes as MLIR: the dialect's parser and verifiers must refuse with a message at a place, or
// give a module that prints as something that reads back the same.
#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <cstdio>
#include <cstdlib>

using namespace mlir;

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    bregman::registerBregmanDialects(registry);
    registry.insert<func::FuncDialect>();
    return new MLIRContext(registry, MLIRContext::Threading::DISABLED);
  }();
  bool saidWhy = false;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    saidWhy |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    if (isa<UnknownLoc>(diagnostic.getLocation())) {
      std::fprintf(stderr, "a message without a place: %s\n", diagnostic.str().c_str());
      std::abort();
    }
    return success();
  });
  // MLIR's lexer reads the zero behind the text.
  std::string owned(reinterpret_cast<const char *>(data), size);
  StringRef text = owned;
  // Places of the input's own making may be unknown; those are not ours.
  if (text.contains("loc(") || text.contains("unknown"))
    return 0;
  auto module = parseSourceString<ModuleOp>(text, context);
  if (!module) {
    if (!saidWhy) {
      std::fprintf(stderr, "refused without an error\n");
      std::abort();
    }
    return 0;
  }
  std::string once = print(*module);
  auto again = parseSourceString<ModuleOp>(once, context);
  if (!again || print(*again) != once) {
    std::fprintf(stderr, "does not read back as it was printed:\n%s\n", once.c_str());
    std::abort();
  }
  return 0;
}
