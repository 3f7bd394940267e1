// What whole quantizers and optimizers look like at the stage `bregman`.
#include "IRGenTestBase.h"

using namespace bregman::spec;

TEST(IRGen, QuantizerAsOnTheLanguagesPage) {
  EXPECT_EQ(printed(readProjectFile("examples/specs/md_tanh_s.breg")), R"mlir(module {
  bregman.quantizer @md_tanh_s {
    %growth = bregman.param "growth" in[1.000000e+00, 2.000000e+00] = 1.020000e+00 : f64
    %period = bregman.param "period" = 2.000000e+02 : f64
    %step = bregman.counter step : f64
    %levels = bregman.levels : vector<2xf32> {
      %cst = arith.constant dense<[-1.000000e+00, 1.000000e+00]> : vector<2xf32>
      bregman.yield %cst : vector<2xf32>
    }
    %beta = bregman.schedule "beta" : f64 {
      %0 = arith.divf %step, %period : f64
      %1 = math.ceil %0 : f64
      %2 = math.powf %growth, %1 : f64
      %cst = arith.constant 9.9999999999999996E+34 : f64
      %3 = arith.minimumf %2, %cst : f64
      bregman.yield %3 : f64
    }
    %x = bregman.latent (w0 = %w0: f32) : f32 {
      bregman.yield %w0 : f32
    }
    %w = bregman.project "w" : f32 {
      %0 = arith.truncf %beta : f64 to f32
      %1 = arith.mulf %0, %x : f32
      %2 = math.tanh %1 : f32
      bregman.yield %2 : f32
    }
    bregman.update lazy_mirror 
    bregman.final {
      %0 = bregman.sign %x : f32
      bregman.yield %0 : f32
    }
  }
}
)mlir");
}

TEST(IRGen, OptimizerAsOnTheLanguagesPage) {
  EXPECT_EQ(printed(readProjectFile("examples/specs/momentum.breg")), R"mlir(module {
  bregman.optimizer @momentum (g = %g: f32, x = %x: f32) {
    %lr = bregman.param "lr" = 1.000000e-01 : f64
    %mu = bregman.param "mu" = 9.000000e-01 : f64
    %weight_decay = bregman.param "weight_decay" = 0.000000e+00 : f64
    %m = bregman.state "m" : f32 {
      %cst = arith.constant 0.000000e+00 : f32
      bregman.yield %cst : f32
    }
    %0 = arith.truncf %mu : f64 to f32
    %1 = arith.mulf %0, %m : f32
    %2 = arith.addf %1, %g : f32
    %3 = arith.truncf %weight_decay : f64 to f32
    %4 = arith.mulf %3, %x : f32
    %m1 = arith.addf %2, %4 : f32
    %5 = arith.truncf %lr : f64 to f32
    %6 = arith.mulf %5, %m1 : f32
    bregman.descend %6, m = %m1 : f32, f32
  }
}
)mlir");
}

TEST(IRGen, GradientAndLevelAxis) {
  EXPECT_EQ(printed(readProjectFile("examples/specs/pmf.breg")), R"mlir(module {
  bregman.quantizer @pmf {
    %growth = bregman.param "growth" in[1.000000e+00, 2.000000e+00] = 1.100000e+00 : f64
    %period = bregman.param "period" = 1.000000e+03 : f64
    %step = bregman.counter step : f64
    %levels = bregman.levels : vector<2xf32> {
      %cst = arith.constant dense<[-1.000000e+00, 1.000000e+00]> : vector<2xf32>
      bregman.yield %cst : vector<2xf32>
    }
    %beta = bregman.schedule "beta" : f64 {
      %0 = arith.divf %step, %period : f64
      %1 = math.ceil %0 : f64
      %2 = math.powf %growth, %1 : f64
      %cst = arith.constant 1.000000e+04 : f64
      %3 = arith.minimumf %2, %cst : f64
      bregman.yield %3 : f64
    }
    %x = bregman.latent (w0 = %w0: f32) : vector<2xf32> {
      %0 = vector.broadcast %w0 : f32 to vector<2xf32>
      %1 = arith.mulf %levels, %0 : vector<2xf32>
      bregman.yield %1 : vector<2xf32>
    }
    %u = bregman.project "u" : vector<2xf32> {
      %0 = arith.truncf %beta : f64 to f32
      %1 = bregman.softmax %x scale %0 : vector<2xf32>
      bregman.yield %1 : vector<2xf32>
    }
    %w = bregman.weight "w" : f32 {
      %0 = arith.mulf %levels, %u : vector<2xf32>
      %1 = bregman.reduce sum %0 : vector<2xf32>
      bregman.yield %1 : f32
    }
    bregman.update gradient (g = %g: f32) {
      %0 = arith.truncf %beta : f64 to f32
      %1 = vector.broadcast %0 : f32 to vector<2xf32>
      %2 = bregman.grad %u : vector<2xf32>
      %3 = bregman.grad %u : vector<2xf32>
      %4 = arith.mulf %u, %3 : vector<2xf32>
      %5 = bregman.reduce sum %4 : vector<2xf32>
      %6 = vector.broadcast %5 : f32 to vector<2xf32>
      %7 = arith.mulf %u, %6 : vector<2xf32>
      %8 = arith.subf %2, %7 : vector<2xf32>
      %9 = arith.mulf %1, %8 : vector<2xf32>
      bregman.yield %9 : vector<2xf32>
    }
    bregman.final {
      %0 = bregman.hardmax %x : vector<2xf32>
      %1 = arith.mulf %levels, %0 : vector<2xf32>
      %2 = bregman.reduce sum %1 : vector<2xf32>
      bregman.yield %2 : f32
    }
  }
}
)mlir");
}

TEST(IRGen, ProxEveryFreeze) {
  EXPECT_EQ(printed(readProjectFile("examples/specs/proxquant.breg")), R"mlir(module {
  bregman.quantizer @proxquant {
    %rate = bregman.param "rate" = 1.000000e-04 : f64
    %freeze_epoch = bregman.param "freeze_epoch" = 2.000000e+02 : f64
    %epoch = bregman.counter epoch : f64
    %levels = bregman.levels : vector<2xf32> {
      %cst_0 = arith.constant dense<[-1.000000e+00, 1.000000e+00]> : vector<2xf32>
      bregman.yield %cst_0 : vector<2xf32>
    }
    %x = bregman.latent (w0 = %w0: f32) : f32 {
      bregman.yield %w0 : f32
    }
    bregman.prox {
      %0 = arith.mulf %rate, %epoch : f64
      %1 = arith.truncf %0 : f64 to f32
      %2 = bregman.nearest %x, %levels : vector<2xf32>
      %3 = arith.subf %x, %2 : f32
      %4 = math.absf %3 : f32
      %5 = arith.mulf %1, %4 : f32
      bregman.yield %5 : f32
    }
    %cst = arith.constant 1.000000e+00 : f64
    bregman.every %cst step {
      %cst_0 = arith.constant -1.000000e+00 : f32
      %cst_1 = arith.constant 1.000000e+00 : f32
      %0 = bregman.clamp %x, %cst_0, %cst_1 : f32
      bregman.yield x = %0 : f32
    }
    bregman.freeze {
      %0 = arith.cmpf oge, %epoch, %freeze_epoch : f64
      bregman.yield %0 : i1
    }
    bregman.final {
      %0 = bregman.sign %x : f32
      bregman.yield %0 : f32
    }
  }
}
)mlir");
}

TEST(IRGen, QuantizerWithoutClausesMovesTheWeight) {
  EXPECT_EQ(printed("quantizer float {}"), R"(module {
  bregman.quantizer @float {
    %x = bregman.latent (w0 = %w0: f32) : f32 {
      bregman.yield %w0 : f32
    }
  }
}
)");
}

TEST(IRGen, InverseStandsInTheLatent) {
  EXPECT_NE(printed("quantizer q { levels {-1, 1} latent x = inverse(0.5 * w0) project w = tanh(x) "
                    "update lazy mirror final sign(x) }")
                .find("bregman.inverse project %0 : f32 to f32"),
            std::string::npos);
}

TEST(IRGen, StructuralArgumentsMakeAnotherDefinition) {
  Compiled compiled("quantizer q(n in [1, 4] = 1) {\n"
                    "  levels [-n .. n]\n"
                    "  project w = clamp(x, -n, n)\n"
                    "  update lazy mirror\n"
                    "  final nearest(x)\n"
                    "}\n"
                    "plan {\n"
                    "  \"a\" : q(n = 2) by sgd\n"
                    "  else : q(n = 1) by sgd\n"
                    "}\n",
                    shipped());
  EXPECT_EQ(compiled.diagnostics.render(), "");
  std::string text = compiled.print();
  EXPECT_NE(text.find("dense<[-2.000000e+00, -1.000000e+00, 0.000000e+00, 1.000000e+00, "
                      "2.000000e+00]> : vector<5xf32>"),
            std::string::npos);
  EXPECT_NE(text.find("bregman.line [\"a\"] : @\"q(n = 2)\" by @sgd"), std::string::npos);
  EXPECT_NE(text.find("bregman.line [] : @q by @sgd"), std::string::npos);
  EXPECT_EQ(text.find("bregman.param \"n\""), std::string::npos);
}
