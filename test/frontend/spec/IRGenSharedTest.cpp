// What values that many weights share look like at the stage `bregman`.
#include "IRGenTestBase.h"

using namespace bregman::spec;

TEST(IRGen, SharedValues) {
  EXPECT_EQ(printed(R"breg(quantizer q(n = 8) {
  levels(v) {-a, a} where a = fit(v weighted abs(x) per channel) from mean(abs(v) per channel) rounds 2
  state z per run = 1
  state m per group(n) = mean(x where x > 0 per group(n))
  learn s per tensor in [0, inf] = 1 scaled 1 / sqrt(sum(1 per tensor))
  project w = s * nearest(x) + m * random() + z
  update gradient grad(s) * optimizer.v
  penalty x ^ 2
  every 2 epochs { m' = max(x per group(n)) z' = z / 2 }
  high tanh(x)
  final nearest(x)
}
optimizer o {
  state p per run = 1
  p' = p / 2
  descend p' * g
}
)breg"),
            R"mlir(module {
  bregman.quantizer @q {
    %x = bregman.latent (w0 = %w0: f32) : f32 {
      bregman.yield %w0 : f32
    }
    %levels = bregman.levels (v = %v: f32) : vector<2xf32> {
      %0 = math.absf %v : f32
      %1 = bregman.reduce mean per channel %0 : f32
      %2 = math.absf %x : f32
      %3 = bregman.fit %v weighted %2 from(%1) rounds 2 per channel : f32 {
      ^bb0(%a: f32):
        %6 = arith.negf %a : f32
        %7 = vector.from_elements %6, %a : vector<2xf32>
        bregman.yield %7 : vector<2xf32>
      }
      %4 = arith.negf %3 : f32
      %5 = vector.from_elements %4, %3 : vector<2xf32>
      bregman.yield %5 : vector<2xf32>
    }
    %z = bregman.state "z" per run : f64 {
      %cst_0 = arith.constant 1.000000e+00 : f64
      bregman.yield %cst_0 : f64
    }
    %m = bregman.state "m" per group(8) : f32 {
      %cst_0 = arith.constant 0.000000e+00 : f32
      %0 = arith.cmpf ogt, %x, %cst_0 : f32
      %1 = bregman.reduce mean per group(8) %x where %0 : f32
      bregman.yield %1 : f32
    }
    %s = bregman.learn "s" per tensor in[0.000000e+00, inf] : f32 {
      %cst_0 = arith.constant 1.000000e+00 : f32
      bregman.yield %cst_0 : f32
    } scaled {
      %cst_0 = arith.constant 1.000000e+00 : f32
      %cst_1 = arith.constant 1.000000e+00 : f32
      %0 = bregman.reduce sum per tensor %cst_1 : f32
      %1 = math.sqrt %0 : f32
      %2 = arith.divf %cst_0, %1 : f32
      bregman.yield %2 : f32
    }
    %w = bregman.project "w" : f32 {
      %0 = math.absf %x : f32
      %1 = bregman.reduce mean per channel %0 : f32
      %2 = math.absf %x : f32
      %3 = bregman.fit %x weighted %2 from(%1) rounds 2 per channel : f32 {
      ^bb0(%a: f32):
        %13 = arith.negf %a : f32
        %14 = vector.from_elements %13, %a : vector<2xf32>
        bregman.yield %14 : vector<2xf32>
      }
      %4 = arith.negf %3 : f32
      %5 = vector.from_elements %4, %3 : vector<2xf32>
      %6 = bregman.nearest %x, %5 : vector<2xf32>
      %7 = arith.mulf %s, %6 : f32
      %8 = bregman.random : f32
      %9 = arith.mulf %m, %8 : f32
      %10 = arith.addf %7, %9 : f32
      %11 = arith.truncf %z : f64 to f32
      %12 = arith.addf %10, %11 : f32
      bregman.yield %12 : f32
    }
    bregman.update gradient (g = %g: f32) {
      %0 = bregman.grad %s : f32
      %1 = bregman.optimizer_state "v" : f32
      %2 = arith.mulf %0, %1 : f32
      bregman.yield %2 : f32
    }
    bregman.penalty {
      %cst_0 = arith.constant 2.000000e+00 : f32
      %0 = math.powf %x, %cst_0 : f32
      bregman.yield %0 : f32
    }
    %cst = arith.constant 2.000000e+00 : f64
    bregman.every %cst epoch {
      %0 = bregman.reduce max per group(8) %x : f32
      %cst_0 = arith.constant 2.000000e+00 : f64
      %1 = arith.divf %z, %cst_0 : f64
      bregman.yield m = %0, z = %1 : f32, f64
    }
    bregman.high {
      %0 = math.tanh %x : f32
      bregman.yield %0 : f32
    }
    bregman.final {
      %0 = math.absf %x : f32
      %1 = bregman.reduce mean per channel %0 : f32
      %2 = math.absf %x : f32
      %3 = bregman.fit %x weighted %2 from(%1) rounds 2 per channel : f32 {
      ^bb0(%a: f32):
        %7 = arith.negf %a : f32
        %8 = vector.from_elements %7, %a : vector<2xf32>
        bregman.yield %8 : vector<2xf32>
      }
      %4 = arith.negf %3 : f32
      %5 = vector.from_elements %4, %3 : vector<2xf32>
      %6 = bregman.nearest %x, %5 : vector<2xf32>
      bregman.yield %6 : f32
    }
  }
  bregman.optimizer @o (g = %g: f32, x = %x: f32) {
    %p = bregman.state "p" per run : f64 {
      %cst_0 = arith.constant 1.000000e+00 : f64
      bregman.yield %cst_0 : f64
    }
    %cst = arith.constant 2.000000e+00 : f64
    %p1 = arith.divf %p, %cst : f64
    %0 = arith.truncf %p1 : f64 to f32
    %1 = arith.mulf %0, %g : f32
    bregman.descend %1, p = %p1 : f32, f64
  }
}
)mlir");
}
