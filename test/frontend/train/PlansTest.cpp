// Every plan of examples/specs trains each of the built-in networks whose names it matches, and
// there is one.
#include "TestFiles.h"

#include "frontend/train/Session.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <cmath>
#include <map>

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

// On the digits: after each epoch a multiplier has risen where its constraint is violated, and
// fallen, though not below 0, where it is slack.
TEST(ConstrainedPlans, MultipliersFollowTheDistances) {
  const char *const plan = R"(
plan {
  "out.*" : float               by adam(lr = 1e-3)
  else    : dorefa_pd(bits = 2) by adam(lr = 1e-3)
  minimize high
  subject to "fc1"  (high - low) ^ 2 <= 1e-4 multiplier 0   rate 0.1  every epoch
  subject to "fc2"  (high - low) ^ 2 <= 10   multiplier 0.8 rate 0.03 every epoch
  subject to output -sum(softmax(high) * log(softmax(low))) <= 1.75 multiplier 1 rate 0.1 every epoch
}
)";
  at::set_num_threads(1);
  Dataset data = loadDataset("digits", "");
  RunOptions options;
  options.usePlan = true;
  options.batch = 16;
  options.epochs = 6;
  Session session(options, data,
                  [&](const Network &network) { return chooseMethod(options, plan, network); });
  std::vector<Multiplier> before(session.multipliers().begin(), session.multipliers().end());
  ASSERT_EQ(before.size(), 3u);
  std::map<std::string, int> rises, falls;
  while (!session.finished()) {
    session.step();
    if (session.steps() % session.stepsPerEpoch())
      continue;
    for (size_t i = 0; i < before.size(); ++i) {
      const Multiplier &now = session.multipliers()[i];
      EXPECT_EQ(now.value > before[i].value, now.distance > now.bound) << now.name;
      EXPECT_EQ(now.value < before[i].value, now.distance < now.bound && before[i].value > 0)
          << now.name;
      rises[now.name] += now.value > before[i].value;
      falls[now.name] += now.value < before[i].value;
      before[i] = now;
    }
  }
  EXPECT_EQ(rises["fc1"], 6) << "nothing keeps so narrow a bound";
  EXPECT_GE(falls["fc2"], 2) << "until it is 0";
  EXPECT_EQ(before[1].value, 0);
}

INSTANTIATE_TEST_SUITE_P(Library, PlansOfTheLibrary, ::testing::ValuesIn(plansOfTheLibrary()),
                         [](const auto &info) { return info.param.name; });
