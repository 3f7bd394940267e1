// The five-phase clock over methods put together by hand.
#include "HandMethods.h"

#include <gmock/gmock.h>

using namespace bregman;
using namespace bregman::testing;
using ::testing::HasSubstr;

namespace {

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
