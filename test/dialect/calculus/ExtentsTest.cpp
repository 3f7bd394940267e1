// Which weights share a value, as its definition says.
#include "dialect/Extents.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace bregman;
using namespace mlir;

namespace {

Extent group(int64_t size) { return {Extent::Group, size}; }
const Extent tensor{Extent::Tensor, 0}, channel{Extent::Channel, 0}, token{Extent::Token, 0};

TEST(Extents, NarrowestIsSymmetric) {
  const std::tuple<Extent, Extent, Extent> cases[] = {
      {Extent::run(), tensor, tensor},
      {tensor, channel, channel},
      {channel, group(8), group(8)},
      {group(8), group(4), group(4)},
      {group(8), group(6), Extent::weight()}, // their segments cross
      {tensor, token, token},
      {channel, token, Extent::weight()},
      {group(4), Extent::weight(), Extent::weight()},
      {channel, channel, channel},
  };
  for (auto [a, b, expected] : cases) {
    EXPECT_EQ(narrowest(a, b), expected) << describe(a) << ", " << describe(b);
    EXPECT_EQ(narrowest(b, a), expected) << describe(b) << ", " << describe(a);
  }
}

TEST(Extents, WiderMayStandForNarrower) {
  EXPECT_TRUE(Extent::run().isAsWideAs(Extent::weight()));
  EXPECT_TRUE(tensor.isAsWideAs(tensor));
  EXPECT_TRUE(group(8).isAsWideAs(group(4)));
  EXPECT_FALSE(group(4).isAsWideAs(group(8)));
  EXPECT_FALSE(channel.isAsWideAs(tensor));
}

/// Each value is marked with its extent.
const char text[] = R"mlir(
bregman.quantizer @q {
  %step = bregman.counter step {extent_is = "per run"} : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  } attributes {extent_is = "per weight"}
  %s = bregman.learn "s" per tensor : f32 attributes {extent_is = "per tensor"} {
    %one = arith.constant {extent_is = "per run"} 1.0 : f32
    bregman.yield %one : f32
  }
  %z = bregman.state "z" : f32 attributes {extent_is = "per weight"} {
    bregman.yield %x : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %0 = math.absf %x {extent_is = "per weight"} : f32
    %1 = bregman.reduce mean per channel %0 {extent_is = "per channel"} : f32
    %2 = arith.mulf %1, %s {extent_is = "per channel"} : f32
    %3 = arith.negf %2 : f32
    %4 = vector.from_elements %3, %2 {extent_is = "per channel"} : vector<2xf32>
    bregman.yield %4 : vector<2xf32>
  } attributes {extent_is = "per channel"}
  %w = bregman.project "w" : f32 attributes {extent_is = "per weight"} {
    %k = arith.truncf %step {extent_is = "per run"} : f64 to f32
    %0 = arith.mulf %k, %s {extent_is = "per tensor"} : f32
    %1 = bregman.reduce max %levels {extent_is = "per channel"} : vector<2xf32>
    %2 = bregman.random {extent_is = "per weight"} : f32
    %3 = bregman.fit %x from (%0) rounds 1 per group(4) {extent_is = "per group(4)"} : f32 {
    ^bb0(%a: f32):
      %5 = vector.broadcast %a {extent_is = "per group(4)"} : f32 to vector<2xf32>
      bregman.yield %5 : vector<2xf32>
    }
    %4 = bregman.nearest %2, %levels {extent_is = "per weight"} : vector<2xf32>
    bregman.yield %4 : f32
  }
  bregman.update straight_through
})mlir";

TEST(Extents, FollowFromDefinitions) {
  DialectRegistry registry;
  registerBregmanDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(bool(module));
  Extents extents;
  int checked = 0;
  module->walk([&](Operation *op) {
    auto expected = op->getAttrOfType<StringAttr>("extent_is");
    if (!expected)
      return;
    ++checked;
    EXPECT_EQ(describe(extents.of(op->getResult(0))), expected.str())
        << op->getName().getStringRef().str();
  });
  EXPECT_EQ(checked, 18);
}

} // namespace
