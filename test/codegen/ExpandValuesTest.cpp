// The language's own functions, compiled, against their definitions in double precision.
#include "test/codegen/KernelRunner.h"

#include "gmock/gmock.h"

#include <cmath>
#include <functional>

using namespace bregman;
using namespace bregman::test;

static constexpr float nan32 = std::numeric_limits<float>::quiet_NaN();

/// Exact equality, with NaN equal to NaN and 0 to -0.
static void expectSame(float actual, double wanted, float x, float p, float q) {
  if (std::isnan(wanted))
    EXPECT_TRUE(std::isnan(actual)) << actual << " at " << x << ", " << p << ", " << q;
  else
    EXPECT_EQ(actual, static_cast<float>(wanted)) << "at " << x << ", " << p << ", " << q;
}

/// Compiles `body` and compares its %y with `wanted` at every x under every (p, q).
static void check(const std::string &body, std::vector<std::pair<float, float>> others,
                  const std::function<double(double, double, double)> &wanted, float first = -4,
                  float last = 4) {
  std::vector<float> x = interesting(first, last, 1025), y(x.size());
  for (int lanes : lanesHere()) {
    SCOPED_TRACE(std::to_string(lanes) + " lanes: " + body);
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(elementwise(body)));
    for (auto [p, q] : others) {
      std::vector<float> b(x.size(), p), c(x.size(), q);
      runner.run(static_cast<int64_t>(x.size()), {x.data(), b.data(), c.data(), y.data()}, {0});
      for (size_t i = 0; i < x.size(); ++i)
        expectSame(y[i], wanted(x[i], p, q), x[i], p, q);
    }
  }
}

TEST(ExpandValues, Sign) {
  check("%y = bregman.sign %x : f32", {{0, 0}}, [](double x, double, double) {
    return std::isnan(x) ? x : x < 0 ? -1 : 1;
  });
}

TEST(ExpandValues, Sgn) {
  check("%y = bregman.sgn %x : f32", {{0, 0}},
        [](double x, double, double) { return std::isnan(x) ? x : (x > 0) - (x < 0); });
}

TEST(ExpandValues, RoundTiesToTheLarger) {
  check("%y = bregman.round %x : f32", {{0, 0}}, [](double x, double, double) {
    return std::isinf(x) ? x : std::floor(x + 0.5); // exact in double
  });
}

TEST(ExpandValues, ClampPassesNaNOfEveryOperand) {
  check("%y = bregman.clamp %x, %p, %q : f32",
        {{-1, 1}, {0, 0}, {-INFINITY, 2}, {nan32, 1}, {-1, nan32}},
        [](double x, double low, double high) {
          if (std::isnan(x) || std::isnan(low) || std::isnan(high))
            return std::nan("");
          return std::fmin(std::fmax(x, low), high);
        });
}

TEST(ExpandValues, ClampOfConstants) {
  check("%l = arith.constant -1.0 : f32\n%h = arith.constant 1.0 : f32\n"
        "%y = bregman.clamp %x, %l, %h : f32",
        {{0, 0}}, [](double x, double, double) {
          return std::isnan(x) ? x : std::fmin(std::fmax(x, -1), 1);
        });
}

TEST(ExpandValues, MinimumAndMaximumPassNaNOfEitherSide) {
  auto pick = [](bool least) {
    return [least](double x, double p, double) {
      if (std::isnan(x) || std::isnan(p))
        return std::nan("");
      return least ? std::fmin(x, p) : std::fmax(x, p);
    };
  };
  check("%y = arith.minimumf %x, %p : f32", {{0.5f, 0}, {nan32, 0}, {-INFINITY, 0}}, pick(true));
  check("%y = arith.maximumf %x, %p : f32", {{0.5f, 0}, {nan32, 0}, {INFINITY, 0}}, pick(false));
  check("%k = arith.constant 0.25 : f32\n%y = arith.minimumf %x, %k : f32", {{0, 0}},
        [&](double x, double, double) { return pick(true)(x, 0.25, 0); });
  check("%k = arith.constant 0.25 : f32\n%y = arith.maximumf %k, %x : f32", {{0, 0}},
        [&](double x, double, double) { return pick(false)(x, 0.25, 0); });
}

TEST(ExpandValues, Ste) {
  check("%y = bregman.ste %x, %p : f32", {{7, 0}}, [](double x, double, double) { return x; });
}

TEST(ExpandValues, IntegerPowersAreProducts) {
  auto product = [](int n) {
    return [n](double x, double, double) {
      auto f = static_cast<float>(x);
      float square = f * f;
      switch (n) {
      case 0:
        return 1.0f;
      case 2:
        return square;
      case 3:
        return f * square;
      case 5:
        return f * (square * square);
      default:
        return 1.0f / square;
      }
    };
  };
  for (int n : {0, 2, 3, 5, -2})
    check("%n = arith.constant " + std::to_string(n) + ".0 : f32\n%y = math.powf %x, %n : f32",
          {{0, 0}}, product(n));
}

/// The level of `levels` (any order) that is nearest to x; ties to the larger.
static double nearest(std::vector<double> levels, double x) {
  if (std::isnan(x))
    return x;
  std::sort(levels.begin(), levels.end());
  double best = levels.front();
  for (size_t i = 0; i + 1 < levels.size(); ++i)
    if (x >= (levels[i] + levels[i + 1]) / 2)
      best = levels[i + 1];
  return best;
}

static double neighbour(std::vector<double> levels, double x, bool upper) {
  if (std::isnan(x))
    return x;
  std::sort(levels.begin(), levels.end());
  size_t i = 0;
  while (i + 2 < levels.size() && x >= levels[i + 1])
    ++i;
  return levels[i + upper];
}

TEST(ExpandValues, StaircasesOfConstantLevels) {
  struct Set {
    std::string text;
    std::vector<double> levels;
  };
  for (const Set &set : {Set{"-1.0, 1.0", {-1, 1}}, Set{"1.0, -1.0, 0.0", {-1, 0, 1}},
                         Set{"-2.0, -1.0, 1.0, 2.5", {-2, -1, 1, 2.5}},
                         Set{"1.0, 1.00000012", {1, 1.00000011920928955078125}}}) {
    std::string levels = "%l = arith.constant dense<[" + set.text + "]> : vector<" +
                         std::to_string(set.levels.size()) + "xf32>\n";
    std::string type = " : vector<" + std::to_string(set.levels.size()) + "xf32>";
    check(levels + "%y = bregman.nearest %x, %l" + type, {{0, 0}},
          [&](double x, double, double) { return nearest(set.levels, x); });
    check(levels + "%y = bregman.lower %x, %l" + type, {{0, 0}},
          [&](double x, double, double) { return neighbour(set.levels, x, false); });
    check(levels + "%y = bregman.upper %x, %l" + type, {{0, 0}},
          [&](double x, double, double) { return neighbour(set.levels, x, true); });
  }
}

TEST(ExpandValues, StaircasesOfLevelsThatAreData) {
  std::string levels = "%z = arith.constant 0.0 : f32\n"
                       "%l = vector.from_elements %p, %z, %q : vector<3xf32>\n";
  std::vector<std::pair<float, float>> sets{{-1, 1}, {2, -0.5f}, {0, 0}};
  check(levels + "%y = bregman.nearest %x, %l : vector<3xf32>", sets,
        [](double x, double p, double q) { return nearest({p, 0, q}, x); });
  check(levels + "%y = bregman.lower %x, %l : vector<3xf32>", sets,
        [](double x, double p, double q) { return neighbour({p, 0, q}, x, false); });
  check(levels + "%y = bregman.upper %x, %l : vector<3xf32>", sets,
        [](double x, double p, double q) { return neighbour({p, 0, q}, x, true); });
}

/// Compiles a function over the level axis of (x, p, q) and gives its three results per weight.
static std::vector<std::array<float, 3>> acrossLevels(int lanes, const std::string &body,
                                                      const std::vector<std::array<float, 3>> &in,
                                                      float scale = 1) {
  std::vector<float> planes[6];
  for (auto &plane : planes)
    plane.resize(in.size());
  for (size_t i = 0; i < in.size(); ++i)
    for (int level = 0; level < 3; ++level)
      planes[level][i] = in[i][level];
  KernelRunner runner(lanes);
  runner.load("bregman.kernel @f scalars (s = %s) streams (x = %x : in vector<3xf32>, "
              "u = %u : out vector<3xf32>) {\n  bregman.sweep (%e = %x) : vector<3xf32> {\n" +
              body + "\n    bregman.yield u = %y : vector<3xf32>\n  }\n}");
  std::vector<void *> streams;
  for (auto &plane : planes)
    streams.push_back(plane.data());
  runner.run(static_cast<int64_t>(in.size()), streams, {scale});
  std::vector<std::array<float, 3>> out;
  for (size_t i = 0; i < in.size(); ++i)
    out.push_back({planes[3][i], planes[4][i], planes[5][i]});
  return out;
}

static std::vector<std::array<float, 3>> triples() {
  std::vector<std::array<float, 3>> all;
  std::vector<float> some{-2, -0.75f, -0.0f, 0.0f, 0.25f, 0.3f, 1, 40};
  for (float a : some)
    for (float b : some)
      for (float c : some)
        all.push_back({a, b, c});
  return all;
}

TEST(ExpandValues, Softmax) {
  for (int lanes : lanesHere())
    for (float scale : {1.0f, 3.0f, 1e35f, -2.0f, 0.0f}) {
      SCOPED_TRACE(std::to_string(lanes) + " lanes, scale " + std::to_string(scale));
      auto in = triples();
      auto out = acrossLevels(lanes, "%y = bregman.softmax %e scale %s : vector<3xf32>", in, scale);
      for (size_t i = 0; i < in.size(); ++i) {
        double c = scale, top = -INFINITY, sum = 0;
        for (float x : in[i])
          top = std::fmax(top, c * x);
        for (float x : in[i])
          sum += std::exp(c * x - top);
        for (int level = 0; level < 3; ++level)
          EXPECT_NEAR(out[i][level], std::exp(c * in[i][level] - top) / sum, 4e-6) << i;
      }
    }
}

TEST(ExpandValues, Sparsemax) {
  for (int lanes : lanesHere()) {
    auto in = triples();
    auto out = acrossLevels(lanes, "%y = bregman.sparsemax %e : vector<3xf32>", in);
    for (size_t i = 0; i < in.size(); ++i) {
      // The projection is where sum max(x - tau, 0) = 1: bisection.
      double low = -100, high = 100;
      for (int k = 0; k < 200; ++k) {
        double tau = (low + high) / 2, sum = 0;
        for (float x : in[i])
          sum += std::fmax(x - tau, 0);
        (sum > 1 ? low : high) = tau;
      }
      for (int level = 0; level < 3; ++level)
        EXPECT_NEAR(out[i][level], std::fmax(in[i][level] - low, 0), 1e-6) << i;
    }
  }
}

/// From an infinite level nothing has a distance; to a negatively infinite one everything has.
TEST(ExpandValues, SparsemaxOfInfinities) {
  std::vector<std::array<float, 3>> in(20, {0.5f, 0.25f, -INFINITY});
  in[7] = {0, INFINITY, -INFINITY};
  const float projected[] = {0.625f, 0.375f, 0};
  for (int lanes : lanesHere()) {
    auto out = acrossLevels(lanes, "%y = bregman.sparsemax %e : vector<3xf32>", in);
    for (size_t i = 0; i < in.size(); ++i)
      for (int level : {0, 1, 2})
        if (i == 7)
          EXPECT_TRUE(std::isnan(out[i][level])) << level;
        else
          EXPECT_EQ(out[i][level], projected[level]) << i;
  }
}

TEST(ExpandValues, HardmaxGivesTiesToTheLargerIndex) {
  for (int lanes : lanesHere()) {
    auto in = triples();
    auto out = acrossLevels(lanes, "%y = bregman.hardmax %e : vector<3xf32>", in);
    for (size_t i = 0; i < in.size(); ++i) {
      int best = 0;
      for (int level : {1, 2})
        if (in[i][level] >= in[i][best])
          best = level;
      for (int level = 0; level < 3; ++level)
        EXPECT_EQ(out[i][level], level == best ? 1 : 0) << i;
    }
  }
}

TEST(ExpandValues, FunctionsOverLevelsPassNaNFromEveryLevel) {
  for (const char *function : {"softmax", "sparsemax", "hardmax"})
    for (int lanes : lanesHere())
      for (int at : {0, 1, 2}) {
        SCOPED_TRACE(std::string(function) + " " + std::to_string(at));
        std::vector<std::array<float, 3>> in(20, {0.5f, 1, -1});
        in[7][at] = nan32;
        auto out = acrossLevels(
            lanes, std::string("%y = bregman.") + function + " %e : vector<3xf32>", in);
        for (size_t i = 0; i < in.size(); ++i)
          for (float u : out[i])
            EXPECT_EQ(std::isnan(u), i == 7) << i;
      }
}

TEST(ExpandValues, SoftmaxOfTwo) {
  std::string body = "%v = vector.from_elements %x, %p : vector<2xf32>\n"
                     "%u = bregman.softmax %v scale %q : vector<2xf32>\n";
  for (int lanes : lanesHere())
    for (int level : {0, 1}) {
      KernelRunner runner(lanes);
      ASSERT_NO_FATAL_FAILURE(
          runner.load(elementwise(body + "%y = vector.extract %u[" + std::to_string(level) +
                                  "] : f32 from vector<2xf32>")));
      std::vector<float> x = interesting(-4, 4, 257), y(x.size());
      for (float scale : {1.0f, 5.0f, 1e35f, -3.0f}) {
        std::vector<float> p(x.size(), 0.5f), q(x.size(), scale);
        runner.run(static_cast<int64_t>(x.size()), {x.data(), p.data(), q.data(), y.data()}, {0});
        for (size_t i = 0; i < x.size(); ++i) {
          double t = static_cast<double>(scale) * (static_cast<double>(x[i]) - 0.5);
          double wanted = 1 / (1 + std::exp(level == 0 ? -t : t));
          if (std::isnan(x[i]))
            EXPECT_TRUE(std::isnan(y[i]));
          else
            EXPECT_NEAR(y[i], wanted, 2e-6) << x[i] << " scale " << scale;
        }
      }
    }
}

TEST(ExpandValues, SoftNearestIsASumOfSigmoids) {
  std::string body = "%l = arith.constant dense<[-1.0, 0.0, 2.0]> : vector<3xf32>\n"
                     "%y = bregman.soft_nearest %x, %p, %l : vector<3xf32>";
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    ASSERT_NO_FATAL_FAILURE(runner.load(elementwise(body)));
    std::vector<float> x = interesting(-4, 4, 257), y(x.size()), p(x.size(), 2.5f);
    runner.run(static_cast<int64_t>(x.size()), {x.data(), p.data(), p.data(), y.data()}, {0});
    for (size_t i = 0; i < x.size(); ++i) {
      auto step = [&](double middle) { return 1 / (1 + std::exp(-2.5 * (x[i] - middle))); };
      if (std::isnan(x[i]))
        EXPECT_TRUE(std::isnan(y[i]));
      else
        EXPECT_NEAR(y[i], -1 + step(-0.5) + 2 * step(1), 2e-6) << x[i];
    }
  }
}

TEST(ExpandValues, Reductions) {
  auto reduced = [](const char *kind) {
    return std::string("%z = arith.constant 0.25 : f32\n"
                       "%v = vector.from_elements %x, %p, %q, %z : vector<4xf32>\n"
                       "%y = bregman.reduce ") +
           kind + " %v : vector<4xf32>";
  };
  std::vector<std::pair<float, float>> others{{0.5f, -2}, {3, 3}};
  auto sum = [](float x, float p, float q) { return (x + p) + (q + 0.25f); };
  check(reduced("sum"), others, sum);
  check(reduced("mean"), others, [&](float x, float p, float q) { return sum(x, p, q) / 4; });
  check(reduced("min"), others,
        [](double x, double p, double q) { return std::isnan(x) ? x : std::min({x, p, q, 0.25}); });
  check(reduced("max"), others,
        [](double x, double p, double q) { return std::isnan(x) ? x : std::max({x, p, q, 0.25}); });
  check(reduced("std"), others, [&](float x, float p, float q) {
    float mean = sum(x, p, q) / 4;
    auto square = [&](float v) { return (v - mean) * (v - mean); };
    return std::sqrt(((square(x) + square(p)) + (square(q) + square(0.25f))) / 3);
  });
}
