// Methods of several sweeps over segments, with learned values, blocks, states of the run and
// random numbers, put together by hand.
#include "runtime/HostKernel.h"
#include "runtime/Stepper.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

using namespace bregman;
using ::testing::HasSubstr;
using Op = HostProgram::Op;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr Extent channelwise{ExtentKind::Channel};

float *plane(void *const *streams, int index) { return static_cast<float *>(streams[index]); }
bregman::abi::Partial &record(void *const *streams, int index) {
  return *static_cast<bregman::abi::Partial *>(streams[index]);
}

std::shared_ptr<const Kernel> kernel(std::string name, std::vector<StreamInfo> streams,
                                     std::vector<std::string> scalars, bregman::abi::Function code,
                                     Extent over = {}, bool random = false) {
  return std::make_shared<HostKernel>(
      KernelSignature{std::move(name), std::move(streams), std::move(scalars), over, random},
      HostCode{code, nullptr, nullptr}, CutPolicy{.bytesPerThread = 0});
}

StreamInfo stored(const char *name, Access access, Extent extent = {}) {
  return {name, access, ElementType::F32, 1, extent};
}

/// w = s x with a learned scale s per channel: x' = x - lr s g, s' = s - lr sum(g x), in three
/// sweeps; s begins as the mean of |w0|.
Method scaled() {
  Method m;
  m.quantizer = "scaled";
  m.optimizer = "sgd";
  m.stored = {{"x"}, {"s", 1, 0, channelwise, true}};
  m.parameters = {{"optimizer.lr", 0.5, -inf, inf}};
  m.host.inputs = {"optimizer.lr"};
  m.host.code = {{Op::Input, 0}};
  m.host.outputs = {{"lr", 0}};
  m.attach = {kernel("attach.0",
                     {{"w"}, stored("x", Access::Out), stored("$0", Access::Mean, channelwise)}, {},
                     [](int64_t size, void *const *s, const float *) {
                       record(s, 2) = {0, 0, double(size)};
                       for (int64_t i = 0; i < size; ++i) {
                         plane(s, 1)[i] = plane(s, 0)[i];
                         record(s, 2).sum += std::fabs(plane(s, 0)[i]);
                       }
                     }),
              kernel(
                  "attach.1",
                  {stored("$0", Access::In, channelwise), stored("s", Access::Out, channelwise)},
                  {},
                  [](int64_t size, void *const *s, const float *) {
                    for (int64_t i = 0; i < size; ++i)
                      plane(s, 1)[i] = plane(s, 0)[i];
                  },
                  channelwise)};
  auto publish =
      kernel("publish",
             {stored("x", Access::In), stored("s", Access::In, channelwise), {"w", Access::Out}},
             {}, [](int64_t size, void *const *s, const float *) {
               for (int64_t i = 0; i < size; ++i)
                 plane(s, 2)[i] = *plane(s, 1) * plane(s, 0)[i];
             });
  m.step = {kernel("step.0",
                   {{"g"},
                    stored("x", Access::InOut),
                    stored("s", Access::In, channelwise),
                    stored("$0", Access::Sum, channelwise)},
                   {"lr"},
                   [](int64_t size, void *const *s, const float *scalar) {
                     record(s, 3) = {0, 0, double(size)};
                     for (int64_t i = 0; i < size; ++i) {
                       record(s, 3).sum += plane(s, 0)[i] * plane(s, 1)[i];
                       plane(s, 1)[i] -= scalar[0] * *plane(s, 2) * plane(s, 0)[i];
                     }
                   }),
            kernel(
                "step.1",
                {stored("$0", Access::In, channelwise), stored("s", Access::InOut, channelwise)},
                {"lr"},
                [](int64_t size, void *const *s, const float *scalar) {
                  for (int64_t i = 0; i < size; ++i)
                    plane(s, 1)[i] -= scalar[0] * plane(s, 0)[i];
                },
                channelwise),
            publish};
  m.publish = {publish};
  return m;
}

Result<Stepper> create(Method method, Timing timing = {.steps = 100}, int threads = 1) {
  return Stepper::create(std::make_shared<const Method>(std::move(method)), timing, threads);
}

Stepper make(Method method, Timing timing = {.steps = 100}, int threads = 1) {
  Result<Stepper> stepper = create(std::move(method), timing, threads);
  EXPECT_TRUE(bool(stepper)) << (stepper ? "" : stepper.error().message);
  return std::move(*stepper);
}

#define ASSERT_DONE(status)                                                                        \
  if (Status s = (status))                                                                         \
  FAIL() << s->message

TEST(Sequence, ALearnedScaleByHand) {
  Stepper stepper = make(scaled());
  std::vector<float> w = {1, -3, 2, 2, 0, -1}, g(6), x(6), s(3);
  std::vector<TensorRef> all = {{6, w.data(), g.data(), {x.data(), s.data()}, 3}};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_EQ(x, (std::vector<float>{1, -3, 2, 2, 0, -1}));
  EXPECT_EQ(s, (std::vector<float>{2, 2, 0.5f}));
  EXPECT_EQ(w, (std::vector<float>{2, -6, 4, 4, 0, -0.5f}));
  g = {1, 0, 0, 0.25f, -1, 2};
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(x, (std::vector<float>{0, -3, 2, 1.75f, 0.25f, -1.5f})) << "by the old scale";
  EXPECT_EQ(s, (std::vector<float>{1.5f, 1.75f, 1.5f})) << "by the old x";
  EXPECT_EQ(w, (std::vector<float>{0, -4.5f, 3.5f, 3.0625f, 0.375f, -2.25f})) << "by the new ones";
}

TEST(Sequence, ALearnedValuesOptimizerHasTheParametersOfTheBase) {
  Method method = scaled();
  method.parameters.push_back({"s.optimizer.lr", 0.5, -inf, inf});
  Stepper stepper = make(std::move(method));
  ASSERT_DONE(stepper.set("optimizer.lr", 0.25));
  EXPECT_EQ(stepper.get("s.optimizer.lr"), 0.25);
  ASSERT_DONE(stepper.set("s.optimizer.lr", 2));
  EXPECT_EQ(stepper.get("optimizer.lr"), 0.25);
  ASSERT_DONE(stepper.set("optimizer.lr", 0.125));
  EXPECT_EQ(stepper.get("s.optimizer.lr"), 2) << "it has one of its own";
}

TEST(Sequence, BitsDoNotDependOnThreads) {
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 7}) {
    Stepper stepper = make(scaled(), {.steps = 100}, threads);
    int64_t sizes[] = {5 * 9'001, 3, 12'000}, channels[] = {5, 3, 1};
    std::vector<std::vector<float>> w, g, x, s;
    std::vector<TensorRef> all;
    for (int i = 0; i < 3; ++i) {
      w.emplace_back(sizes[i]);
      g.emplace_back(sizes[i]);
      x.emplace_back(sizes[i]);
      s.emplace_back(channels[i]);
      for (int64_t j = 0; j < sizes[i]; ++j) {
        w[i][j] = std::sin(float(j));
        g[i][j] = std::cos(float(3 * j)) / 100;
      }
    }
    for (int i = 0; i < 3; ++i)
      all.push_back({sizes[i], w[i].data(), g[i].data(), {x[i].data(), s[i].data()}, channels[i]});
    ASSERT_DONE(stepper.attach(all));
    for (int step = 0; step < 5; ++step)
      ASSERT_DONE(stepper.advance(all));
    std::vector<float> &result = results.emplace_back();
    for (const auto *part : {&w, &x, &s})
      for (const std::vector<float> &values : *part)
        result.insert(result.end(), values.begin(), values.end());
    EXPECT_EQ(result, results.front()) << threads;
    EXPECT_NE(s[0][0], s[0][1]);
  }
}

TEST(Sequence, GradientsMayMoveFromStepToStep) {
  std::vector<std::vector<float>> results;
  for (bool moves : {false, true}) {
    Stepper stepper = make(scaled(), {.steps = 100}, 2);
    constexpr int64_t size = 30'000;
    std::vector<float> w(size), x(size), s(3), small(6), y(6), t(2), h(6, 0.5f);
    for (int64_t i = 0; i < size; ++i)
      w[i] = std::sin(float(i));
    small = {1, 2, 3, 4, 5, 6};
    std::vector<std::vector<float>> gradients;
    for (int step = 0; step < 4; ++step) {
      gradients.emplace_back(size);
      for (int64_t i = 0; i < size; ++i)
        gradients[step][i] = std::cos(float(i + step)) / 100;
    }
    std::vector<float> place = gradients[0];
    std::vector<TensorRef> all = {{6, small.data(), h.data(), {y.data(), t.data()}, 2},
                                  {size, w.data(), place.data(), {x.data(), s.data()}, 3}};
    ASSERT_DONE(stepper.attach(all));
    for (const std::vector<float> &gradient : gradients) {
      if (moves)
        all[1].gradient = gradient.data();
      else
        place = gradient;
      ASSERT_DONE(stepper.advance(all));
    }
    results.push_back(w);
    results.back().insert(results.back().end(), small.begin(), small.end());
    EXPECT_EQ(results.front(), results.back());
  }
}

TEST(Sequence, ResetLeavesLearnedValuesAlone) {
  Method method = scaled();
  method.stored.push_back({"s.optimizer.m", 1, 0, channelwise});
  method.attach.push_back(kernel(
      "attach.2", {stored("s.optimizer.m", Access::Out, channelwise)}, {},
      [](int64_t size, void *const *s, const float *) {
        for (int64_t i = 0; i < size; ++i)
          plane(s, 0)[i] = 4;
      },
      channelwise));
  Stepper stepper = make(std::move(method));
  std::vector<float> w = {1, -3, 2, 2}, x(4), s(2), m(2);
  std::vector<TensorRef> all = {{4, w.data(), nullptr, {x.data(), s.data(), m.data()}, 2}};
  ASSERT_DONE(stepper.attach(all));
  m = {1, 2};
  s = {5, 6};
  x = {0, 0, 0, 7};
  std::vector<float> before = w;
  ASSERT_DONE(stepper.resetStates(all));
  EXPECT_EQ(m, (std::vector<float>{4, 4}));
  EXPECT_EQ(s, (std::vector<float>{5, 6}));
  EXPECT_EQ(x[3], 7);
  EXPECT_EQ(w, before);
}

/// x' = x - g; every 3 steps x' = x / 2 and every 6 steps x' = x + 1; w = 2 x.
Method periodic() {
  Method m;
  m.quantizer = "periodic";
  m.optimizer = "plain";
  m.stored = {{"x"}};
  // due: floor(next / n) == next / n
  m.host.inputs = {"step.next"};
  m.host.code = {{Op::Input, 0},    {Op::Constant, -1, -1, -1, 3}, {Op::Div, 0, 1}, {Op::Floor, 2},
                 {Op::Equal, 2, 3}, {Op::Constant, -1, -1, -1, 6}, {Op::Div, 0, 5}, {Op::Floor, 6},
                 {Op::Equal, 6, 7}};
  m.host.outputs = {{"every.0.due", 4}, {"every.1.due", 8}};
  m.attach = {kernel("attach", {{"w"}, stored("x", Access::Out)}, {},
                     [](int64_t size, void *const *s, const float *) {
                       for (int64_t i = 0; i < size; ++i)
                         plane(s, 1)[i] = plane(s, 0)[i];
                     })};
  m.step = {kernel("step", {{"g"}, stored("x", Access::InOut), {"w", Access::Out}}, {},
                   [](int64_t size, void *const *s, const float *) {
                     for (int64_t i = 0; i < size; ++i)
                       plane(s, 2)[i] = 2 * (plane(s, 1)[i] -= plane(s, 0)[i]);
                   })};
  m.publish = {kernel("publish", {stored("x", Access::In), {"w", Access::Out}}, {},
                      [](int64_t size, void *const *s, const float *) {
                        for (int64_t i = 0; i < size; ++i)
                          plane(s, 1)[i] = 2 * plane(s, 0)[i];
                      })};
  m.every = {{"every.0.due",
              {kernel("every.0", {stored("x", Access::InOut)}, {},
                      [](int64_t size, void *const *s, const float *) {
                        for (int64_t i = 0; i < size; ++i)
                          plane(s, 0)[i] /= 2;
                      })}},
             {"every.1.due",
              {kernel("every.1", {stored("x", Access::InOut)}, {},
                      [](int64_t size, void *const *s, const float *) {
                        for (int64_t i = 0; i < size; ++i)
                          plane(s, 0)[i] += 1;
                      })}}};
  return m;
}

TEST(Every, BlocksRunWhenTheyAreDueInTextualOrderAndAreThenPublished) {
  Stepper stepper = make(periodic());
  std::vector<float> w = {16}, g = {-8}, x(1), still = {4}, y(1);
  std::vector<TensorRef> all = {{1, w.data(), g.data(), {x.data()}},
                                {1, still.data(), nullptr, {y.data()}}};
  ASSERT_DONE(stepper.attach(all));
  for (float wanted : {24.0f, 32.0f, 20.0f, 28.0f, 36.0f, 23.0f}) {
    ASSERT_DONE(stepper.advance(all));
    EXPECT_EQ(x[0], wanted) << stepper.step();
    EXPECT_EQ(w[0], 2 * wanted);
    EXPECT_EQ(y[0], 4) << "a tensor without a gradient is only published";
    EXPECT_EQ(still[0], 8);
  }
}

/// nadam's product: p' = p * mu ^ t from p = 1, and w = x + p', where x is w0; sum is a state of
/// the quantizer.
Method withStates() {
  Method m;
  m.quantizer = "q";
  m.optimizer = "nadam";
  m.stored = {{"x"}};
  m.hostStates = {"sum", "optimizer.p"};
  m.parameters = {{"optimizer.mu", 0.5, 0, 2}};
  m.host.inputs = {"sum", "optimizer.p", "optimizer.mu", "t"};
  m.host.code = {{Op::Input, 0},
                 {Op::Input, 1},
                 {Op::Input, 2},
                 {Op::Input, 3},
                 {Op::Pow, 2, 3},
                 {Op::Mul, 1, 4},
                 {Op::Constant, -1, -1, -1, 1},
                 {Op::Add, 0, 6},
                 {Op::Add, 6, 6}};
  m.host.outputs = {{"sum.new", 7},     {"optimizer.p.new", 5},     {"p", 5},
                    {"sum.initial", 8}, {"optimizer.p.initial", 6}, {"sum.next", 7}};
  m.attach = {kernel("attach", {{"w"}, stored("x", Access::Out)}, {},
                     [](int64_t size, void *const *s, const float *) {
                       for (int64_t i = 0; i < size; ++i)
                         plane(s, 1)[i] = plane(s, 0)[i];
                     })};
  auto code = [](int64_t size, void *const *s, const float *scalar) {
    for (int64_t i = 0; i < size; ++i)
      plane(s, 1)[i] = plane(s, 0)[i] + scalar[0];
  };
  m.publish = {
      kernel("publish", {stored("x", Access::In), {"w", Access::Out}}, {"sum.next"}, code)};
  m.step = {kernel("step", {{"g"}, stored("x", Access::In), {"w", Access::Out}}, {"p", "sum.next"},
                   [](int64_t size, void *const *s, const float *scalar) {
                     for (int64_t i = 0; i < size; ++i)
                       plane(s, 2)[i] = plane(s, 1)[i] + 100 * scalar[0] + scalar[1];
                   })};
  return m;
}

TEST(HostState, MovesWithTheStepAndIsResetWithT) {
  Stepper stepper = make(withStates());
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{2, 1}));
  std::vector<float> w = {0}, g = {0}, x(1);
  std::vector<TensorRef> all = {{1, w.data(), g.data(), {x.data()}}};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_EQ(w[0], 2) << "published with the present state";
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(w[0], 50 + 3);
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{3, 0.5}));
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(w[0], 12.5f + 4);
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{4, 0.125}));
  ASSERT_DONE(stepper.publish(all));
  EXPECT_EQ(w[0], 4) << "publishing moves nothing";
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{4, 0.125}));

  // What is saved goes on to the same bits.
  Stepper other = make(withStates());
  other.restore(stepper.step(), stepper.t(), false, stepper.hostStates());
  ASSERT_DONE(other.advance(all));
  EXPECT_EQ(other.hostStates(), (std::vector<double>{5, 0.015625}));
  // Without them they are made anew.
  other.restore(2, {3});
  EXPECT_EQ(other.hostStates(), (std::vector<double>{4, 0.125}));

  ASSERT_DONE(stepper.resetStates(all));
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{4, 1})) << "the optimizer's alone";
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{5, 0.5})) << "t began anew";
}

TEST(HostState, AStepThatFailsMovesNoState) {
  Stepper stepper = make(withStates());
  std::vector<float> w = {0}, g = {0}, x(1);
  std::vector<TensorRef> all = {{1, w.data(), g.data(), {x.data()}}};
  ASSERT_DONE(stepper.attach(all));
  stepper.restore(0, {1}, false, std::vector<double>{2, 1e60});
  Status bad = stepper.advance(all);
  ASSERT_TRUE(bad);
  EXPECT_THAT(bad->message, HasSubstr("kernel `step`: host scalar `p` is 5e+59 at step 0"));
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{2, 1e60}));
  EXPECT_EQ(stepper.step(), 0);
}

TEST(HostState, Q11LooksAtTheStatesOfTheWholeRun) {
  Stepper stepper = make(withStates());
  ASSERT_DONE(stepper.set("optimizer.mu", 1.5));
  std::vector<float> w = {0}, x(1);
  std::vector<TensorRef> all = {{1, w.data(), nullptr, {x.data()}}};
  Status bad = stepper.attach(all);
  ASSERT_TRUE(bad);
  // 1.5 ^ (1 + 2 + ... + n) > 2 ^ 128 first for n = 21.
  EXPECT_THAT(bad->message, HasSubstr("host scalar `p` is"));
  EXPECT_THAT(bad->message, HasSubstr("at step 20, beyond what f32 can hold [Q11]"));
  EXPECT_EQ(stepper.hostStates(), (std::vector<double>{2, 1}));
}

/// w = what the kernel is told of its random numbers, in its first weights; the rest its index.
Method noisy() {
  Method m;
  m.quantizer = "noisy";
  m.optimizer = "sgd";
  m.latentIsWeight = true;
  auto code = [](int64_t size, void *const *s, const float *) {
    auto &random = *static_cast<bregman::abi::Random *>(s[1]);
    for (int64_t i = 0; i < size; ++i)
      plane(s, 0)[i] = float(random.seed[0] + 10 * random.seed[1] + 100 * random.parameter +
                             1'000 * random.step + 10'000 * random.next) +
                       float(random.first + uint64_t(i)) / 1024;
  };
  m.step = {kernel("step", {{"w", Access::Out}}, {}, code, {}, true)};
  m.publish = m.step;
  return m;
}

TEST(Random, ACallKnowsItsSeedTensorStepAndPlace) {
  for (int threads : {1, 2, 7}) {
    Stepper stepper = make(noisy(), {.steps = 100}, threads);
    stepper.setSeed(uint64_t(2) << 32 | 1);
    EXPECT_EQ(stepper.seed(), uint64_t(2) << 32 | 1);
    std::vector<float> a(300), b(5), none(1);
    std::vector<TensorRef> all = {{300, a.data(), none.data(), {}, 1, 3},
                                  {5, b.data(), none.data(), {}, 5, 4}};
    ASSERT_DONE(stepper.attach(all));
    for (int i = 0; i < 300; ++i)
      ASSERT_EQ(a[i], 321 + float(i) / 1024) << i;
    for (int i = 0; i < 5; ++i)
      ASSERT_EQ(b[i], 421 + float(i) / 1024) << i;
    ASSERT_DONE(stepper.advance(all));
    EXPECT_EQ(b[4], 10'421 + 4.0f / 1024) << "in a step the next one is another";
    ASSERT_DONE(stepper.publish(all));
    EXPECT_EQ(b[4], 11'421 + 4.0f / 1024) << "at rest it is the present one";
  }
}

TEST(Sequence, WhatDoesNotFitIsOurBug) {
  auto broken = [](auto change) -> std::string {
    Method method = scaled();
    change(method);
    Result<Stepper> stepper = create(std::move(method));
    if (stepper)
      return "accepted";
    EXPECT_EQ(stepper.error().kind, ErrorKind::Internal);
    return stepper.error().message;
  };
  const std::string title = "method `scaled` by `sgd`: ";
  EXPECT_EQ(broken([](Method &m) { m.stored[1].extent = {ExtentKind::Tensor}; }),
            title + "kernel `attach.1`: stream `s` has another extent than what is stored");
  EXPECT_EQ(broken([](Method &m) { m.step.erase(m.step.begin()); }),
            title + "kernel `step.1`: stream `$0` is read before a kernel writes it");
  EXPECT_EQ(broken([](Method &m) {
              m.step[1] =
                  kernel("step.1", {stored("$0", Access::In, {ExtentKind::Tensor})}, {},
                         [](int64_t, void *const *, const float *) {}, {ExtentKind::Tensor});
            }),
            title + "kernel `step.1`: stream `$0` is not what an earlier kernel has written");
  EXPECT_EQ(broken([](Method &m) { m.every = {{"every.0.due", {m.step[0]}}}; }),
            "method `scaled` by `sgd` does not compute `every.0.due`");
  EXPECT_EQ(broken([](Method &m) { m.hostStates = {"p"}; }),
            "method `scaled` by `sgd` does not compute the new and the initial value of its state "
            "`p`");
}

} // namespace
