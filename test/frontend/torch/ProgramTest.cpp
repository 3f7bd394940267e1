// The optimizer with the real compiler behind it: from plans and uses, and every method of the
// library through save and load.
#include "test/frontend/torch/Task.h"

#include <c10/util/Exception.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/optim/schedulers/step_lr.h>
#include <torch/optim/sgd.h>
#include <torch/serialize.h>
#include <torch/utils.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace bregman;
using namespace bregman::testing;
using ::testing::HasSubstr;

namespace {

std::shared_ptr<const Program> parse(const std::string &text) {
  return std::make_shared<const Program>(unwrap(Program::parse("net.breg", text)));
}

} // namespace

TEST(FromProgram, PlanByPatterns) {
  Task task;
  auto program = parse("plan {\n"
                       "  \"*.weight\" : md_tanh_s(growth = 1.1, period = 5) by adam(lr = 1e-2)\n"
                       "  else : float by sgd(lr = 0.05 * 0.5 ^ epoch)\n"
                       "}\n");
  Optimizer optimizer(*task.net, program, OptimizerOptions().stepsPerEpoch(10).epochs(4));
  ASSERT_EQ(optimizer.param_groups().size(), 2u);
  EXPECT_EQ(optimizer.param_groups()[0].options().get_lr(), 1e-2);
  task.steps(optimizer, 21);
  EXPECT_EQ(optimizer.param_groups()[1].options().get_lr(), 0.05 / 4) << "of the last step";
  auto schedules = optimizer.schedules();
  ASSERT_FALSE(schedules.empty());
  EXPECT_EQ(schedules[0].first, "md_tanh_s.beta");
  EXPECT_NEAR(schedules[0].second, std::pow(1.1, 5), 1e-9);
  optimizer.finalize();
  for (const NamedParameter &parameter : optimizer.quantized())
    for (float w : values(parameter.tensor))
      EXPECT_EQ(std::fabs(w), 1);
  EXPECT_EQ(optimizer.quantized().size(), 2u);
}

TEST(FromProgram, WhatPlansSayAndDoesNotRun) {
  Task task;
  auto refusal = [&](const std::string &line) {
    return messageOf([&] {
      Optimizer(*task.net, parse("plan {\n  \"*\" : float by sgd\n  " + line + "\n}\n"));
    });
  };
  for (const char *line : {"minimize high", "subject to output (high - low) ^ 2 <= 1 multiplier 0 "
                                            "rate 1 every epoch"})
    EXPECT_THAT(refusal(line),
                HasSubstr("net.breg:3:3: error: constrained training has two branches, each a "
                          "network; train by bregman::Constrained, or by a plan without `minimize` "
                          "and `subject to`"));
}

TEST(FromProgram, WhatLeavesAChoice) {
  Task task;
  EXPECT_THAT(messageOf([&] { Optimizer(*task.net, parse("quantizer q { }")); }),
              HasSubstr("the program has no plan; add one, or say what every parameter gets"));
  auto two = parse("plan a { else : float by sgd }\nplan b { else : float by adam }\n");
  EXPECT_EQ(messageOf([&] { Optimizer(*task.net, two); }),
            "the program has several plans ('a', 'b'); choose one by OptimizerOptions().plan(...)");
  EXPECT_EQ(messageOf([&] { Optimizer(*task.net, two, OptimizerOptions().plan("c")); }),
            "the program has no plan 'c'; it has 'a', 'b'");
  Optimizer chosen(*task.net, two, OptimizerOptions().plan("b"));
  EXPECT_EQ(chosen.param_groups()[0].options().get_lr(), 1e-3) << "adam's default";
}

TEST(FromProgram, Q11NamesTheLineAndTheScalar) {
  Task task;
  const std::string steep = R"(quantizer steep {
  levels   {-1, 1}
  schedule beta = 3 ^ step
  project  w = tanh(beta * x)
  update   lazy mirror
  final    sign(x)
}
)";
  auto refusal = [&](const std::string &text) {
    return messageOf([&] {
      Optimizer(*task.net, parse(text), OptimizerOptions().stepsPerEpoch(10).epochs(20));
    });
  };
  EXPECT_EQ(refusal(steep + "plan { \"*\" : steep by adam }\n"),
            "net.breg:8:8: error: method `steep` by `adam`: host scalar `beta` is 4.43426488e+38 "
            "at step 81, beyond what f32 can hold [Q11]; bound it in the spec or change the "
            "parameters that it follows from\n"
            "net.breg:3:19: note: this is `beta`");
  EXPECT_EQ(refusal("plan { \"*\" : md_tanh_s(growth = 1 + step) by adam }\n"),
            "net.breg:1:8: error: method `md_tanh_s(growth = 1 + step)` by `adam`: host scalar "
            "`growth` is 3 at step 2, outside of its range [1, 2]; change the argument that it is");
}

TEST(FromProgram, TheCompilersTextReachesTheUser) {
  std::string message = messageOf([] { parse("quantizer q {\n  levels {1, 1}\n}\n"); });
  EXPECT_THAT(message, HasSubstr("net.breg:2:"));
  EXPECT_THAT(message, HasSubstr("error: "));
  EXPECT_THAT(messageOf([] { load("none.breg"); }), HasSubstr("none.breg"));
  Task task;
  EXPECT_THAT(messageOf([&] { Optimizer(*task.net, "md_tanh by adam(rate = 1)"); }),
              HasSubstr("rate"));
}

namespace {

/// Collects LibTorch's warnings while it lives.
class Warnings : c10::WarningHandler {
public:
  Warnings() : guard(this) {}
  std::vector<std::string> texts;

private:
  void process(const c10::Warning &warning) override { texts.push_back(warning.msg()); }
  c10::WarningUtils::WarningHandlerGuard guard;
};

} // namespace

TEST(Gradients, LossScaleChangesNothingButTheRange) {
  Task plain, scaled;
  Optimizer a(*plain.net, "md_tanh_s by adam(lr = 1e-2)");
  Optimizer b(*scaled.net, "md_tanh_s by adam(lr = 1e-2)", OptimizerOptions().lossScale(1024));
  auto backward = [](Task &task, torch::optim::Optimizer &optimizer, double scale) {
    optimizer.zero_grad();
    torch::nn::functional::mse_loss(task.net->forward(task.x), task.y).mul(scale).backward();
  };
  for (int k = 0; k < 20; ++k) {
    backward(plain, a, 1);
    backward(scaled, b, 1024);
    a.step();
    if (k == 7) { // one that overflows moves nothing and is not counted
      std::vector<float> before = scaled.weights();
      at::Tensor gradient = scaled.net->parameters()[1].grad();
      at::Tensor kept = gradient.clone();
      gradient[0] = INFINITY;
      b.step();
      EXPECT_TRUE(b.stepWasSkipped());
      EXPECT_EQ(b.steps(), k);
      EXPECT_EQ(scaled.weights(), before);
      gradient.copy_(kept);
    }
    b.step();
    EXPECT_FALSE(b.stepWasSkipped());
    ASSERT_EQ(scaled.weights(), plain.weights()) << "a power of two is exact; step " << k;
  }
  b.setLossScale(0);
  backward(plain, a, 1);
  backward(scaled, b, 1);
  a.step();
  b.step();
  EXPECT_EQ(scaled.weights(), plain.weights());
}

TEST(Gradients, ClipAsLibTorchDoes) {
  Task ours, theirs;
  Optimizer a(*ours.net, "float by momentum(lr = 0.02)", OptimizerOptions().clipNorm(0.05));
  torch::optim::SGD b(theirs.net->parameters(), torch::optim::SGDOptions(0.02).momentum(0.9));
  bool clipped = false;
  for (int k = 0; k < 50; ++k) {
    ours.steps(a, 1);
    b.zero_grad();
    torch::nn::functional::mse_loss(theirs.net->forward(theirs.x), theirs.y).backward();
    clipped |= torch::nn::utils::clip_grad_norm_(theirs.net->parameters(), 0.05) > 0.05;
    b.step();
  }
  EXPECT_TRUE(clipped);
  std::vector<float> left = ours.weights(), right = theirs.weights();
  for (size_t i = 0; i < left.size(); ++i)
    ASSERT_NEAR(left[i], right[i], 1e-4 * (1 + std::fabs(right[i])));
}

TEST(Gradients, ScalesThatAreNone) {
  Task task;
  EXPECT_EQ(
      messageOf([&] { Optimizer(*task.net, "float by sgd", OptimizerOptions().lossScale(-1)); }),
      "the loss scale is -1.000000; give a positive number, or 0 for none");
  EXPECT_EQ(
      messageOf([&] { Optimizer(*task.net, "float by sgd", OptimizerOptions().clipNorm(NAN)); }),
      "the norm to clip to is nan; give a positive number, or 0 for none");
}

TEST(FromProgram, WarningsReachTheUserOnce) {
  auto program = parse("quantizer blunt {\n  levels {-1, 1}\n  project w = tanh(x)\n"
                       "  update lazy mirror\n  final sign(x)\n}\n"
                       "plan {\n  else : blunt by sgd\n}\n");
  EXPECT_THAT(program->warnings(), HasSubstr("net.breg:5:3: warning: Q9"));
  Warnings warnings;
  for (int i = 0; i < 2; ++i) {
    Task task;
    Optimizer optimizer(*task.net, program);
  }
  EXPECT_EQ(warnings.texts, std::vector<std::string>{program->warnings()});
}

TEST(FromProgram, PeriodsInForceAreChecked) {
  const std::string text = "quantizer clipped(every_n = 2) {\n  levels {-1, 1}\n"
                           "  every every_n steps x' = clamp(x, -1, 1)\n  project w = sign(x)\n"
                           "  update straight_through\n  final sign(x)\n}\n";
  EXPECT_EQ(messageOf([&] { parse(text + "plan {\n  else : clipped(every_n = 2.5) by sgd\n}\n"); }),
            "net.breg:9:3: error: parameter `every_n` of quantizer `clipped` is 2.5, but must be a "
            "positive integer: it is the period of an `every`\n");
  Task task;
  Optimizer three(*task.net, parse(text + "plan {\n  else : clipped(every_n = 3) by sgd\n}\n"));
}

TEST(FromProgram, ALineWithoutAnOptimizerNeedsNone) {
  std::string empty = ::testing::TempDir() + "bregman-no-library";
  std::filesystem::create_directories(empty);
  const char *before = std::getenv("BREGMAN_SPECS");
  const std::string kept = before ? before : "";
  setenv("BREGMAN_SPECS", empty.c_str(), 1);
  auto program = parse("quantizer still {\n  levels {-1, 1}\n  project w = tanh(2 * x)\n"
                       "  update lazy mirror\n  final sign(x)\n}\nplan {\n  else : still\n}\n");
  Task task;
  std::vector<float> w0 = task.weights();
  Optimizer optimizer(*task.net, program);
  before ? setenv("BREGMAN_SPECS", kept.c_str(), 1) : unsetenv("BREGMAN_SPECS");
  std::vector<float> published = task.weights();
  for (size_t i = 0; i < w0.size(); ++i)
    ASSERT_NEAR(published[i], std::tanh(2 * w0[i]), 1e-6);
  task.steps(optimizer, 3);
  EXPECT_EQ(task.weights(), published) << "nothing is trained";
  optimizer.finalize();
  for (size_t i = 0; i < w0.size(); ++i)
    ASSERT_EQ(task.weights()[i], w0[i] < 0 ? -1 : 1);
}

TEST(FromProgram, Bf16FollowsF32) {
  Task wide, narrow;
  for (at::Tensor &p : wide.net->parameters())
    p.detach().copy_(p.detach().to(at::kBFloat16));
  narrow.net->to(at::kBFloat16);
  for (int64_t i = 0; i < 4; ++i)
    narrow.net->parameters()[i].detach().copy_(wide.net->parameters()[i].detach());
  Optimizer a(*wide.net, "md_tanh_s by adam(lr = 1e-2)");
  Optimizer b(*narrow.net, "md_tanh_s by adam(lr = 1e-2)");
  for (int k = 0; k < 20; ++k) {
    for (size_t i = 0; i < 4; ++i) {
      at::Tensor g = wide.net->parameters()[i].detach().mul(0.25).add(0.5).to(at::kBFloat16);
      wide.net->parameters()[i].mutable_grad() = g.to(at::kFloat);
      narrow.net->parameters()[i].mutable_grad() = g;
    }
    a.step();
    b.step();
    // The same f32 state: w differs only by its rounding.
    for (size_t i = 0; i < 4; ++i)
      ASSERT_EQ(values(wide.net->parameters()[i].detach().to(at::kBFloat16)),
                values(narrow.net->parameters()[i]));
  }
}

/// A learned scale per channel, a statistic that is renewed every third step, one that follows x, a
/// state of the run and random numbers.
static const char *const shared = R"(
quantizer shared {
  state     a per tensor = mean(abs(x) per tensor)
  learn     s per channel in [1e-3, inf] = 2 * mean(abs(x) per channel)
  levels    s * {-1, 0, 1}
  let       v = if random() < 0.5 then x else x + 0.01 * a
  project   w = s * ste(nearest(v / s, {-1, 0, 1}), clamp(v / s, -1, 1)) * mean(abs(x) per tensor) / a
  update    chain
  every 3 steps a' = 0.5 * a + 0.5 * mean(abs(x) per tensor)
  final     nearest(x)
}
optimizer moving(lr = 0.01) {
  state     m = 0
  state     p per run = 1
  m'        = 0.9 * m + g
  p'        = p * 0.99
  descend   lr * p' * m'
}
)";

TEST(FromProgram, SharedValuesStatesOfTheRunAndRandomNumbersGoOnToTheSameBits) {
  auto program = parse(shared);
  auto make = [&](Task &task, uint64_t seed, int threads) {
    return std::make_unique<Optimizer>(
        *task.net, program, OptimizerOptions().use("shared by moving").seed(seed).threads(threads));
  };
  for (int stop : {1, 2, 3, 7}) {
    Task straight, before, after;
    auto whole = make(straight, 5, 1);
    straight.steps(*whole, 12);
    auto first = make(before, 5, 2);
    before.steps(*first, stop);
    std::stringstream weights, state;
    torch::save(before.net, weights);
    torch::save(*first, state);
    auto second = make(after, 77, 1); // the archive knows better
    torch::load(after.net, weights);
    torch::load(*second, state);
    EXPECT_EQ(after.weights(), before.weights());
    after.steps(*second, 12 - stop);
    EXPECT_EQ(after.weights(), straight.weights()) << stop;
  }
}

TEST(FromProgram, RandomNumbersFollowTheSeedAndTheParametersName) {
  auto program =
      parse("quantizer coin {\n  levels {-1, 1}\n  project w = if random() < 0.5 then -1 "
            "else 1\n  update straight_through\n  final sign(x)\n}\n");
  auto weightsOf = [&](uint64_t seed) {
    torch::nn::Sequential net(torch::nn::Linear(64, 64), torch::nn::Linear(64, 64));
    Optimizer optimizer(*net, program, OptimizerOptions().use("coin by sgd").seed(seed));
    return std::pair(values(net->parameters()[0]), values(net->parameters()[2]));
  };
  auto [one, two] = weightsOf(1);
  EXPECT_EQ(one, weightsOf(1).first);
  EXPECT_NE(one, weightsOf(2).first);
  EXPECT_NE(one, two) << "each parameter has its own";
  EXPECT_NEAR(std::count(one.begin(), one.end(), 1.0f), 2048, 6 * 32);
}

TEST(FromProgram, RefusesAnActivationsQuantizerForWeights) {
  auto program =
      parse("quantizer tokens {\n  let s = max(abs(x) per token) / 127\n  levels s * [-128 .. "
            "127]\n  project w = s * ste(round(x / s), x / s)\n  update chain\n}\n");
  Task task;
  EXPECT_EQ(
      messageOf([&] { Optimizer(*task.net, program, OptimizerOptions().use("tokens by sgd")); }),
      "<use>:1:1: error: Q16: 'tokens' has no 'final', so it is for lines that begin with "
      "'activations'\n   1 | tokens by sgd\n     | ^~~~~~\nnet.breg:1:11: note: declared here\n"
      "   1 | quantizer tokens {\n     |           ^~~~~~\n");
}

static const std::vector<std::string> fixedLevels = {
    "float by nesterov(lr = 0.02)",
    "md_tanh_s(growth = 1.1, period = 3) by adam(lr = 1e-2)",
    "md_ternary_s by adamw(lr = 1e-2)",
    "md_tanh by adam(lr = 1e-2)",
    "gd_tanh by momentum(lr = 1e-2)",
    "md_softmax_s by adam(lr = 1e-2)",
    "md_softmax by sgd(lr = 1e-2)",
    "pmf by adam(lr = 1e-2)",
    "binary_connect by adam(lr = 1e-2)",
    "ste_clipped by sgd(lr = 1e-2)",
    "proxquant by adam(lr = 1e-2) reset every epoch",
};

static bool hasFixedLevels(const std::string &use) {
  return std::count(fixedLevels.begin(), fixedLevels.end(), use);
}

static std::string quantizerOf(const std::string &use) {
  return use.substr(0, use.find_first_of("( "));
}

/// Those, then every other quantizer of the library that is trained.
static std::vector<std::string> uses() {
  std::vector<std::string> all = fixedLevels;
  for (const auto &entry : std::filesystem::directory_iterator(specsFolder())) {
    Result<Program> program = Program::load(entry.path().string());
    if (!program || program->quantizers().empty())
      continue;
    std::string name = program->quantizers().front();
    bool isListed = std::any_of(all.begin(), all.end(),
                                [&](const std::string &use) { return quantizerOf(use) == name; });
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    // Of activations there is no `final`.
    if (isListed || text.str().find("\n  final ") == std::string::npos)
      continue;
    bool readsMoment = text.str().find("optimizer.v") != std::string::npos;
    all.push_back(name + " by " + (readsMoment ? "adam" : "momentum") + "(lr = 1e-3)");
  }
  return all;
}

class Library : public ::testing::TestWithParam<std::string> {};

TEST_P(Library, GoesOnToTheSameBitsAndEndsInLevels) {
  std::string use = GetParam();
  // What divides by a channel's deviation has none for a bias.
  auto plan = parse("plan { \"*.weight\" : " + use + " else : float by sgd }");
  auto make = [&](Task &task) {
    auto options = OptimizerOptions().stepsPerEpoch(5).epochs(6);
    return hasFixedLevels(use) ? std::make_unique<Optimizer>(*task.net, use, options)
                               : std::make_unique<Optimizer>(*task.net, plan, options);
  };
  Task straight, before, after;
  auto whole = make(straight);
  straight.steps(*whole, 30);

  auto first = make(before);
  before.steps(*first, 13);
  std::stringstream weights, state;
  torch::save(before.net, weights);
  torch::save(*first, state);
  auto second = make(after);
  torch::load(after.net, weights);
  torch::load(*second, state);
  EXPECT_EQ(after.weights(), before.weights());
  after.steps(*second, 17);
  EXPECT_EQ(after.weights(), straight.weights());

  second->finalize();
  std::set<float> levels;
  for (const NamedParameter &parameter : second->quantized())
    for (float w : values(parameter.tensor))
      levels.insert(w);
  EXPECT_EQ(levels.empty(), use.starts_with("float"));
  if (!hasFixedLevels(use))
    return;
  for (float level : levels)
    EXPECT_TRUE(level == -1 || level == 0 || level == 1) << level;
  EXPECT_EQ(levels.count(-1), levels.count(1)) << "both signs, or nothing is quantized";
}

INSTANTIATE_TEST_SUITE_P(All, Library, ::testing::ValuesIn(uses()),
                         [](const auto &info) { return quantizerOf(info.param); });
