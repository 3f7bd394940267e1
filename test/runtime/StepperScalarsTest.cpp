// What a stepper asks of host scalars: ranges, counters that are known, rule Q11.
#include "HandMethods.h"

#include <gmock/gmock.h>

using namespace bregman;
using namespace bregman::testing;
using ::testing::HasSubstr;

namespace {

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

} // namespace
