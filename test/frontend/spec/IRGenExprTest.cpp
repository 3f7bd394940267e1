// What expressions become at the stage `bregman`: by what they depend on, each on its own.
#include "IRGenTestBase.h"

using namespace bregman::spec;

namespace {

/// The operations of the one body of a quantizer whose project clause is the expression.
std::string projected(const std::string &expression, const std::string &before = "") {
  std::string text = printed("quantizer q(a = 3) { let unused = a " + before +
                             " levels {-1, 0, 2} project w = " + expression +
                             " update chain final nearest(x) + 0 * unused }");
  size_t begin = text.find("bregman.project"), end = text.find("bregman.yield", begin);
  std::string body = text.substr(begin, end - begin), out;
  body = body.substr(body.find('\n') + 1);
  for (size_t at = 0; at < body.size();) {
    size_t next = body.find('\n', at);
    if (next == std::string::npos)
      break;
    size_t first = body.find_first_not_of(' ', at);
    out += body.substr(first, next - first) + "\n";
    at = next + 1;
  }
  return out;
}

} // namespace

TEST(IRGen, MaximalHostExpressionIsRoundedOnce) {
  EXPECT_EQ(projected("(a + 1) * a * x"), R"mlir(%cst = arith.constant 1.000000e+00 : f64
%0 = arith.addf %a, %cst : f64
%1 = arith.mulf %0, %a : f64
%2 = arith.truncf %1 : f64 to f32
%3 = arith.mulf %2, %x : f32
)mlir");
}

TEST(IRGen, DivisionByTheHostMultipliesByAReciprocalInDouble) {
  EXPECT_EQ(projected("x / (a + 1)"), R"mlir(%cst = arith.constant 1.000000e+00 : f64
%cst_0 = arith.constant 1.000000e+00 : f64
%0 = arith.addf %a, %cst_0 : f64
%1 = arith.divf %cst, %0 : f64
%2 = arith.truncf %1 : f64 to f32
%3 = arith.mulf %x, %2 : f32
)mlir");
  EXPECT_EQ(projected("x / 3"), R"mlir(%cst = arith.constant 0.333333343 : f32
%0 = arith.mulf %x, %cst : f32
)mlir");
  EXPECT_EQ(projected("a / 3 / x"), R"mlir(%cst = arith.constant 3.000000e+00 : f64
%0 = arith.divf %a, %cst : f64
%1 = arith.truncf %0 : f64 to f32
%2 = arith.divf %1, %x : f32
)mlir");
}

TEST(IRGen, NumbersAreFoldedInDouble) {
  EXPECT_EQ(projected("x * (1 / 3 + -2)"), R"mlir(%cst = arith.constant -1.66666663 : f32
%0 = arith.mulf %x, %cst : f32
)mlir");
}

TEST(IRGen, FunctionsOfTheLanguage) {
  EXPECT_EQ(projected("exp(log(log2(sqrt(tanh(atanh(sigmoid(x)))))))"),
            R"mlir(%0 = bregman.sigmoid %x : f32
%1 = math.atanh %0 : f32
%2 = math.tanh %1 : f32
%3 = math.sqrt %2 : f32
%4 = math.log2 %3 : f32
%5 = math.log %4 : f32
%6 = math.exp %5 : f32
)mlir");
  EXPECT_EQ(projected("abs(floor(ceil(round(sign(sgn(x))))))"), R"mlir(%0 = bregman.sgn %x : f32
%1 = bregman.sign %0 : f32
%2 = bregman.round %1 : f32
%3 = math.ceil %2 : f32
%4 = math.floor %3 : f32
%5 = math.absf %4 : f32
)mlir");
  EXPECT_EQ(projected("min(x, max(x, clamp(x, -1, a)))"),
            R"mlir(%cst = arith.constant -1.000000e+00 : f32
%0 = arith.truncf %a : f64 to f32
%1 = bregman.clamp %x, %cst, %0 : f32
%2 = arith.maximumf %x, %1 : f32
%3 = arith.minimumf %x, %2 : f32
)mlir");
  EXPECT_EQ(projected("nearest(x) + lower(x) + upper(x)"),
            R"mlir(%0 = bregman.nearest %x, %levels : vector<3xf32>
%1 = bregman.lower %x, %levels : vector<3xf32>
%2 = arith.addf %0, %1 : f32
%3 = bregman.upper %x, %levels : vector<3xf32>
%4 = arith.addf %2, %3 : f32
)mlir");
  EXPECT_EQ(projected("soft_nearest(x, a) + soft_nearest(x, x, {0, a})"),
            R"mlir(%0 = arith.truncf %a : f64 to f32
%1 = bregman.soft_nearest %x, %0, %levels : vector<3xf32>
%cst = arith.constant 0.000000e+00 : f32
%2 = arith.truncf %a : f64 to f32
%3 = vector.from_elements %cst, %2 : vector<2xf32>
%4 = bregman.soft_nearest %x, %x, %3 : vector<2xf32>
%5 = arith.addf %1, %4 : f32
)mlir");
  EXPECT_EQ(projected("ste(sign(x), x) + detach(x) + x ^ 3"), R"mlir(%0 = bregman.sign %x : f32
%1 = bregman.ste %0, %x : f32
%cst = arith.constant 0.000000e+00 : f32
%2 = bregman.ste %x, %cst : f32
%3 = arith.addf %1, %2 : f32
%cst_0 = arith.constant 3.000000e+00 : f32
%4 = math.powf %x, %cst_0 : f32
%5 = arith.addf %3, %4 : f32
)mlir");
}

TEST(IRGen, LevelAxis) {
  EXPECT_EQ(projected("sum(levels * x) + mean(levels) + min(levels) + max(levels) + std(levels)"),
            R"mlir(%0 = vector.broadcast %x : f32 to vector<3xf32>
%1 = arith.mulf %levels, %0 : vector<3xf32>
%2 = bregman.reduce sum %1 : vector<3xf32>
%3 = bregman.reduce mean %levels : vector<3xf32>
%4 = arith.addf %2, %3 : f32
%5 = bregman.reduce min %levels : vector<3xf32>
%6 = arith.addf %4, %5 : f32
%7 = bregman.reduce max %levels : vector<3xf32>
%8 = arith.addf %6, %7 : f32
%9 = bregman.reduce std %levels : vector<3xf32>
%10 = arith.addf %8, %9 : f32
)mlir");
  EXPECT_EQ(projected("sum(softmax(a * (levels - x))) + sum(softmax((levels - x) / a))"),
            R"mlir(%0 = arith.truncf %a : f64 to f32
%1 = vector.broadcast %x : f32 to vector<3xf32>
%2 = arith.subf %levels, %1 : vector<3xf32>
%3 = bregman.softmax %2 scale %0 : vector<3xf32>
%4 = bregman.reduce sum %3 : vector<3xf32>
%cst = arith.constant 1.000000e+00 : f64
%5 = arith.divf %cst, %a : f64
%6 = arith.truncf %5 : f64 to f32
%7 = vector.broadcast %x : f32 to vector<3xf32>
%8 = arith.subf %levels, %7 : vector<3xf32>
%9 = bregman.softmax %8 scale %6 : vector<3xf32>
%10 = bregman.reduce sum %9 : vector<3xf32>
%11 = arith.addf %4, %10 : f32
)mlir");
  EXPECT_EQ(projected("sum(softmax(levels + x) + sparsemax(levels * x) + hardmax(levels * x))"),
            R"mlir(%0 = vector.broadcast %x : f32 to vector<3xf32>
%1 = arith.addf %levels, %0 : vector<3xf32>
%2 = bregman.softmax %1 : vector<3xf32>
%3 = vector.broadcast %x : f32 to vector<3xf32>
%4 = arith.mulf %levels, %3 : vector<3xf32>
%5 = bregman.sparsemax %4 : vector<3xf32>
%6 = arith.addf %2, %5 : vector<3xf32>
%7 = vector.broadcast %x : f32 to vector<3xf32>
%8 = arith.mulf %levels, %7 : vector<3xf32>
%9 = bregman.hardmax %8 : vector<3xf32>
%10 = arith.addf %6, %9 : vector<3xf32>
%11 = bregman.reduce sum %10 : vector<3xf32>
)mlir");
  // exp(c (e - max e)) would overflow for a negative c.
  EXPECT_EQ(projected("sum(softmax(-2 * levels))"),
            R"mlir(%cst = arith.constant dense<-2.000000e+00> : vector<3xf32>
%0 = arith.mulf %cst, %levels : vector<3xf32>
%1 = bregman.softmax %0 : vector<3xf32>
%2 = bregman.reduce sum %1 : vector<3xf32>
)mlir");
}

TEST(IRGen, Conditions) {
  EXPECT_EQ(projected("if x > 0 and not (a > 2) or x != 1 then x else 0"),
            R"mlir(%cst = arith.constant 0.000000e+00 : f32
%0 = arith.cmpf ogt, %x, %cst : f32
%cst_0 = arith.constant 2.000000e+00 : f64
%1 = arith.cmpf ogt, %a, %cst_0 : f64
%true = arith.constant true
%2 = arith.xori %1, %true : i1
%3 = arith.andi %0, %2 : i1
%cst_1 = arith.constant 1.000000e+00 : f32
%4 = arith.cmpf une, %x, %cst_1 : f32
%5 = arith.ori %3, %4 : i1
%cst_2 = arith.constant 0.000000e+00 : f32
%6 = arith.select %5, %x, %cst_2 : f32
)mlir");
  EXPECT_EQ(projected("sum(if levels * x <= a then 1 else levels)"),
            R"mlir(%0 = vector.broadcast %x : f32 to vector<3xf32>
%1 = arith.mulf %levels, %0 : vector<3xf32>
%2 = arith.truncf %a : f64 to f32
%3 = vector.broadcast %2 : f32 to vector<3xf32>
%4 = arith.cmpf ole, %1, %3 : vector<3xf32>
%cst = arith.constant dense<1.000000e+00> : vector<3xf32>
%5 = arith.select %4, %cst, %levels : vector<3xi1>, vector<3xf32>
%6 = bregman.reduce sum %5 : vector<3xf32>
)mlir");
  EXPECT_EQ(projected("if a == 1 then x else sum(if a < 1 then levels else 0)"),
            R"mlir(%cst = arith.constant 1.000000e+00 : f64
%0 = arith.cmpf oeq, %a, %cst : f64
%cst_0 = arith.constant 1.000000e+00 : f64
%1 = arith.cmpf olt, %a, %cst_0 : f64
%cst_1 = arith.constant dense<0.000000e+00> : vector<3xf32>
%2 = arith.select %1, %levels, %cst_1 : vector<3xf32>
%3 = bregman.reduce sum %2 : vector<3xf32>
%4 = arith.select %0, %x, %3 : f32
)mlir");
  EXPECT_EQ(projected("(if a >= 1 then a else 2) * x"),
            R"mlir(%cst = arith.constant 1.000000e+00 : f64
%0 = arith.cmpf oge, %a, %cst : f64
%cst_0 = arith.constant 2.000000e+00 : f64
%1 = arith.select %0, %a, %cst_0 : f64
%2 = arith.truncf %1 : f64 to f32
%3 = arith.mulf %2, %x : f32
)mlir");
}

TEST(IRGen, AbbreviationsAreSharedAndKeepTheirNames) {
  EXPECT_EQ(projected("y * y + f(y)", "let y = tanh(x) let f(b) = b + b"),
            R"mlir(%y = math.tanh %x : f32
%0 = arith.mulf %y, %y : f32
%1 = arith.addf %y, %y : f32
%2 = arith.addf %0, %1 : f32
)mlir");
}
