// What semantic analysis accepts, and what it makes of it.
#include "SemaTestBase.h"

#include "frontend/spec/Evaluate.h"

#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>

using namespace bregman::spec;

static std::unique_ptr<Definition> analyzed(const std::string &text,
                                            const Structural &structural = {}) {
  Diagnostics diagnostics;
  auto source = sourceOf(text);
  ast::File file = parseFile(source, diagnostics);
  auto result =
      analyze(source, std::get<ast::Definition>(file.items.at(0)), diagnostics, structural);
  EXPECT_EQ(diagnostics.render(), "");
  return result;
}

TEST(Sema, LibraryIsAcceptedWithoutAWord) {
  for (const auto &entry : std::filesystem::directory_iterator(
           std::filesystem::path(BREGMAN_SOURCE_DIR) / "examples" / "specs"))
    EXPECT_EQ(semaMessages(readProjectFile("examples/specs/" + entry.path().filename().string())),
              "")
        << entry.path();
}

TEST(Sema, TheWholeFieldIsAcceptedWithoutAWord) {
  EXPECT_EQ(semaMessages(readProjectFile("test/frontend/spec/Inputs/appendix.breg")), "");
}

TEST(Sema, ClausesAreInTextualOrder) {
  auto q = analyzed("quantizer q(b = 2) { levels {-1, 1} schedule s = b project w = tanh(s * x) "
                    "update lazy mirror every b epochs x' = x final sign(x) }");
  std::vector<TypedClause::Kind> kinds;
  for (const TypedClause &clause : q->clauses)
    kinds.push_back(clause.kind);
  EXPECT_EQ(kinds, (std::vector{TypedClause::Levels, TypedClause::Schedule, TypedClause::Project,
                                TypedClause::Update, TypedClause::Every, TypedClause::Final}));
  EXPECT_TRUE(q->find(TypedClause::Every)->epochs);
  EXPECT_EQ(q->find(TypedClause::Prox), nullptr);
}

TEST(Sema, StructuralParametersAreCompiledIn) {
  std::string text = "quantizer q(n in [1, 8] = 2, s = 1) { levels s * [-n .. n] "
                     "project w = tanh(s * x) update lazy mirror final nearest(x) }";
  auto q = analyzed(text);
  EXPECT_TRUE(q->param("n")->structural);
  EXPECT_FALSE(q->param("s")->structural);
  EXPECT_EQ(q->find(TypedClause::Levels)->value->type.levels, 5);
  EXPECT_EQ(analyzed(text, {{"n", 3}})->find(TypedClause::Levels)->value->type.levels, 7);
}

TEST(Sema, LetIsSharedAndUnfolded) {
  auto q = analyzed("quantizer q { let y = tanh(x) let f(a) = a * a levels {-1, 1} project w = "
                    "f(y) + y update chain final sign(x) }");
  const Node &sum = *q->find(TypedClause::Project)->value;
  ASSERT_EQ(sum.op, Op::Add);
  EXPECT_EQ(sum.operands[0]->op, Op::Mul);
  EXPECT_EQ(sum.operands[0]->operands[0], sum.operands[1]);
  EXPECT_EQ(sum.operands[1]->name, "y");
}

TEST(Sema, HostArithmeticIsInDouble) {
  auto value = [](const std::string &expression) {
    auto q = analyzed("quantizer q { levels {-1, 1} project w = x * (" + expression +
                      ") update chain final sign(x) }");
    return *evaluate(*q->find(TypedClause::Project)->value->operands[1]);
  };
  EXPECT_EQ(value("1 / 3"), 1.0 / 3);
  EXPECT_EQ(value("-2 ^ 2"), -4);
  EXPECT_EQ(value("2 ^ 3 ^ 2"), 512);
  EXPECT_EQ(value("round(0.5) + round(-0.5) + sign(0) + sgn(0)"), 2);
  EXPECT_EQ(value("if 1 < 2 and not (1 == 2) then 7 else 8"), 7);
  EXPECT_EQ(value("clamp(5, 0, 2) + max(1, 2) + min(1, 2)"), 5);
  EXPECT_EQ(value("10 ^ 400"), INFINITY);
  for (const char *lost : {"1 ^ (inf - inf)", "(inf - inf) ^ 0", "clamp(1, inf - inf, 2)",
                           "clamp(inf - inf, 0, 1)", "min(inf - inf, 1)", "max(1, inf - inf)"})
    EXPECT_TRUE(std::isnan(value(lost))) << lost;
}
