// Save and load: a run that is interrupted goes on to the same bits.
#include "HandMethods.h"

#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

/// Two parameters under a plan of two lines, one of them in bf16.
struct Training {
  at::Tensor weight, bias;
  Optimizer optimizer;
  explicit Training(double lr = 0.1)
      : weight(parameter({5, 3})), bias(parameter({3}, at::kBFloat16)),
        optimizer({{"fc.weight", weight}, {"fc.bias", bias}},
                  {line({"*.weight"}, "annealed", "momentum", {{"optimizer.lr", lr}}),
                   rest("float", "sgd")},
                  handMethods()) {}
  void steps(int n) {
    for (int k = 0; k < n; ++k) {
      giveGradient(weight);
      giveGradient(bias);
      optimizer.step();
    }
  }
};

std::string saved(const Training &run) {
  torch::serialize::OutputArchive archive;
  run.optimizer.save(archive);
  std::ostringstream optimizer;
  archive.save_to(optimizer);
  return optimizer.str();
}

void load(Optimizer &optimizer, const std::string &bytes) {
  torch::serialize::InputArchive archive;
  archive.load_from(bytes.data(), bytes.size());
  optimizer.load(archive);
}

} // namespace

TEST(Archive, ContinuesToTheSameBits) {
  Training straight, before, after;
  straight.steps(20);
  before.steps(8);
  std::string bytes = saved(before);

  // What the module's own archive would bring back; the weight follows from its latent.
  after.bias.detach().copy_(before.bias.detach());
  load(after.optimizer, bytes);
  EXPECT_EQ(after.optimizer.steps(), 8);
  EXPECT_EQ(values(after.weight), values(before.weight));
  after.steps(12);
  EXPECT_EQ(values(after.weight), values(straight.weight));
  EXPECT_EQ(values(after.bias), values(straight.bias));
}

TEST(Archive, KeepsArgumentsAndLearningRate) {
  Training before(0.1), after(0.7);
  before.optimizer.param_groups()[0].options().set_lr(0.025);
  before.steps(3);
  load(after.optimizer, saved(before));
  after.bias.detach().copy_(before.bias.detach());
  EXPECT_EQ(after.optimizer.param_groups()[0].options().get_lr(), 0.025);
  before.steps(5);
  after.steps(5);
  EXPECT_EQ(values(after.weight), values(before.weight));
}

TEST(Archive, LibTorchsSaveAndLoad) {
  Training before, after;
  before.steps(4);
  std::stringstream stream;
  torch::save(before.optimizer, stream);
  torch::load(after.optimizer, stream);
  EXPECT_EQ(values(after.weight), values(before.weight));
}

TEST(Archive, OfAnotherModel) {
  Training before;
  std::string bytes = saved(before);
  at::Tensor weight = parameter({5, 3}), bias = parameter({4}, at::kBFloat16);
  Optimizer other({{"fc.weight", weight}, {"fc.bias", bias}},
                  {line({"*.weight"}, "annealed", "momentum"), rest("float", "sgd")},
                  handMethods());
  EXPECT_EQ(messageOf([&] { load(other, bytes); }),
            "the archive does not fit: the size of fc.bias is 4, and was 3 when it was saved; make "
            "the optimizer from the same plan and module");
}

TEST(Archive, OfAnotherPlan) {
  Training before;
  std::string bytes = saved(before);
  at::Tensor weight = parameter({5, 3}), bias = parameter({3}, at::kBFloat16);
  Optimizer other({{"fc.weight", weight}, {"fc.bias", bias}},
                  {line({"*.weight"}, "float", "sgd"), rest("float", "sgd")}, handMethods());
  EXPECT_EQ(messageOf([&] { load(other, bytes); }),
            "the archive does not fit: the quantizer is float, and was annealed when it was saved; "
            "make the optimizer from the same plan and module");
}

TEST(Archive, OfSomethingElse) {
  std::ostringstream stream;
  torch::save(parameter({3}), stream);
  Training run;
  EXPECT_THAT(messageOf([&] { load(run.optimizer, stream.str()); }),
              ::testing::HasSubstr("was not written by this version of bregman::Optimizer"));
}
