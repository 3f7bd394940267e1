// What semantic analysis makes of values that many weights share: extents, reductions, codebooks as
// functions, what fit finds.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

namespace {

struct Analyzed {
  Diagnostics diagnostics;
  ast::File file;
  std::unique_ptr<Definition> definition;

  explicit Analyzed(const std::string &text) {
    auto source = sourceOf(text);
    file = parseFile(source, diagnostics);
    definition = analyze(source, std::get<ast::Definition>(file.items.at(0)), diagnostics);
    EXPECT_EQ(diagnostics.render(), "");
  }
  const Node &value(TypedClause::Kind kind) const { return *definition->find(kind)->value; }
};

/// The extent of the expression, as the message about a schedule says it.
std::string extentOf(const std::string &expression) {
  std::string text =
      "quantizer q { state s per channel = 0 learn t per tensor = 1 state p per run = "
      "0 schedule k = " +
      expression + " }";
  std::string message = semaMessages(text);
  size_t at = message.find("this is a number ");
  return at == std::string::npos ? "host"
                                 : message.substr(at + 17, message.find('\n', at) - at - 17);
}

} // namespace

TEST(SemaShared, ExtentsFollowFromOperands) {
  EXPECT_EQ(extentOf("mean(abs(x) per tensor)"), "per tensor");
  EXPECT_EQ(extentOf("mean(x where x > 0 per channel)"), "per channel");
  EXPECT_EQ(extentOf("max(x per group(4))"), "per group(4)");
  EXPECT_EQ(extentOf("mean(abs(x) per tensor) * s"), "per channel");
  EXPECT_EQ(extentOf("mean(abs(x) per tensor) * 2 + t"), "per tensor");
  EXPECT_EQ(extentOf("s + max(x per group(4))"), "per group(4)");
  EXPECT_EQ(extentOf("sum(1 per tensor)"), "per tensor");
  EXPECT_EQ(extentOf("x * s"), "per weight");
  EXPECT_EQ(extentOf("random() * s"), "per weight");
  EXPECT_EQ(extentOf("optimizer.v + s"), "per weight");
  EXPECT_EQ(extentOf("p * 2"), "host");
  EXPECT_EQ(extentOf("{1, 2}"), "per run with a level axis of 2");
  EXPECT_EQ(extentOf("t * {1, 2, 3}"), "per tensor with a level axis of 3");
  EXPECT_EQ(extentOf("sum(t * {1, 2, 3})"), "per tensor");
  EXPECT_EQ(extentOf("nearest(t, {-1, 1})"), "per tensor");
  EXPECT_EQ(extentOf("if x > 0 then t else 1"), "per weight");
  EXPECT_EQ(extentOf("if t > 0 then s else 1"), "per channel");
}

TEST(SemaShared, LevelsAreThoseOfWhatIsLookedUp) {
  Analyzed q("quantizer q { levels(v) {-a, a} where a = mean(abs(v) per tensor) "
             "project w = nearest(2 * x) + lower(x) update chain final nearest(2 * x) }");
  const Node &sum = q.value(TypedClause::Project);
  ASSERT_EQ(sum.op, Op::Add);
  auto reduced = [](const Node &lookup) {
    const Node &set = *lookup.operands[1];
    EXPECT_EQ(set.op, Op::Set);
    const Node &mean = *set.operands[1];
    EXPECT_EQ(mean.op, Op::ReduceMean);
    EXPECT_EQ(mean.per, (Extent{Extent::Tensor}));
    return mean.operands[0]->operands[0];
  };
  EXPECT_EQ(reduced(*sum.operands[0]), sum.operands[0]->operands[0]);
  EXPECT_EQ(reduced(*sum.operands[0])->op, Op::Mul);
  EXPECT_EQ(reduced(*sum.operands[1])->declaration->kind, DeclarationKind::Latent);
  const TypedClause &levels = *q.definition->find(TypedClause::Levels);
  ASSERT_TRUE(levels.variable);
  EXPECT_EQ(levels.value->operands[1]->operands[0]->operands[0]->declaration, levels.variable);
}

TEST(SemaShared, OneNameIsQuantizedOnce) {
  Analyzed q("quantizer q { levels(v) {-a, a} where a = mean(abs(v) per tensor) "
             "project w = nearest(x) update chain final nearest(x) }");
  EXPECT_EQ(q.value(TypedClause::Project).operands[1], q.value(TypedClause::Final).operands[1]);
}

TEST(SemaShared, FitHoldsTheLevelsOfItsUnknowns) {
  Analyzed q("quantizer q(n = 3) { levels(v) {-b, b} where c = 2, (a, d) = fit(v weighted "
             "abs(x) per channel) from (1, c) rounds n, b = c * a + d final nearest(x) }");
  const Node &set = *q.value(TypedClause::Final).operands[1];
  // b = c * a + d of the results ...
  const Node &b = *set.operands[1];
  ASSERT_EQ(b.op, Op::Add);
  const Node &a = *b.operands[0]->operands[1], &d = *b.operands[1];
  ASSERT_EQ(a.op, Op::FitResult);
  EXPECT_EQ(a.number, 0);
  EXPECT_EQ(d.number, 1);
  const Node &fit = *a.operands[0];
  EXPECT_EQ(&fit, d.operands[0]);
  EXPECT_EQ(fit.rounds, 3);
  EXPECT_TRUE(fit.weighted);
  EXPECT_EQ(fit.per, (Extent{Extent::Channel}));
  EXPECT_EQ(fit.operands.size(), 4u);
  // ... and in the fit's body of its unknowns.
  ASSERT_EQ(fit.unknowns.size(), 2u);
  EXPECT_EQ(fit.body->operands[1]->operands[1]->declaration, fit.unknowns[1]);
  EXPECT_EQ(fit.unknowns[0]->name, "a");
  EXPECT_TRUE(q.definition->param("n")->structural);
}

TEST(SemaShared, UnknownsMayHaveALevelAxis) {
  Analyzed q("quantizer q { levels(v) a where a[level] = fit(v per tensor) from [-1 .. 1] rounds 4 "
             "final nearest(x) }");
  const Node &set = *q.value(TypedClause::Final).operands[1];
  ASSERT_EQ(set.op, Op::FitResult);
  EXPECT_EQ(set.type, (Type{Type::Weight, 3, false, {Extent::Tensor}}));
}

TEST(SemaShared, StructuralGroups) {
  Analyzed q("quantizer q(n = 8) { levels(v) {-a, a} where a = mean(abs(v) per group(n)) "
             "project w = nearest(x) update chain final nearest(x) }");
  EXPECT_TRUE(q.definition->param("n")->structural);
  EXPECT_EQ(q.value(TypedClause::Project).operands[1]->type.extent, (Extent{Extent::Group, 8}));
}

TEST(SemaShared, WhatIsReadOfTheOptimizer) {
  Analyzed q(
      "quantizer q { let d = sqrt(optimizer.v) levels {-1, 1} project w = d * x update chain "
      "final sign(x + optimizer.m * optimizer.v) }");
  EXPECT_EQ(q.definition->optimizerStates.size(), 2u);
  EXPECT_TRUE(q.definition->optimizerStates.count("v"));
  EXPECT_TRUE(q.definition->optimizerStates.count("m"));
}

TEST(SemaShared, QuantizersOfActivations) {
  auto ofActivations = [](const std::string &text) {
    return Analyzed("quantizer q { " + text + " }").definition->ofActivations;
  };
  std::string sign = "levels {-1, 1} project w = ste(sign(x), x) update chain";
  EXPECT_TRUE(ofActivations(sign));
  EXPECT_FALSE(ofActivations(sign + " final sign(x)"));
  EXPECT_FALSE(ofActivations("project w = x update chain"));
  EXPECT_TRUE(ofActivations("project w = x / max(abs(x) per token) update chain"));
}
