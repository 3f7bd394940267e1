// Every file of the library is generated and verified, and every operation leads back to a line.
#include "IRGenTestBase.h"

#include <filesystem>

using namespace bregman::spec;

TEST(IRGen, LibraryIsGeneratedAndVerified) {
  for (const std::string &name : shipped().names()) {
    std::string text = readProjectFile("examples/specs/" + name + ".breg");
    Compiled compiled(text, shipped());
    std::string messages = compiled.diagnostics.render();
    EXPECT_EQ(messages.find("error"), std::string::npos) << messages;
    EXPECT_EQ(messages.find("warning"), std::string::npos) << messages;
    ASSERT_TRUE(compiled.module) << name;
    EXPECT_TRUE(compiled.module->lookupSymbol(name)) << name;
  }
}

TEST(IRGen, EveryMethodOfTheFieldIsGenerated) {
  Diagnostics parsing;
  std::string text = readProjectFile("test/frontend/spec/Inputs/appendix.breg");
  auto source = sourceOf(text);
  ast::File file = parseFile(source, parsing);
  int generated = 0;
  for (const auto &item : file.items) {
    const auto *definition = std::get_if<ast::Definition>(&item);
    if (!definition)
      continue;
    Compiled compiled(std::string(source->text(definition->range)));
    EXPECT_EQ(compiled.diagnostics.render(), "") << definition->name.text;
    EXPECT_TRUE(compiled.module) << definition->name.text;
    ++generated;
  }
  EXPECT_GE(generated, 37);
}

TEST(IRGen, EveryOperationLeadsBackToItsLine) {
  std::string text = "quantizer q(growth = 1.02) {\n"
                     "  let y = tanh(x)\n"
                     "  levels {-1, 1}\n"
                     "  project w = growth * y\n"
                     "  update chain\n"
                     "  final sign(x)\n"
                     "}\n";
  Compiled compiled(text);
  std::map<std::string, std::string> places;
  compiled.module->walk([&](mlir::Operation *op) {
    std::string file;
    Position position = positionOf(op->getLoc(), file);
    EXPECT_EQ(file, "t.breg");
    places[op->getName().getStringRef().str()] =
        std::to_string(position.line) + ":" + std::to_string(position.column);
  });
  EXPECT_EQ(places["bregman.quantizer"], "1:11");
  EXPECT_EQ(places["bregman.param"], "1:13");
  EXPECT_EQ(places["math.tanh"], "2:11");
  EXPECT_EQ(places["bregman.levels"], "3:3");
  EXPECT_EQ(places["arith.truncf"], "4:15");
  EXPECT_EQ(places["arith.mulf"], "4:15");
  EXPECT_EQ(places["bregman.update"], "5:3");
  EXPECT_EQ(places["bregman.sign"], "6:9");
}

/// A pass's message, with a note, becomes one at the line of the spec.
TEST(DiagnosticCollector, PassesSpeakAtTheLineOfTheSpec) {
  Compiled compiled("quantizer q {\n"
                    "  levels {-1, 1}\n"
                    "  project w = tanh(x)\n"
                    "  update chain\n"
                    "  final sign(x)\n"
                    "}\n");
  Diagnostics diagnostics;
  {
    DiagnosticCollector collector(compiled.context, diagnostics, compiled.unit.get());
    compiled.module->walk([&](bregman::ProjectOp project) {
      mlir::Location inner = project.getBody().front().front().getLoc();
      auto error = mlir::emitError(inner, "Q5: leaves the hull");
      error.attachNote(project.getLoc()) << "of this projection";
      error.attachNote(mlir::UnknownLoc::get(&compiled.context)) << "x = 3";
    });
    mlir::emitWarning(mlir::FileLineColLoc::get(&compiled.context, "other.breg", 7, 8),
                      "elsewhere");
  }
  EXPECT_EQ(diagnostics.render(), "t.breg:3:15: error: Q5: leaves the hull\n"
                                  "   3 |   project w = tanh(x)\n"
                                  "     |               ^~~~\n"
                                  "t.breg:3:3: note: of this projection\n"
                                  "   3 |   project w = tanh(x)\n"
                                  "     |   ^~~~~~~\n"
                                  "note: x = 3\n"
                                  "warning: other.breg:7:8: elsewhere\n");
}
