// What the stage `bregman` looks like, and that every operation leads back to a line of the spec.
#include "SpecTest.h"

#include "dialect/BregmanDialect.h"
#include "frontend/spec/Spec.h"

#include <filesystem>
#include <gtest/gtest.h>

using namespace bregman::spec;

namespace {

struct Compiled {
  mlir::MLIRContext context;
  Diagnostics diagnostics;
  std::unique_ptr<Unit> unit;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Compiled(const std::string &text, const Library &library = Library("")) {
    module = compile(sourceOf(text), library, context, diagnostics, unit);
  }
  std::string print() {
    std::string out;
    llvm::raw_string_ostream stream(out);
    mlir::OpPrintingFlags flags;
    module->print(stream, flags.printNameLocAsPrefix());
    return out;
  }
};

Library shipped() { return Library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs"); }

std::string printed(const std::string &text) {
  Compiled compiled(text);
  EXPECT_EQ(compiled.diagnostics.render(), "");
  return compiled.module ? compiled.print() : "";
}

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
