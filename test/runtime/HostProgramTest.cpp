// The host interpreter at the values where "Numbers" of the language decides.
#include "runtime/HostProgram.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using bregman::HostProgram;
using Op = HostProgram::Op;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double apply(Op op, double a, double b = 0, double c = 0) {
  HostProgram program;
  program.code = {{Op::Constant, -1, -1, -1, a},
                  {Op::Constant, -1, -1, -1, b},
                  {Op::Constant, -1, -1, -1, c},
                  {op, 0, 1, 2}};
  program.outputs = {{"result", 3}};
  return program.run({})[0];
}

void expectSame(double got, double want) {
  if (std::isnan(want)) {
    EXPECT_TRUE(std::isnan(got)) << got;
    return;
  }
  EXPECT_EQ(got, want);
  EXPECT_EQ(std::signbit(got), std::signbit(want)) << "the sign of zero";
}

TEST(HostProgram, SignBinarizesAndSgnHasThreeValues) {
  for (double zero : {0.0, -0.0}) {
    expectSame(apply(Op::Sign, zero), 1);
    EXPECT_EQ(apply(Op::Sgn, zero), 0);
  }
  for (double x : {5e-324, 1e-310, 2.0, inf}) {
    EXPECT_EQ(apply(Op::Sign, x), 1);
    EXPECT_EQ(apply(Op::Sgn, x), 1);
    EXPECT_EQ(apply(Op::Sign, -x), -1);
    EXPECT_EQ(apply(Op::Sgn, -x), -1);
  }
}

TEST(HostProgram, RoundGivesTiesToTheLarger) {
  expectSame(apply(Op::Round, 2.5), 3);
  expectSame(apply(Op::Round, -2.5), -2);
  expectSame(apply(Op::Round, 0.5), 1);
  EXPECT_EQ(apply(Op::Round, -0.5), 0);
  EXPECT_EQ(apply(Op::Round, 0.49999999999999994), 0);
  EXPECT_EQ(apply(Op::Round, -0.50000000000000011), -1);
  expectSame(apply(Op::Round, 4503599627370497.0), 4503599627370497.0);
  expectSame(apply(Op::Round, inf), inf);
  expectSame(apply(Op::Round, -inf), -inf);
}

TEST(HostProgram, NanPassesThroughEveryFunction) {
  for (Op op : {Op::Neg, Op::Exp, Op::Log, Op::Log2, Op::Sqrt, Op::Tanh, Op::Atanh, Op::Sigmoid,
                Op::Erf, Op::Atan, Op::Abs, Op::Floor, Op::Ceil, Op::Round, Op::Sign, Op::Sgn})
    EXPECT_TRUE(std::isnan(apply(op, nan))) << int(op);
  for (Op op : {Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Pow, Op::Min, Op::Max}) {
    EXPECT_TRUE(std::isnan(apply(op, nan, 1))) << int(op);
    EXPECT_TRUE(std::isnan(apply(op, 1, nan))) << int(op);
    EXPECT_TRUE(std::isnan(apply(op, nan, 0))) << int(op);
  }
}

TEST(HostProgram, MinAndMaxOrderTheZeros) {
  expectSame(apply(Op::Min, 0.0, -0.0), -0.0);
  expectSame(apply(Op::Min, -0.0, 0.0), -0.0);
  expectSame(apply(Op::Max, 0.0, -0.0), 0.0);
  expectSame(apply(Op::Max, -0.0, 0.0), 0.0);
  EXPECT_EQ(apply(Op::Min, -inf, 1), -inf);
  EXPECT_EQ(apply(Op::Max, 2, 3), 3);
}

TEST(HostProgram, FunctionsAtTheirEnds) {
  EXPECT_EQ(apply(Op::Sigmoid, inf), 1);
  EXPECT_EQ(apply(Op::Sigmoid, -inf), 0);
  EXPECT_EQ(apply(Op::Sigmoid, 0), 0.5);
  EXPECT_DOUBLE_EQ(apply(Op::Sigmoid, -700), std::exp(-700.0));
  EXPECT_EQ(apply(Op::Tanh, inf), 1);
  EXPECT_EQ(apply(Op::Atanh, 1), inf);
  EXPECT_TRUE(std::isnan(apply(Op::Sqrt, -1)));
  expectSame(apply(Op::Sqrt, -0.0), -0.0);
  EXPECT_EQ(apply(Op::Log, 0), -inf);
  EXPECT_EQ(apply(Op::Log2, 8), 3);
  EXPECT_EQ(apply(Op::Div, 1, 0), inf);
  EXPECT_EQ(apply(Op::Pow, 1.02, 1e9), inf);
  EXPECT_EQ(apply(Op::Pow, 0, 0), 1);
  EXPECT_EQ(apply(Op::Ceil, 0.005), 1);
  EXPECT_EQ(apply(Op::Floor, -0.5), -1);
  EXPECT_DOUBLE_EQ(apply(Op::Erf, 0.5), std::erf(0.5));
}

TEST(HostProgram, ComparisonsGiveOneOrZeroAndAreFalseOfNan) {
  EXPECT_EQ(apply(Op::Less, 1, 2), 1);
  EXPECT_EQ(apply(Op::Less, 2, 2), 0);
  EXPECT_EQ(apply(Op::LessEqual, 2, 2), 1);
  EXPECT_EQ(apply(Op::Greater, 3, 2), 1);
  EXPECT_EQ(apply(Op::GreaterEqual, 1, 2), 0);
  EXPECT_EQ(apply(Op::Equal, 0.0, -0.0), 1);
  EXPECT_EQ(apply(Op::NotEqual, nan, nan), 1);
  for (Op op : {Op::Less, Op::LessEqual, Op::Greater, Op::GreaterEqual, Op::Equal})
    EXPECT_EQ(apply(op, nan, nan), 0) << int(op);
}

TEST(HostProgram, LogicTakesEverythingButZeroAsTrue) {
  EXPECT_EQ(apply(Op::And, 2, -1), 1);
  EXPECT_EQ(apply(Op::And, 2, -0.0), 0);
  EXPECT_EQ(apply(Op::Or, 0, 0.5), 1);
  EXPECT_EQ(apply(Op::Or, 0, 0), 0);
  EXPECT_EQ(apply(Op::Not, 0), 1);
  EXPECT_EQ(apply(Op::Not, 7), 0);
}

TEST(HostProgram, SelectLeaksNothingOfTheOtherArm) {
  EXPECT_EQ(apply(Op::Select, 1, 2, nan), 2);
  EXPECT_EQ(apply(Op::Select, 0, inf, 3), 3);
}

TEST(HostProgram, RunsAScheduleAndKnowsWhatItDependsOn) {
  // beta = min(growth ^ ceil(step / period), 1e35)
  HostProgram program;
  program.inputs = {"step", "growth", "period", "unused"};
  program.code = {{Op::Input, 0},
                  {Op::Input, 1},
                  {Op::Input, 2},
                  {Op::Div, 0, 2},
                  {Op::Ceil, 3},
                  {Op::Pow, 1, 4},
                  {Op::Constant, -1, -1, -1, 1e35},
                  {Op::Min, 5, 6}};
  program.outputs = {{"beta", 7}, {"growth", 1}};
  auto beta = [&](double step) { return program.run(std::vector<double>{step, 1.5, 10, nan})[0]; };
  EXPECT_EQ(beta(0), 1);
  EXPECT_EQ(beta(1), 1.5);
  EXPECT_EQ(beta(10), 1.5);
  EXPECT_EQ(beta(11), 2.25);
  EXPECT_EQ(beta(1e6), 1e35);
  EXPECT_EQ(program.indexOf("growth"), 1);
  EXPECT_EQ(program.indexOf("gamma"), -1);
  EXPECT_EQ(program.inputIndexOf("period"), 2);
  EXPECT_EQ(program.inputIndexOf("beta"), -1);
  std::vector<int> both = {0, 1}, second = {1};
  EXPECT_EQ(program.inputsRead(both), (std::vector<bool>{true, true, true, false}));
  EXPECT_EQ(program.inputsRead(second), (std::vector<bool>{false, true, false, false}));
}

} // namespace
