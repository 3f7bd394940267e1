// Activations in training: learned values from the first batch on, their optimizer, save and load,
// schedules.
#include "test/frontend/torch/ActivationTask.h"

#include <torch/autograd.h>
#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

TEST(Activations, WithoutALineXPasses) {
  Task task;
  Optimizer optimizer(*task.net, "float by sgd");
  EXPECT_FALSE(task.net->act1->isAttached());
  EXPECT_TRUE(task.net->act1(task.x).is_same(task.x));
}

TEST(Activations, LearnedValuesAreTrainedAndTheLossFalls) {
  Task task;
  Optimizer optimizer(*task.net, fourBits());
  EXPECT_TRUE(task.net->act1->isAttached());
  EXPECT_EQ(task.net->act1->learned("s").numel(), 0);
  double first = task.steps(optimizer, 1);
  std::vector<NamedParameter> learned = optimizer.learned();
  ASSERT_EQ(learned.size(), 2u);
  EXPECT_EQ(learned[0].name, "act1/s");
  EXPECT_EQ(learned[1].name, "act2/s");
  EXPECT_TRUE(learned[0].tensor.is_same(task.net->act1->learned("s")));
  float before = learned[0].tensor.item<float>();
  double last = task.steps(optimizer, 300);
  EXPECT_LT(last, 0.3 * first);
  EXPECT_NE(learned[0].tensor.item<float>(), before);
  // At most 16 values come out, multiples of s.
  task.net->eval();
  at::Tensor w = task.net->act1(task.net->fc1(task.x).relu());
  EXPECT_LE(std::get<0>(at::_unique(w)).numel(), 16);
  EXPECT_EQ(learned[0].tensor.item<float>(), task.net->act1->learned("s").item<float>());
}

TEST(Activations, FirstStepIsThatOfTheFormula) {
  Task task;
  auto program = parse("plan {\n  activations \"act1\" : lsq_act(bits = 4) by momentum(lr = 0.01)\n"
                       "  else : float by sgd(lr = 0)\n}\n");
  Optimizer optimizer(*task.net, program);
  at::Tensor x = task.net->fc1(task.x).relu().detach();
  task.steps(optimizer, 1);
  double s0 = (2 * x.abs().mean() / std::sqrt(15.0)).item<double>();
  at::Tensor s = task.net->act1->learned("s");
  double gradient = s.grad().item<double>();
  EXPECT_NEAR(s.item<double>(), s0 - 0.01 * gradient, 1e-7);
  EXPECT_NE(gradient, 0);
}

TEST(Activations, ALineOfTheirOwnTrainsLearnedValues) {
  Task task;
  auto program = parse("plan {\n  \"act1/s\" : float by sgd(lr = 0)\n"
                       "  activations \"*\" : lsq_act by momentum(lr = 0.01)\n"
                       "  else : float by adam(lr = 1e-3)\n}\n");
  Optimizer optimizer(*task.net, program);
  task.steps(optimizer, 1);
  float first = task.net->act1->learned("s").item<float>();
  float second = task.net->act2->learned("s").item<float>();
  task.steps(optimizer, 5);
  EXPECT_EQ(task.net->act1->learned("s").item<float>(), first);
  EXPECT_NE(task.net->act2->learned("s").item<float>(), second);
}

TEST(Activations, LearnedValuesStayInTheirRange) {
  Task task;
  auto program = parse(
      "quantizer narrow {\n  learn s per tensor in [0.5, 0.75] = 0.001\n"
      "  levels s * [0 .. 15]\n  project w = s * ste(round(clamp(x / s, 0, 15)), clamp(x / s, "
      "0, 15))\n  update chain\n}\nplan {\n  activations \"*\" : narrow by sgd(lr = 1000)\n"
      "  else : float by sgd(lr = 0)\n}\n");
  Optimizer optimizer(*task.net, program);
  task.net->forward(task.x);
  EXPECT_EQ(task.net->act1->learned("s").item<float>(), 0.5f);
  task.steps(optimizer, 3);
  for (const NamedParameter &learned : optimizer.learned()) {
    float s = learned.tensor.item<float>();
    EXPECT_TRUE(s == 0.5f || s == 0.75f) << s;
  }
}

TEST(Activations, GoOnToTheSameBits) {
  Task straight, before, after;
  Optimizer one(*straight.net, fourBits());
  straight.steps(one, 40);

  Optimizer two(*before.net, fourBits());
  before.steps(two, 17);
  std::stringstream net, state;
  torch::save(before.net, net);
  torch::save(two, state);
  Optimizer three(*after.net, fourBits());
  torch::load(after.net, net);
  torch::load(three, state);
  after.steps(three, 23);
  EXPECT_EQ(straight.everything(), after.everything());
  EXPECT_EQ(three.steps(), 40);
}

TEST(Activations, SchedulesFollowTheRun) {
  auto program = parse("quantizer scaled {\n  schedule k = 1 + epoch\n  levels {-1, 1}\n"
                       "  project w = tanh(k * x)\n  update chain\n}\nplan {\n"
                       "  activations \"act1\" : scaled\n  else : float by sgd(lr = 0)\n}\n");
  Task task;
  Optimizer optimizer(*task.net, program, OptimizerOptions().stepsPerEpoch(2).epochs(3));
  at::Tensor x = at::linspace(-1, 1, 17);
  for (int step = 0; step < 5; ++step) {
    int epoch = step / 2;
    double k = 1 + epoch;
    EXPECT_LE(largestDifference(task.net->act1(x), (k * x).tanh()), 1e-6) << step;
    EXPECT_EQ(optimizer.schedules().back(), (std::pair<std::string, double>("scaled.k", k)));
    task.steps(optimizer, 1);
  }
}

TEST(Activations, RandomNumbersAreOfTheStepAndTheModule) {
  auto program = parse("quantizer noisy {\n  levels {-1, 1}\n  project w = x + random()\n"
                       "  update chain\n}\nplan {\n  activations \"*\" : noisy\n"
                       "  else : float by sgd(lr = 0)\n}\n");
  Task task;
  Optimizer optimizer(*task.net, program, OptimizerOptions().seed(7));
  at::Tensor x = at::zeros({4, 5});
  at::Tensor first = task.net->act1(x);
  EXPECT_TRUE(first.equal(task.net->act1(x)));
  EXPECT_FALSE(first.equal(task.net->act2(x)));
  EXPECT_TRUE(first.ge(0).logical_and(first.lt(1)).all().item<bool>());
  // By index, however x lies in memory.
  EXPECT_TRUE(first.equal(task.net->act1(at::zeros({5, 4}).t())));
  task.steps(optimizer, 1);
  EXPECT_FALSE(first.equal(task.net->act1(x)));
}

TEST(Activations, StridesDoNotMatter) {
  torch::manual_seed(2);
  for (const char *use : {"lsq_act by sgd", "bitnet_act", "channel_mean"}) {
    Asked dense(use), strided(use);
    at::Tensor x = at::randn({4, 6, 5, 3}), g = at::randn({4, 6, 5, 3});
    at::Tensor a = x.clone().set_requires_grad(true);
    at::Tensor b =
        at::empty({4, 6, 5, 3}).to(at::kFloat, false, false, at::MemoryFormat::ChannelsLast);
    b.copy_(x);
    b.set_requires_grad(true);
    at::Tensor c = x.transpose(1, 3).contiguous().transpose(1, 3).set_requires_grad(true);
    at::Tensor d =
        at::zeros({8, 6, 5, 3}).slice(0, 0, 8, 2).copy_(x).detach().set_requires_grad(true);
    at::Tensor w = dense(a);
    w.backward(g);
    for (const at::Tensor &other : {b, c, d}) {
      at::Tensor again = strided(other);
      again.backward(g.transpose(2, 3).contiguous().transpose(2, 3));
      EXPECT_LE(largestDifference(w, again), 1e-6) << use;
      EXPECT_LE(largestDifference(a.grad(), other.grad()), 1e-6) << use;
    }
  }
}

TEST(Activations, SixteenBits) {
  torch::manual_seed(2);
  Asked wide("lsq_act by sgd"), narrow("lsq_act by sgd");
  for (at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    at::Tensor x = at::rand({7, 65}).to(type).set_requires_grad(true);
    at::Tensor y = x.detach().to(at::kFloat).set_requires_grad(true);
    at::Tensor g = at::randn({7, 65}).to(type);
    at::Tensor w = narrow(x), v = wide(y);
    w.backward(g);
    v.backward(g.to(at::kFloat));
    EXPECT_EQ(w.scalar_type(), type);
    EXPECT_EQ(x.grad().scalar_type(), type);
    EXPECT_TRUE(w.equal(v.to(type)));
    EXPECT_TRUE(x.grad().equal(y.grad().to(type)));
    at::Tensor s = narrow.net->act->learned("s"), t = wide.net->act->learned("s");
    EXPECT_EQ(s.scalar_type(), at::kFloat);
    EXPECT_TRUE(s.equal(t));
    EXPECT_TRUE(s.grad().equal(t.grad()));
  }
}

TEST(Activations, EmptyBatches) {
  Asked act("lsq_act by sgd");
  EXPECT_EQ(act(at::empty({0, 5})).sizes(), at::IntArrayRef({0, 5}));
  EXPECT_EQ(act.net->act->learned("s").numel(), 0); // it tells nothing
  act(at::rand({2, 5}));
  at::Tensor x = at::empty({0, 5}).set_requires_grad(true);
  at::Tensor w = act(x);
  w.sum().backward();
  EXPECT_EQ(x.grad().numel(), 0);
  EXPECT_EQ(act.net->act->learned("s").grad().item<float>(), 0);
  act.optimizer.step();
}

TEST(Activations, WithoutGradientsNothingIsKept) {
  Asked act("lsq_act by sgd");
  act(at::rand({3, 5}));
  torch::NoGradGuard noGrad;
  at::Tensor w = act(at::rand({3, 5}).set_requires_grad(true));
  EXPECT_FALSE(w.requires_grad());
}

TEST(Activations, ACloneHasLearnedValuesOfItsOwn) {
  Task task;
  Optimizer optimizer(*task.net, fourBits());
  task.steps(optimizer, 2);
  auto copy = std::dynamic_pointer_cast<ActivationImpl>(task.net->act1->clone());
  at::Tensor x = at::rand({4, 24});
  EXPECT_TRUE(copy->forward(x).equal(task.net->act1(x)));
  EXPECT_FALSE(copy->learned("s").is_same(task.net->act1->learned("s")));
  task.steps(optimizer, 1);
  EXPECT_FALSE(copy->learned("s").equal(task.net->act1->learned("s")));
}

TEST(Activations, ASecondOptimizerStartsThemAnew) {
  Task task;
  {
    Optimizer first(*task.net, fourBits());
    task.steps(first, 2);
  }
  // Learned values are no weights: `else` does not take them.
  Optimizer second(*task.net, fourBits());
  EXPECT_EQ(task.net->act1->learned("s").numel(), 0);
  EXPECT_EQ(task.net->parameters().size(), 8u);
  task.steps(second, 2);
}

TEST(Activations, BypassedTheyLetXThrough) {
  Asked act("sign_act");
  at::Tensor x = at::randn({3});
  act.net->act->setQuantizing(false);
  EXPECT_TRUE(act(x).is_same(x));
  act.net->act->setQuantizing(true);
  EXPECT_TRUE(act(x).equal(at::where(x >= 0, 1.0f, -1.0f)));
}

TEST(Activations, AnyNumberOfThreadsGivesTheSameBits) {
  torch::manual_seed(4);
  at::Tensor x = at::randn({64, 12, 33, 31}), g = at::randn({64, 12, 33, 31});
  for (const char *use : {"lsq_act by sgd", "lsq_channel by sgd", "token_max"}) {
    std::vector<at::Tensor> first;
    for (int threads : {1, 2, 7}) {
      One net;
      Optimizer optimizer(*net, parse(planOf(use)), OptimizerOptions().threads(threads));
      at::Tensor leaf = x.clone().set_requires_grad(true);
      at::Tensor w = net->act(leaf);
      w.backward(g);
      std::vector<at::Tensor> all = {w.detach(), leaf.grad()};
      if (at::Tensor s = net->act->learned("s"); s.defined()) {
        all.push_back(s.detach().clone());
        all.push_back(s.grad());
      }
      if (first.empty())
        first = all;
      for (size_t i = 0; i < all.size(); ++i)
        EXPECT_TRUE(all[i].equal(first[i])) << use << ", " << threads << " threads";
    }
  }
}

TEST(Activations, AreAttachedAllOrNotAtAll) {
  auto program = parse("plan {\n  activations \"act1\" : lsq_act(bits = 4) by adam(lr = 1e-2)\n"
                       "  activations \"act2\" : dorefa_act(bits = 2)\n"
                       "  else : float by sgd(lr = 0.1)\n}\n");
  const std::vector<PlanLine> lines = program->plans().front().lines;
  for (bool trains : {true, false}) {
    int refused = 0;
    for (;; ++refused) {
      Task task;
      const std::vector<float> before = task.everything();
      const at::Tensor output = task.net->forward(task.x).detach();
      Activations activations = activationsOf(*task.net, program);
      ActivationSource compile = activations.source;
      int left = refused;
      activations.source = [&](const std::string &quantizer, const CompileOptions &options) {
        return left-- == 0 ? Result<std::shared_ptr<const ActivationMethod>>(
                                 Error{ErrorKind::Environment, "no memory"})
                           : compile(quantizer, options);
      };
      auto attach = [&] {
        if (trains)
          Optimizer(parametersOf(*task.net), lines, compilerOf(program), {}, activations);
        else
          quantizeActivations(lines, activations, {}, 0);
      };
      try {
        attach();
        break;
      } catch (const Exception &error) {
        EXPECT_STREQ(error.what(), "no memory");
      }
      EXPECT_FALSE(task.net->act1->isAttached());
      EXPECT_FALSE(task.net->act2->isAttached());
      EXPECT_EQ(task.everything(), before);
      EXPECT_TRUE(task.net->forward(task.x).equal(output));
    }
    EXPECT_GE(refused, 2) << "a compilation for each line";
  }
}

// An activation's learned value is moved by Adam as the paper has it, with t from its last reset.
TEST(Activations, LearnedValuesStartAnewByTheirOwnLine) {
  Task task;
  auto program = parse(R"(plan {
  activations "act*"   : lsq_act(bits = 4) by adam(lr = 1e-3) reset every 2 steps
  "act1/s"             : float             by adam(lr = 0.01) reset every 5 steps
  else                 : float             by sgd(lr = 1e-3)
}
)");
  Optimizer optimizer(*task.net, program);
  struct Adam {
    double lr;
    int period;
    double m = 0, v = 0;
    int t = 1;
    double step(double g) {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      double d = lr / (1 - std::pow(0.9, t)) * m / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
      ++t;
      return d;
    }
  };
  Adam act1{0.01, 5}, act2{1e-3, 2};
  for (int step = 0; step < 13; ++step) {
    optimizer.zero_grad();
    torch::nn::functional::mse_loss(task.net->forward(task.x), task.y).backward();
    std::vector<NamedParameter> learned = optimizer.learned();
    ASSERT_EQ(learned.size(), 2u);
    int i = 0;
    std::vector<double> expected;
    for (Adam *adam : {&act1, &act2}) {
      const at::Tensor &s = learned[i++].tensor;
      expected.push_back(s.item<double>() - adam->step(s.grad().item<double>()));
      if ((step + 1) % adam->period == 0)
        *adam = {adam->lr, adam->period};
    }
    optimizer.step();
    for (int i = 0; i < 2; ++i)
      ASSERT_NEAR(learned[i].tensor.item<double>(), expected[i], 1e-6)
          << learned[i].name << ", step " << step;
  }
}

} // namespace
