// The expressions of constraints: each function's value and derivative against LibTorch's, or by
// hand where LibTorch has none or another one.
#include "frontend/torch/Distance.h"

#include "frontend/Compiler.h"
#include "frontend/torch/Exception.h"

#include <gmock/gmock.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <functional>

using namespace bregman;
using at::Tensor;

namespace {

struct Values {
  Tensor value, high, low; ///< and the gradients
};

TensorProgram programOf(const std::string &expression, double *scalar = nullptr) {
  Program program = unwrap(Program::parse(
      "d.breg", "plan {\n  else : float by adam\n  minimize high\n  subject to output " +
                    expression + " <= 1 multiplier 1 rate 1 every 3 steps\n}\n"));
  Plan plan = std::move(program.plans().front());
  EXPECT_TRUE(plan.minimizesHigh);
  EXPECT_EQ(plan.constrainedAt, "d.breg:3:3");
  EXPECT_EQ(plan.constraints.front().every, 3);
  EXPECT_FALSE(plan.constraints.front().inEpochs);
  EXPECT_EQ(plan.constraints.front().location, "d.breg:4:3");
  return std::move(plan.constraints.front().distance);
}

Values run(const std::string &expression, Tensor high, Tensor low,
           const std::vector<double> &scalars = {}) {
  high = high.clone().set_requires_grad(true);
  low = low.clone().set_requires_grad(true);
  Tensor value = evaluateDistance(programOf(expression), scalars, high, low, "the output");
  if (value.requires_grad())
    value.backward();
  auto gradient = [](const Tensor &of) {
    return of.grad().defined() ? of.grad() : at::zeros_like(of);
  };
  return {value.detach(), gradient(high), gradient(low)};
}

void expectEqual(const Tensor &ours, const Tensor &theirs, const std::string &what) {
  EXPECT_TRUE(at::allclose(ours, theirs, 1e-5, 1e-6)) << what << "\n"
                                                      << ours << "\nand not\n"
                                                      << theirs;
}

using Formula = std::function<Tensor(const Tensor &h, const Tensor &l)>;

} // namespace

TEST(Distance, Functions) {
  torch::manual_seed(1);
  Tensor high = torch::rand({4, 5}) * 0.8 + 0.1, low = torch::rand({4, 5}) * 0.8 + 0.1;
  const std::vector<std::pair<std::string, Formula>> cases = {
      {"(high - low) ^ 2", [](auto h, auto l) { return (h - l).square(); }},
      {"abs(high - low)", [](auto h, auto l) { return (h - l).abs(); }},
      {"high / 3 + low * 2 - 1", [](auto h, auto l) { return h / 3 + l * 2 - 1; }},
      {"high ^ low", [](auto h, auto l) { return h.pow(l); }},
      {"high / low", [](auto h, auto l) { return h / l; }},
      {"-exp(high) + log(low) * log2(high)",
       [](auto h, auto l) { return -h.exp() + l.log() * h.log2(); }},
      {"sqrt(high) * tanh(low) + atanh(high)",
       [](auto h, auto l) { return h.sqrt() * l.tanh() + h.atanh(); }},
      {"sigmoid(high) + erf(low) + atan(high)",
       [](auto h, auto l) { return h.sigmoid() + l.erf() + h.atan(); }},
      {"min(high, low) * max(high, 0.5) + clamp(low, 0.3, 0.6)",
       [](auto h, auto l) {
         return at::minimum(h, l) * at::maximum(h, at::full_like(h, 0.5)) + l.clamp(0.3, 0.6);
       }},
      {"high * detach(low)", [](auto h, auto l) { return h * l.detach(); }},
      {"ste(round(high * 4), low)",
       [](auto h, auto l) { return (h * 4 + 0.5).floor().detach() + l - l.detach(); }},
      {"floor(3 * high) + ceil(3 * low) + sign(high - low) + sgn(low - high) + high",
       [](auto h, auto l) {
         return ((3 * h).floor() + (3 * l).ceil() + (h - l).sign() + (l - h).sign()).detach() + h;
       }},
      {"(if high > low and not (low > 0.7) then high else low * 2)",
       [](auto h, auto l) {
         return at::where(h.gt(l).logical_and(l.gt(0.7).logical_not()), h, l * 2);
       }},
      {"(if high <= low or low == 2 or low != low then 1 else high)",
       [](auto h, auto l) { return at::where(h.le(l), at::ones_like(h), h); }},
      {"-sum(softmax(high) * log(softmax(low)))",
       [](auto h, auto l) { return -(h.softmax(1) * l.log_softmax(1)).sum(1); }},
      {"sum(softmax(3 * high) * low)",
       [](auto h, auto l) { return ((3 * h).softmax(1) * l).sum(1); }},
      {"mean(high) * std(low) + min(high) - max(low)",
       [](auto h, auto l) { return h.mean(1) * l.std(1, true, false) + h.amin(1) - l.amax(1); }},
      {"(high - mean(high)) * low", [](auto h, auto l) { return (h - h.mean(1, true)) * l; }},
      {"sum(hardmax(high) * low)", [](auto h, auto l) { return l.gather(1, h.argmax(1, true)); }},
      {"(nearest(sum(high), {3, 1, 2}) - sum(low)) ^ 2",
       [](auto h, auto l) {
         Tensor n = (h.sum(1) + 0.5).floor().clamp(1, 3).detach();
         return (n - l.sum(1)).square();
       }},
      {"soft_nearest(sum(high), 2, {1, 2, 4})",
       [](auto h, auto) {
         Tensor s = h.sum(1);
         return 1 + (2 * (s - 1.5)).sigmoid() + 2 * (2 * (s - 3)).sigmoid();
       }},
      {"sum({1, 2} * softmax({1, 2} * sum(high)))",
       [](auto h, auto) {
         Tensor levels = at::tensor({1.0f, 2.0f});
         return ((levels * h.sum(1, true)).softmax(1) * levels).sum(1);
       }},
  };
  for (const auto &[expression, formula] : cases) {
    Values ours = run(expression, high, low);
    Tensor h = high.clone().set_requires_grad(true), l = low.clone().set_requires_grad(true);
    Tensor value = formula(h, l).mean();
    value.backward();
    auto gradient = [](const Tensor &of) {
      return of.grad().defined() ? of.grad() : at::zeros_like(of);
    };
    expectEqual(ours.value, value.detach(), expression);
    expectEqual(ours.high, gradient(h), expression + ", d/d high");
    expectEqual(ours.low, gradient(l), expression + ", d/d low");
  }
}

TEST(Distance, SparsemaxAgainstItsDefinition) {
  // Of (0.9, 0.5, -1): threshold 0.2; of (3, 0, 0) the corner.
  Values ours = run("sum(sparsemax(high) * low)",
                    at::tensor({0.9f, 0.5f, -1.0f, 3.0f, 0.0f, 0.0f}).reshape({2, 3}),
                    at::tensor({1.0f, 10.0f, 100.0f, 1.0f, 10.0f, 100.0f}).reshape({2, 3}));
  EXPECT_NEAR(ours.value.item<float>(), ((0.7 + 3) + 1) / 2, 1e-5);
  // On the face of the first two the Jacobian is the identity less its mean.
  expectEqual(ours.high, at::tensor({-2.25f, 2.25f, 0.0f, 0.0f, 0.0f, 0.0f}).reshape({2, 3}),
              "d/d high");
}

TEST(Distance, TiesAndKinks) {
  auto at2 = [](std::vector<float> v) { return at::tensor(v).reshape({1, int64_t(v.size())}); };
  Tensor zero = at2({0, 0});
  EXPECT_EQ(run("sign(high)", zero, zero).value.item<float>(), 1);
  EXPECT_EQ(run("sgn(high)", zero, zero).value.item<float>(), 0);
  EXPECT_EQ(run("round(high)", at2({0.5f, -0.5f}), zero).value.item<float>(), 0.5f);
  EXPECT_EQ(run("round(high)", at2({0.49999997f, 0.49999997f}), zero).value.item<float>(), 0);
  EXPECT_EQ(run("sum(hardmax(high) * low)", at2({1, 1}), at2({3, 5})).value.item<float>(), 5);
  EXPECT_EQ(run("nearest(sum(high), {2, 1})", at2({1, 0.5f}), zero).value.item<float>(), 2);
  expectEqual(run("abs(high)", zero, zero).high, zero, "abs at 0");
  expectEqual(run("clamp(high, 0, 1)", at2({0, 1}), zero).high, at2({0.5f, 0.5f}), "clamp's ends");
  expectEqual(run("min(high, low)", zero, zero).high, at2({0.25f, 0.25f}), "equal ones share");
}

TEST(Distance, NoNaNComesFromTheArmThatIsNotChosen) {
  Tensor high = at::tensor({0.0f, 1.0f, 2.0f, -1.0f}).reshape({2, 2}), low = at::ones({2, 2});
  Values ours = run("(if high > 0 then log(high) + sqrt(high) else low - high)", high, low);
  EXPECT_TRUE(std::isfinite(ours.value.item<float>()));
  expectEqual(ours.high,
              at::tensor({-1.0f, 1.5f, 0.5f + 0.5f / std::sqrt(2.0f), -1.0f}).reshape({2, 2}) / 4,
              "d/d high");
  // A condition for each row, behind a sum.
  Values rows = run("(if sum(high) > 1 then log(sum(high)) else 0 * sum(high))",
                    at::tensor({0.0f, 0.0f, 2.0f, 2.0f}).reshape({2, 2}), low);
  expectEqual(rows.high, at::tensor({0.0f, 0.0f, 0.125f, 0.125f}).reshape({2, 2}), "rows");
}

// The logarithm of what rounds to 0 is finite, and so is what it is multiplied with.
TEST(Distance, LogOfSoftmaxDoesNotOverflow) {
  Values ours =
      run("-sum(softmax(high) * log(softmax(low)))", at::tensor({300.0f, 0.0f}).reshape({1, 2}),
          at::tensor({0.0f, 300.0f}).reshape({1, 2}));
  EXPECT_EQ(ours.value.item<float>(), 300);
  EXPECT_TRUE(ours.low.isfinite().all().item<bool>());
}

TEST(Distance, CountersComeFromTheHost) {
  TensorProgram program = programOf("high * 0.5 ^ step + min(low, step)");
  EXPECT_EQ(program.scalars.inputs, (std::vector<std::string>{"step"}));
  std::vector<double> scalars = program.scalars.run(std::vector<double>{2});
  Tensor one = at::ones({2, 3});
  EXPECT_EQ(evaluateDistance(program, scalars, one, one * 5, "the output").item<float>(), 2.25f);
}

TEST(Distance, AnyFurtherAxesAreAveraged) {
  Tensor high = torch::randn({2, 3, 4, 5}), low = torch::randn({2, 3, 4, 5});
  expectEqual(run("max(high) - sum(low)", high, low).value, (high.amax(1) - low.sum(1)).mean(),
              "class axis 1");
}
