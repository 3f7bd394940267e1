// Agile mirror descent where the projection reads its schedules and x apart: the derived kernels
// against the update as the language's page has it, in which P is inverted by halvings and nothing
// is rewritten.
#include <cmath>
#include <functional>
#include <random>

#include "KernelRun.h"
#include "Program.h"

using namespace bregman;
using bregman::test::KernelRun;
using bregman::test::Program;

namespace {

struct Form {
  const char *name;
  const char *clauses;
  std::function<double(double x, double k)> projection;
};
std::ostream &operator<<(std::ostream &out, const Form &form) { return out << form.clauses; }

/// x with P(x) = u for an increasing P.
double inverse(const std::function<double(double)> &projection, double u) {
  double low = -1e6, high = 1e6;
  for (int i = 0; i < 200; ++i) {
    double middle = (low + high) / 2;
    (projection(middle) < u ? low : high) = middle;
  }
  return (low + high) / 2;
}

double sgn(double x) { return (x > 0) - (x < 0); }
double slowly(double k) { return 1 + k / 8; }
double decay(double k) { return std::pow(0.9375, k); }

#define P(formula) [](double x, double k) { return double(formula); }

const Form forms[] = {
    {"SoftsignOfATemperature", "schedule T = 0.9375 ^ step project w = x / (T + abs(x))",
     P(x / (decay(k) + std::fabs(x)))},
    {"SoftsignOfAConstantTemperature", "schedule T = 0.25 project w = x / (T + abs(x))",
     P(x / (0.25 + std::fabs(x)))},
    {"CubeInTanh", "schedule beta = 1 + step / 8 project w = tanh(beta * x ^ 3)",
     P(std::tanh(slowly(k) * x * x * x))},
    {"CubeInTanhOfAConstant", "schedule beta = 2 project w = tanh(beta * x ^ 3)",
     P(std::tanh(2 * x * x * x))},
    {"AlgebraicOfATemperature", "schedule T = 0.9375 ^ step project w = x / sqrt(T ^ 2 + x ^ 2)",
     P(x / std::sqrt(decay(k) * decay(k) + x * x))},
    {"AlgebraicOfARoot",
     "schedule beta = 1 + step / 8 project w = sqrt(beta) * x / sqrt(1 + beta * x ^ 2)",
     P(std::sqrt(slowly(k)) * x / std::sqrt(1 + slowly(k) * x * x))},
    {"ProductsInAnotherOrder",
     "schedule beta = 1 + step / 8 project w = tanh(beta * x + x ^ 2 * beta * (x * beta * beta))",
     P(std::tanh(slowly(k) * x + std::pow(slowly(k) * x, 3)))},
    {"ScheduleOfASchedule",
     "schedule beta = 1 + step / 8 schedule T = 1 / beta project w = beta * x / (1 + abs(x) / T)",
     P(slowly(k) * x / (1 + slowly(k) * std::fabs(x)))},
    {"TwoSchedules",
     "schedule beta = 1 + step / 8 schedule T = 0.9375 ^ step "
     "project w = beta * x / (T + beta * abs(x))",
     P(slowly(k) * x / (decay(k) + slowly(k) * std::fabs(x)))},
    {"WithoutAName", "project w = (1 + step) * x / sqrt(1 + (1 + step) ^ 2 * x ^ 2)",
     P((1 + k) * x / std::sqrt(1 + (1 + k) * (1 + k) * x * x))},
    {"ByCases",
     "schedule T = 0.9375 ^ step project w = if x < -T then -1 - T / x / 2 "
     "else if x > T then 1 - T / x / 2 else x / (2 * T)",
     P(x < -decay(k)  ? -1 - decay(k) / x / 2
       : x > decay(k) ? 1 - decay(k) / x / 2
                      : x / decay(k) / 2)},
    {"ItCancels", "schedule beta = 1 + step / 8 project w = beta * x / (beta + beta * abs(x))",
     P(x / (1 + std::fabs(x)))},
    {"RootOfCubes", "schedule T = 0.9375 ^ step project w = x / (T ^ 3 + abs(x) ^ 3) ^ (1 / 3)",
     P(x / std::cbrt(std::pow(decay(k), 3) + std::pow(std::fabs(x), 3)))},
    {"PowerOfAParameter", "schedule T = 0.9375 ^ step project w = x / (T + abs(x) ^ p) ^ (1 / p)",
     P(x / std::pow(decay(k) + std::pow(std::fabs(x), 1.75), 1 / 1.75))},
    {"ParameterInTheScale",
     "schedule beta = 1 + step / 8 project w = sgn(x) * tanh(beta ^ 2 * abs(x) ^ p)",
     P(sgn(x) * std::tanh(slowly(k) * slowly(k) * std::pow(std::fabs(x), 1.75)))},
    {"SoftNearest", "schedule T = 0.9375 ^ step project w = soft_nearest(x, 1 / T)",
     P(std::tanh(x / decay(k) / 2))},
    {"OfSquares", "schedule T = 0.9375 ^ step project w = sgn(x) * (1 - T / (T + x ^ 2))",
     P(sgn(x) * (1 - decay(k) / (decay(k) + x * x)))},
};

class Agile : public testing::TestWithParam<Form> {};

TEST_P(Agile, MovesThePrimalAsThePageSays) {
  const Form &form = GetParam();
  Program program(std::string("quantizer q(p in [1, 4] = 2) { levels {-1, 1} ") + form.clauses +
                  " update agile mirror final sign(w) } plan { else : q by sgd }");
  ASSERT_TRUE(bool(program.derived));
  Timing timing;
  timing.stepsPerEpoch = 3;
  timing.steps = 30;
  timing.epochs = 10;
  KernelRun run(*program.derived, timing);
  run.parameters["optimizer.lr"] = 0.0625;
  run.parameters["p"] = 1.75;
  std::mt19937 generator(11);
  std::normal_distribution<double> normal;
  std::vector<double> u, w0;
  for (int weight = 0; weight < 8; ++weight)
    w0.push_back(0.5 * normal(generator));
  ASSERT_TRUE(run.attach(w0));
  for (double weight : w0)
    u.push_back(form.projection(weight, 0));
  for (int64_t step = 0; step < timing.steps && !testing::Test::HasFailure(); ++step) {
    std::vector<double> gradient;
    for (double &weight : u) {
      gradient.push_back(normal(generator));
      auto now = [&](double x) { return form.projection(x, double(step)); };
      weight = now(inverse(now, weight) - 0.0625 * gradient.back());
    }
    ASSERT_TRUE(run.advance(gradient, step));
    for (size_t i = 0; i < u.size(); ++i)
      EXPECT_NEAR(run.memory.at("w").at(int64_t(i)).value, u[i], 1e-6) << "after step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Agile, testing::ValuesIn(forms),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
