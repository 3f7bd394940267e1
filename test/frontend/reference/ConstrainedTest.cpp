// The oracle of constrained training (Hounie et al. 2023): the two weights of a latent, the
// constraints' distances and the ascent of multipliers, against the method written down by hand for
// a network of two layers.
#include "SpecModule.h"

#include "frontend/reference/Constraint.h"
#include "frontend/reference/Oracle.h"
#include "test/frontend/methods/Published.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

using namespace bregman;
using namespace bregman::reference;
using bregman::reference::Constraint;
using published::Numbers;

namespace {

constexpr int64_t batch = 6, inputs = 4, hidden = 5, classes = 3;
constexpr double lr = 5e-3;

const char *const plan = R"(
quantizer scaled {
  learn     s per tensor in [1e-4, inf] = 0.25
  levels    s * {-1, 0, 1}
  project   w = s * ste(clamp(round(x / s), -1, 1), clamp(x / s, -1, 1))
  update    chain
  final     nearest(x)
}
plan {
  "first"  : dorefa_pd(bits = 2) by OPTIMIZER
  "second" : scaled              by OPTIMIZER
  minimize high
  subject to "first"  (high - low) ^ 2 <= 0.0625               multiplier 0.5 rate 0.5 every epoch
  subject to "second" (high - low) ^ 2 <= 0.5 * 0.5 ^ epoch    multiplier 0   rate 0.25 every 3 steps
  subject to output   -sum(softmax(high) * log(softmax(low))) <= 0.75 multiplier 2 rate 0.125 every epoch
}
)";

/// Rows of `from` times the transposed matrix, which has `to` rows.
Numbers linear(const Numbers &x, const Numbers &w, int64_t from, int64_t to) {
  Numbers y(x.size() / from * to);
  for (size_t n = 0; n < x.size() / from; ++n)
    for (int64_t o = 0; o < to; ++o)
      for (int64_t i = 0; i < from; ++i)
        y[n * to + o] += x[n * from + i] * w[o * from + i];
  return y;
}
/// dL/dw of that, from dL/dy.
Numbers weightGradient(const Numbers &x, const Numbers &g, int64_t from, int64_t to) {
  Numbers w(from * to);
  for (size_t n = 0; n < x.size() / from; ++n)
    for (int64_t o = 0; o < to; ++o)
      for (int64_t i = 0; i < from; ++i)
        w[o * from + i] += g[n * to + o] * x[n * from + i];
  return w;
}
/// dL/dx of that.
Numbers inputGradient(const Numbers &g, const Numbers &w, int64_t from, int64_t to) {
  Numbers x(g.size() / to * from);
  for (size_t n = 0; n < g.size() / to; ++n)
    for (int64_t o = 0; o < to; ++o)
      for (int64_t i = 0; i < from; ++i)
        x[n * from + i] += g[n * to + o] * w[o * from + i];
  return x;
}
Numbers relu(Numbers x) {
  for (double &value : x)
    value = std::max(value, 0.0);
  return x;
}
Numbers plus(Numbers a, const Numbers &b, double factor = 1) {
  for (size_t i = 0; i < a.size(); ++i)
    a[i] += factor * b[i];
  return a;
}
Numbers gated(Numbers g, const Numbers &z) {
  for (size_t i = 0; i < g.size(); ++i)
    g[i] = z[i] > 0 ? g[i] : 0;
  return g;
}
Numbers softmax(const Numbers &y) {
  Numbers p;
  for (size_t n = 0; n < y.size(); n += classes) {
    double sum = 0;
    for (int64_t k = 0; k < classes; ++k)
      sum += std::exp(y[n + k]);
    for (int64_t k = 0; k < classes; ++k)
      p.push_back(std::exp(y[n + k]) / sum);
  }
  return p;
}

/// What the two branches give: of the float weights, of the low ones, and of the float weights on
/// the low branch's input.
struct Forward {
  Numbers high1, high2, low1, low2, again1, again2, lowHidden, highHidden;

  Forward(const Numbers &x, const std::array<Numbers, 2> &high, const std::array<Numbers, 2> &low) {
    high1 = again1 = linear(x, high[0], inputs, hidden);
    low1 = linear(x, low[0], inputs, hidden);
    highHidden = relu(high1), lowHidden = relu(low1);
    high2 = linear(highHidden, high[1], hidden, classes);
    low2 = linear(lowHidden, low[1], hidden, classes);
    again2 = linear(lowHidden, high[1], hidden, classes);
  }
};

/// D of a constraint and its derivatives.
struct Distance {
  double mean;
  Numbers high, low;
};

struct Gradients {
  std::array<Numbers, 2> high, low;
};

/// The gradients of the Lagrangian at both weights of both layers: the objective is the float
/// branch's cross-entropy, each constraint's part is handed in.
Gradients backward(const Numbers &x, const std::vector<int> &labels, const Forward &f,
                   const std::array<Numbers, 2> &high, const std::array<Numbers, 2> &low,
                   const std::array<Distance, 3> &d, const std::array<double, 3> &multipliers) {
  Numbers ofHigh = softmax(f.high2);
  for (int64_t n = 0; n < batch; ++n)
    ofHigh[n * classes + labels[n]] -= 1;
  for (double &value : ofHigh)
    value /= batch;
  ofHigh = plus(ofHigh, d[2].high, multipliers[2]);
  Gradients g;
  g.high[1] = plus(weightGradient(f.highHidden, ofHigh, hidden, classes),
                   weightGradient(f.lowHidden, d[1].high, hidden, classes), multipliers[1]);
  Numbers throughHigh = gated(inputGradient(ofHigh, high[1], hidden, classes), f.high1);
  g.high[0] = plus(weightGradient(x, throughHigh, inputs, hidden),
                   weightGradient(x, d[0].high, inputs, hidden), multipliers[0]);

  Numbers ofLow = plus(Numbers(d[1].low.size()), d[1].low, multipliers[1]);
  ofLow = plus(ofLow, d[2].low, multipliers[2]);
  g.low[1] = weightGradient(f.lowHidden, ofLow, hidden, classes);
  Numbers hiddenLow = plus(inputGradient(ofLow, low[1], hidden, classes),
                           inputGradient(d[1].high, high[1], hidden, classes), multipliers[1]);
  Numbers throughLow = plus(gated(hiddenLow, f.low1), d[0].low, multipliers[0]);
  g.low[0] = weightGradient(x, throughLow, inputs, hidden);
  return g;
}

// The method by hand.

double roundUp(double z) { return std::floor(z + 0.5); }

struct ByHand {
  std::array<Numbers, 2> x, high, low;
  double s = 0.25;
  std::array<double, 3> multipliers = {0.5, 0, 2};
  std::array<std::vector<published::Base>, 2> bases;
  published::Base ofScale;

  ByHand(const std::array<Numbers, 2> &w0, const std::string &optimizer) : x(w0) {
    published::Settings settings{optimizer, lr, 0, {}};
    for (int layer : {0, 1})
      for (size_t i = 0; i < x[layer].size(); ++i)
        bases[layer].push_back(published::makeBase(settings));
    ofScale = published::makeBase(settings);
    publish();
  }

  /// E = mean |x|, a = tanh(x) / max |tanh(x)|; E a, and E (2 round(3 (a / 2 + 1 / 2)) / 3 - 1).
  void publish() {
    double e = meanOfSizes(x[0]), m = largest();
    low = x, high = x;
    for (size_t i = 0; i < x[0].size(); ++i) {
      double a = std::tanh(x[0][i]) / m;
      high[0][i] = e * a;
      low[0][i] = e * (2.0 / 3 * roundUp(3 * (a / 2 + 0.5)) - 1);
    }
    for (size_t i = 0; i < x[1].size(); ++i)
      low[1][i] = s * std::clamp(roundUp(x[1][i] / s), -1.0, 1.0);
  }

  static std::array<Distance, 3> distances(const Forward &f) {
    std::array<Distance, 3> d;
    for (auto [index, high, low] :
         {std::tuple(0, &f.again1, &f.low1), std::tuple(1, &f.again2, &f.low2)}) {
      d[index].mean = 0;
      for (size_t i = 0; i < high->size(); ++i) {
        double apart = (*high)[i] - (*low)[i], count = double(high->size());
        d[index].mean += apart * apart / count;
        d[index].high.push_back(2 * apart / count);
        d[index].low.push_back(-2 * apart / count);
      }
    }
    // -sum p log q: its derivative in the logits of q is q - p, in those of p -p (log q + D).
    Numbers p = softmax(f.high2), q = softmax(f.low2);
    d[2].mean = 0;
    for (size_t n = 0; n < p.size(); n += classes) {
      double cross = 0;
      for (int64_t k = 0; k < classes; ++k)
        cross -= p[n + k] * std::log(q[n + k]);
      d[2].mean += cross / batch;
      for (int64_t k = 0; k < classes; ++k) {
        d[2].high.push_back(-p[n + k] * (std::log(q[n + k]) + cross) / batch);
        d[2].low.push_back((q[n + k] - p[n + k]) / batch);
      }
    }
    return d;
  }

  void step(const Gradients &g) {
    double e = meanOfSizes(x[0]), m = largest(), sum = 0, ds = 0;
    Numbers t, h;
    for (double value : x[0])
      t.push_back(std::tanh(value));
    for (size_t i = 0; i < t.size(); ++i)
      sum += g.high[0][i] * t[i];
    for (size_t i = 0; i < t.size(); ++i) {
      double own = g.high[0][i] / m;
      if (std::fabs(t[i]) == m)
        own -= (t[i] < 0 ? -1 : 1) * sum / (m * m);
      h.push_back(e * own * (1 - t[i] * t[i]));
    }
    for (size_t i = 0; i < x[1].size(); ++i) {
      double z = x[1][i] / s;
      ds += g.low[1][i] * (z < -1 ? -1 : z > 1 ? 1 : std::clamp(roundUp(z), -1.0, 1.0) - z);
    }
    for (size_t i = 0; i < t.size(); ++i)
      x[0][i] -= bases[0][i].step(x[0][i], h[i]);
    for (size_t i = 0; i < x[1].size(); ++i)
      x[1][i] -= bases[1][i].step(x[1][i], g.high[1][i]);
    s = std::max(s - ofScale.step(s, ds), double(1e-4f));
    publish();
  }

private:
  static double meanOfSizes(const Numbers &values) {
    double sum = 0;
    for (double value : values)
      sum += std::fabs(value);
    return sum / double(values.size());
  }
  double largest() const {
    double m = 0;
    for (double value : x[0])
      m = std::max(m, std::fabs(std::tanh(value)));
    return m;
  }
};

class ConstrainedOracle : public ::testing::TestWithParam<const char *> {
protected:
  static std::string text() {
    std::string spec = plan;
    for (size_t at; (at = spec.find("OPTIMIZER")) != std::string::npos;)
      spec.replace(at, 9, GetParam());
    return spec;
  }
  void expectNear(const std::vector<double> &actual, const Numbers &wanted, const char *what,
                  int64_t step) {
    ASSERT_EQ(actual.size(), wanted.size()) << what;
    for (size_t i = 0; i < actual.size(); ++i)
      ASSERT_TRUE(std::fabs(actual[i] - wanted[i]) <= 1e-12 * std::fmax(1, std::fabs(wanted[i])))
          << what << "[" << i << "] in step " << step << ": " << actual[i] << " for " << wanted[i];
  }
};

TEST_P(ConstrainedOracle, EqualsThePublishedMethod) {
  SpecModule spec(text());
  Timing timing{/*stepsPerEpoch=*/2, /*steps=*/1000, /*epochs=*/500};
  OptimizerOp optimizer = spec.optimizer(GetParam());
  Oracle first(spec.quantizer("dorefa_pd"), optimizer, timing, /*constrained=*/true),
      second(spec.quantizer("scaled"), optimizer, timing, /*constrained=*/true);
  std::vector<Constraint> constraints;
  for (SubjectToOp op : spec.constraints())
    constraints.emplace_back(op, timing);
  ASSERT_EQ(constraints.size(), 3u);

  auto draw = [](int64_t count, double scale, uint64_t seed) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal;
    Numbers values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(scale * normal(generator));
    return values;
  };
  Numbers x = draw(batch * inputs, 1, 5);
  std::vector<int> labels = {0, 1, 2, 2, 1, 0};
  std::array<Numbers, 2> w0 = {draw(inputs * hidden, 0.5, 6), draw(hidden * classes, 0.5, 7)};
  ByHand byHand(w0, GetParam());
  for (Oracle *oracle : {&first, &second})
    oracle->set("optimizer.lr", lr);
  ASSERT_TRUE(succeeded(first.attach(w0[0], hidden)) && succeeded(second.attach(w0[1], classes)));
  std::array<double, 3> multipliers;
  for (int c = 0; c < 3; ++c)
    multipliers[c] = constraints[c].numbers(0)->multiplier;

  // By the oracle: of the modules on the low branch's input, and of the outputs.
  auto distances = [&](const Forward &f, int64_t step) {
    std::array<Distance, 3> d;
    int c = 0;
    for (auto [high, low, width] :
         {std::tuple(&f.again1, &f.low1, hidden), std::tuple(&f.again2, &f.low2, classes),
          std::tuple(&f.high2, &f.low2, classes)}) {
      auto found = constraints[c].distance(*high, *low, {batch, width}, step);
      EXPECT_TRUE(succeeded(found));
      d[c++] = {found->mean, found->high, found->low};
    }
    return d;
  };
  int rises = 0, falls = 0;
  for (int64_t step = 0; step < 1000 / BREGMAN_TEST_SHARE; ++step) {
    ASSERT_NO_FATAL_FAILURE(expectNear(first.weights(), byHand.low[0], "low of layer 1", step));
    ASSERT_NO_FATAL_FAILURE(
        expectNear(first.highWeights(), byHand.high[0], "high of layer 1", step));
    ASSERT_NO_FATAL_FAILURE(expectNear(second.weights(), byHand.low[1], "low of layer 2", step));
    ASSERT_NO_FATAL_FAILURE(
        expectNear(second.highWeights(), byHand.high[1], "high of layer 2", step));
    Forward mine(x, byHand.high, byHand.low);
    byHand.step(backward(x, labels, mine, byHand.high, byHand.low, ByHand::distances(mine),
                         byHand.multipliers));
    std::array<Numbers, 2> high = {first.highWeights(), second.highWeights()},
                           low = {first.weights(), second.weights()};
    Forward f(x, high, low);
    Gradients g = backward(x, labels, f, high, low, distances(f, step), multipliers);
    ASSERT_TRUE(succeeded(first.advance(g.low[0], g.high[0])));
    ASSERT_TRUE(succeeded(second.advance(g.low[1], g.high[1])));

    // The pass over the training set, which is this batch.
    Forward after(x, byHand.high, byHand.low);
    auto means = ByHand::distances(after);
    auto evaluated = distances(Forward(x, {first.highWeights(), second.highWeights()},
                                       {first.weights(), second.weights()}),
                               step);
    const int64_t epoch = step / 2;
    const std::array<double, 3> rates = {0.5, 0.25, 0.125},
                                bounds = {0.0625, 0.5 * std::pow(0.5, epoch), 0.75};
    const std::array<int, 3> periods = {2, 3, 2};
    for (int c = 0; c < 3; ++c) {
      ASSERT_EQ(constraints[c].endsPeriod(step), (step + 1) % periods[c] == 0);
      if (!constraints[c].endsPeriod(step))
        continue;
      double before = multipliers[c];
      byHand.multipliers[c] =
          std::max(0.0, byHand.multipliers[c] + rates[c] * (means[c].mean - bounds[c]));
      auto ascended = constraints[c].ascend(multipliers[c], evaluated[c].mean, step);
      ASSERT_TRUE(succeeded(ascended));
      multipliers[c] = *ascended;
      rises += multipliers[c] > before;
      falls += multipliers[c] < before;
      // Which way it goes is the constraint's to say.
      EXPECT_EQ(multipliers[c] > before, evaluated[c].mean > bounds[c]) << c << ", step " << step;
    }
    ASSERT_NO_FATAL_FAILURE(expectNear({multipliers.begin(), multipliers.end()},
                                       {byHand.multipliers.begin(), byHand.multipliers.end()},
                                       "multiplier", step));
    ASSERT_NO_FATAL_FAILURE(expectNear({second.stored()[1].second[0][0]}, {byHand.s}, "s", step));
  }
  EXPECT_GT(rises, 10);
  EXPECT_GT(falls, 10);
}

INSTANTIATE_TEST_SUITE_P(Published, ConstrainedOracle, ::testing::Values("sgd", "momentum", "adam"),
                         [](const auto &info) { return std::string(info.param); });

// Other expressions of a constraint: statistics over the classes, further axes, counters,
// conditions; the derivatives against differences.
TEST(ConstraintOracle, DerivativesAgainstDifferences) {
  for (const char *expression :
       {"abs(high - low) + max(high) - mean(low) * std(high)", "sum(sparsemax(high) * low)",
        "(soft_nearest(sum(high), 2, {1, 2, 4}) - sum(low)) ^ 2",
        "(if high > low then high ^ 2 else low * 0.5 ^ epoch)", "detach(high) * low",
        "sum({1, 2} * softmax({1, 2} * sum(high)))"}) {
    SpecModule spec(std::string("plan {\n  else : float by sgd\n  subject to output ") +
                    expression + " <= 1 multiplier 1 rate 1 every step\n}\n");
    Constraint constraint(spec.constraints().front(), Timing{4, 8, 2});
    const std::vector<int64_t> sizes = {2, 3, 2};
    Numbers high = {0.5, -1, 0.25, 1.5, -0.75, 0.125, 1, 0.375, -0.5, 0.625, 1.75, -0.25},
            low = {0.25, -0.5, 1, 1.25, 0.75, -1.125, 0.875, -0.375, 0.5, 1.75, 1.5, 0.0625};
    auto at = constraint.distance(high, low, sizes, 5);
    ASSERT_TRUE(succeeded(at)) << expression;
    for (Numbers *moved : {&high, &low})
      for (size_t i = 0; i < moved->size(); ++i) {
        double kept = (*moved)[i], step = 1e-6;
        (*moved)[i] = kept + step;
        double above = constraint.distance(high, low, sizes, 5)->mean;
        (*moved)[i] = kept - step;
        double below = constraint.distance(high, low, sizes, 5)->mean;
        (*moved)[i] = kept;
        double found = moved == &high ? at->high[i] : at->low[i];
        bool isDetached = std::string(expression).find("detach") == 0 && moved == &high;
        EXPECT_NEAR(found, isDetached ? 0 : (above - below) / (2 * step), 1e-8)
            << expression << ", " << (moved == &high ? "high" : "low") << "[" << i << "]";
      }
  }
}

} // namespace
