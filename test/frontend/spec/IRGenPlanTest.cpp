// What plans look like at the stage `bregman`.
#include "IRGenTestBase.h"

using namespace bregman::spec;

TEST(IRGen, PlansHoldWhatTheyUse) {
  Compiled compiled("plan p {\n"
                    "  \"a*\", \"b\" : float by sgd(lr = 0.1 * 0.5 ^ epoch) reset every 2 epochs\n"
                    "  else : float\n"
                    "}\n",
                    shipped());
  EXPECT_EQ(compiled.diagnostics.render(), "");
  std::string text = compiled.print();
  EXPECT_NE(text.find("bregman.quantizer @float"), std::string::npos);
  EXPECT_NE(text.find("bregman.optimizer @sgd"), std::string::npos);
  EXPECT_EQ(text.substr(text.find("  bregman.plan")), R"mlir(  bregman.plan @p {
    bregman.line ["a*", "b"] : @float by @sgd reset 2 epoch {
      %epoch = bregman.counter epoch : f64
      %cst = arith.constant 1.000000e-01 : f64
      %cst_0 = arith.constant 5.000000e-01 : f64
      %0 = math.powf %cst_0, %epoch : f64
      %1 = arith.mulf %cst, %0 : f64
      bregman.yield optimizer.lr = %1 : f64
    }
    bregman.line [] : @float {
      bregman.yield 
    }
  }
}
)mlir");
}

TEST(IRGen, ArgumentsOfTheCountersAreSchedules) {
  Compiled compiled("plan {\n"
                    "  else : md_tanh_s(growth = 1 + 0.1 * epoch, period = 100) by sgd\n"
                    "}\n",
                    shipped());
  EXPECT_EQ(compiled.diagnostics.render(), "");
  std::string text = compiled.print(), name = "@\"md_tanh_s(growth = 1 + 0.1 * epoch)\"";
  size_t at = text.find("  bregman.quantizer " + name);
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.substr(at, text.find("%levels", at) - at),
            "  bregman.quantizer " + name + R"mlir( {
    %period = bregman.param "period" = 2.000000e+02 : f64
    %epoch = bregman.counter epoch : f64
    %step = bregman.counter step : f64
    %growth = bregman.schedule "growth" in[1.000000e+00, 2.000000e+00] : f64 {
      %cst = arith.constant 1.000000e+00 : f64
      %cst_0 = arith.constant 1.000000e-01 : f64
      %0 = arith.mulf %cst_0, %epoch : f64
      %1 = arith.addf %cst, %0 : f64
      bregman.yield %1 : f64
    }
    )mlir");
  EXPECT_NE(text.find("bregman.line [] : " + name + " by @sgd"), std::string::npos);
  // What does not move stays a parameter.
  EXPECT_NE(text.find("bregman.yield period = "), std::string::npos);
}

TEST(IRGen, Constraints) {
  Compiled compiled("plan {\n"
                    "  else : float\n"
                    "  activations \"*\" : float\n"
                    "  minimize high\n"
                    "  subject to \"*.conv?\" (high - low) ^ 2 <= 0.5 multiplier 0 rate 0.1 * "
                    "epoch every 2 epochs\n"
                    "  subject to output -sum(softmax(high) * log(softmax(low))) <= 1 multiplier 1 "
                    "rate 1 every step\n"
                    "}\n",
                    shipped());
  EXPECT_EQ(compiled.diagnostics.render(), "");
  std::string text = compiled.print();
  EXPECT_EQ(text.substr(text.find("    bregman.line activations")),
            R"mlir(    bregman.line activations ["*"] : @float {
      bregman.yield 
    }
    bregman.minimize high
    bregman.subject_to "*.conv?" every 2 epoch (high = %high: vector<[1]xf32>, low = %low: vector<[1]xf32>) {
      %0 = arith.subf %high, %low : vector<[1]xf32>
      %cst = arith.constant dense<2.000000e+00> : vector<[1]xf32>
      %1 = math.powf %0, %cst : vector<[1]xf32>
      bregman.yield %1 : vector<[1]xf32>
    } numbers {
      %epoch = bregman.counter epoch : f64
      %cst = arith.constant 5.000000e-01 : f64
      %cst_0 = arith.constant 0.000000e+00 : f64
      %cst_1 = arith.constant 1.000000e-01 : f64
      %0 = arith.mulf %cst_1, %epoch : f64
      bregman.yield bound = %cst, multiplier = %cst_0, rate = %0 : f64, f64, f64
    }
    bregman.subject_to every 1 step (high = %high: vector<[1]xf32>, low = %low: vector<[1]xf32>) {
      %0 = bregman.softmax %high : vector<[1]xf32>
      %1 = bregman.softmax %low : vector<[1]xf32>
      %2 = math.log %1 : vector<[1]xf32>
      %3 = arith.mulf %0, %2 : vector<[1]xf32>
      %4 = bregman.reduce sum %3 : vector<[1]xf32>
      %5 = arith.negf %4 : f32
      bregman.yield %5 : f32
    } numbers {
      %cst = arith.constant 1.000000e+00 : f64
      %cst_0 = arith.constant 1.000000e+00 : f64
      %cst_1 = arith.constant 1.000000e+00 : f64
      bregman.yield bound = %cst, multiplier = %cst_0, rate = %cst_1 : f64, f64, f64
    }
  }
}
)mlir");
}

TEST(IRGen, ConstraintsThatReadCounters) {
  Compiled compiled("plan {\n  else : float\n  subject to output high * 0.5 ^ epoch <= step "
                    "multiplier 1 rate 1 every step\n}\n",
                    shipped());
  EXPECT_EQ(compiled.diagnostics.render(), "");
  std::string text = compiled.print();
  EXPECT_EQ(
      text.substr(text.find("    bregman.subject_to")),
      R"mlir(    bregman.subject_to every 1 step (high = %high: vector<[1]xf32>, low = %low: vector<[1]xf32>) {
      %epoch = bregman.counter epoch : f64
      %step = bregman.counter step : f64
      %cst = arith.constant 5.000000e-01 : f64
      %0 = math.powf %cst, %epoch : f64
      %1 = arith.truncf %0 : f64 to f32
      %2 = vector.broadcast %1 : f32 to vector<[1]xf32>
      %3 = arith.mulf %high, %2 : vector<[1]xf32>
      bregman.yield %3 : vector<[1]xf32>
    } numbers {
      %epoch = bregman.counter epoch : f64
      %step = bregman.counter step : f64
      %cst = arith.constant 1.000000e+00 : f64
      %cst_0 = arith.constant 1.000000e+00 : f64
      bregman.yield bound = %step, multiplier = %cst, rate = %cst_0 : f64, f64, f64
    }
  }
}
)mlir");
}
