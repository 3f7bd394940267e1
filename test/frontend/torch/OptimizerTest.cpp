// The optimizer around methods written by hand: groups, steps, what parameters hold, schedulers.
#include "HandMethods.h"

#include <ATen/ops/zeros_like.h>
#include <torch/optim/schedulers/step_lr.h>

using namespace bregman;
using namespace bregman::testing;
using ::testing::ElementsAre;

static Optimizer annealed(std::vector<NamedParameter> parameters, double lr = 0.1) {
  return Optimizer(std::move(parameters), {rest("annealed", "momentum", {{"optimizer.lr", lr}})},
                   handMethods(), OptimizerOptions().threads(1));
}

TEST(Optimizer, ParametersHoldWFromAttachOn) {
  at::Tensor p = parameter({3, 5});
  std::vector<float> expected = values(p);
  for (float &value : expected)
    value = std::tanh(value);
  Optimizer optimizer = annealed({{"p", p}});
  EXPECT_EQ(values(p), expected);
}

/// The same method as a loop over floats.
struct Reference {
  std::vector<float> x, m;
  explicit Reference(const at::Tensor &w0) : x(values(w0)), m(x.size(), 0) {}
  std::vector<float> step(const std::vector<float> &g, float lr, int k) {
    std::vector<float> w(x.size());
    float beta = float(std::pow(1.01, k + 1));
    for (size_t i = 0; i < x.size(); ++i) {
      m[i] = 0.9f * m[i] + g[i];
      x[i] = x[i] - lr * m[i];
      w[i] = std::tanh(beta * x[i]);
    }
    return w;
  }
};

TEST(Optimizer, StepsAsTheMethodSays) {
  at::Tensor p = parameter({7, 9});
  Reference reference(p);
  Optimizer optimizer = annealed({{"p", p}});
  for (int k = 0; k < 20; ++k) {
    giveGradient(p);
    std::vector<float> expected = reference.step(values(p.grad()), 0.1f, k);
    optimizer.step();
    ASSERT_EQ(values(p), expected) << "step " << k;
  }
  EXPECT_EQ(optimizer.steps(), 20);
}

TEST(Optimizer, NonContiguousParametersAndGradients) {
  at::Tensor plain = parameter({6, 4});
  at::Tensor turned = parameter({6, 4}).detach().t().contiguous().t().set_requires_grad(true);
  at::Tensor gaps = at::zeros_like(at::arange(6 * 9, at::kFloat)).reshape({6, 9}).slice(1, 1, 9, 2);
  gaps.copy_(plain.detach());
  gaps.set_requires_grad(true);
  ASSERT_FALSE(turned.is_contiguous());
  ASSERT_FALSE(gaps.is_contiguous());
  Optimizer a = annealed({{"p", plain}}), b = annealed({{"p", turned}}),
            c = annealed({{"p", gaps}});
  for (int k = 0; k < 5; ++k) {
    giveGradient(plain);
    turned.mutable_grad() = plain.grad().t().contiguous().t();
    gaps.mutable_grad() = plain.grad().t().contiguous().t();
    for (Optimizer *optimizer : {&a, &b, &c})
      optimizer->step();
    ASSERT_EQ(values(turned), values(plain));
    ASSERT_EQ(values(gaps), values(plain));
  }
}

TEST(Optimizer, MissingGradientOnlyPublishes) {
  at::Tensor moved = parameter({8}), still = parameter({8});
  std::vector<float> x = values(still);
  Optimizer optimizer = annealed({{"moved", moved}, {"still", still}});
  for (int k = 0; k < 3; ++k) {
    giveGradient(moved);
    optimizer.step();
  }
  float beta = float(std::pow(1.01, 3));
  for (float &value : x)
    value = std::tanh(beta * value);
  EXPECT_EQ(values(still), x);
}

TEST(Optimizer, Bf16ParametersHaveF32State) {
  at::Tensor p = parameter({40}, at::kBFloat16);
  Reference reference(p);
  Optimizer optimizer = annealed({{"p", p}}, 1e-3);
  for (int k = 0; k < 50; ++k) {
    p.mutable_grad() = at::zeros_like(p.detach()).add(0.01);
    std::vector<float> expected = reference.step(values(p.grad()), 1e-3f, k);
    optimizer.step();
    for (float &value : expected)
      value = float(at::BFloat16(value));
    ASSERT_EQ(values(p), expected) << "step " << k;
  }
}

TEST(Optimizer, MixedElementTypesInOneGroup) {
  at::Tensor a = parameter({4}), b = parameter({4}, at::kBFloat16);
  Optimizer optimizer = annealed({{"a", a}, {"b", b}});
  ASSERT_EQ(optimizer.param_groups().size(), 1u);
  giveGradient(a);
  giveGradient(b);
  std::vector<float> before = values(b);
  optimizer.step();
  EXPECT_NE(values(b), before);
}

TEST(Optimizer, EmptyTensor) {
  at::Tensor p = parameter({0, 3}), q = parameter({2});
  Optimizer optimizer = annealed({{"p", p}, {"q", q}});
  giveGradient(p);
  giveGradient(q);
  optimizer.step();
  optimizer.finalize();
  EXPECT_EQ(optimizer.steps(), 1);
  EXPECT_THAT(values(q), ElementsAre(-1, 1));
}

TEST(Optimizer, NoParametersAtAll) {
  Optimizer optimizer = annealed({});
  optimizer.step();
  optimizer.finalize();
  EXPECT_EQ(optimizer.steps(), 0);
}

TEST(Optimizer, OneGroupPerLineWithItsLearningRate) {
  at::Tensor a = parameter({4}), b = parameter({4}), c = parameter({4});
  Optimizer optimizer(
      {{"a.weight", a}, {"b.weight", b}, {"a.bias", c}},
      {line({"*.weight"}, "annealed", "momentum", {{"optimizer.lr", 0.25}}), rest("float", "sgd")},
      handMethods());
  auto &groups = optimizer.param_groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].params().size(), 2u);
  EXPECT_EQ(groups[0].options().get_lr(), 0.25);
  EXPECT_EQ(groups[1].options().get_lr(), 0.1) << "the optimizer's own default";
  EXPECT_EQ(optimizer.quantized().size(), 2u);
  EXPECT_EQ(optimizer.quantized()[1].name, "b.weight");
}

TEST(Optimizer, LibTorchSchedulersChangeTheLearningRate) {
  at::Tensor p = parameter({4});
  Optimizer optimizer({{"p", p}}, {rest("float", "sgd", {{"optimizer.lr", 1}})}, handMethods());
  torch::optim::StepLR scheduler(optimizer, 2, 0.1);
  // LibTorch counts the scheduler's first step as 0.
  double lr[] = {1, 1, 1, 0.1, 0.1, 0.1 * 0.1};
  for (double rate : lr) {
    at::Tensor before = p.detach().clone();
    p.mutable_grad() = at::zeros_like(before).add(1);
    optimizer.step();
    EXPECT_EQ(values(p), values(before.sub(at::zeros_like(before).add(float(rate)))));
    scheduler.step();
  }
}

TEST(Optimizer, LearningRateOfTheCounters) {
  at::Tensor p = parameter({1});
  PlanLine plan = rest("float", "sgd");
  using Op = HostProgram::Op;
  plan.arguments.inputs = {"step"};
  plan.arguments.code = {{Op::Input, 0}, {Op::Constant, -1, -1, -1, 0.5}, {Op::Pow, 1, 0}};
  plan.arguments.outputs = {{"optimizer.lr", 2}};
  plan.recomputed = {"optimizer.lr"};
  Optimizer optimizer({{"p", p}}, {plan}, handMethods());
  float expected = values(p)[0];
  for (int k = 0; k < 4; ++k) {
    p.mutable_grad() = at::zeros_like(p.detach()).add(1);
    optimizer.step();
    expected -= float(std::pow(0.5, k));
    EXPECT_EQ(values(p)[0], expected);
    EXPECT_EQ(optimizer.param_groups()[0].options().get_lr(), std::pow(0.5, k));
  }
  optimizer.param_groups()[0].options().set_lr(3);
  EXPECT_EQ(
      messageOf([&] { optimizer.step(); }),
      "net.breg:3:5: error: `lr` is computed from the counters at every step, so a scheduler can't "
      "change it; make it a number, or drop the scheduler");
}

TEST(Optimizer, ArgumentThatNeedsWhatIsUnknown) {
  PlanLine plan = rest("float", "sgd");
  plan.arguments.inputs = {"epoch"};
  plan.arguments.code = {{HostProgram::Op::Input, 0}};
  plan.arguments.outputs = {{"optimizer.lr", 0}};
  plan.recomputed = {"optimizer.lr"};
  at::Tensor p = parameter({1});
  EXPECT_EQ(messageOf([&] { Optimizer({{"p", p}}, {plan}, handMethods()); }),
            "net.breg:3:5: error: an argument reads `epoch`, but the number of steps per epoch is "
            "not known: give OptimizerOptions().stepsPerEpoch(...)");
  Optimizer known({{"p", p}}, {plan}, handMethods(), OptimizerOptions().stepsPerEpoch(2));
  for (int k = 0; k < 4; ++k) {
    p.mutable_grad() = at::zeros_like(p.detach());
    known.step();
    EXPECT_EQ(known.param_groups()[0].options().get_lr(), k / 2);
  }
}

TEST(Optimizer, ClosureIsRunWithGradients) {
  at::Tensor p = parameter({3});
  Optimizer optimizer({{"p", p}}, {rest("float", "sgd", {{"optimizer.lr", 0.5}})}, handMethods());
  std::vector<float> before = values(p);
  at::Tensor loss = optimizer.step([&] {
    optimizer.zero_grad();
    at::Tensor value = p.mul(p).sum();
    value.backward();
    return value;
  });
  EXPECT_TRUE(loss.defined());
  for (float &value : before)
    value -= 0.5f * (2 * value);
  EXPECT_EQ(values(p), before);
  optimizer.zero_grad();
  EXPECT_FALSE(p.grad().defined());
}

TEST(Optimizer, AutogradNoticesTheStep) {
  at::Tensor p = parameter({3});
  Optimizer optimizer = annealed({{"p", p}});
  at::Tensor loss = p.mul(p).sum();
  giveGradient(p);
  optimizer.step();
  EXPECT_THROW(loss.backward(), c10::Error) << "the saved p has been overwritten";
}

TEST(Optimizer, FinalizePutsLevelsIn) {
  at::Tensor p = parameter({9}), bias = parameter({2});
  std::vector<float> signs = values(p), kept = values(bias);
  for (float &value : signs)
    value = value < 0 ? -1 : 1;
  Optimizer optimizer({{"p", p}, {"bias", bias}},
                      {line({"p"}, "annealed", "momentum"), rest("float", "sgd")}, handMethods());
  optimizer.finalize();
  EXPECT_EQ(values(p), signs);
  EXPECT_EQ(values(bias), kept);
}

TEST(Optimizer, HardenedForAWhile) {
  at::Tensor p = parameter({9});
  Optimizer optimizer = annealed({{"p", p}});
  std::vector<float> soft = values(p);
  {
    Hardened hardened(optimizer);
    for (float value : values(p))
      EXPECT_EQ(std::fabs(value), 1);
  }
  EXPECT_EQ(values(p), soft);
}

TEST(Optimizer, SharedParameterMovesOnce) {
  at::Tensor p = parameter({4}), alone = p.detach().clone().set_requires_grad(true);
  Optimizer shared = annealed({{"encoder.weight", p}, {"decoder.weight", p}});
  Optimizer single = annealed({{"weight", alone}});
  EXPECT_EQ(shared.param_groups()[0].params().size(), 1u);
  giveGradient(p);
  giveGradient(alone);
  shared.step();
  single.step();
  EXPECT_EQ(values(p), values(alone));
}

TEST(Optimizer, LineWithoutOptimizerTrainsNothing) {
  at::Tensor p = parameter({4}), q = parameter({4});
  Optimizer optimizer({{"p", p}, {"q", q}}, {line({"p"}, "annealed", ""), rest("float", "")},
                      handMethods());
  std::vector<float> before = values(q);
  giveGradient(p);
  giveGradient(q);
  optimizer.step();
  EXPECT_EQ(values(q), before);
  std::vector<float> expected = values(parameter({4}));
  for (float &value : expected)
    value = std::tanh(float(1.01) * value);
  EXPECT_EQ(values(p), expected) << "published with the next step's schedule";
}

TEST(Optimizer, ResetEvery) {
  at::Tensor p = parameter({4});
  PlanLine plan = rest("annealed", "momentum");
  plan.resetEvery = 1;
  plan.resetInEpochs = true;
  EXPECT_EQ(
      messageOf([&] { Optimizer({{"p", p}}, {plan}, handMethods()); }),
      "net.breg:3:5: error: `reset every` counts epochs, but the number of steps per epoch is not "
      "known: give OptimizerOptions().stepsPerEpoch(...)");
  Reference reference(p);
  Optimizer optimizer({{"p", p}}, {plan}, handMethods(), OptimizerOptions().stepsPerEpoch(3));
  for (int k = 0; k < 7; ++k) {
    giveGradient(p);
    std::vector<float> expected = reference.step(values(p.grad()), 0.1f, k);
    optimizer.step();
    ASSERT_EQ(values(p), expected) << "step " << k;
    if ((k + 1) % 3 == 0)
      std::fill(reference.m.begin(), reference.m.end(), 0.f);
  }
}

TEST(Optimizer, AddParamGroupByTheOneUse) {
  at::Tensor p = parameter({4}), late = parameter({5});
  Optimizer optimizer = annealed({{"p", p}});
  std::vector<float> w0 = values(late);
  optimizer.add_param_group(torch::optim::OptimizerParamGroup({late}));
  giveGradient(p);
  optimizer.step();
  for (float &value : w0)
    value = std::tanh(float(1.01) * value);
  EXPECT_EQ(values(late), w0);
  ASSERT_EQ(optimizer.quantized().size(), 2u);
  EXPECT_EQ(optimizer.quantized()[1].name, "param_groups[1][0]");
}

TEST(Optimizer, StateIsLibTorchs) {
  at::Tensor p = parameter({4});
  Optimizer optimizer = annealed({{"p", p}});
  EXPECT_EQ(optimizer.state().size(), 1u);
  EXPECT_EQ(optimizer.state().count(p.unsafeGetTensorImpl()), 1u);
}

TEST(Optimizer, SchedulesByName) {
  at::Tensor p = parameter({4});
  Optimizer optimizer = annealed({{"p", p}});
  giveGradient(p);
  optimizer.step();
  auto schedules = optimizer.schedules();
  ASSERT_EQ(schedules.size(), 1u);
  EXPECT_EQ(schedules[0].first, "annealed.beta");
  EXPECT_DOUBLE_EQ(schedules[0].second, 1.01);
}
