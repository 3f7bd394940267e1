// Constraints in LibTorch against the oracle: each expression's value and derivatives, and whole
// runs of the dual ascent, the oracle's in double precision.
#include "frontend/reference/Constraint.h"
#include "frontend/reference/Oracle.h"
#include "frontend/torch/Distance.h"
#include "test/frontend/reference/SpecModule.h"
#include "test/frontend/torch/Branches.h"
#include "test/frontend/torch/Numbers.h"

using namespace bregman;
using namespace bregman::testing;
using at::Tensor;

namespace {

Tensor tensorOf(const std::vector<double> &numbers, at::IntArrayRef sizes) {
  return at::tensor(numbers, at::kDouble).reshape(sizes);
}

} // namespace

TEST(ConstraintAgainstOracle, ValuesAndDerivatives) {
  torch::manual_seed(5);
  constexpr int64_t step = 7;
  const Timing timing{/*stepsPerEpoch=*/4, /*steps=*/40, /*epochs=*/10};
  for (const char *expression :
       {"(high - low) ^ 2", "abs(high - low) / (1 + high ^ 2)", "tanh(high) * erf(low) + atan(low)",
        "-sum(softmax(high) * log(softmax(low)))", "sum(sparsemax(2 * high) * low)",
        "sum(softmax((1 + epoch) * high) * low)", "max(high) - min(low) * std(high)",
        "(high - mean(high)) * (low - mean(low))", "sum(hardmax(high) * low) * 0.9 ^ step",
        "(if high > low then sqrt(abs(high)) else log2(1 + low ^ 2))",
        "ste(round(3 * high), 2 * high) * low + detach(high * low)",
        "soft_nearest(sum(high), 2, {-1, 0, 2}) * nearest(sum(low), {-1, 1})",
        "clamp(high, -0.5, 0.5) + max(low, high) + sigmoid(low) * sgn(high) * abs(high)"}) {
    std::string text = std::string("plan {\n  else : float by sgd\n  subject to output ") +
                       expression + " <= 1 multiplier 1 rate 1 every step\n}\n";
    reference::SpecModule spec(text);
    reference::Constraint oracle(spec.constraints().front(), timing);
    Program program = unwrap(Program::parse("d.breg", text));
    const Constraint constraint = program.plans().front().constraints.front();
    const TensorProgram &distance = constraint.distance;
    auto scalars = unwrap(countersProgramAt(distance.scalars, step, timing, "d.breg", "D"));
    for (const std::vector<int64_t> &sizes :
         std::vector<std::vector<int64_t>>{{5, 3}, {2, 4, 3}, {2, 3, 2, 2}}) {
      Tensor high = torch::randn(sizes).set_requires_grad(true),
             low = torch::randn(sizes).set_requires_grad(true);
      Tensor value = evaluateDistance(distance, scalars, high, low, "the output");
      value.backward();
      auto expected = oracle.distance(numbersOf(high), numbersOf(low), sizes, step);
      ASSERT_TRUE(succeeded(expected)) << expression;
      EXPECT_NEAR(value.item<double>(), expected->mean, 1e-5 * (1 + std::fabs(expected->mean)))
          << expression;
      auto gradientOf = [](const Tensor &of) { // none behind a staircase
        return of.grad().defined() ? numbersOf(of.grad()) : std::vector<double>(of.numel());
      };
      ASSERT_NO_FATAL_FAILURE(expectNear(gradientOf(high), expected->high, 2e-5, expression));
      ASSERT_NO_FATAL_FAILURE(expectNear(gradientOf(low), expected->low, 2e-5, expression));
    }
  }
}

namespace {

const char *const plan = R"(
quantizer scaled {
  learn     s per tensor in [0.0625, inf] = 0.5
  levels    s * {-1, 0, 1}
  project   w = s * ste(clamp(round(x / s), -1, 1), clamp(x / s, -1, 1))
  high      tanh(x)
  update    chain
  final     nearest(x)
}
plan {
  "0.weight" : dorefa_pd(bits = 2) by OPTIMIZER
  "2.weight" : scaled              by OPTIMIZER
  minimize high
  subject to "0"    (high - low) ^ 2 <= 0.01            multiplier 0.5 rate 2 every 3 steps
  subject to "2"    abs(high - low) <= 0.25 * 0.9 ^ step multiplier 0   rate 1 every epoch
  subject to output -sum(softmax(high) * log(softmax(low))) <= 0.9
                                                       multiplier 1   rate 0.5 every 2 epochs
}
)";

struct LayersImpl : torch::nn::Module {
  bregman::Linear first{torch::nn::LinearOptions(6, 8).bias(false)},
      second{torch::nn::LinearOptions(8, 3).bias(false)};
  LayersImpl() {
    register_module("0", first);
    register_module("2", second);
  }
  Tensor forward(const Tensor &x) { return second(first(x).tanh()); }
};
TORCH_MODULE(Layers);

class RunsAgainstOracle : public ::testing::TestWithParam<const char *> {};

/// Of two layers: what each branch computes, in double precision and on the oracle's weights.
struct Forward {
  Tensor high0, high2, low0, low2, again0, again2;

  Forward(const Tensor &x, const std::array<Tensor, 2> &high, const std::array<Tensor, 2> &low) {
    high0 = at::linear(x, high[0]);
    high2 = at::linear(high0.tanh(), high[1]);
    low0 = at::linear(x, low[0]);
    low2 = at::linear(low0.tanh(), low[1]);
    again0 = at::linear(x, high[0]);
    again2 = at::linear(low0.tanh(), high[1]);
  }
  /// What the constraint `index` of the plan is about.
  std::pair<Tensor, Tensor> pair(int index) const {
    return index == 0   ? std::pair(again0, low0)
           : index == 1 ? std::pair(again2, low2)
                        : std::pair(high2, low2);
  }
};

} // namespace

TEST_P(RunsAgainstOracle, DualAscent) {
  at::set_num_threads(1);
  torch::manual_seed(11);
  std::string text = plan;
  for (size_t at; (at = text.find("OPTIMIZER")) != std::string::npos;)
    text.replace(at, 9, std::string(GetParam()) + "(lr = 0.05)");
  const Timing timing{/*stepsPerEpoch=*/4, /*steps=*/48, /*epochs=*/12};
  Tensor x = torch::randn({16, 6}), y = torch::randint(3, {16}, at::kLong);

  Layers low, high;
  std::array<Tensor, 2> w0 = {low->parameters()[0].detach().clone(),
                              low->parameters()[1].detach().clone()};
  Constrained training(*high, *low,
                       std::make_shared<const Program>(unwrap(Program::parse("net.breg", text))),
                       OptimizerOptions().stepsPerEpoch(4).steps(48).threads(1));

  reference::SpecModule spec(text);
  OptimizerOp optimizer = spec.optimizer(GetParam());
  std::array<std::unique_ptr<reference::Oracle>, 2> oracles = {
      std::make_unique<reference::Oracle>(spec.quantizer("dorefa_pd"), optimizer, timing, true),
      std::make_unique<reference::Oracle>(spec.quantizer("scaled"), optimizer, timing, true)};
  std::vector<reference::Constraint> constraints;
  for (SubjectToOp op : spec.constraints())
    constraints.emplace_back(op, timing);
  std::vector<double> multipliers;
  for (const reference::Constraint &constraint : constraints)
    multipliers.push_back(constraint.numbers(0)->multiplier);
  for (int layer = 0; layer < 2; ++layer) {
    oracles[layer]->set("optimizer.lr", 0.05);
    ASSERT_TRUE(succeeded(oracles[layer]->attach(numbersOf(w0[layer]), w0[layer].size(0))));
  }
  auto weights = [&](bool ofHigh) {
    std::array<Tensor, 2> result;
    for (int layer = 0; layer < 2; ++layer)
      result[layer] = tensorOf(ofHigh ? oracles[layer]->highWeights() : oracles[layer]->weights(),
                               w0[layer].sizes());
    return result;
  };
  auto distance = [&](int c, const Forward &f, int64_t step) {
    auto [a, b] = f.pair(c);
    return *constraints[c].distance(numbersOf(a), numbersOf(b), {a.size(0), a.size(1)}, step);
  };

  Tensor exact = x.to(at::kDouble);
  int moved = 0;
  for (int64_t step = 0; step < timing.steps; ++step) {
    std::string when = ", step " + std::to_string(step);
    for (int layer = 0; layer < 2; ++layer) {
      ASSERT_NO_FATAL_FAILURE(expectNear(numbersOf(low->parameters()[layer]),
                                         oracles[layer]->weights(), 1e-4, "low" + when));
      ASSERT_NO_FATAL_FAILURE(expectNear(numbersOf(high->parameters()[layer]),
                                         oracles[layer]->highWeights(), 1e-4, "high" + when));
    }
    // The Lagrangian, whose part of the constraints is the oracle's derivatives.
    std::array<Tensor, 2> wh = weights(true), wl = weights(false);
    for (int layer = 0; layer < 2; ++layer)
      wh[layer].set_requires_grad(true), wl[layer].set_requires_grad(true);
    Forward f(exact, wh, wl);
    Tensor loss = torch::nn::functional::cross_entropy(f.high2, y);
    for (int c = 0; c < 3; ++c) {
      auto d = distance(c, f, step);
      auto [a, b] = f.pair(c);
      loss = loss + multipliers[c] * ((tensorOf(d.high, a.sizes()) * a).sum() +
                                      (tensorOf(d.low, b.sizes()) * b).sum());
    }
    loss.backward();
    for (int layer = 0; layer < 2; ++layer)
      ASSERT_TRUE(succeeded(
          oracles[layer]->advance(numbersOf(wl[layer].grad()), numbersOf(wh[layer].grad()))));

    training.zero_grad();
    Tensor h = high->forward(x), l = low->forward(x);
    training.loss(torch::nn::functional::cross_entropy(training.branch(h, l), y), h, l).backward();
    training.step();

    Forward after(exact, weights(true), weights(false));
    bool due = false;
    for (int c = 0; c < 3; ++c)
      if (constraints[c].endsPeriod(step)) {
        due = true;
        double before = multipliers[c];
        multipliers[c] = *constraints[c].ascend(before, distance(c, after, step).mean, step);
        moved += multipliers[c] != before;
      }
    ASSERT_EQ(training.due(), due) << when;
    if (due) {
      DualAscent pass(training);
      pass.add(high->forward(x), low->forward(x));
      pass.finish();
    }
    for (int c = 0; c < 3; ++c)
      ASSERT_NEAR(training.multipliers()[c].value, multipliers[c], 1e-4)
          << training.multipliers()[c].name << when;
  }
  EXPECT_GT(moved, 10);
}

INSTANTIATE_TEST_SUITE_P(ConstraintAgainstOracle, RunsAgainstOracle,
                         ::testing::Values("sgd", "momentum", "adam"),
                         [](const auto &info) { return std::string(info.param); });
