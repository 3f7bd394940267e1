// Any bytes as a spec: the front end must give either a verified module or an error, and every
// message must stand at a place of the text.
#include "frontend/spec/AstPrinter.h"
#include "frontend/spec/Spec.h"

#include <cstdio>
#include <cstdlib>

using namespace bregman::spec;

static void fail(const char *what, const Diagnostic &diagnostic) {
  std::fprintf(stderr, "%s: %s\n", what, diagnostic.message.c_str());
  std::abort();
}

static void check(const Diagnostic &diagnostic, bool isNote) {
  if (diagnostic.message.empty())
    fail("a message without words", diagnostic);
  if (!diagnostic.source && !isNote)
    fail("a message without a place", diagnostic);
  if (diagnostic.source && (diagnostic.range.begin > diagnostic.source->text().size() ||
                            diagnostic.range.end < diagnostic.range.begin))
    fail("a message at a place outside of the text", diagnostic);
  for (const Diagnostic &note : diagnostic.notes)
    check(note, /*isNote=*/true);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto source = std::make_shared<Source>("fuzz.breg",
                                         std::string(reinterpret_cast<const char *>(data), size));
  Diagnostics diagnostics;
  std::unique_ptr<Unit> unit;
  auto module = compile(source, Library(""), context, diagnostics, unit);
  for (const Diagnostic &diagnostic : diagnostics.all())
    check(diagnostic, diagnostic.severity == Severity::Note);
  diagnostics.render(/*colour=*/true);
  if (!module && !diagnostics.hasErrors()) {
    std::fprintf(stderr, "refused without an error\n");
    std::abort();
  }
  if (unit)
    print(unit->syntax());
  return 0;
}
