// Learned values with a line of their own: their optimizer's states and t start anew when that line
// says so, whatever the line of their tensor says. Against the oracle.
#include "frontend/reference/Oracle.h"
#include "frontend/torch/Optimizer.h"
#include "test/frontend/reference/SpecModule.h"
#include "test/frontend/torch/Numbers.h"

#include <torch/nn/modules/linear.h>
#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;
using at::Tensor;

namespace {

// Optimizers with sums over what they move, beside the library's.
const char *const specs = R"(
optimizer lars(lr = 0.1, mu = 0.9) {
  state   m = 0
  let     ratio = sqrt(sum(x ^ 2 per tensor)) / (sqrt(sum(g ^ 2 per tensor)) + 1e-12)
  m'      = mu * m + ratio * g
  descend lr * m'
}
optimizer novograd(lr = 0.1, beta1 = 0.9, beta2 = 0.5) {
  state   v per tensor = 0
  state   m = 0
  let     n = sum(g ^ 2 per tensor)
  v'      = if t == 1 then n else beta2 * v + (1 - beta2) * n
  m'      = beta1 * m + g / (sqrt(v') + 1e-8)
  descend lr * m'
}
quantizer scaled {
  learn     s per channel in [0.0625, inf] = 0.5 * max(abs(x) per channel)
  learn     o per tensor = 0
  levels    s * {-1, 0, 1} + o
  let       v = (x - o) / s
  project   w = s * ste(clamp(round(v), -1, 1), clamp(v, -1, 1)) + o
  update    chain
  final     nearest(x)
}
)";

/// A line's optimizer and the period of its resets in steps, 0 for none.
struct Line {
  std::string optimizer, reset;
  int64_t period;
};

struct Lines {
  const char *name;
  Line tensor, s;
};

std::ostream &operator<<(std::ostream &stream, const Lines &lines) {
  return stream << lines.tensor.optimizer << " " << lines.tensor.reset << ", of s "
                << lines.s.optimizer << " " << lines.s.reset;
}

std::string planOf(const Lines &lines) {
  auto line = [](const std::string &pattern, const std::string &quantizer, const Line &from) {
    return "  " + pattern + " : " + quantizer + " by " + from.optimizer + " " + from.reset + "\n";
  };
  return specs + ("plan {\n" + line("\"*/s\"", "float", lines.s) +
                  line("\"weight\"", "scaled", lines.tensor) + "}\n");
}

/// One weight of 8 channels, large enough that several threads share it.
struct Training {
  torch::nn::Linear layer{nullptr};
  std::unique_ptr<Optimizer> optimizer;
  explicit Training(const std::string &plan, int threads = 1) {
    torch::manual_seed(17);
    layer = torch::nn::Linear(torch::nn::LinearOptions(1500, 8).bias(false));
    layer->weight.detach().mul_(30);
    optimizer = std::make_unique<Optimizer>(
        *layer, std::make_shared<const Program>(unwrap(Program::parse("net.breg", plan))),
        OptimizerOptions().stepsPerEpoch(4).steps(24).threads(threads));
  }
  /// Which gradient it is depends on the step alone.
  Tensor gradient() const {
    torch::manual_seed(100 + optimizer->steps());
    return torch::randn({8, 1500});
  }
  void step() {
    layer->weight.mutable_grad() = gradient();
    optimizer->step();
  }
  std::vector<float> bits() const {
    Tensor flat = layer->weight.detach().contiguous();
    return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
  }
  std::vector<double> learned(const std::string &name) const {
    for (const NamedParameter &value : optimizer->learned())
      if (value.name == "weight/" + name)
        return numbersOf(value.tensor);
    return {};
  }
};

class LearnedOptimizers : public ::testing::TestWithParam<Lines> {};

} // namespace

TEST_P(LearnedOptimizers, StartAnewByTheirOwnLine) {
  const Lines &lines = GetParam();
  std::string text = planOf(lines);
  Training run(text);
  torch::manual_seed(17);
  Tensor w0 = torch::nn::Linear(torch::nn::LinearOptions(1500, 8).bias(false))->weight * 30;

  reference::SpecModule spec(text);
  auto find = [&](const Line &line) {
    return spec.optimizer(line.optimizer.substr(0, line.optimizer.find('(')));
  };
  reference::Oracle oracle(spec.quantizer("scaled"), find(lines.tensor),
                           Timing{/*stepsPerEpoch=*/4, /*steps=*/24, /*epochs=*/6});
  oracle.setOptimizer("s", find(lines.s));
  oracle.set("optimizer.lr", 0.02);
  oracle.set("s.optimizer.lr", 0.005);
  ASSERT_TRUE(succeeded(oracle.attach(numbersOf(w0), 8)));
  auto stored = [&](const std::string &name) {
    std::vector<double> result;
    for (const auto &[of, planes] : oracle.stored())
      if (of == name)
        for (const std::vector<double> &levels : planes)
          result.insert(result.end(), levels.begin(), levels.end());
    return result;
  };
  auto isDue = [](const Line &line, int64_t step) {
    return line.period && (step + 1) % line.period == 0;
  };
  for (int64_t step = 0; step < 24; ++step) {
    std::string when = "step " + std::to_string(step);
    ASSERT_TRUE(succeeded(oracle.advance(numbersOf(run.gradient()))));
    run.step();
    for (const char *name : {"s", "o"})
      ASSERT_NO_FATAL_FAILURE(
          expectNear(run.learned(name), stored(name), 2e-5, name + (", " + when)));
    if (isDue(lines.tensor, step))
      for (const char *of : {"", "o"})
        ASSERT_TRUE(succeeded(oracle.resetStates(of)));
    if (isDue(lines.s, step))
      ASSERT_TRUE(succeeded(oracle.resetStates("s")));
  }
}

TEST_P(LearnedOptimizers, GoOnToTheSameBits) {
  std::string plan = planOf(GetParam());
  Training straight(plan);
  std::vector<std::vector<float>> wanted;
  for (int step = 0; step < 12; ++step) {
    straight.step();
    wanted.push_back(straight.bits());
  }
  for (int threads : {2, 7})
    for (int at = 1; at < 12; at += 2) {
      Training before(plan, threads);
      for (int step = 0; step < at; ++step)
        before.step();
      ASSERT_EQ(before.bits(), wanted[at - 1]) << threads << " threads, step " << at;
      torch::serialize::OutputArchive to;
      before.optimizer->save(to);
      std::stringstream bytes;
      to.save_to(bytes);
      Training after(plan, threads);
      torch::serialize::InputArchive from;
      from.load_from(bytes);
      after.optimizer->load(from);
      for (int step = at; step < 12; ++step) {
        after.step();
        ASSERT_EQ(after.bits(), wanted[step]) << "loaded at " << at << ", step " << step;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(AgainstOracle, LearnedOptimizers,
                         ::testing::Values(Lines{"OwnAlone",
                                                 {"momentum(lr = 0.02)", "", 0},
                                                 {"adam(lr = 0.005)", "reset every 3 steps", 3}},
                                           Lines{"TensorAlone",
                                                 {"adam(lr = 0.02)", "reset every 3 steps", 3},
                                                 {"adam(lr = 0.005)", "", 0}},
                                           Lines{"BothApart",
                                                 {"adam(lr = 0.02)", "reset every 2 epochs", 8},
                                                 {"adam(lr = 0.005)", "reset every 5 steps", 5}},
                                           Lines{
                                               "WithSums",
                                               {"lars(lr = 0.02)", "reset every 4 steps", 4},
                                               {"novograd(lr = 0.005)", "reset every 3 steps", 3}},
                                           // With a state of the whole run.
                                           Lines{"StatesOfTheRun",
                                                 {"nadam(lr = 0.02)", "reset every 5 steps", 5},
                                                 {"nadam(lr = 0.005)", "reset every epoch", 4}}),
                         [](const auto &info) { return info.param.name; });
