// Every plan of examples/specs trains each of the built-in networks whose names it matches, and
// there is one.
#include "TestFiles.h"

#include "frontend/train/Session.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <cmath>

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;

namespace {

struct NamedPlan {
  std::string file, name;
};

std::ostream &operator<<(std::ostream &stream, const NamedPlan &plan) {
  return stream << plan.name;
}

/// What the folder holds, so that a new plan is tested by being there.
std::vector<NamedPlan> plansOfTheLibrary() {
  std::vector<NamedPlan> all;
  for (const auto &entry : std::filesystem::directory_iterator(SPECS))
    if (entry.path().extension() == ".breg")
      for (const Plan &plan : unwrap(Program::load(entry.path().string())).plans())
        all.push_back({entry.path().string(), plan.name});
  return all;
}

class PlansOfTheLibrary : public ::testing::TestWithParam<NamedPlan> {
protected:
  PlansOfTheLibrary() {
    at::set_num_threads(1);
    options.usePlan = true;
    options.spec = GetParam().file;
    options.plan = GetParam().name;
    options.batch = 16;
    options.epochs = 2;
  }

  /// A session, or null where the network's names do not match the plan, or the images the network.
  std::unique_ptr<Session> attach(const std::string &model) {
    options.model = model;
    try {
      return std::make_unique<Session>(options, data, [&](const Network &network) {
        return chooseMethod(options, readSpec(options), network);
      });
    } catch (const Exception &refusal) {
      bool isOfNames = std::string(refusal.what()).find("[Q10]") != std::string::npos;
      bool isOfImages = std::string(refusal.what()).find("takes images of") != std::string::npos;
      EXPECT_TRUE(isOfNames || isOfImages) << model << ": " << refusal.what();
      return nullptr;
    }
  }

  RunOptions options;
  Dataset data = loadDataset("digits", "");
};

} // namespace

TEST_P(PlansOfTheLibrary, Train) {
  int networks = 0;
  for (const std::string &model : modelNames()) {
    std::unique_ptr<Session> session = attach(model);
    if (!session)
      continue;
    ++networks;
    double first = session->step(), sum = 0;
    while (!session->finished()) {
      double value = session->step();
      ASSERT_TRUE(std::isfinite(value)) << model << ", step " << session->steps();
      if (session->steps() > session->stepsPerEpoch())
        sum += value;
    }
    EXPECT_LT(sum / double(session->stepsPerEpoch()), 0.9 * first)
        << model << ": last epoch, first step";
    // A tenth would be chance.
    recalibrate(session->network(), data.train, 2);
    EXPECT_GT(evaluate(session->network(), data.validation).accuracy, 0.5) << model;
    for (const Multiplier &multiplier : session->multipliers()) {
      EXPECT_TRUE(std::isfinite(multiplier.distance)) << model << ", " << multiplier.name;
      EXPECT_GE(multiplier.value, 0) << model << ", " << multiplier.name;
    }
  }
  EXPECT_GE(networks, 1);
}

INSTANTIATE_TEST_SUITE_P(Library, PlansOfTheLibrary, ::testing::ValuesIn(plansOfTheLibrary()),
                         [](const auto &info) { return info.param.name; });
