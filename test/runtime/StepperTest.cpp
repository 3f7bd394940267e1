// The five-phase clock over methods put together by hand.
#include "runtime/Stepper.h"
#include "runtime/HostKernel.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

using namespace bregman;
using ::testing::HasSubstr;
using Op = HostProgram::Op;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

float *plane(void *const *streams, int index) { return static_cast<float *>(streams[index]); }

// md_tanh_s by momentum: streams in the order of the kernels below.
void attachCode(int64_t size, void *const *s, const float *) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = plane(s, 0)[i], plane(s, 2)[i] = 0;
}
void stepCode(int64_t size, void *const *s, const float *scalar) {
  for (int64_t i = 0; i < size; ++i) {
    float &x = plane(s, 1)[i], &m = plane(s, 2)[i];
    m = scalar[1] * m + plane(s, 0)[i];
    x -= scalar[0] * m;
    plane(s, 3)[i] = std::tanh(scalar[2] * x);
  }
}
void publishCode(int64_t size, void *const *s, const float *scalar) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = std::tanh(scalar[0] * plane(s, 0)[i]);
}
void finalCode(int64_t size, void *const *s, const float *) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = plane(s, 0)[i] < 0 ? -1 : 1;
}

KernelSequence kernel(std::string name, std::vector<StreamInfo> streams,
                      std::vector<std::string> scalars, bregman::abi::Function code,
                      Extent over = {}) {
  return {std::make_shared<HostKernel>(
      KernelSignature{std::move(name), std::move(streams), std::move(scalars), over},
      HostCode{code, nullptr, nullptr})};
}

/// md_tanh_s with beta = growth ^ step, by momentum; `lr` is divided by t, so that resets show.
Method tanhMethod() {
  Method m;
  m.quantizer = "md_tanh_s";
  m.optimizer = "momentum";
  m.stored = {{"x"}, {"optimizer.m"}};
  m.parameters = {{"growth", 2, 1, 4}, {"optimizer.lr", 0.5, -inf, inf}, {"optimizer.mu", 0, 0, 1}};
  m.schedules = {"beta"};
  m.host.inputs = {"step", "step.next", "t", "growth", "optimizer.lr", "optimizer.mu"};
  m.host.code = {{Op::Input, 0}, {Op::Input, 1},  {Op::Input, 2},  {Op::Input, 3}, {Op::Input, 4},
                 {Op::Input, 5}, {Op::Pow, 3, 0}, {Op::Pow, 3, 1}, {Op::Div, 4, 2}};
  m.host.outputs = {{"beta", 6}, {"beta.next", 7}, {"lr", 8}, {"mu", 5}};
  m.attach =
      kernel("attach", {{"w"}, {"x", Access::Out}, {"optimizer.m", Access::Out}}, {}, attachCode);
  m.step = kernel("step",
                  {{"g"}, {"x", Access::InOut}, {"optimizer.m", Access::InOut}, {"w", Access::Out}},
                  {"lr", "mu", "beta.next"}, stepCode);
  m.publish = kernel("publish", {{"x"}, {"w", Access::Out}}, {"beta.next"}, publishCode);
  m.final = kernel("final", {{"x"}, {"w", Access::Out}}, {}, finalCode);
  return m;
}

Stepper make(Method method, Timing timing = {.steps = 20}, int threads = 1) {
  auto stepper =
      Stepper::create(std::make_shared<const Method>(std::move(method)), timing, threads);
  EXPECT_TRUE(bool(stepper)) << (stepper ? "" : stepper.error().message);
  return std::move(*stepper);
}

std::string refusal(Method method, Timing timing = {.steps = 20}) {
  auto stepper = Stepper::create(std::make_shared<const Method>(std::move(method)), timing);
  return stepper ? "accepted" : stepper.error().message;
}

/// A tensor with its arrays.
struct Tensor {
  explicit Tensor(std::vector<float> w0)
      : w(std::move(w0)), g(w.size()), x(w.size()), m(w.size()) {}
  TensorRef ref(bool gradient = true) {
    return {int64_t(w.size()), w.data(), gradient ? g.data() : nullptr, {x.data(), m.data()}};
  }
  std::vector<float> w, g, x, m;
};

#define ASSERT_DONE(status)                                                                        \
  if (Status s = (status))                                                                         \
  FAIL() << s->message

TEST(Stepper, GoldenTrace) {
  Method method = tanhMethod();
  method.host.code[8] = {Op::Max, 4, 4}; // lr itself: with mu = 0 this is sgd
  Stepper stepper = make(std::move(method), {.steps = 2});
  Tensor tensor({0.25f, -1});
  std::vector<TensorRef> all = {tensor.ref()};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_FLOAT_EQ(tensor.w[0], 0.244918662f);
  EXPECT_FLOAT_EQ(tensor.w[1], -0.761594156f);
  EXPECT_EQ(stepper.scheduleValues(), std::vector<double>{1});

  tensor.g = {1, -1};
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(stepper.step(), 1);
  EXPECT_EQ(stepper.t(), std::vector<int64_t>{2});
  EXPECT_EQ(stepper.scheduleValues(), std::vector<double>{2});
  EXPECT_EQ(tensor.x, (std::vector<float>{-0.25f, -0.5f}));
  EXPECT_FLOAT_EQ(tensor.w[0], -0.462117157f);
  EXPECT_FLOAT_EQ(tensor.w[1], -0.761594156f);

  tensor.g = {0.5f, -2};
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(tensor.x, (std::vector<float>{-0.5f, 0.5f}));
  EXPECT_FLOAT_EQ(tensor.w[0], -0.96402758f);
  EXPECT_EQ(stepper.scheduleValues(), std::vector<double>{4});

  // What is published anew after a load is what the step had published.
  std::vector<float> published = tensor.w;
  tensor.w = {9, 9};
  ASSERT_DONE(stepper.publish(all));
  EXPECT_EQ(tensor.w, published);

  ASSERT_DONE(stepper.finalize(all));
  EXPECT_EQ(tensor.w, (std::vector<float>{-1, 1}));
}

TEST(Stepper, ATensorWithoutGradientIsOnlyPublished) {
  Stepper stepper = make(tanhMethod());
  Tensor moving({0.5f}), still({0.5f});
  std::vector<TensorRef> all = {moving.ref(), still.ref(/*gradient=*/false)};
  ASSERT_DONE(stepper.attach(all));
  moving.g = {1};
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(moving.x[0], 0);
  EXPECT_EQ(still.x[0], 0.5f);
  EXPECT_EQ(still.m[0], 0);
  EXPECT_FLOAT_EQ(still.w[0], std::tanh(1.0f)) << "with beta at the next step";
}

TEST(Stepper, ResetSetsStatesAndTAnewAndNothingElse) {
  Stepper stepper = make(tanhMethod());
  Tensor tensor(std::vector<float>(10'000, 0.5f));
  std::vector<TensorRef> all = {tensor.ref()};
  ASSERT_DONE(stepper.attach(all));
  tensor.g.assign(10'000, 0.25f);
  ASSERT_DONE(stepper.advance(all));
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(tensor.m[9'999], 0.25f);
  EXPECT_EQ(tensor.x[0], 0.5f - 0.125f - 0.0625f) << "lr / t";
  auto x = tensor.x, w = tensor.w;
  ASSERT_DONE(stepper.resetStates(all));
  EXPECT_EQ(tensor.m, std::vector<float>(10'000, 0));
  EXPECT_EQ(tensor.x, x);
  EXPECT_EQ(tensor.w, w);
  EXPECT_EQ(stepper.t(), std::vector<int64_t>{1});
  EXPECT_EQ(stepper.step(), 2);
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(tensor.x[0], x[0] - 0.125f);
}

TEST(Stepper, ResetGivesStatesTheirOwnInitialValue) {
  Method method = tanhMethod();
  method.attach = kernel("attach", {{"w"}, {"x", Access::Out}, {"optimizer.m", Access::Out}}, {},
                         [](int64_t size, void *const *s, const float *) {
                           for (int64_t i = 0; i < size; ++i)
                             plane(s, 1)[i] = plane(s, 0)[i], plane(s, 2)[i] = 0.75f;
                         });
  Stepper stepper = make(std::move(method));
  Tensor tensor({1, 2, 3});
  std::vector<TensorRef> all = {tensor.ref()};
  ASSERT_DONE(stepper.attach(all));
  tensor.m = {5, 5, 5};
  ASSERT_DONE(stepper.resetStates(all));
  EXPECT_EQ(tensor.m, (std::vector<float>{0.75f, 0.75f, 0.75f}));
  EXPECT_EQ(tensor.x, (std::vector<float>{1, 2, 3}));
}

TEST(Stepper, ResetLeavesALatentAloneThatIsTheWeight) {
  // latent x = 2 w0, and a state that begins as x.
  Method method;
  method.quantizer = "float";
  method.optimizer = "odd";
  method.latentIsWeight = true;
  method.stored = {{"optimizer.a"}};
  auto code = [](int64_t size, void *const *s, const float *) {
    for (int64_t i = 0; i < size; ++i)
      plane(s, 0)[i] = plane(s, 1)[i] *= 2;
  };
  method.attach = kernel("attach", {{"optimizer.a", Access::Out}, {"w", Access::InOut}}, {}, code);
  method.step = kernel("step", {{"g"}, {"w", Access::InOut}}, {},
                       [](int64_t, void *const *, const float *) {});
  Stepper stepper = make(std::move(method));
  std::vector<float> w(5'000), a(5'000);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = float(i);
  std::vector<TensorRef> all = {{5'000, w.data(), nullptr, {a.data()}}};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_EQ(w[4'999], 9'998);
  EXPECT_EQ(a, w);
  std::vector<float> before = w;
  a.assign(5'000, 7);
  ASSERT_DONE(stepper.resetStates(all));
  EXPECT_EQ(w, before);
  EXPECT_EQ(a[4'999], 2 * w[4'999]);
  EXPECT_EQ(a[1], 2 * w[1]);
}

/// tanhMethod with `freeze when step >= 2`, at step.next.
Method freezingMethod() {
  Method method = tanhMethod();
  method.host.code.push_back({Op::Constant, -1, -1, -1, 2});
  method.host.code.push_back({Op::GreaterEqual, 1, 9});
  method.host.outputs.push_back({"freeze", 10});
  return method;
}

TEST(Stepper, FreezePublishesTheFinalLevelsForGood) {
  Stepper stepper = make(freezingMethod());
  Tensor tensor({0.5f, -0.5f}), other({0.25f});
  std::vector<TensorRef> all = {tensor.ref(), other.ref(/*gradient=*/false)};
  ASSERT_DONE(stepper.attach(all));
  tensor.g = {0.1f, 0.1f};
  ASSERT_DONE(stepper.advance(all));
  EXPECT_FALSE(stepper.frozen());
  EXPECT_NE(tensor.w[0], 1);
  ASSERT_DONE(stepper.advance(all));
  EXPECT_TRUE(stepper.frozen());
  EXPECT_EQ(tensor.w, (std::vector<float>{1, -1}));
  EXPECT_EQ(other.w, std::vector<float>{1});
  auto x = tensor.x;
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(tensor.x, x) << "later steps skip the tensor";
  EXPECT_EQ(stepper.step(), 3);
  tensor.w = {0, 0};
  ASSERT_DONE(stepper.publish(all));
  EXPECT_EQ(tensor.w, (std::vector<float>{1, -1}));
}

TEST(Stepper, RestoreGoesOnWhereItWasFrozenToo) {
  Stepper stepper = make(freezingMethod());
  stepper.restore(1, {1});
  EXPECT_EQ(stepper.step(), 1);
  EXPECT_EQ(stepper.t(), std::vector<int64_t>{1});
  EXPECT_FALSE(stepper.frozen());
  stepper.restore(2, {3});
  EXPECT_TRUE(stepper.frozen());
  stepper.restore(7, {8}, /*frozen=*/false);
  EXPECT_FALSE(stepper.frozen());
}

TEST(Stepper, ParametersHaveRanges) {
  Stepper stepper = make(tanhMethod());
  EXPECT_EQ(stepper.get("growth"), 2);
  EXPECT_FALSE(stepper.set("growth", 3));
  EXPECT_EQ(stepper.get("growth"), 3);
  Status bad = stepper.set("growth", 4.5);
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->kind, ErrorKind::Usage);
  EXPECT_EQ(bad->message, "parameter `growth` of method `md_tanh_s` by `momentum` is 4.5, but must "
                          "lie in [1, 4]");
  EXPECT_TRUE(stepper.set("growth", NAN));
  EXPECT_EQ(stepper.get("growth"), 3);
  EXPECT_EQ(stepper.set("lr", 1)->message,
            "method `md_tanh_s` by `momentum` has no parameter `lr`; it has `growth`, "
            "`optimizer.lr`, `optimizer.mu`");
  EXPECT_TRUE(std::isnan(stepper.get("lr")));

  Method method = tanhMethod();
  method.parameters[0].value = 5;
  EXPECT_THAT(refusal(std::move(method)), HasSubstr("must lie in [1, 4]"));
}

TEST(Stepper, APeriodIsAPositiveInteger) {
  Method method = tanhMethod();
  method.parameters[0].isPeriod = true;
  Stepper stepper = make(std::move(method));
  EXPECT_FALSE(stepper.set("growth", 3));
  EXPECT_EQ(stepper.set("growth", 2.5)->message,
            "parameter `growth` of method `md_tanh_s` by `momentum` is 2.5, but must be a positive "
            "integer: it is the period of an `every`");
  EXPECT_EQ(stepper.get("growth"), 3);
  Method bad = tanhMethod();
  bad.parameters[0] = {"growth", 0.5, -INFINITY, INFINITY, /*isPeriod=*/true};
  EXPECT_THAT(refusal(std::move(bad)), HasSubstr("must be a positive integer"));
}

TEST(Stepper, ACounterThatIsNotKnownIsAnError) {
  auto reading = [](const char *counter) {
    Method method = tanhMethod();
    method.host.inputs[0] = counter;
    return method;
  };
  EXPECT_EQ(refusal(reading("epoch")),
            "method `md_tanh_s` by `momentum` reads `epoch`, but the number of steps per epoch is "
            "not known: give Timing::stepsPerEpoch");
  EXPECT_EQ(refusal(reading("steps"), {.stepsPerEpoch = 5}),
            "method `md_tanh_s` by `momentum` reads `steps`, but the run's number of steps is not "
            "known: give Timing::steps");
  EXPECT_EQ(refusal(reading("epochs")),
            "method `md_tanh_s` by `momentum` reads `epochs`, but the run's number of epochs is "
            "not known: give Timing::epochs");
  EXPECT_THAT(refusal(reading("weather")), HasSubstr("neither a counter nor a parameter"));

  auto betaAt = [&](const char *counter, Timing timing, int64_t step) {
    Stepper stepper = make(reading(counter), timing);
    stepper.restore(step, {1});
    return stepper.scheduleValues()[0];
  };
  EXPECT_EQ(betaAt("epoch", {.stepsPerEpoch = 5}, 14), 4);
  EXPECT_EQ(betaAt("epoch", {.stepsPerEpoch = 5}, 15), 8);
  EXPECT_EQ(betaAt("epochs", {.stepsPerEpoch = 5, .steps = 11}, 0), 8) << "rounded up";
  EXPECT_EQ(betaAt("steps", {.stepsPerEpoch = 5, .epochs = 0.5}, 0), 8);
}

TEST(Stepper, Q11NamesTheFirstBadStepAtAttach) {
  // beta = 1.5 ^ (step + 1) leaves f32 at step 218.
  auto attachWith = [](Timing timing) -> std::string {
    Stepper stepper = make(tanhMethod(), timing);
    EXPECT_FALSE(stepper.set("growth", 1.5));
    Tensor tensor({0.5f});
    std::vector<TensorRef> all = {tensor.ref()};
    Status status = stepper.attach(all);
    if (!status)
      return "fine";
    EXPECT_EQ(status->kind, ErrorKind::SpecRefused);
    EXPECT_EQ(tensor.x[0], 0) << "nothing was touched";
    return status->message;
  };
  EXPECT_EQ(attachWith({.steps = 218}), "fine");
  const std::string refused =
      "method `md_tanh_s` by `momentum`: host scalar `beta` is 3.66425537e+38 at step 219, "
      "beyond what f32 can hold [Q11]; bound it in the spec or change the parameters that it "
      "follows from";
  EXPECT_EQ(attachWith({.steps = 219}), refused);
  EXPECT_EQ(attachWith({.steps = 1'000'000'000}), refused);
  EXPECT_EQ(attachWith({}), refused) << "a run of unknown length";
}

TEST(Stepper, Q11FindsTheFirstBadStepFarOut) {
  // growth ^ step overflows f32 after ln(3.4028e38) / ln(growth) steps.
  for (Timing timing : {Timing{}, Timing{.steps = 5'000'000}}) {
    Method method = tanhMethod();
    Stepper stepper = make(std::move(method), timing);
    EXPECT_FALSE(stepper.set("growth", 1.00005));
    Tensor tensor({0.5f});
    std::vector<TensorRef> all = {tensor.ref()};
    Status status = stepper.attach(all);
    ASSERT_TRUE(status);
    double largest = double(std::numeric_limits<float>::max());
    auto first = int64_t(std::floor(std::log(largest) / std::log(1.00005))) + 1;
    EXPECT_THAT(status->message, HasSubstr("at step " + std::to_string(first) + ","));
  }
}

TEST(Stepper, Q11WatchesWhatTheProjectionNeedsAboveZero) {
  Method method = tanhMethod();
  method.positive = {"lr"};
  Stepper stepper = make(std::move(method));
  Tensor tensor({0.5f});
  std::vector<TensorRef> all = {tensor.ref()};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_FALSE(stepper.set("optimizer.lr", 1e-50));
  EXPECT_THAT(
      stepper.attach(all)->message,
      HasSubstr("`lr` is 1e-50 at step 0, which rounds to 0 in f32, but the projection needs it "
                "above 0 [Q11]"));
}

TEST(Stepper, Q11StopsAStepBeforeItTouchesAnything) {
  Stepper stepper = make(tanhMethod());
  Tensor tensor({0.5f});
  std::vector<TensorRef> all = {tensor.ref()};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_FALSE(stepper.set("optimizer.lr", 1e39));
  tensor.g = {1};
  auto w = tensor.w, m = tensor.m;
  Status status = stepper.advance(all);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->message,
            "kernel `step`: host scalar `lr` is 1e+39 at step 0, beyond what f32 can hold [Q11]; "
            "bound it in the spec or change the parameters that it follows from");
  EXPECT_EQ(stepper.step(), 0);
  EXPECT_EQ(tensor.x, std::vector<float>{0.5f});
  EXPECT_EQ(tensor.w, w);
  EXPECT_EQ(tensor.m, m);
}

TEST(Stepper, ALevelAxisLiesPlaneByPlane) {
  Method method = tanhMethod();
  method.stored = {{"x", 2}, {"optimizer.m"}};
  method.attach = kernel(
      "attach", {{"w"}, {"x", Access::Out, ElementType::F32, 2}, {"optimizer.m", Access::Out}}, {},
      [](int64_t size, void *const *s, const float *) {
        for (int64_t i = 0; i < size; ++i) {
          plane(s, 1)[i] = -plane(s, 0)[i];
          plane(s, 2)[i] = plane(s, 0)[i];
          plane(s, 3)[i] = 0;
        }
      });
  method.step = kernel("step", {{"g"}, {"x", Access::InOut, ElementType::F32, 2}}, {},
                       [](int64_t, void *const *, const float *) {});
  method.publish = kernel("publish", {{"x", Access::In, ElementType::F32, 2}, {"w", Access::Out}},
                          {}, [](int64_t size, void *const *s, const float *) {
                            for (int64_t i = 0; i < size; ++i)
                              plane(s, 2)[i] = plane(s, 1)[i] - plane(s, 0)[i];
                          });
  method.final = {};
  Stepper stepper = make(std::move(method));
  std::vector<float> w = {1, 2, 3}, x(6), m(3);
  std::vector<TensorRef> all = {{3, w.data(), nullptr, {x.data(), m.data()}}};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_EQ(x, (std::vector<float>{-1, -2, -3, 1, 2, 3}));
  EXPECT_EQ(w, (std::vector<float>{2, 4, 6}));
  ASSERT_DONE(stepper.finalize(all));
  EXPECT_EQ(w, (std::vector<float>{2, 4, 6})) << "there is no final";
}

TEST(Stepper, WhereTheLatentIsTheWeightNothingIsStored) {
  Method method;
  method.quantizer = "float";
  method.optimizer = "sgd";
  method.latentIsWeight = true;
  method.parameters = {{"optimizer.lr", 0.5, -inf, inf}};
  method.host.inputs = {"optimizer.lr"};
  method.host.code = {{Op::Input, 0}};
  method.host.outputs = {{"lr", 0}};
  method.step = kernel("step", {{"g"}, {"w", Access::InOut}}, {"lr"},
                       [](int64_t size, void *const *s, const float *scalar) {
                         for (int64_t i = 0; i < size; ++i)
                           plane(s, 1)[i] -= scalar[0] * plane(s, 0)[i];
                       });
  Stepper stepper = make(std::move(method));
  std::vector<float> w = {1, 2}, g = {1, 1}, u = {3};
  std::vector<TensorRef> all = {{2, w.data(), g.data(), {}}, {1, u.data(), nullptr, {}}};
  ASSERT_DONE(stepper.attach(all));
  EXPECT_EQ(w, (std::vector<float>{1, 2}));
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(w, (std::vector<float>{0.5f, 1.5f}));
  EXPECT_EQ(u, std::vector<float>{3});
  ASSERT_DONE(stepper.resetStates(all));
  ASSERT_DONE(stepper.finalize(all));
  EXPECT_EQ(w, (std::vector<float>{0.5f, 1.5f}));
}

TEST(Stepper, AMethodWhosePartsDoNotFitIsOurBug) {
  auto broken = [](auto breakIt) {
    Method method = tanhMethod();
    breakIt(method);
    return refusal(std::move(method));
  };
  EXPECT_EQ(broken([](Method &m) { m.step = {}; }),
            "method `md_tanh_s` by `momentum` has no step kernel");
  EXPECT_THAT(broken([](Method &m) { m.stored[1].name = "optimizer.v"; }),
              HasSubstr("kernel `attach`: stream `optimizer.m` is neither g, w nor stored"));
  EXPECT_THAT(broken([](Method &m) { m.stored.push_back({"s"}); }),
              HasSubstr("the attach kernel does not write `s`"));
  EXPECT_THAT(broken([](Method &m) { m.stored[0].planes = 3; }),
              HasSubstr("stream `x` has 1 planes, but 3 are stored"));
  EXPECT_THAT(broken([](Method &m) { m.element = ElementType::BF16; }),
              HasSubstr("stream `w` has the wrong element type"));
  EXPECT_THAT(broken([](Method &m) { m.host.outputs[2].name = "rate"; }),
              HasSubstr("kernel `step`: scalar `lr` is no output of the host program"));
  EXPECT_THAT(broken([](Method &m) { m.schedules = {"gamma"}; }),
              HasSubstr("does not compute its schedule `gamma`"));
  EXPECT_THAT(broken([](Method &m) {
                m = freezingMethod();
                m.final = {};
              }),
              HasSubstr("freezes but has no final kernel"));
}

/// A kernel that counts how often it is cut.
class CountingKernel final : public Kernel {
public:
  explicit CountingKernel(std::shared_ptr<const Kernel> counted)
      : Kernel({counted->name(), counted->streams(), counted->scalars()}),
        inner(std::move(counted)) {}
  std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                             int threads) const override {
    ++cuts;
    return inner->partition(segments, threads);
  }
  Status launch(const Partition &partition, std::span<const float> scalars, const Draw &draw,
                void *stream) const override {
    return inner->launch(partition, scalars, draw, stream);
  }
  mutable int cuts = 0;

private:
  std::shared_ptr<const Kernel> inner;
};

TEST(Stepper, TheCutIsKeptWhileAddressesStay) {
  Method method = tanhMethod();
  auto counting = std::make_shared<CountingKernel>(method.step.front());
  method.step = {counting};
  Stepper stepper = make(std::move(method));
  Tensor tensor({0.5f, 0.25f}), other({1});
  std::vector<TensorRef> all = {tensor.ref(), other.ref()};
  ASSERT_DONE(stepper.attach(all));
  for (int step = 0; step < 5; ++step)
    ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(counting->cuts, 1);
  std::vector<float> moved(2);
  all[0].gradient = moved.data();
  ASSERT_DONE(stepper.advance(all));
  ASSERT_DONE(stepper.advance(all));
  EXPECT_EQ(counting->cuts, 2);
}

} // namespace
