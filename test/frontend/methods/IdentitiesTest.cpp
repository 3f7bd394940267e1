// What the papers say is the same: whole trajectories of the oracle, and of kernels where neither
// side narrows over weights.
#include "frontend/Compiler.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <optional>

using namespace bregman;

namespace {

constexpr int steps = 300, weights = 12, stepsPerEpoch = 50;

float gradient(int step, int weight) {
  return float(std::sin(0.017 * step * (1 + 0.1 * weight) + weight) +
               0.3 * std::sin(7.3 * step + 2.9 * weight));
}

std::vector<float> start() {
  std::vector<float> w0;
  for (int i = 0; i < weights; ++i)
    w0.push_back(float(0.9 * std::sin(1 + 2.1 * i)));
  return w0;
}

/// A method and its arguments.
struct Side {
  std::string spec; ///< a text, or the name of one of the library
  std::string optimizer = "sgd";
  std::vector<std::pair<std::string, double>> arguments = {};
};

/// A run at rest before its first step.
class Trajectory {
public:
  Trajectory(const Side &side, bool reference) {
    bool isText = side.spec.starts_with("quantizer");
    Result<Program> loaded = isText ? Program::parse("spec.breg", side.spec)
                                    : Program::load(std::string(SPECS) + "/" + side.spec + ".breg");
    if (!loaded)
      throw std::runtime_error(loaded.error().message);
    program.emplace(std::move(*loaded));
    Timing timing{stepsPerEpoch, steps, double(steps) / stepsPerEpoch};
    auto made = program->run(program->quantizers().front(), side.optimizer, timing, reference);
    if (!made)
      throw std::runtime_error(made.error().message);
    run = std::move(*made);
    for (const auto &[name, value] : side.arguments)
      if (Status failed = run->set(name, value))
        throw std::runtime_error(failed->message);
    if (Status failed = run->attach(start()))
      throw std::runtime_error(failed->message);
  }

  void step(int k) {
    std::vector<float> g;
    for (int i = 0; i < weights; ++i)
      g.push_back(gradient(k, i));
    EXPECT_FALSE(run->advance(g));
  }

  /// A stored value by name.
  Run::Planes stored(const std::string &name) {
    for (const auto &[found, planes] : run->stored())
      if (found == name)
        return planes;
    ADD_FAILURE() << name;
    return {};
  }

  std::optional<Program> program;
  std::unique_ptr<Run> run;
};

/// The largest distance of two trajectories' weights.
double distance(const Side &one, const Side &other, bool reference, int from = 0) {
  Trajectory a(one, reference), b(other, reference);
  double largest = 0;
  for (int k = 0; k <= steps; ++k) {
    std::vector<double> left = a.run->weights(), right = b.run->weights();
    for (int i = 0; i < weights && k >= from; ++i)
      largest = std::fmax(largest, std::isnan(left[i] - right[i]) ? INFINITY
                                                                  : std::fabs(left[i] - right[i]));
    a.step(k);
    b.step(k);
  }
  return largest;
}

using Arguments = std::vector<std::pair<std::string, double>>;

const Arguments growing = {{"growth", 1.05}, {"period", 10}, {"optimizer.lr", 0.02}};

TEST(Identities, TwoLevelSoftmaxIsTanh) {
  for (std::string optimizer : {"sgd", "momentum", "adam", "adamw"}) {
    Side softmax{"md_softmax_s", optimizer, growing}, tanh{"md_tanh_s", optimizer, growing};
    for (Side *side : {&softmax, &tanh})
      side->arguments.emplace_back("optimizer.weight_decay", 0.01);
    EXPECT_LE(distance(softmax, tanh, true), 1e-12) << optimizer;
    EXPECT_LE(distance(softmax, tanh, false), 1e-6) << optimizer;
  }
}

// Where the update is not antisymmetric the two duals are not one.
TEST(Identities, TwoDualsOfTheReleasedJacobianDrift) {
  Trajectory run({"pmf", "sgd", growing}, true);
  double largest = 0;
  for (int k = 0; k < steps; ++k) {
    run.step(k);
    for (const auto &levels : run.stored("x"))
      largest = std::fmax(largest, std::fabs(levels[0] + levels[1]));
  }
  EXPECT_GT(largest, 0.01);
}

// Ajanthan et al. 2019: u = softmax(beta x) is argmin over the simplex of -<x, u> - H(u) / beta,
// and so w that of proximal mean-field. Found here by bisection of the derivative along u_1 = 1 -
// u_0.
TEST(Identities, PmfPublishesTheMinimumOfItsProximalObjective) {
  for (bool reference : {true, false}) {
    Trajectory run({"pmf", "momentum", growing}, reference);
    for (int k = 0; k < steps; ++k) {
      double beta = run.run->schedules().front().second;
      Run::Planes x = run.stored("x");
      std::vector<double> w = run.run->weights();
      for (int i = 0; i < weights; ++i) {
        double low = 0, high = 1;
        for (int halving = 0; halving < 60; ++halving) {
          double u = (low + high) / 2;
          double slope = x[i][0] - x[i][1] + (std::log(u) - std::log1p(-u)) / beta;
          (slope < 0 ? low : high) = u;
        }
        EXPECT_NEAR(w[i], 2 * low - 1, reference ? 1e-12 : 1e-6);
      }
      run.step(k);
    }
  }
}

// BinaryConnect is the hardmax of two levels, each of which is handed its gradient as it is.
TEST(Identities, HardmaxOfTwoLevelsIsTheSign) {
  std::string hardmax = "quantizer q {\n  levels {-1, 1}\n  latent x[level] = levels * w0\n"
                        "  project u = hardmax(x)\n  weight w = sum(levels * u)\n"
                        "  update straight_through\n  final sum(levels * hardmax(x))\n}\n";
  std::string sign = "quantizer q {\n  levels {-1, 1}\n  project w = sign(x)\n"
                     "  update straight_through\n  final sign(x)\n}\n";
  for (std::string optimizer : {"sgd", "momentum", "adam", "lion"}) {
    Side one{hardmax, optimizer, {{"optimizer.lr", 0.02}}};
    Side other{sign, optimizer, {{"optimizer.lr", 0.02}}};
    EXPECT_EQ(distance(one, other, true), 0) << optimizer;
    EXPECT_EQ(distance(one, other, false), 0) << optimizer;
  }
}

// With J = I - u u^T the difference of the duals moves by beta (1 - w^2 / 2) g.
TEST(Identities, PmfIsAGainOfTheMirrorStep) {
  Side pmf{"pmf", "momentum", growing};
  Side gain{"quantizer q(growth in [1, 2] = 1.1, period = 1000) {\n"
            "  levels {-1, 1}\n"
            "  schedule beta = min(growth ^ ceil(step / period), 1e4)\n"
            "  project w = tanh(beta * x)\n"
            "  update gradient beta * (1 - w ^ 2 / 2) * g\n"
            "  final sign(x)\n}\n",
            "momentum", growing};
  EXPECT_LE(distance(pmf, gain, true), 1e-12);
  EXPECT_LE(distance(pmf, gain, false), 2e-4);
}

// The chain rule through the softmax of two levels is half of that through tanh.
TEST(Identities, ChainThroughTwoLevelsIsHalfOfTanh) {
  std::string softmax = "quantizer q(growth in [1, 2] = 1.1, period = 1000) {\n"
                        "  levels {-1, 1}\n"
                        "  schedule beta = min(growth ^ ceil(step / period), 1e35)\n"
                        "  latent x[level] = levels * w0\n"
                        "  project u = softmax(beta * x)\n"
                        "  weight w = sum(levels * u)\n"
                        "  update chain\n"
                        "  final sum(levels * hardmax(x))\n}\n";
  Side twice{softmax, "sgd", growing}, once{"gd_tanh", "sgd", growing};
  once.arguments.back().second /= 2;
  EXPECT_LE(distance(twice, once, true), 1e-12);
}

TEST(Identities, LazyIsAgileAtConstantBeta) {
  for (std::string optimizer : {"sgd", "momentum", "nesterov", "adam"}) {
    Arguments constant = {{"growth", 1}, {"optimizer.lr", 0.02}};
    Side lazy{"md_tanh_s", optimizer, constant}, agile{"md_tanh", optimizer, constant};
    EXPECT_LE(distance(lazy, agile, true), 1e-12) << optimizer;
    EXPECT_LE(distance(lazy, agile, false), 1e-6) << optimizer;
  }
}

// Primal mirror descent sums beta_t eta_t g_t, dual averaging sharpens its whole history anew.
TEST(Identities, LazyIsNotAgileWhereBetaMoves) {
  EXPECT_GT(distance({"md_tanh_s", "sgd", growing}, {"md_tanh", "sgd", growing}, true), 0.1);
}

// With `latent x = inverse(w0)` training starts at the weights that the model has: by a closed
// inverse, and by halvings.
TEST(Identities, WarmStartPublishesTheParameters) {
  for (std::string projection : {"tanh(1.5 * x)", "(tanh(x) + erf(x)) / 2"}) {
    Side warm{"quantizer q {\n  levels {-1, 1}\n  latent x = inverse(w0)\n  project w = " +
                  projection + "\n  update lazy mirror\n  final sign(x)\n}\n",
              "momentum",
              {{"optimizer.lr", 0.02}}};
    Trajectory oracle(warm, true), kernel(warm, false);
    std::vector<float> w0 = start();
    for (int i = 0; i < weights; ++i) {
      EXPECT_NEAR(oracle.run->weights()[i], w0[i], 1e-15) << projection;
      EXPECT_NEAR(kernel.run->weights()[i], w0[i], 3e-7) << projection;
    }
    for (int k = 0; k < steps; ++k) {
      oracle.step(k);
      kernel.step(k);
    }
    for (int i = 0; i < weights; ++i)
      EXPECT_NEAR(kernel.run->weights()[i], oracle.run->weights()[i], 2e-5) << projection;
  }
}

// beta to infinity: the projection onto the levels.
TEST(Identities, MirrorDescentTendsToStraightThrough) {
  Side mirror{"quantizer q {\n  levels {-1, 1}\n  project w = tanh(1e30 * x)\n"
              "  update lazy mirror\n  final sign(x)\n}\n",
              "adam",
              {{"optimizer.lr", 0.02}}};
  Side sign{"quantizer q {\n  levels {-1, 1}\n  project w = sign(x)\n"
            "  update straight_through\n  final sign(x)\n}\n",
            "adam",
            {{"optimizer.lr", 0.02}}};
  EXPECT_EQ(distance(mirror, sign, true), 0);
  EXPECT_EQ(distance(mirror, sign, false), 0);
}

// A prox that is strong enough, with the clip, is the projection onto the levels.
TEST(Identities, ProxTendsToProjection) {
  Side prox{"proxquant", "sgd", {{"rate", 1e6}, {"optimizer.lr", 0.02}}};
  Side projected{"quantizer q {\n  levels {-1, 1}\n"
                 "  every step x' = if epoch >= 1 then sign(x) else clamp(x, -1, 1)\n"
                 "  final sign(x)\n}\n",
                 "sgd",
                 {{"optimizer.lr", 0.02}}};
  EXPECT_LE(distance(prox, projected, true), 1e-12);
  EXPECT_EQ(distance(prox, projected, false), 0);
}

// Both relaxations end in mean |x| sign(x): BinaryRelax at its hard phase, PARQ at slope infinity.
TEST(Identities, RelaxationsEndInTheirLevels) {
  Side plain{"quantizer q {\n  levels(v) {-a, a} where a = mean(abs(v) per tensor)\n"
             "  project w = nearest(x)\n  update straight_through\n  final nearest(x)\n}\n",
             "momentum",
             {{"optimizer.lr", 0.02}}};
  Side relax{"binary_relax", "momentum", {{"hard_epoch", 2}, {"optimizer.lr", 0.02}}};
  EXPECT_EQ(distance(relax, plain, true, /*from=*/2 * stepsPerEpoch), 0);
  Side parq{"parq", "momentum", {{"start", 0}, {"stop", 100}, {"optimizer.lr", 0.02}}};
  Trajectory run(parq, true);
  for (int k = 0; k < steps; ++k) {
    run.step(k);
    double a = run.stored("a")[0][0];
    for (double w : run.run->weights())
      EXPECT_LE(std::fabs(w), a * (1 + 1e-15));
    if (k >= 100)
      for (double w : run.run->weights())
        EXPECT_EQ(std::fabs(w), a);
  }
}

/// dL/dn by the first step of sgd with rate 1, times what the spec scales it with.
double firstGradient(const std::string &method, const std::string &name, bool reference,
                     double &value) {
  Trajectory run({method, "sgd", {{"optimizer.lr", 1}}}, reference);
  value = run.stored(name)[0][0];
  run.step(0);
  return value - run.stored(name)[0][0];
}

/// The same by central differences of sum g w(n).
double difference(double at, const std::function<double(double, int)> &w) {
  double h = 1e-6, sum = 0;
  for (int i = 0; i < weights; ++i)
    sum += gradient(0, i) * (w(at + h, i) - w(at - h, i)) / (2 * h);
  return sum;
}

TEST(Identities, ScaleOfLsqMovesAsItsSurrogate) {
  for (bool reference : {true, false}) {
    double s = 0, moved = firstGradient("lsq", "s", reference, s);
    std::vector<float> x = start();
    // What rounding adds is a constant to the surrogate.
    auto surrogate = [&](double at, int i) {
      double z = std::fmin(std::fmax(x[i] / s, -8), 7);
      double residue = std::floor(z + 0.5) - z;
      return at * (std::fmin(std::fmax(x[i] / at, -8), 7) + residue);
    };
    EXPECT_NEAR(moved, difference(s, surrogate) / std::sqrt(weights * 7.0),
                reference ? 1e-8 : 1e-6);
  }
}

TEST(Identities, ScalesOfTtqMoveAsTheLoss) {
  std::vector<float> x = start();
  double top = 0;
  for (float one : x)
    top = std::fmax(top, std::fabs(one));
  auto positive = [&](double at, int i) { return x[i] >= 0.05 * top ? at : 0; };
  auto negative = [&](double at, int i) { return x[i] <= -0.05 * top ? -at : 0; };
  for (bool reference : {true, false}) {
    double p = 0, n = 0;
    double movedP = firstGradient("ttq", "p", reference, p);
    double movedN = firstGradient("ttq", "n", reference, n);
    double near = reference ? 1e-8 : 1e-6;
    // Neither becomes negative.
    EXPECT_NEAR(movedP, std::fmin(difference(p, positive), p), near);
    EXPECT_NEAR(movedN, std::fmin(difference(n, negative), n), near);
  }
}

// Both scales of quantization networks: the staircase's own derivative in a, the surrogate's in b.
TEST(Identities, ScalesOfQuantizationNetworksMoveAsTheirSurrogates) {
  std::vector<float> x = start();
  auto soft = [](double z) { return 2 / (1 + std::exp(-z)) - 1; };
  for (bool reference : {true, false}) {
    double a = 0, b = 0;
    double movedA = firstGradient("quantization_networks", "a", reference, a);
    double movedB = firstGradient("quantization_networks", "b", reference, b);
    auto ofA = [&](double at, int i) { return at * soft(10 * b * x[i]); };
    auto ofB = [&](double at, int i) { return a * 10 * soft(at * x[i]); };
    EXPECT_NEAR(movedA, difference(a, ofA), reference ? 1e-8 : 1e-5);
    EXPECT_NEAR(movedB, difference(b, ofB), reference ? 1e-7 : 1e-4);
  }
}

} // namespace
