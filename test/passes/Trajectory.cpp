#include "Trajectory.h"

#include "KernelRun.h"
#include "frontend/reference/Oracle.h"

#include <cmath>
#include <random>

using namespace bregman;
using bregman::reference::Oracle;
using bregman::test::KernelRun;

namespace {

void expectSame(double expected, double actual, double tolerance, const std::string &what) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return;
  EXPECT_NEAR(actual, expected, tolerance * (1 + std::fabs(expected))) << what;
}

void compareStored(Oracle &oracle, KernelRun &run, double tolerance, const std::string &when) {
  for (const auto &[name, values] : oracle.stored()) {
    bool inWeight = !run.memory.count(name);
    if (inWeight && run.frozen)
      continue; // the levels have taken the latent's place
    StoredOp stored = run.stored(name);
    ASSERT_TRUE(stored) << name;
    int parity = stored.getParity().value_or(0);
    const reference::Tensor &kept = run.memory.at(inWeight ? "w" : name);
    reference::Segments segments(run.getShape(), stored.getExtentAttr());
    ASSERT_EQ(values.size(), size_t(segments.count())) << name;
    for (size_t index = 0; index < values.size(); ++index)
      for (size_t level = 0; level < values[index].size(); ++level) {
        int64_t weight = segments.first(index);
        double actual = parity == 0  ? kept.at(weight, level).value
                        : level == 1 ? kept.at(weight).value
                                     : parity * kept.at(weight).value;
        expectSame(values[index][level], actual, tolerance,
                   name + "[" + std::to_string(index) + "] " + when);
      }
  }
}

} // namespace

void test::compareRuns(Program &program, double tolerance) {
  Timing timing;
  timing.stepsPerEpoch = 3;
  timing.steps = 40;
  timing.epochs = 14;
  Oracle oracle(*program.written->getOps<QuantizerOp>().begin(),
                *program.written->getOps<OptimizerOp>().begin(), timing);
  KernelRun run(*program.derived, timing);
  std::map<std::string, double> faster{{"growth", 1.1},        {"period", 2},
                                       {"rate", 0.05},         {"freeze_epoch", 9},
                                       {"optimizer.lr", 0.05}, {"optimizer.weight_decay", 0.1}};
  // By default a learned value's instance has the arguments of the latent's.
  for (auto &[name, own] : run.parameters) {
    size_t instance = name.find("optimizer.");
    std::string shared = instance == std::string::npos ? name : name.substr(instance);
    if (auto found = faster.find(shared); found != faster.end()) {
      own = found->second;
      oracle.set(shared, found->second);
    }
  }
  std::mt19937 generator(7);
  std::normal_distribution<double> normal;
  std::vector<double> w0{0, 1, -1};
  while (w0.size() < 24)
    w0.push_back(0.5 * normal(generator));
  ASSERT_TRUE(succeeded(oracle.attach(w0, 3)));
  ASSERT_TRUE(run.attach(w0, 3));
  for (int64_t step = 0; step < timing.steps && !testing::Test::HasFailure(); ++step) {
    std::string when = "before step " + std::to_string(step);
    compareStored(oracle, run, tolerance, when);
    for (size_t weight = 0; weight < w0.size(); ++weight)
      expectSame(oracle.weights()[weight], run.memory.at("w").at(weight).value, tolerance,
                 "w " + when);
    std::vector<double> gradient;
    for (size_t weight = 0; weight < w0.size(); ++weight)
      gradient.push_back(normal(generator));
    ASSERT_TRUE(succeeded(oracle.advance(gradient)));
    ASSERT_TRUE(run.advance(gradient, step));
  }
}
