// Networks, evaluation, and sessions that go on to the same bits.
#include "TestFiles.h"
#include "test/frontend/torch/HandMethods.h"

#include "frontend/train/Report.h"
#include "frontend/train/RunState.h"

#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>
#include <torch/serialize/archive.h>
#include <torch/utils.h>

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;

static int64_t sizeOf(Network &network) {
  int64_t size = 0;
  for (const at::Tensor &p : network.parameters())
    size += p.numel();
  return size;
}

TEST(Models, HaveTheirSizes) {
  auto lenet300 = makeModel("lenet300", {1, 28, 28}, 10);
  EXPECT_EQ(sizeOf(*lenet300), 784 * 300 + 300 * 100 + 100 * 10 + 10);
  auto lenet5 = makeModel("lenet5", {1, 28, 28}, 10);
  EXPECT_EQ(sizeOf(*lenet5), 20 * 25 + 50 * 20 * 25 + 800 * 500 + 500 * 10 + 10);
  // 3x3 convolutions, and for each channel of a BatchNorm a scale and a shift.
  auto resnet8 = makeModel("resnet8", {1, 28, 28}, 10);
  int64_t convolutions = 9 * (16 + 16 * 16 * 2 + 32 * 16 + 32 * 32 + 64 * 32 + 64 * 64);
  int64_t shortcuts = 32 * 16 + 64 * 32, normed = 16 * 3 + 32 * 3 + 64 * 3;
  EXPECT_EQ(sizeOf(*resnet8), convolutions + shortcuts + 2 * normed + 64 * 10 + 10);
  auto resnet10 = makeModel("resnet10", {1, 28, 28}, 10);
  EXPECT_EQ(sizeOf(*resnet10), convolutions + 9 * 2 * 32 * 32 + shortcuts +
                                   2 * (16 * 3 + 32 * 4 + 64 * 2) + 64 * 10 + 10);
  for (const std::string &name : modelNames()) {
    auto network = makeModel(name, {1, 28, 28}, 10);
    EXPECT_EQ(network->forward(at::randn({3, 1, 28, 28})).sizes(), (at::IntArrayRef{3, 10}));
  }
}

TEST(Models, TakeImagesOfOtherSizes) {
  for (const char *name : {"mlp", "lenet300", "resnet8", "resnet10"}) {
    auto network = makeModel(name, {3, 11, 20}, 4);
    EXPECT_EQ(network->forward(at::randn({5, 3, 11, 20})).sizes(), (at::IntArrayRef{5, 4})) << name;
  }
}

// Where no convolution of a block gives anything, the shortcuts are all of the network.
TEST(Models, ShortcutsOfTheResidualNetwork) {
  auto network = makeModel("resnet10", {1, 8, 8}, 10);
  torch::NoGradGuard noGrad;
  for (auto &item : network->named_parameters())
    if (item.key().find("block") == 0 && item.key().find("conv") != std::string::npos)
      item.value().zero_();
  at::Tensor x = at::randn({4, 1, 8, 8});
  std::map<std::string, at::Tensor> named;
  for (auto &item : network->named_parameters())
    named[item.key()] = item.value();
  auto normed = [](const at::Tensor &z) {
    return at::batch_norm(z, {}, {}, {}, {}, true, 0.1, 1e-5, false).relu();
  };
  at::Tensor z = at::conv2d(x, named["stem.weight"], {}, 1, 1);
  z = at::conv2d(normed(z), named["block1.shortcut.weight"], {}, 2);
  z = at::conv2d(normed(z), named["block3.shortcut.weight"], {}, 2);
  at::Tensor logits =
      at::linear(normed(z).mean({2, 3}) / 8, named["out.weight"], named["out.bias"]);
  EXPECT_TRUE(at::allclose(network->forward(x), logits, 1e-4, 1e-5));
}

TEST(Models, RefuseWhatDoesNotFit) {
  Error error = errorOf([] { makeModel("lenet5", {1, 8, 8}, 10); });
  EXPECT_EQ(error.kind, ErrorKind::Usage);
  EXPECT_EQ(error.message,
            "lenet5 takes images of 28x28 pixels, and these have 8x8; use --model mlp, lenet300, "
            "resnet8 or resnet10");
}

/// Images whose class shows in one pixel.
static Split easyImages(int64_t n, uint64_t seed) {
  torch::manual_seed(seed);
  Split split{at::randn({n, 1, 4, 4}), at::arange(n).remainder(4)};
  for (int64_t i = 0; i < n; ++i)
    split.images[i][0][0][i % 4].add_(4);
  return split;
}

static Dataset easyData() { return {"easy", "", 4, 0, easyImages(96, 1), easyImages(40, 2), {}}; }

static RunOptions smallRun() {
  at::set_num_threads(1);
  RunOptions options;
  options.batch = 8;
  options.epochs = 4;
  return options;
}

static MethodChoice choiceOf(const std::string &text, const Network &network) {
  RunOptions options;
  options.usePlan = true;
  return chooseMethod(options, text, network);
}

static MethodChoice annealedChoice(const Network &network) {
  return choiceOf("plan {\n"
                  "  \"*.weight\" : md_tanh_s(growth = 1.05, period = 1) by momentum(lr = 0.02)\n"
                  "  else : float by sgd\n}\n",
                  network);
}

/// Weights in float, activations with learned steps and a schedule.
static MethodChoice activationChoice(const Network &network) {
  return choiceOf("quantizer eased(bits in [1, 8] = 3) {\n  let n = 2 ^ bits - 1\n"
                  "  learn s per channel in [1e-8, inf] = 2 * mean(abs(x) per channel) + 1e-3\n"
                  "  let z = clamp(x / s, 0, n)\n  levels s * [0 .. n]\n"
                  "  schedule k = min(epoch / 2, 1)\n"
                  "  project w = (1 - k) * x + k * s * ste(round(z), z)\n  update chain\n}\n"
                  "plan {\n  activations \"act1\" : eased by momentum(lr = 1e-3)\n"
                  "  activations \"act*\" : lsq_act(bits = 4) by momentum(lr = 1e-3)\n"
                  "  else : float by adam(lr = 1e-2)\n}\n",
                  network);
}

TEST(Evaluate, CountsAndLeavesTheMode) {
  auto network = makeModel("mlp", {1, 4, 4}, 4);
  for (at::Tensor &p : network->parameters())
    p.detach().zero_();
  Split split = easyImages(8, 3);
  Evaluation evaluation = evaluate(*network, split);
  EXPECT_NEAR(evaluation.loss, std::log(4.), 1e-6) << "all logits are equal";
  EXPECT_EQ(evaluation.accuracy, 0.25);
  EXPECT_TRUE(network->is_training());
}

TEST(Evaluate, RecalibrateTakesTheStatisticsAnew) {
  auto network = makeModel("mlp", {1, 4, 4}, 4);
  Split split = easyImages(1000, 3);
  recalibrate(*network, split, 2);
  std::vector<float> once = values(network->buffers()[0]);
  network->forward(split.images.mul(3));
  EXPECT_NE(values(network->buffers()[0]), once);
  recalibrate(*network, split, 2);
  EXPECT_EQ(values(network->buffers()[0]), once) << "no trace of what was before";
  // The mean over two batches of 500 is the mean over all.
  at::Tensor mean = at::linear(split.images.flatten(1), network->parameters()[0]).mean(0);
  for (int64_t i = 0; i < mean.numel(); ++i)
    EXPECT_NEAR(once[i], mean[i].item<float>(), 1e-5);
}

TEST(Session, Learns) {
  Dataset data = easyData();
  Session session(smallRun(), data, annealedChoice);
  EXPECT_EQ(session.stepsPerEpoch(), 12);
  EXPECT_EQ(session.totalSteps(), 48);
  double before = evaluate(session.network(), data.validation).accuracy;
  while (!session.finished())
    session.step();
  double after = evaluate(session.network(), data.validation).accuracy;
  EXPECT_GT(after, before + 0.2);
  EXPECT_EQ(session.times().steps, 48);
  EXPECT_GT(session.times().all, session.times().optimizer);
}

TEST(Session, SnapshotLeavesTheNetworkAsItIs) {
  Dataset data = easyData();
  Session with(smallRun(), data, annealedChoice), without(smallRun(), data, annealedChoice);
  for (int k = 0; k < 10; ++k) {
    with.step();
    without.step();
    Snapshot snapshot = with.snapshot();
    for (float w : values(snapshot.hard[0]))
      ASSERT_EQ(std::fabs(w), 1);
  }
  for (size_t i = 0; i < with.network().parameters().size(); ++i)
    EXPECT_EQ(values(with.network().parameters()[i]), values(without.network().parameters()[i]));
  for (size_t i = 0; i < with.network().buffers().size(); ++i)
    EXPECT_EQ(values(with.network().buffers()[i]), values(without.network().buffers()[i]));
}

/// Stops a run at several steps; each time it goes on to the same bits.
static void stopAndGoOn(const RunOptions &options, const Dataset &data,
                        const std::function<MethodChoice(const Network &)> &choose) {
  Session straight(options, data, choose);
  std::vector<double> losses;
  while (!straight.finished())
    losses.push_back(straight.step());

  for (int stop : {0, 5, 12, 31}) {
    Session first(options, data, choose);
    for (int k = 0; k < stop; ++k)
      first.step();
    RunState state;
    state.options = options;
    state.step = stop;
    state.lossSum = 0.1;
    state.last = first.snapshot();
    CheckpointFile file = state.pack(first);

    RunState back = RunState::unpack(file);
    EXPECT_EQ(back.step, stop);
    EXPECT_EQ(back.lossSum, 0.1);
    EXPECT_TRUE(back.best.empty());
    Session second(back.options, data, choose);
    back.restore(file, second);
    for (size_t k = size_t(stop); k < losses.size(); ++k)
      ASSERT_EQ(second.step(), losses[k]) << "stopped at " << stop << ", step " << k;
    for (size_t i = 0; i < straight.network().parameters().size(); ++i)
      EXPECT_EQ(values(second.network().parameters()[i]),
                values(straight.network().parameters()[i]));
    for (size_t i = 0; i < straight.network().buffers().size(); ++i)
      EXPECT_EQ(values(second.network().buffers()[i]), values(straight.network().buffers()[i]));
  }
}

TEST(Session, GoesOnToTheSameBits) {
  RunOptions options = smallRun();
  options.shift = 1; // drawn anew in every step
  stopAndGoOn(options, easyData(), annealedChoice);
}

TEST(Session, QuantizesActivationsAndGoesOnToTheSameBits) {
  stopAndGoOn(smallRun(), easyData(), activationChoice);
}

TEST(Session, LearnsWithQuantizedActivations) {
  Dataset data = easyData();
  for (const char *model : {"mlp", "lenet300"}) {
    RunOptions options = smallRun();
    options.model = model;
    Session session(options, data, activationChoice);
    while (!session.finished())
      session.step();
    EXPECT_EQ(session.optimizer().learned().size(), 2u);
    Snapshot end = session.snapshot();
    double accuracy = evaluate(session.network(), data.validation).accuracy;
    EXPECT_GT(accuracy, 0.7) << model;

    // A fresh network quantizes as the trained one does.
    auto fresh = makeModel(model, {1, 4, 4}, 4);
    MethodChoice choice = activationChoice(*fresh);
    quantizeActivations(choice.lines, activationsOf(*fresh, choice.program),
                        optimizerOptions(options, data), session.steps());
    apply(end, /*hard=*/false, *fresh);
    EXPECT_EQ(evaluate(*fresh, data.validation).loss,
              evaluate(session.network(), data.validation).loss);
  }
}

TEST(RunState, OfAnotherProgram) {
  Error error = errorOf([] { RunState::unpack({"{}", ""}); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_THAT(error.message, ::testing::StartsWith("the checkpoint does not have what this "));
}

TEST(Report, CountsBits) {
  auto network = makeModel("mlp", {1, 4, 4}, 4);
  std::vector<NamedParameter> quantized;
  for (const auto &item : network->named_parameters())
    if (item.value().dim() == 2)
      quantized.push_back({item.key(), item.value()});
  ASSERT_EQ(quantized.size(), 3u);
  quantized[0].tensor.detach().sign_();                         // 16 x 256, 1 bit
  quantized[1].tensor.detach().mul_(20).round_().clamp_(-1, 1); // 256 x 128, 3 levels: 2 bits
  quantized[2].tensor.detach().sign_();                         // 128 x 4, 1 bit
  WeightCount count = countWeights(*network, quantized, std::vector<Extent>(3, {ExtentKind::Run}));
  int64_t weights = 16 * 256 + 256 * 128 + 128 * 4;
  EXPECT_EQ(count.parameters, weights + 4);
  EXPECT_EQ(count.quantized, weights);
  EXPECT_EQ(count.bits, weights + 256 * 128);
  EXPECT_EQ(count.floatBytes, 4 * (weights + 4));
  EXPECT_EQ(count.packedBytes, (weights + 256 * 128) / 8 + 4 * 4);
}

TEST(Report, CountsBitsOfACodebookPerChannel) {
  auto network = makeModel("mlp", {1, 4, 4}, 4);
  NamedParameter first{"fc1.weight", network->parameters().front()};
  ASSERT_EQ(first.tensor.dim(), 2);
  int64_t rows = first.tensor.size(0), weights = first.tensor.numel();
  // Every row has its own two values.
  first.tensor.detach().sign_().mul_(at::arange(1, rows + 1).to(at::kFloat).unsqueeze(1));
  WeightCount count = countWeights(*network, {first}, {{ExtentKind::Channel}});
  EXPECT_EQ(count.bits, weights);
  EXPECT_EQ(count.packedBytes, count.floatBytes - 4 * weights + weights / 8 + 4 * 2 * rows);
}
