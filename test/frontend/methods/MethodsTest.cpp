// Every method of the library, under every base optimizer that it is used with, against the
// published update for 1,000 steps: the oracle to rounding, the kernels to what f32 allows.
#include "Cases.h"

#include "frontend/Compiler.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace bregman;
using published::Case;

namespace {

constexpr int steps = 1000, weights = 24, stepsPerEpoch = 50;

/// How far a published weight of the oracle may be from the published update, under any method.
constexpr double oracleDistance = 1e-12;
/// How many of them are made.
constexpr int driven = steps / BREGMAN_TEST_SHARE;

/// Gradients that pull a weight across zero, into saturation and back, each at its own pace.
float gradient(int step, int weight) {
  double slow = std::sin(0.013 * step * (1 + 0.1 * weight) + weight);
  double noise = std::sin(12.9898 * step + 78.233 * weight) * 43758.5453;
  return float(slow + 0.5 * (2 * (noise - std::floor(noise)) - 1));
}

float start(int weight) { return float(0.9 * std::sin(1 + 2.1 * weight)); }

class Methods : public ::testing::TestWithParam<Case> {
protected:
  /// Of all weights that were published.
  struct Distance {
    double largest = 0; ///< of those that are not parted
    int parted = 0;     ///< farther than allowed
  };

  std::unique_ptr<bregman::Run> makeRun(bool reference) {
    const Case &test = GetParam();
    Result<Program> loaded = Program::load(std::string(SPECS) + "/" + test.method.name + ".breg");
    if (!loaded) {
      ADD_FAILURE() << loaded.error().message;
      return nullptr;
    }
    program.emplace(std::move(*loaded));
    Timing timing{stepsPerEpoch, steps, double(steps) / stepsPerEpoch};
    auto made = program->run(test.method.name, test.optimizer, timing, reference);
    if (!made) {
      ADD_FAILURE() << made.error().message;
      return nullptr;
    }
    auto set = [&](const std::string &name, double value) {
      Status failed = (*made)->set(name, value);
      EXPECT_FALSE(failed) << failed->message;
    };
    for (const auto &[name, value] : settings().arguments)
      if (name != "optimizer.lr" || test.optimizer != "bop")
        set(name, value);
    return std::move(*made);
  }

  published::Settings settings() {
    const Case &test = GetParam();
    published::Settings all{test.optimizer, test.method.lr, test.weightDecay,
                            test.method.arguments};
    all.arguments["optimizer.lr"] = test.method.lr;
    if (published::hasDecay(test.optimizer))
      all.arguments["optimizer.weight_decay"] = test.weightDecay;
    if (test.optimizer == "bop") {
      all.arguments["optimizer.gamma"] = 0.01;
      all.arguments["optimizer.tau"] = 0.1;
    }
    if (test.optimizer == "extragradient")
      all.arguments["optimizer.predict"] = 0.02;
    return all;
  }

  Distance distance(bool reference, double allowed) {
    std::unique_ptr<bregman::Run> run = makeRun(reference);
    Distance result;
    if (!run)
      return result;
    std::vector<float> w0;
    for (int i = 0; i < weights; ++i)
      w0.push_back(start(i));
    auto expected = published::makeModel(GetParam().method.name,
                                         published::Numbers(w0.begin(), w0.end()), settings());
    if (Status failed = run->attach(w0, {.channels = published::channels}))
      ADD_FAILURE() << failed->message;
    published::Clock clock{0, stepsPerEpoch, double(steps) / stepsPerEpoch};
    auto compare = [&] {
      std::vector<double> actual = run->weights(), wanted = expected->weights(clock);
      for (int i = 0; i < weights; ++i) {
        double difference = std::fabs(actual[i] - wanted[i]) / std::fmax(1, std::fabs(wanted[i]));
        // A NaN is never near.
        if (difference <= allowed)
          result.largest = std::max(result.largest, difference);
        else
          ++result.parted;
      }
    };
    compare();
    for (; clock.step < driven; compare()) {
      std::vector<float> g;
      for (int i = 0; i < weights; ++i)
        g.push_back(gradient(clock.step, i));
      expected->update(published::Numbers(g.begin(), g.end()), clock);
      if (Status failed = run->advance(g)) {
        ADD_FAILURE() << failed->message;
        return result;
      }
      ++clock.step;
    }
    std::ostringstream text;
    text << result.largest;
    RecordProperty("largest", text.str());
    RecordProperty("parted", result.parted);
    return result;
  }

  /// Outlives its runs.
  std::optional<Program> program;
};

class Oracles : public Methods {};
class Kernels : public Methods {};

TEST_P(Oracles, EqualThePublishedUpdate) {
  Distance found = distance(/*reference=*/true, oracleDistance);
  EXPECT_EQ(found.parted, 0);
}

TEST_P(Kernels, EqualThePublishedUpdate) {
  Distance found = distance(/*reference=*/false, *GetParam().method.kernel);
  const auto &parted = GetParam().method.parted;
  auto allowed = parted.find(GetParam().optimizer);
  EXPECT_LE(found.parted, allowed == parted.end() ? 0 : allowed->second);
}

std::string nameOf(const ::testing::TestParamInfo<Case> &info) {
  std::ostringstream name;
  name << info.param;
  return name.str();
}

INSTANTIATE_TEST_SUITE_P(Methods, Oracles, ::testing::ValuesIn(published::cases(false)), nameOf);
INSTANTIATE_TEST_SUITE_P(Methods, Kernels, ::testing::ValuesIn(published::cases(true)), nameOf);

TEST(MethodsOfTheLibrary, AreAllCompared) {
  std::vector<std::string> compared;
  for (const published::Method &method : published::methods())
    compared.push_back(method.name);
  for (const std::string &name : published::trainedQuantizers())
    EXPECT_THAT(compared, ::testing::Contains(name));
}

} // namespace
