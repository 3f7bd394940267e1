// The stand-in would notice: what it is shown is the library's own PTX with one thing wrong. A
// mutant is noticed where a call fails or a bit is not the host's.
#include "test/cuda/Scenario.h"

using namespace bregman;
using namespace bregman::testing;

namespace {

struct Mutation {
  const char *name, *from, *to;
  int most;       ///< how many places are tried, evenly over all
  double noticed; ///< the share of them that has to be seen; the rest change nothing
};

std::ostream &operator<<(std::ostream &stream, const Mutation &mutation) {
  return stream << mutation.from << " to " << mutation.to;
}

class CudaMutants : public ::testing::TestWithParam<Mutation> {};

// It reduces, has values per tensor and per weight, and divides.
const numeric::Pair pair = {"twn", "adam"};

TEST_P(CudaMutants, AreNoticed) {
  if (!standinMutate)
    GTEST_SKIP() << "the driver is a real one";
  const Mutation &mutation = GetParam();
  // More chunks than there are blocks, so that blocks go on to a next one.
  std::vector<Shape> shapes = {{5},       {4100, 2}, {300, 3, 1}, {1500}, {9},
                               {2048, 2}, {40},      {1100},      {3},    {700}};
  auto wanted = live(pair, "host", shapes);
  ASSERT_TRUE(wanted) << wanted.error().message;
  // Never reached: counts the places.
  standinMutate(mutation.from, mutation.to, 1 << 20);
  auto same = live(pair, "cuda", shapes);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(difference(*same, *wanted), "");
  int places = standinMutate(nullptr, nullptr, 0);
  ASSERT_GT(places, 0) << "no kernel has " << mutation.from;

  int tried = std::min(places, std::max(mutation.most / BREGMAN_TEST_SHARE, 4)), noticed = 0;
  std::string survivors;
  for (int i = 0; i < tried; ++i) {
    int place = 1 + int(int64_t(i) * places / tried);
    standinMutate(mutation.from, mutation.to, place);
    auto actual = live(pair, "cuda", shapes);
    bool isSeen = !actual || !difference(*actual, *wanted).empty();
    noticed += isSeen;
    if (!isSeen)
      survivors += " " + std::to_string(place);
    standinMutate(nullptr, nullptr, 0);
    standinLog();
  }
  EXPECT_GE(noticed, tried < mutation.most ? 1 : mutation.noticed * tried)
      << "of " << places << " places of " << mutation.from << " not noticed:" << survivors;
}

INSTANTIATE_TEST_SUITE_P(
    All, CudaMutants,
    // Where two barriers follow each other, one of them does nothing. Of the sums that combine
    // records most are for more of them than there are here: CombineCodeTest has those.
    ::testing::Values(Mutation{"barrier", "bar.sync \t0;", "", 12, 0.7},
                      Mutation{"store", "st.global.v4.b32", "st.global.v4.b16", 6, 1},
                      Mutation{"load", "ld.global.v4.b32", "ld.global.v4.b16", 6, 1},
                      Mutation{"mask", "and.b32 ", "or.b32 ", 8, 0.7},
                      Mutation{"stride", ", 1024;", ", 1000;", 8, 0.7},
                      Mutation{"bound", "setp.lt.s32", "setp.le.s32", 8, 0.5},
                      Mutation{"sum", "add.rn.f64", "sub.rn.f64", 8, 0.5},
                      Mutation{"product", "mul.rn.f32", "add.rn.f32", 8, 0.7},
                      Mutation{"difference", "sub.rn.f32", "add.rn.f32", 6, 0.7},
                      Mutation{"quotient", "div.rn.f32", "mul.rn.f32", 6, 0.8},
                      Mutation{"address", "add.s64", "sub.s64", 8, 0.8}),
    [](const auto &info) { return info.param.name; });

} // namespace
