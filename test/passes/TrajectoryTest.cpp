// Every quantizer of the library under every optimizer: the derived kernels move weights as the
// oracle does, which derives nothing.
#include "Trajectory.h"

using namespace bregman;
using bregman::test::Names;
using bregman::test::planOf;
using bregman::test::Program;

namespace {

class Trajectory : public testing::TestWithParam<Names> {};

TEST_P(Trajectory, FollowsTheOracle) {
  Program program(planOf(GetParam()));
  if (program.derived)
    compareRuns(program);
}

INSTANTIATE_TEST_SUITE_P(
    Library, Trajectory,
    testing::Combine(testing::Values("md_tanh_s", "md_ternary_s", "md_tanh", "gd_tanh",
                                     "md_softmax_s", "md_softmax", "pmf", "binary_connect",
                                     "ste_clipped", "proxquant", "float"),
                     testing::Values("sgd", "momentum", "nesterov", "adam", "adamw")),
    [](const auto &info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

/// Methods with sums over weights, learned values, states and slower blocks.
INSTANTIATE_TEST_SUITE_P(
    Shared, Trajectory,
    testing::Combine(testing::Values("binary_relax", "parq", "lsq", "dorefa", "bwn", "twn", "ttq",
                                     "proxquant_ternary", "proxquant_2bit", "approx_sign", "ir_net",
                                     "quantization_networks", "bitnet", "lc", "admm", "admm_q",
                                     "binary_connect_stochastic", "slb", "pgd", "picm", "bayes_bnn",
                                     "md_levels_s", "binary"),
                     testing::Values("sgd", "momentum", "adam")),
    [](const auto &info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

/// What reads an optimizer's state, and optimizers with states per run.
INSTANTIATE_TEST_SUITE_P(
    OfOptimizers, Trajectory,
    testing::Values(Names{"lab", "adam"}, Names{"laq", "adam"}, Names{"lab", "rmsprop"},
                    Names{"float", "nadam"}, Names{"lsq", "nadam"}, Names{"binary", "bop"},
                    Names{"float", "extragradient"}, Names{"admm", "extragradient"},
                    Names{"md_softmax_s", "lion"}, Names{"float", "signum"},
                    Names{"float", "adagrad"}, Names{"float", "rmsprop"}),
    [](const auto &info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); });

/// Whatever a pass makes leads back to a line of the spec.
TEST_P(Trajectory, KeepsItsPlaces) {
  Program program(planOf(GetParam()));
  ASSERT_TRUE(bool(program.derived));
  (*program.derived)->walk([](mlir::Operation *op) {
    std::string file;
    if (!llvm::isa<mlir::ModuleOp>(op) && spec::positionOf(op->getLoc(), file).line == 0) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      op->print(stream, mlir::OpPrintingFlags().useLocalScope());
      ADD_FAILURE() << "leads to no line: " << text;
    }
  });
}

/// Ingredients that the library does not combine.
TEST(Passes, UsersOwnMethodsFollowTheOracle) {
  const char *quantizers[] = {
      // Three levels, lazily; a scale beside the schedule.
      "quantizer q { levels {-2, 0, 3} schedule b = 1 + step / 10 latent x[level] = levels * w0 "
      "project u = softmax(2 * b * x) weight w = sum(levels * u) update lazy mirror "
      "final sum(levels * hardmax(x)) }",
      // Two levels by the chain rule: one dual.
      "quantizer q { levels {-0.5, 0.5} schedule b = 1 + step / 10 latent x[level] = levels * w0 "
      "project u = softmax(b * x) weight w = sum(levels * u) update chain "
      "final sum(levels * hardmax(x)) }",
      // Agile with two factors, and a final that speaks of x.
      "quantizer q { levels {-1, 1} schedule b = 1.05 ^ step "
      "project w = 2 * b * x / (1 + abs(2 * b * x)) update agile mirror final nearest(x) }",
      // abs about several points, and a square.
      "quantizer q { levels {-1, 0, 1} prox 0.3 * abs(x - 1) + 0.2 * abs(x + 1) + 0.1 * x ^ 2 "
      "every 4 steps x' = clamp(x, -0.9, 0.9) final nearest(x) }",
      // Squares that add up to one, about several points and about the levels.
      "quantizer q { levels {-1, 0, 1} prox 0.8 * x ^ 2 - 0.3 * (x - 1) ^ 2 + 0.1 * abs(x + 0.5) "
      "final nearest(x) }",
      "quantizer q(a in [1, 2] = 1.2, b in [0, 1] = 0.5) { levels {-1, 0, 1} "
      "prox -b * (x - nearest(x)) ^ 2 + a * (x - nearest(x)) ^ 2 final nearest(x) }",
      // A W-shaped square, a block each second epoch.
      "quantizer q(rate = 0.3) { levels {-1, 0, 1} prox rate / 2 * (x - nearest(x)) ^ 2 "
      "every 2 epochs x' = x / 2 final nearest(x) }",
      // A condition of the host inside of the weight.
      "quantizer q { levels {-1, 1} project w = if epoch < 4 then x else tanh(3 * x) "
      "update straight_through final sign(x) }",
      // Levels that move with a parameter: two duals are kept.
      "quantizer q(a = 0.7) { levels {-a, a} latent x[level] = levels * w0 project u = softmax(x) "
      "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
      // A state of the optimizer, which has the latent's level axis.
      "quantizer q { levels {-1, 0, 2} latent x[level] = levels * w0 project u = softmax(x) "
      "weight w = sum(levels * u) update lazy mirror every 3 steps x' = x - 0.1 * optimizer.m "
      "final sum(levels * hardmax(x)) }",
      "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = softmax(x) "
      "weight w = sum(levels * u) update gradient grad(u) - mean(grad(u)) + 0.1 * g * u "
      "final sum(levels * hardmax(x)) }",
      // Steps of a staircase that is differentiated through a surrogate with an `if`.
      "quantizer q { let p = if x < 0 then 2 * x + x ^ 2 else 2 * x - x ^ 2 levels {-1, 1} "
      "project w = ste(sign(x), if abs(x) < 1 then p else 0) update chain final sign(x) }",
      // Agile with blocks that move x, in every step and in some.
      "quantizer q { levels {-1, 1} schedule b = 1.05 ^ step project w = tanh(b * x) "
      "update agile mirror every step x' = clamp(x, -0.8, 0.9) every 3 steps x' = x / 2 "
      "final sign(w) }",
      // Agile with a scale that is gathered from several places, and readers of x beside P.
      "quantizer q { levels {-1, 1} schedule T = 0.95 ^ step "
      "project w = x / sqrt(T ^ 2 + x ^ 2) update agile mirror "
      "every step x' = clamp(x, -0.8, 0.9) every 3 steps x' = x / 2 final nearest(x) }",
      "quantizer q { levels {-1, 1} schedule b = 1 + step / 10 project w = tanh(b * x ^ 3) "
      "update agile mirror final sign(x) }",
      // A warm start, also with a coordinate that changes after it.
      "quantizer q { levels {-1, 1} schedule b = 1.5 + step / 10 latent x = inverse(w0 / 2) "
      "project w = tanh(b * x) update lazy mirror final sign(x) }",
      "quantizer q { levels {-1, 1} latent x = inverse(w0 / 2) schedule b = 1.05 ^ step "
      "project w = tanh(b * x) update agile mirror final sign(w) }",
      // A penalty on both, beside a projection.
      "quantizer q { levels {-1, 1} project w = tanh(2 * x) update lazy mirror "
      "penalty 0.1 * (w - nearest(w)) ^ 2 + 0.2 * x ^ 2 * w final sign(x) }",
      // A penalty that pulls on what is learned, through the weight too.
      "quantizer q { learn s per channel in [0.1, 3] = mean(abs(x) per channel) "
      "scaled 1 / sum(1 per channel) levels {-s, s} project u = ste(sign(x), x) "
      "weight w = s * u update chain penalty 0.01 * (s - 1) ^ 2 + 0.1 * (abs(x) - s) ^ 2 "
      "final s * sign(x) }",
      // The proximal step is towards the levels as they are after the move.
      "quantizer q { learn s per tensor in [0.1, 3] = mean(abs(x) per tensor) levels {-s, s} "
      "project w = s * ste(sign(x), x) update chain prox 0.2 * abs(x - nearest(x)) "
      "final s * sign(x) }",
      // Learned by group, and a gradient that reads it.
      "quantizer q { learn s per group(3) = 1 levels {-s, s} project w = s * tanh(x) "
      "update gradient g + 0.1 * grad(s) * x final s * sign(x) }",
      // Each level learned.
      "quantizer q { levels {-1, 1} learn k[level] per tensor in [-2, 2] = levels "
      "latent x[level] = levels * w0 project u = softmax(x) weight w = sum(k * u) update chain "
      "final sum(levels * hardmax(x)) }",
      // States of the run: moved by slower blocks, read by schedules of the next weight.
      "quantizer q { state p per run = 1 levels {-1, 1} project w = tanh(p * x) "
      "update straight_through every 2 steps p' = p * 1.5 every 3 steps { p' = p + 1 x' = x / p } "
      "final sign(x) }",
      // Two blocks of one period after each other, the second on what the first has left.
      "quantizer q { state a per channel = 1 state z = x levels {-1, 1} "
      "every 2 steps { a' = mean(abs(x) per channel) z' = a * sign(x) } "
      "every 2 steps x' = (x + z) / (1 + a) final sign(x) }",
      // Levels of the latent as it is when they are read: before the move, after it, published.
      "quantizer q { levels {-mean(abs(x) per group(5)), mean(abs(x) per group(5))} "
      "prox 0.2 * abs(x - nearest(x)) every step x' = (x + nearest(x)) / 2 final nearest(x) }",
      // A state of the optimizer beside the step, random numbers in it.
      "quantizer q { levels {-1, 1} project w = sign(x) / (1 + optimizer.v) "
      "update straight_through every step x' = clamp(x, -1, 1) + 0.01 * random() * optimizer.v "
      "final sign(x) }",
      // A penalty of the target under a weight of its own: dE/du is handed on with dL/du, and
      // trains what the target has learned.
      "quantizer q { levels {-1, 0, 1} learn k per channel = 2 latent x[level] = -abs(levels - w0) "
      "project u = softmax(k * x) weight w = sum(levels * u) update lazy mirror "
      "penalty 0.3 * sum(u * (1 - u)) + 0.1 * w ^ 2 + 0.01 * sum(x ^ 2) "
      "final sum(levels * hardmax(x)) }",
      // States of the run that schedules read, and one that begins with another.
      "quantizer q { state n per run = 2 schedule b = if n > 2 then n / 2 else 1 "
      "state m per run = b + 1 schedule c = b + m levels {-1, 1} project w = tanh(c * x) "
      "update agile mirror every 2 steps n' = n + 1 every epoch { n' = n * 1.1 } final sign(w) }",
      // Agile with what is learned behind the target, and levels of it.
      "quantizer q { learn s per channel in [0.1, 3] = 1 levels s * {-1, 1} schedule b = 1 + step "
      "/ 10 "
      "project u = tanh(b * x) weight w = s * u update agile mirror final s * sign(u) }",
      "quantizer q { levels {-1, 0, 1} learn t[level] per tensor = 1 + levels / 8 "
      "latent x[level] = levels * w0 project u = softmax(2 * x) weight w = sum(levels * u * t) "
      "update agile mirror final sum(levels * hardmax(u)) }",
      // The weight is a number that others share, a state or the host's: the latent is beside it.
      "quantizer q { learn k per channel in [0.1, 3] = 1 levels {-1, 1} project w = k "
      "update gradient grad(w) * mean(abs(x) per tensor) penalty (x - k) ^ 2 final nearest(x) }",
      "quantizer q { state z = x levels {-1, 1} project w = z update straight_through "
      "every 2 steps z' = tanh(x) final sign(x) }",
      "quantizer q { levels {-1, 1} project w = epoch + 1 update straight_through final sign(x) }",
      // Agile with a block of the step that reads x and does not move it.
      "quantizer q { state z = x levels {-1, 1} project w = tanh(x) update agile mirror "
      "every step z' = x + 1 final sign(w) }",
      "quantizer q { state z = x levels {-1, 1} schedule b = 1 + step / 10 project w = tanh(b * x) "
      "update agile mirror every step z' = mean(x where x > 0 per group(4)) final sign(w) }",
      // An optimizer's states move where its step is thrown away.
      "quantizer q { levels {-1, 1} prox abs(x) every step x' = -tanh(optimizer.m) final sign(x) }",
      "quantizer q { state z = x levels {-1, 1} prox abs(x) every step z' = 0.9 * z "
      "every step x' = z final sign(x) }",
      // Proximal steps by states and learned values, of each level, and towards all of them.
      "quantizer q { state s per tensor = 1 levels s * {-1, -0.5, 0.5, 1} "
      "every 3 steps s' = max(mean(abs(x) per tensor), 0.001) "
      "prox abs(x / s - 1) + s * (x - s) ^ 2 + abs(1 - x * s) / s + 0.1 * sum(abs(x - levels)) "
      "final nearest(x) }",
      "quantizer q { learn s per channel in [0.125, 2] = 1 levels s * [-7 .. 7] penalty s * x ^ 2 "
      "prox 0.01 * sum(abs(levels - x)) final nearest(x) }",
      "quantizer q { state s per channel = 1 levels {-1, 0, 2} latent x[level] = levels * w0 "
      "project u = softmax(x) weight w = sum(levels * u) update lazy mirror "
      "prox 0.1 * sum(abs(levels) * abs(x - s) + x ^ 2) "
      "every 2 steps s' = mean(max(x) per channel) final sum(levels * hardmax(x)) }",
      // Agile with states that begin with the latent, which is stored times 2.
      "quantizer q { levels {-1, 1} state s = x state r per channel = mean(x per channel) "
      "project w = tanh(2 * x) update agile mirror every 2 steps { s' = x x' = clamp(x, -1, 1) } "
      "every 3 steps { x' = 0.5 * x + 0.4 * s + 0.1 * r r' = mean(x per channel) } final sign(w) }",
  };
  for (const char *text : quantizers) {
    SCOPED_TRACE(text);
    Program program(std::string(text) + " plan { else : q by adam }");
    if (program.derived)
      compareRuns(program);
  }
}

/// A number of the optimizer that is one per run, where weights are moved and published.
TEST(Passes, StatesPerRunOfTheOptimizerAreTheNewest) {
  for (const char *quantizer :
       {"quantizer q { levels {-1, 1} project w = sign(x) * (1 + optimizer.p) "
        "update gradient g * optimizer.p every step x' = clamp(x, -optimizer.p, 1) "
        "final sign(x) }",
        "quantizer q { levels {-1, 1} project w = tanh(2 * x) update lazy mirror "
        "every 2 steps x' = x * optimizer.p final sign(x) }"}) {
    SCOPED_TRACE(quantizer);
    Program program(std::string(quantizer) + " plan { else : q by nadam }");
    if (program.derived)
      compareRuns(program);
  }
}

/// Codebooks whose levels are unknowns of their own, free or moved together; an empty cell stays.
TEST(Passes, FitsOfLevelsFollowTheOracle) {
  for (const char *levels :
       {"q where q[level] = fit(v per tensor) from max(abs(v) per tensor) * [-3 .. 3] / 3 rounds 4",
        "q where q[level] = fit(v weighted 1 + abs(v) per group(5)) from 9 * {-1, 0, 0.125} "
        "rounds 2",
        "o + 0.25 * q where (o, q[level]) = fit(v per channel) from "
        "(mean(v per channel), {-1, 1, 2} * mean(abs(v) per channel)) rounds 3"}) {
    SCOPED_TRACE(levels);
    Program program("quantizer q { levels(v) " + std::string(levels) +
                    " project w = nearest(x) update straight_through every step "
                    "x' = clamp(x, -9, 9) final nearest(x) } plan { else : q by momentum }");
    if (program.derived)
      compareRuns(program);
  }
}

/// Optimizers that know their tensor: what they narrow is what they move, of a learned value its
/// own numbers; on levels they go level by level.
TEST(Passes, OptimizersWithReductionsFollowTheOracle) {
  const std::string optimizers[] = {
      // LARS and NovoGrad.
      "optimizer o(lr = 0.1, mu = 0.9) { state m = 0 let r = sqrt(sum(x ^ 2 per tensor)) / "
      "(sqrt(sum(g ^ 2 per tensor)) + 1e-3) m' = mu * m + r * g descend lr * m' }",
      "optimizer o(lr = 0.1, b1 = 0.9, b2 = 0.9) { state m = 0 state v per tensor = 0 "
      "v' = b2 * v + (1 - b2) * sum(g ^ 2 per tensor) m' = b1 * m + g / (sqrt(v') + 0.1) "
      "descend lr * m' }",
      // All kinds, with conditions, states of all extents.
      "optimizer o(lr = 0.1) { state c per channel = 1 state q per group(3) = 1 "
      "state a per tensor = lr c' = 0.9 * c + mean(abs(g) where g > 0 per channel) "
      "q' = 0.9 * q + max(-9, max(g where x < 1 per group(3))) - min(g per tensor) "
      "a' = 0.9 * a + abs(mean(x where x > 0 per tensor)) + 0.1 * sum(x where g > 0 per tensor) "
      "descend lr * g * c' / (1 + a' ^ 2 + abs(min(q', 2))) }",
      "optimizer o(lr = 0.1) { state m = 0 m' = m + g descend lr * m' / "
      "(1 + max(abs(x) per channel)) + lr * 0.1 * mean(g per tensor) }",
  };
  const char *quantizers[] = {
      "quantizer q { levels {-1, 1} project w = tanh(2 * x) update agile mirror final sign(w) }",
      "quantizer q { levels {-1, 0, 1} latent x[level] = levels * w0 project u = softmax(2 * x) "
      "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
      "quantizer q { levels {-1, 1} latent x[level] = levels * w0 project u = softmax(2 * x) "
      "weight w = sum(levels * u) update lazy mirror final sum(levels * hardmax(x)) }",
      "quantizer q { learn s per tensor in [0.125, 9] = 1 learn t per channel = 1 "
      "learn r per group(5) = 1 learn b = 0 levels s * {-1, 1} "
      "project w = s * t * r * ste(sign(x), clamp(x, -1, 1)) + b update chain final s * sign(x) }",
  };
  for (const std::string &optimizer : optimizers)
    for (const char *quantizer : quantizers) {
      SCOPED_TRACE(optimizer + quantizer);
      Program program(optimizer + quantizer + " plan { else : q by o }");
      if (program.derived)
        compareRuns(program);
    }
}

/// A start that is found by halvings is right to the last bit of an f32, not of a double.
TEST(Passes, StartsByHalvingsFollowTheOracle) {
  for (const char *text :
       {"quantizer q { levels {-1, 1} latent x = inverse(w0 / 2) project w = x / (1 + abs(x)) "
        "update lazy mirror final sign(x) }",
        "quantizer q { levels {-1, 1} schedule T = 0.5 * 0.95 ^ step latent x = inverse(w0 / 2) "
        "project w = x / sqrt(T ^ 2 + x ^ 2) update agile mirror final sign(x) }",
        "quantizer q { levels {-2, -1, 2} latent x = inverse(w0 * 1.5) "
        "project w = soft_nearest(x, 3) update lazy mirror final nearest(x) }",
        // Neither a number far out.
        "quantizer q { levels {-1, 1} latent x = inverse(0.9 * tanh(w0)) schedule k = 1 + step / "
        "10 "
        "project w = (exp(k * x) - exp(-k * x)) / (exp(k * x) + exp(-k * x)) update agile mirror "
        "final sign(w) }",
        // Over levels.
        "quantizer q { levels {-1, 0, 1} latent x[level] = inverse(softmax(3 * levels * w0)) "
        "project u = softmax(2 * x) weight w = sum(levels * u) update lazy mirror "
        "final sum(levels * hardmax(x)) }",
        "quantizer q { levels {-1, 1} latent x[level] = inverse({(1 - tanh(w0)) / 2, "
        "(1 + tanh(w0)) / 2}) schedule b = 1.5 * 1.05 ^ step project u = softmax(b * x) "
        "weight w = sum(levels * u) update agile mirror final sum(levels * hardmax(u)) }"}) {
    SCOPED_TRACE(text);
    Program program(std::string(text) + " plan { else : q by sgd }");
    if (program.derived)
      compareRuns(program, /*tolerance=*/1e-6);
  }
}

} // namespace
