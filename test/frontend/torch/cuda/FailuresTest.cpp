// Whatever call of the driver fails: the parameters are those of before, or those of after a step,
// or it is said that they are neither; and what is asked again has the bits of what never failed.

#include "test/frontend/torch/Activations.h"
#include "test/frontend/torch/cuda/Driver.h"
#include "test/frontend/torch/cuda/Moved.h"
#include "test/frontend/torch/cuda/PlacedBranches.h"

#include <map>
#include <sstream>
#include <torch/serialize.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

const c10::Device first = firstDevice, second = lastDevice();

constexpr int outOfMemory = 2;

/// Reductions, a table of a function, blocks `every`, learned values with an optimizer of their
/// own, and what is in place; of two lines two devices.
const char *const plan = R"(
plan {
  "0.weight" : lsq by adam(lr = 1e-2)
  "0.bias"   : md_tanh_s by momentum(lr = 1e-2)
  "1.weight" : admm by sgd(lr = 1e-2) reset every epoch
  else       : float by sgd(lr = 1e-2)
}
)";

class CudaFailure : public ::testing::Test {
protected:
  void SetUp() override {
    if (!isStandin())
      GTEST_SKIP() << "the driver is a real one";
  }
};

std::shared_ptr<const Program> program() {
  static const auto parsed =
      std::make_shared<const Program>(unwrap(Program::parse("net.breg", plan)));
  return parsed;
}

/// How often `work` calls each function of the driver.
std::map<std::string, int64_t> callsOf(const std::function<void()> &work) {
  std::map<std::string, int64_t> calls;
  for (int i = 0; const char *name = standinFunction(i); ++i)
    calls[name] = -standinCalls(name);
  work();
  for (int i = 0; const char *name = standinFunction(i); ++i)
    calls[name] += standinCalls(name);
  std::erase_if(calls, [](const auto &each) { return each.second == 0; });
  return calls;
}

template <typename F> bool throws(F f) {
  try {
    f();
  } catch (const std::exception &) {
    return true;
  }
  return false;
}

/// Fails each of `calls` in turn, of many alike only some, within what `attempt` does by the
/// function that it is given, which says whether that threw. How many times it did.
template <typename F> int eachFailing(const std::map<std::string, int64_t> &calls, F attempt) {
  int thrown = 0;
  for (const auto &[name, count] : calls) {
    // What could not be given back would be there for the next one; and LibTorch's copies to the
    // host, which alone are waited for, would write to memory that is gone.
    if (name == "cuCtxPopCurrent_v2" || name == "cuDevicePrimaryCtxRelease_v2" ||
        name == "cuStreamSynchronize")
      continue;
    for (int64_t nth = 1; nth <= count; nth += std::max<int64_t>(1, (count - 1) / 6)) {
      SCOPED_TRACE(name + ", call " + std::to_string(nth) + " of " + std::to_string(count));
      attempt([&, name = name](const std::function<void()> &work) {
        standinFail(name.c_str(), int(nth), outOfMemory);
        bool threw = throws(work);
        standinClear();
        thrown += threw;
        return threw;
      });
      if (::testing::Test::HasFatalFailure())
        return thrown;
    }
  }
  return thrown;
}

/// On two devices, and one parameter in another order in memory.
struct Mixed : Moved {
  std::unique_ptr<Optimizer> optimizer;

  Mixed() : Moved(first) {
    moveSome(first, second);
    at::Tensor weight = net->parameters()[0];
    weight.set_data(weight.detach().t().contiguous().t());
  }
  void make() { optimizer = std::make_unique<Optimizer>(*net, program(), run()); }
  void step(int k) { Moved::step(*optimizer, k); }
  std::vector<uint32_t> stored() const { return Moved::stored(*optimizer); }
  std::pair<std::vector<uint32_t>, std::vector<uint32_t>> all() const {
    return {weights(), stored()};
  }
  std::string archive() const {
    std::stringstream stream;
    torch::save(*optimizer, stream);
    return stream.str();
  }
};

TEST_F(CudaFailure, WhatCanNotBeMadeOfSeveralLinesIsLeftAlone) {
  Mixed wanted;
  auto calls = callsOf([&] { wanted.make(); });
  ASSERT_GT(calls["cuLaunchKernel"], 4);
  int thrown = eachFailing(calls, [&](auto failing) {
    Mixed task;
    const std::vector<uint32_t> before = task.weights();
    if (failing([&] { task.make(); })) {
      ASSERT_EQ(task.weights(), before);
      task.make();
    }
    ASSERT_EQ(task.all(), wanted.all());
  });
  EXPECT_GT(thrown, 20);
}

TEST_F(CudaFailure, AGroupThatCanNotBeAddedIsLeftAlone) {
  const std::string use = "lsq by momentum(lr = 1e-2)";
  auto make = [&](Moved &task) { return std::make_unique<Optimizer>(*task.net, use, run()); };
  Moved host(torch::kCPU), moreOnHost(torch::kCPU);
  auto onHost = make(host);
  onHost->add_param_group({moreOnHost.net->parameters()});
  host.giveGradients(0);
  moreOnHost.giveGradients(1);
  onHost->step();
  std::map<std::string, int64_t> calls = {{"cuMemAlloc_v2", 8}, {"cuLaunchKernel", 8}};
  int thrown = eachFailing(calls, [&](auto failing) {
    Moved device(first), more(first);
    auto optimizer = make(device);
    optimizer->add_param_group({more.net->parameters()});
    device.giveGradients(0);
    more.giveGradients(1);
    const std::vector<uint32_t> before = more.weights();
    if (failing([&] { optimizer->step(); })) {
      if (optimizer->state().size() == device.net->parameters().size()) {
        ASSERT_EQ(more.weights(), before);
      }
      optimizer->step();
    }
    EXPECT_EQ(optimizer->steps(), 1);
    ASSERT_EQ(device.weights(), host.weights());
    ASSERT_EQ(more.weights(), moreOnHost.weights());
  });
  EXPECT_GT(thrown, 6);
}

// What is halfway between two steps is not saved.
TEST_F(CudaFailure, AStepIsTakenOrNotOrGoesOn) {
  constexpr int steps = 4;
  for (int k : {1, 2}) { // the first one ends an epoch
    Mixed wanted;
    wanted.make();
    std::map<std::string, int64_t> calls;
    std::pair<std::vector<uint32_t>, std::vector<uint32_t>> before, after;
    for (int i = 0; i < steps; ++i) {
      wanted.giveGradients(i);
      if (i == k)
        before = wanted.all();
      auto ofStep = callsOf([&] { wanted.optimizer->step(); });
      if (i == k) {
        calls = ofStep;
        after = wanted.all();
      }
    }
    int whole = 0, between = 0;
    eachFailing(calls, [&](auto failing) {
      Mixed task;
      task.make();
      for (int i = 0; i < k; ++i)
        task.step(i);
      ASSERT_EQ(task.all(), before);
      task.giveGradients(k);
      if (failing([&] { task.optimizer->step(); })) {
        EXPECT_EQ(task.optimizer->steps(), k);
        std::string archive;
        try {
          archive = task.archive();
          ++whole;
        } catch (const Exception &error) {
          ++between;
          EXPECT_STREQ(error.what(),
                       "a step has failed when it had moved some of the parameters, so that the "
                       "optimizer is between two steps; call step() first, which moves the rest, "
                       "or go on from the last checkpoint");
        }
        if (!archive.empty()) {
          ASSERT_EQ(task.all(), before) << "an archive is of one moment";
          Mixed other;
          other.make();
          for (size_t i = 0; i < other.net->parameters().size(); ++i)
            other.net->parameters()[i].detach().copy_(task.net->parameters()[i].detach());
          std::stringstream stream(archive);
          torch::load(*other.optimizer, stream);
          ASSERT_EQ(other.all(), before);
          for (int i = k; i < steps; ++i)
            other.step(i);
          ASSERT_EQ(other.all(), wanted.all());
        }
        task.optimizer->step();
      }
      ASSERT_EQ(task.all(), after);
      task.archive();
      EXPECT_EQ(task.optimizer->steps(), k + 1);
      for (int i = k + 1; i < steps; ++i)
        task.step(i);
      ASSERT_EQ(task.all(), wanted.all());
    });
    EXPECT_GT(whole, 3) << k;
    EXPECT_GT(between, 3) << k;
  }
}

TEST_F(CudaFailure, ALoadedArchiveEndsWhatHasFailedHalfway) {
  Mixed wanted, task;
  wanted.make();
  task.make();
  wanted.step(0);
  task.step(0);
  const std::string archive = task.archive();
  std::vector<at::Tensor> kept;
  for (const at::Tensor &parameter : task.net->parameters())
    kept.push_back(parameter.detach().clone());
  task.giveGradients(1);
  standinFail("cuLaunchKernel", 3, outOfMemory);
  ASSERT_TRUE(throws([&] { task.optimizer->step(); }));
  ASSERT_TRUE(throws([&] { task.archive(); }));
  for (size_t i = 0; i < kept.size(); ++i)
    task.net->parameters()[i].detach().copy_(kept[i]);
  std::stringstream stream(archive);
  torch::load(*task.optimizer, stream);
  EXPECT_EQ(task.all(), wanted.all());
  for (int k = 1; k < 4; ++k) {
    wanted.step(k);
    task.step(k);
    ASSERT_EQ(task.all(), wanted.all());
  }
}

TEST_F(CudaFailure, AReplayIsNotRepeatedButGoesOn) {
  const std::string use = "admm by sgd(lr = 1e-2)";
  int between = 0;
  for (int nth = 1; nth <= 12; ++nth) {
    c10::StreamGuard stream{c10::impl::getDeviceGuardImpl(torch::kCUDA)->getNewStream(first)};
    Moved host(torch::kCPU), moved(first);
    Optimizer a(*host.net, use, run()), b(*moved.net, use, run());
    moved.giveGradients(0);
    std::vector<at::Tensor> gradients;
    for (const at::Tensor &parameter : moved.net->parameters())
      gradients.push_back(parameter.grad());
    Graph graph([&] { b.step(); });
    for (int k = 0; k < 4; ++k) {
      SCOPED_TRACE("launch " + std::to_string(nth) + ", step " + std::to_string(k));
      host.step(a, k);
      moved.giveGradients(k);
      for (size_t i = 0; i < gradients.size(); ++i) {
        at::Tensor parameter = moved.net->parameters()[i];
        gradients[i].copy_(parameter.grad());
        parameter.mutable_grad() = gradients[i];
      }
      bool launched = false;
      auto replay = [&] {
        b.replay([&] {
          launched = true;
          graph.replay();
        });
      };
      if (k == 1)
        standinFail("cuLaunchKernel", nth, outOfMemory);
      bool threw = throws(replay);
      standinClear();
      if (threw && launched) {
        ++between;
        EXPECT_EQ(b.steps(), k);
        EXPECT_EQ(messageOf([&] { replay(); }),
                  "a step has failed when it had moved some of the parameters, and a replay would "
                  "move these again; call step() first, which moves the rest");
        std::stringstream archive;
        EXPECT_TRUE(throws([&] { torch::save(b, archive); }));
        b.step();
      } else if (threw) {
        replay();
      }
      EXPECT_EQ(b.steps(), k + 1);
      ASSERT_EQ(moved.weights(), host.weights());
      ASSERT_EQ(moved.stored(b), host.stored(a));
    }
  }
  EXPECT_GT(between, 0);
}

TEST_F(CudaFailure, HardenedGivesBackWhatItCouldNotHarden) {
  Mixed task;
  task.make();
  task.step(0);
  const std::vector<uint32_t> soft = task.weights();
  auto calls = callsOf([&] { Hardened hardened(*task.optimizer); });
  ASSERT_EQ(task.weights(), soft);
  // Of giving back by the end nobody can be told.
  int64_t launches = calls["cuLaunchKernel"];
  ASSERT_GT(launches, 1);
  int thrown = eachFailing({{"cuLaunchKernel", launches}}, [&](auto failing) {
    failing([&] { Hardened hardened(*task.optimizer); });
    ASSERT_EQ(task.weights(), soft);
  });
  EXPECT_GT(thrown, 5);
}

TEST_F(CudaFailure, BothBranchesAreLeftAlone) {
  PlacedBranches wanted(layersAreNear, first);
  std::optional<Constrained> good;
  auto calls = callsOf([&] { good.emplace(wanted.attach()); });
  int thrown = eachFailing(calls, [&](auto failing) {
    PlacedBranches task(layersAreNear, first);
    const std::vector<float> low = valuesOf(*task.low), high = valuesOf(*task.high);
    std::optional<Constrained> training;
    if (failing([&] { training.emplace(task.attach()); })) {
      ASSERT_EQ(valuesOf(*task.low), low);
      ASSERT_EQ(valuesOf(*task.high), high);
      for (const at::Tensor &parameter : task.low->parameters())
        EXPECT_TRUE(parameter.requires_grad());
      training.emplace(task.attach());
    }
    ASSERT_EQ(valuesOf(*task.low), valuesOf(*wanted.low));
    ASSERT_EQ(valuesOf(*task.high), valuesOf(*wanted.high));
  });
  EXPECT_GT(thrown, 20);
}

// The learned values come with the first batch; what fails then is asked for by the next one.
TEST_F(CudaFailure, ActivationsBeginOnceTheyCan) {
  const std::string use = "lsq_act(bits = 4) by adam(lr = 1e-2)";
  torch::manual_seed(5);
  const at::Tensor x = at::randn({4, 3}), g = at::randn({4, 3});
  auto train = [&](One &net, Optimizer &optimizer, auto step) {
    c10::Device device = net->fc->weight.device();
    optimizer.zero_grad();
    for (at::Tensor &parameter : net->fc->parameters())
      parameter.mutable_grad() = at::ones_like(parameter);
    at::Tensor input = x.to(device).set_requires_grad(true);
    net->act(input).backward(g.to(device));
    step([&] { optimizer.step(); });
  };
  auto make = [](c10::Device device) {
    torch::manual_seed(1);
    One net;
    net->to(device);
    return net;
  };
  auto plainly = [](const std::function<void()> &step) { step(); };
  One wanted = make(first);
  Optimizer good(*wanted, parse(planOf(use)), run());
  std::map<std::string, int64_t> calls;
  train(wanted, good, [&](const std::function<void()> &step) { calls = callsOf(step); });
  train(wanted, good, plainly);
  int thrown = eachFailing(calls, [&](auto failing) {
    One net = make(first);
    Optimizer optimizer(*net, parse(planOf(use)), run());
    train(net, optimizer, [&](const std::function<void()> &step) {
      if (failing(step))
        step();
    });
    train(net, optimizer, plainly);
    EXPECT_EQ(optimizer.steps(), 2);
    ASSERT_EQ(valuesOf(*net), valuesOf(*wanted));
  });
  EXPECT_GT(thrown, 10);
}

TEST_F(CudaFailure, ModulesOfActivationsStayAsTheyWere) {
  auto both = parse(R"(
plan {
  activations "act" : lsq_act(bits = 4) by adam(lr = 1e-2)
  "fc.weight" : md_tanh_s by adam(lr = 1e-2)
  else : float by sgd(lr = 0.1)
}
)");
  torch::manual_seed(1);
  One net;
  net->to(first);
  torch::manual_seed(5);
  const at::Tensor x = at::randn({4, 3}).to(first);
  auto calls = callsOf([&] {
    One other;
    other->to(first);
    Optimizer(*other, both, run());
  });
  const std::vector<float> before = valuesOf(*net);
  const size_t parameters = net->parameters().size();
  int64_t launches = calls["cuLaunchKernel"];
  ASSERT_GT(launches, 1);
  int thrown = eachFailing({{"cuLaunchKernel", launches}}, [&](auto failing) {
    if (!failing([&] { Optimizer(*net, both, run()); }))
      return;
    EXPECT_FALSE(net->act->isAttached());
    EXPECT_EQ(net->parameters().size(), parameters);
    EXPECT_TRUE(net->act(x).equal(x));
    ASSERT_EQ(valuesOf(*net), before);
  });
  EXPECT_GT(thrown, 1);
  // What quantized before goes on to do it.
  Optimizer earlier(*net, parse(planOf("dorefa_act(bits = 2)")), run());
  const at::Tensor w = net->act(x).detach();
  standinFail("cuLaunchKernel", 1, outOfMemory);
  EXPECT_TRUE(throws([&] { Optimizer(*net, both, run()); }));
  standinClear();
  EXPECT_TRUE(net->act(x).equal(w));
}

} // namespace
