// Constrained training: one step against the Lagrangian written by hand in LibTorch, the
// multipliers by hand and over a real training, save and load to the same bits.
#include "test/frontend/torch/Branches.h"

#include <torch/nn/functional/loss.h>
#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;
namespace F = torch::nn::functional;

namespace {

std::vector<float> valuesOf(const at::Tensor &tensor) {
  at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

void expectNear(const at::Tensor &ours, const at::Tensor &theirs, double tolerance,
                const std::string &what) {
  ASSERT_EQ(ours.numel(), theirs.numel()) << what;
  std::vector<float> a = valuesOf(ours), b = valuesOf(theirs);
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], tolerance) << what << ", element " << i;
}

at::Tensor latentOf(Constrained &training, const at::Tensor &parameter) {
  auto &state = static_cast<ParameterState &>(
      *training.optimizer().state().at(parameter.unsafeGetTensorImpl()));
  return state.get("x");
}

/// The two weights of the test's quantizer, written out.
at::Tensor normalized(const at::Tensor &x) {
  return x.abs().mean().detach() * x.tanh() / x.tanh().abs().max();
}
at::Tensor quantized(const at::Tensor &x) {
  at::Tensor e = x.abs().mean(), a = x.tanh() / x.tanh().abs().max();
  return (e * (2.0 / 3 * (3 * (a / 2 + 0.5)).round() - 1)).detach();
}

const char *const layerwise = R"(
plan {
  "fc?.weight" : dorefa_pd(bits = 2) by sgd(lr = 1)
  else         : float by sgd(lr = 1)
  minimize high
  subject to "fc?"  (high - low) ^ 2 <= 0.01 multiplier 0.5 rate 0.1 every epoch
  subject to output -sum(softmax(high) * log(softmax(low))) <= 0.7 multiplier 2 rate 0.5 every 2 epochs
}
)";

} // namespace

// x - x' is the gradient of the Lagrangian at lr = 1: through the float branch alone for what is
// shared, through its own branch for each BatchNorm.
TEST(Constrained, StepFollowsTheLagrangian) {
  Branches net(layerwise);
  at::Tensor x1 = net.low->fc1->weight.detach().clone(), x2 = net.low->fc2->weight.detach().clone(),
             b2 = net.low->fc2->bias.detach().clone();
  Constrained training = net.attach();
  expectNear(net.high->fc1->weight, normalized(x1), 1e-6, "float weight");
  expectNear(net.low->fc1->weight, quantized(x1), 1e-6, "low weight");
  net.trainStep(training);

  for (at::Tensor *leaf : {&x1, &x2, &b2})
    leaf->set_requires_grad(true);
  at::Tensor gh = at::ones({8}).set_requires_grad(true),
             bh = at::zeros({8}).set_requires_grad(true),
             gl = at::ones({8}).set_requires_grad(true),
             bl = at::zeros({8}).set_requires_grad(true);
  auto norm = [](const at::Tensor &z, const at::Tensor &gain, const at::Tensor &shift) {
    return at::batch_norm(z, gain, shift, {}, {}, true, 0.1, 1e-5, false);
  };
  at::Tensor high1 = at::linear(net.x, normalized(x1));
  at::Tensor high = at::linear(norm(high1, gh, bh).relu(), normalized(x2), b2);
  at::Tensor low1 = at::linear(net.x, quantized(x1));
  at::Tensor lowHidden = norm(low1, gl, bl).relu();
  at::Tensor low = at::linear(lowHidden, quantized(x2), b2.detach());
  at::Tensor d1 = (at::linear(net.x, normalized(x1)) - low1).square().mean();
  at::Tensor d2 = (at::linear(lowHidden, normalized(x2), b2) - low).square().mean();
  at::Tensor cross = -(high.softmax(1) * low.log_softmax(1)).sum(1).mean();
  at::Tensor loss =
      F::cross_entropy(high, net.y) + 0.5 * (d1 - 0.01) + 0.5 * (d2 - 0.01) + 2 * (cross - 0.7);
  loss.backward();
  EXPECT_NEAR(net.lastLoss, loss.item<double>(), 1e-5);
  expectNear(latentOf(training, net.low->fc1->weight), x1 - x1.grad(), 2e-5, "x of fc1");
  expectNear(latentOf(training, net.low->fc2->weight), x2 - x2.grad(), 2e-5, "x of fc2");
  expectNear(net.low->fc2->bias, b2 - b2.grad(), 2e-5, "the bias, low");
  expectNear(net.high->fc2->bias, b2 - b2.grad(), 2e-5, "the bias, high");
  expectNear(net.high->bn->weight, gh - gh.grad(), 2e-5, "BatchNorm, high");
  expectNear(net.low->bn->weight, gl - gl.grad(), 2e-5, "BatchNorm, low");
  EXPECT_GT(gl.grad().abs().max().item<double>(), 1e-4) << "the low BatchNorm is trained";
}

// What only the low branch has is trained through it: a learned scale, at fixed latent.
TEST(Constrained, LearnedScaleIsTrainedThroughTheLowBranch) {
  Branches net(R"(
quantizer scaled {
  learn     s per tensor in [1e-4, inf] = 0.3
  levels    s * {-1, 0, 1}
  project   w = s * ste(clamp(round(x / s), -1, 1), clamp(x / s, -1, 1))
  update    chain
  final     nearest(x)
}
plan {
  "fc1.weight" : scaled by sgd(lr = 0.5)
  else         : float by sgd(lr = 0.5)
  minimize high
  subject to "fc1" (high - low) ^ 2 <= 0.01 multiplier 3 rate 0.1 every epoch
}
)");
  at::Tensor x = net.low->fc1->weight.detach().clone();
  Constrained training = net.attach();
  net.trainStep(training);
  // The objective is of the float branch, which has no s: all of its gradient is the constraint's.
  at::Tensor s = at::full({1}, 0.3f).set_requires_grad(true);
  at::Tensor ratio = x / s;
  at::Tensor code =
      ratio.round().clamp(-1, 1).detach() + ratio.clamp(-1, 1) - ratio.clamp(-1, 1).detach();
  (3 * (at::linear(net.x, x) - at::linear(net.x, s * code)).square().mean()).backward();
  std::vector<NamedParameter> learned = training.optimizer().learned();
  ASSERT_EQ(learned.size(), 1u);
  EXPECT_EQ(learned[0].name, "fc1.weight/s");
  EXPECT_NE(learned[0].tensor.item<float>(), 0.3f);
  EXPECT_NEAR(learned[0].tensor.item<float>(), 0.3f - 0.5f * s.grad().item<float>(), 1e-5);
}

namespace {

struct ActiveImpl : torch::nn::Module {
  bregman::Linear fc1{4, 5}, fc2{5, 3};
  bregman::Activation act;
  ActiveImpl() {
    register_module("fc1", fc1);
    register_module("act", act);
    register_module("fc2", fc2);
  }
  at::Tensor forward(const at::Tensor &x) { return fc2(act(fc1(x).sigmoid())); }
};
TORCH_MODULE(Active);

} // namespace

// Activations are quantized in the low branch alone; of a module both branches see what is
// quantized.
TEST(Constrained, ActivationsAreQuantizedInTheLowBranch) {
  torch::manual_seed(5);
  Active low, high;
  auto program = std::make_shared<const Program>(unwrap(Program::parse("net.breg", R"(
plan {
  else            : float by sgd(lr = 0.1)
  activations "*" : dorefa_act(bits = 2)
  minimize high
  subject to "fc2"  (high - low) ^ 2 <= 0.25 multiplier 2 rate 1 every step
  subject to output (high - low) ^ 2 <= 0    multiplier 3 rate 1 every step
}
)")));
  Constrained training(*high, *low, program, OptimizerOptions().threads(1));
  at::Tensor x = torch::randn({16, 4});
  at::Tensor h = high->forward(x), l = low->forward(x);
  at::Tensor hidden = at::linear(x, low->fc1->weight, low->fc1->bias).sigmoid();
  auto last = [&](const at::Tensor &z) { return at::linear(z, low->fc2->weight, low->fc2->bias); };
  expectNear(h, last(hidden), 1e-6, "the float branch");
  expectNear(l, last((3 * hidden + 0.5).floor() / 3), 1e-6, "the low branch");
  double apart = (h - l).square().mean().item<double>();
  EXPECT_GT(apart, 1e-5);
  // The weights are float: fc2 gives the same on the same input.
  EXPECT_NEAR(training.loss(at::zeros({}), h, l).item<double>(), 2 * (0 - 0.25) + 3 * apart, 1e-6);
}

TEST(Constrained, MultipliersByHand) {
  Branches net(layerwise);
  Constrained training = net.attach(/*stepsPerEpoch=*/2);
  ASSERT_EQ(training.multipliers().size(), 3u);
  EXPECT_EQ(training.multipliers()[0].name, "fc1");
  EXPECT_EQ(training.multipliers()[1].name, "fc2");
  EXPECT_EQ(training.multipliers()[2].name, "output");
  EXPECT_FALSE(training.due());
  net.trainStep(training);
  EXPECT_FALSE(training.due());
  net.trainStep(training);
  ASSERT_TRUE(training.due());

  double first = 0, second = 0;
  {
    torch::NoGradGuard noGrad;
    net.high->eval();
    net.low->eval();
    for (auto [begin, end] : {std::pair(0, 20), std::pair(20, 32)}) {
      at::Tensor x = net.x.slice(0, begin, end);
      at::Tensor low1 = at::linear(x, net.low->fc1->weight);
      at::Tensor high1 = at::linear(x, net.high->fc1->weight);
      first += (high1 - low1).square().mean().item<double>() * double(end - begin);
      at::Tensor hidden = net.low->bn(low1).relu();
      at::Tensor low2 = at::linear(hidden, net.low->fc2->weight, net.low->fc2->bias);
      at::Tensor high2 = at::linear(hidden, net.high->fc2->weight, net.high->fc2->bias);
      second += (high2 - low2).square().mean().item<double>() * double(end - begin);
    }
    net.high->train();
    net.low->train();
  }
  {
    DualAscent pass(training);
    EXPECT_FALSE(net.low->is_training());
    EXPECT_FALSE(at::GradMode::is_enabled());
    for (auto [begin, end] : {std::pair(0, 20), std::pair(20, 32)}) {
      at::Tensor x = net.x.slice(0, begin, end);
      pass.add(net.high->forward(x), net.low->forward(x));
    }
    pass.finish();
  }
  EXPECT_TRUE(net.low->is_training());
  EXPECT_TRUE(at::GradMode::is_enabled());
  EXPECT_FALSE(training.due());
  const std::vector<Multiplier> &after = training.multipliers();
  EXPECT_NEAR(after[0].distance, first / 32, 1e-6);
  EXPECT_NEAR(after[0].value, std::max(0.0, 0.5 + 0.1 * (first / 32 - 0.01)), 1e-7);
  EXPECT_NEAR(after[1].distance, second / 32, 1e-6);
  EXPECT_NEAR(after[1].value, std::max(0.0, 0.5 + 0.1 * (second / 32 - 0.01)), 1e-7);
  EXPECT_EQ(after[2].value, 2) << "its period is two epochs";
  EXPECT_TRUE(std::isnan(after[2].distance));
}

// A bound that training keeps lets its multiplier go to 0; one that nothing can keep does not.
TEST(Constrained, MultipliersRiseWhereViolatedAndFallWhereSlack) {
  Branches net(R"(
plan {
  "fc?.weight" : dorefa_pd(bits = 2) by adam(lr = 1e-3)
  else         : float by adam(lr = 1e-3)
  minimize high
  subject to "fc1"  (high - low) ^ 2 <= 1e-6 multiplier 0 rate 0.5 every epoch
  subject to "fc2"  (high - low) ^ 2 <= 10   multiplier 1 rate 0.05 every epoch
}
)");
  Constrained training = net.attach(/*stepsPerEpoch=*/4);
  double before = net.trainStep(training);
  std::vector<double> violated, slack;
  for (int step = 1; step < 60; ++step) {
    net.trainStep(training);
    if (!training.due())
      continue;
    net.ascend(training);
    violated.push_back(training.multipliers()[0].value);
    slack.push_back(training.multipliers()[1].value);
  }
  ASSERT_EQ(violated.size(), 15u);
  for (size_t i = 1; i < violated.size(); ++i) {
    EXPECT_GT(violated[i], violated[i - 1]) << "period " << i;
    EXPECT_TRUE(slack[i] < slack[i - 1] || slack[i] == 0) << "period " << i;
  }
  EXPECT_EQ(slack.back(), 0);
  EXPECT_LT(net.objective(training), before) << "the float branch learns meanwhile";
}

TEST(Constrained, SavedAndLoadedGoesOnToTheSameBits) {
  auto run = [](bool interrupted) {
    auto net = std::make_unique<Branches>(layerwise);
    auto training = std::make_unique<Constrained>(net->attach(2));
    for (int step = 0; step < 12; ++step) {
      if (interrupted && step == 7) {
        std::stringstream low, high, state;
        torch::save(net->low, low);
        torch::save(net->high, high);
        torch::serialize::OutputArchive out;
        training->save(out);
        out.save_to(state);
        training.reset();
        net = std::make_unique<Branches>(layerwise);
        training = std::make_unique<Constrained>(net->attach(2));
        torch::load(net->low, low);
        torch::load(net->high, high);
        torch::serialize::InputArchive in;
        in.load_from(state);
        training->load(in);
      }
      net->trainStep(*training);
      if (training->due())
        net->ascend(*training);
    }
    std::vector<float> all;
    for (const auto &network : {net->low, net->high})
      for (const auto &tensors : {network->parameters(), network->buffers()})
        for (const at::Tensor &tensor : tensors)
          for (float value : valuesOf(tensor))
            all.push_back(value);
    for (const Multiplier &multiplier : training->multipliers())
      all.push_back(float(multiplier.value));
    return all;
  };
  EXPECT_EQ(run(false), run(true));
}
