// The kernel that combines records, against the runtime's tree on the host.
#include "runtime/Combine.h"
#include "test/cuda/DeviceRunner.h"

#include <bit>
#include <cmath>
#include <random>

using namespace bregman;
using namespace bregman::test;
using bregman::abi::Partial;
using bregman::abi::cuda::Kind;

static float onHost(Kind kind, std::vector<Partial> partials) {
  float value = -77;
  combine({static_cast<Access>(static_cast<int>(Access::Sum) + static_cast<int>(kind)), 0,
           partials.size(), &value},
          partials);
  return value;
}

TEST(CudaCombine, EveryKindAndCountHasTheHostsBits) {
  DeviceRunner device;
  ASSERT_NO_FATAL_FAILURE(device.loadCombine());
  std::mt19937 random(1);
  std::normal_distribution<double> normal(1, 3);
  std::vector<std::pair<Kind, std::vector<Partial>>> all;
  for (int count : {0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 255, 256, 257, 513, 1025, 2500, 4097, 8500})
    for (Kind kind : {Kind::Sum, Kind::Mean, Kind::Min, Kind::Max, Kind::Std}) {
      std::vector<Partial> partials;
      for (int i = 0; i < count; ++i)
        partials.push_back({normal(random), 40 + std::abs(normal(random)), double(random() % 9)});
      all.emplace_back(kind, partials);
      if (count == 5) { // something that is no number, somewhere
        partials[count / 2].sum = std::numeric_limits<double>::quiet_NaN();
        all.emplace_back(kind, partials);
      }
      if (count == 3) // nothing to divide by; a variance that rounding has left below 0
        all.emplace_back(kind, std::vector<Partial>(3, {0, 0, 0}));
      if (count == 2)
        all.emplace_back(kind, std::vector<Partial>{{3 * 0.1, 3 * 0.01 - 1e-17, 3}, {0, 0, 0}});
    }
  for (unsigned grid : {1, 7}) {
    std::vector<float> found = device.combine(all, grid);
    for (size_t i = 0; i < all.size(); ++i) {
      float wanted = onHost(all[i].first, all[i].second);
      EXPECT_TRUE(std::bit_cast<uint32_t>(wanted) == std::bit_cast<uint32_t>(found[i]) ||
                  (std::isnan(wanted) && std::isnan(found[i])))
          << "kind " << int(all[i].first) << " of " << all[i].second.size() << ": " << found[i]
          << " for " << wanted;
    }
  }
}

TEST(CudaCombine, EverySumThatIsWrongIsNoticed) {
  if (!standinMutate)
    GTEST_SKIP() << "the driver is a real one";
  std::mt19937 random(1);
  std::normal_distribution<double> normal(1, 3);
  std::vector<std::pair<Kind, std::vector<Partial>>> all;
  std::vector<float> wanted;
  for (Kind kind : {Kind::Sum, Kind::Mean, Kind::Std}) {
    std::vector<Partial> partials;
    for (int i = 0; i < 300; ++i)
      partials.push_back({normal(random), 40 + std::abs(normal(random)), double(1 + random() % 9)});
    wanted.push_back(onHost(kind, partials));
    all.emplace_back(kind, std::move(partials));
  }
  auto foundWith = [&](int place) {
    standinMutate("add.rn.f64", "sub.rn.f64", place);
    DeviceRunner device;
    device.loadCombine();
    std::vector<float> found = device.combine(all);
    return std::pair(found, standinMutate(nullptr, nullptr, 0));
  };
  auto [same, places] = foundWith(1 << 20);
  EXPECT_EQ(same, wanted);
  ASSERT_GT(places, 3 * 15); // a group of sixteen has fifteen joins of three sums
  for (int place = 1; place <= places; place += BREGMAN_TEST_SHARE)
    EXPECT_NE(foundWith(place).first, wanted) << "place " << place << " of " << places;
}
