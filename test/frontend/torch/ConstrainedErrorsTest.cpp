// What constrained training refuses: whole messages.
#include "test/frontend/torch/Branches.h"

#include <torch/nn/modules/container/sequential.h>
#include <torch/serialize.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

template <typename F> std::string messageOf(F f) {
  try {
    f();
  } catch (const Exception &error) {
    return error.what();
  }
  return "nothing was refused";
}

/// A plan with these lines after those of the parameters.
std::string plan(const std::string &lines) {
  return "plan {\n  else : float by sgd(lr = 0.1)\n" + lines + "\n}\n";
}

std::string refusal(const std::string &lines) {
  return messageOf([&] { Branches(plan(lines)).attach(); });
}

} // namespace

TEST(ConstrainedErrors, PlanWithoutConstraints) {
  EXPECT_EQ(refusal(""), "the plan has neither `minimize` nor `subject to`; train one network by "
                         "bregman::Optimizer");
}

// A constraint that nothing fulfils is noticed before a weight has moved.
TEST(ConstrainedErrors, LeaveBothBranchesAlone) {
  auto valuesOf = [](const Branches &net) {
    std::vector<at::Tensor> all;
    for (const Net &branch : {net.low, net.high})
      for (const at::Tensor &parameter : branch->parameters())
        all.push_back(parameter.detach().clone());
    return all;
  };
  const std::string quantized = "plan {\n  \"fc?.weight\" : md_tanh_s by sgd(lr = 0.1)\n"
                                "  else : float by sgd(lr = 0.1)\n  minimize high\n";
  for (const std::string &lines :
       {"  subject to \"conv?\" (high - low) ^ 2 <= 0.01 multiplier 0.5 rate 0.1 every 2 "
        "steps\n}\n",
        "  subject to output (high - low) ^ 2 <= 0.01 multiplier step - 1 rate 0.1 every 2 "
        "steps\n}\n"}) {
    Branches net(quantized + lines);
    std::vector<at::Tensor> before = valuesOf(net);
    EXPECT_THAT(messageOf([&] { net.attach(); }), ::testing::HasSubstr("error: "));
    std::vector<at::Tensor> after = valuesOf(net);
    for (size_t i = 0; i < before.size(); ++i)
      EXPECT_TRUE(after[i].equal(before[i])) << i;
    for (const at::Tensor &parameter : net.low->parameters())
      EXPECT_TRUE(parameter.requires_grad());
  }
}

TEST(ConstrainedErrors, AnOptimizerAlone) {
  Branches net(plan("  minimize high"));
  EXPECT_EQ(messageOf([&] { Optimizer(*net.low, net.program); }),
            "net.breg:3:3: error: constrained training has two branches, each a network; train by "
            "bregman::Constrained, or by a plan without `minimize` and `subject to`");
}

TEST(ConstrainedErrors, PatternMatchesNothing) {
  EXPECT_EQ(refusal("  subject to \"conv?\" high - low <= 1 multiplier 0 rate 1 every step"),
            "net.breg:3:3: error: pattern \"conv?\" matches no bregman::Layer [Q10]\n"
            "note: the layers are fc1, fc2");
}

TEST(ConstrainedErrors, PatternMatchesAModuleThatIsNotWatched) {
  EXPECT_EQ(refusal("  subject to \"b*\" high - low <= 1 multiplier 0 rate 1 every step"),
            "net.breg:3:3: error: pattern \"b*\" matches no bregman::Layer [Q10]\n"
            "note: 'bn' matches, but remembers nothing; make it one: bregman::Linear, "
            "bregman::Conv2d, bregman::Layer<Impl>\n"
            "note: the layers are fc1, fc2");
}

TEST(ConstrainedErrors, EpochsOfUnknownLength) {
  Branches net(plan("  subject to output high - low <= 1 multiplier 0 rate 1 every epoch"));
  EXPECT_EQ(messageOf([&] { net.attach(0); }),
            "net.breg:3:3: error: the multiplier's period counts epochs, but the number of steps "
            "per epoch is not known: give OptimizerOptions().stepsPerEpoch(...)");
  Branches bound(
      plan("  subject to output high - low <= 1 / epochs multiplier 0 rate 1 every step"));
  EXPECT_EQ(messageOf([&] { bound.attach(); }),
            "net.breg:3:3: error: the constraint reads `epochs`, but the run's number of epochs is "
            "not known: give OptimizerOptions().epochs(...)");
}

TEST(ConstrainedErrors, MultiplierBelowZero) {
  EXPECT_EQ(refusal("  subject to output high - low <= 1 multiplier step - 1 rate 1 every step"),
            "net.breg:3:3: error: the multiplier begins with -1.000000; it is a number from 0");
}

TEST(ConstrainedErrors, Networks) {
  Branches net(plan("  minimize high"));
  EXPECT_EQ(messageOf([&] { Constrained(*net.low, *net.low, net.program, net.options()); }),
            "both branches are the same network; make two instances of it");
  torch::nn::Sequential other(torch::nn::Linear(2, 3));
  EXPECT_EQ(messageOf([&] { Constrained(*other, *net.low, net.program, net.options()); }),
            "the float branch has no parameter 'fc1.weight' of the same shape; make both networks "
            "in the same way");
  torch::nn::Sequential small(torch::nn::Linear(2, 3)),
      large(torch::nn::Linear(2, 3), torch::nn::Linear(3, 3));
  EXPECT_EQ(messageOf([&] { Constrained(*large, *small, net.program, net.options()); }),
            "the float branch has parameters that the low branch does not have; make both networks "
            "in the same way");
  torch::nn::Linear shared(2, 3);
  torch::nn::Sequential a(shared), b(shared);
  EXPECT_EQ(messageOf([&] { Constrained(*a, *b, net.program, net.options()); }),
            "both branches have the same tensor as '0.weight'; make two instances of the network");
}

TEST(ConstrainedErrors, QuantizersThatHaveNoFloatBranch) {
  EXPECT_EQ(messageOf([] {
              Branches("quantizer agile {\n"
                       "  levels {-1, 1}\n"
                       "  schedule beta = 1 + step\n"
                       "  project w = tanh(beta * x)\n"
                       "  update agile mirror\n"
                       "  final sign(x)\n"
                       "}\n"
                       "plan {\n  \"fc1.weight\" : agile by sgd\n  else : float by sgd\n"
                       "  minimize high\n}\n")
                  .attach();
            }),
            "net.breg:5:3: error: constrained training moves the latent, by the gradient at the "
            "float branch's weight, and `agile mirror` moves the weight itself; write `lazy "
            "mirror`\n"
            "   5 |   update agile mirror\n"
            "     |   ^~~~~~\n");
  EXPECT_EQ(messageOf([] {
              Branches("quantizer vector {\n"
                       "  levels {-1, 1}\n"
                       "  latent x[level] = levels * w0\n"
                       "  project u = softmax(x)\n"
                       "  weight w = sum(levels * u)\n"
                       "  update lazy mirror\n"
                       "  final sum(levels * hardmax(u))\n"
                       "}\n"
                       "plan {\n  \"fc1.weight\" : vector by sgd\n  else : float by sgd\n"
                       "  minimize high\n}\n")
                  .attach();
            }),
            "net.breg:3:3: error: the latent has a level axis, and the float branch of constrained "
            "training multiplies with one number for each weight; say with which by `high`, for "
            "example `high sum(levels * softmax(x))`\n"
            "   3 |   latent x[level] = levels * w0\n"
            "     |   ^~~~~~\n");
}

TEST(ConstrainedErrors, LossBeforeTheLowBranchHasRun) {
  Branches net(plan("  subject to \"fc1\" (high - low) ^ 2 <= 1 multiplier 1 rate 1 every step"));
  Constrained training = net.attach();
  at::Tensor output = torch::zeros({2, 3});
  EXPECT_EQ(
      messageOf([&] { training.loss(output.sum(), output, output); }),
      "module 'fc1' was not run in the low branch; call the low network's forward before this");
}

TEST(ConstrainedErrors, Outputs) {
  Branches net(plan("  subject to output high - low <= 1 multiplier 1 rate 1 every step"));
  Constrained training = net.attach();
  at::Tensor one = torch::zeros({2, 3}), other = torch::zeros({4, 3});
  EXPECT_EQ(messageOf([&] { training.loss(one.sum(), one, other); }),
            "the output: the float branch gives 2x3, and the low one 4x3; both must be of the same "
            "network on the same batch");
  EXPECT_EQ(messageOf([&] { training.loss(one.sum(), one[0], one[0]); }),
            "the output gives 3, and a constraint is on a batch: the first axis counts its "
            "elements, the second is the class axis");
}

TEST(ConstrainedErrors, InputChangedInPlace) {
  Branches net(plan("  subject to \"fc1\" (high - low) ^ 2 <= 1 multiplier 1 rate 1 every step"));
  Constrained training = net.attach();
  at::Tensor x = net.x.clone(), l = net.low->forward(x), h = net.high->forward(x);
  x.add_(1);
  EXPECT_EQ(messageOf([&] { training.loss(h.sum(), h, l); }),
            "the input of a layer that a constraint names was changed in place after it had been "
            "used; write to a copy: clone()");
}

TEST(ConstrainedErrors, Passes) {
  Branches net(plan("  subject to output high / (low - low) <= 1 multiplier 0 rate 1 every step"));
  Constrained training = net.attach();
  net.trainStep(training);
  ASSERT_TRUE(training.due());
  EXPECT_EQ(messageOf([&] { DualAscent(training).finish(); }),
            "the pass over the training set has no batch, so that the mean distance is not known; "
            "call add for each one");
  EXPECT_EQ(messageOf([&] {
              DualAscent pass(training);
              at::Tensor one = torch::ones({2, 3});
              pass.add(one, one);
              pass.finish();
            }),
            "net.breg:3:3: error: the multiplier of 'output' is not finite after step 1: the mean "
            "distance is inf; training has diverged");
  EXPECT_EQ(training.multipliers()[0].value, 0) << "nothing has moved";
}

TEST(ConstrainedErrors, Archives) {
  Branches net(plan("  subject to output high - low <= 1 multiplier 0 rate 1 every step")),
      other(plan("  subject to \"fc1\" high - low <= 1 multiplier 0 rate 1 every step"));
  Constrained training = net.attach(), another = other.attach();
  auto loaded = [](auto &from, auto &to) {
    torch::serialize::OutputArchive out;
    from.save(out);
    std::stringstream text;
    out.save_to(text);
    torch::serialize::InputArchive in;
    in.load_from(text);
    return messageOf([&] { to.load(in); });
  };
  EXPECT_EQ(
      loaded(training, another),
      "the archive does not fit: its multipliers are not those of this plan and network; make "
      "both from the same ones");
  EXPECT_EQ(loaded(training.optimizer(), training),
            "the archive was not written by bregman::Constrained");
  Branches plain("plan {\n  else : float by sgd(lr = 0.1)\n}\n");
  Optimizer single(*plain.low, plain.program, plain.options());
  EXPECT_EQ(
      loaded(single, training.optimizer()),
      "the archive does not fit: the number of kinds of parameters is 2, and was 1 when it was "
      "saved; make the optimizer from the same plan and module");
}
