// Compiled steps of constrained training against the oracle, for every quantizer that has a float
// branch: both weights, latents, learned values and states.
#include "Allowance.h"
#include "Library.h"

#include "frontend/reference/Oracle.h"
#include "test/frontend/reference/SpecModule.h"
#include "test/passes/KernelRun.h"
#include "test/passes/Program.h"

using namespace bregman;
using namespace numeric;

namespace {

CompileOptions constrained() {
  CompileOptions options;
  options.constrained = true;
  return options;
}

/// Every quantizer of the library but those that have no float branch, which are refused for it.
std::vector<Pair> withFloatBranch(std::vector<std::string> *refused = nullptr) {
  std::vector<Pair> all;
  for (const Pair &pair : eachQuantizer()) {
    auto made = program(pair.quantizer).compile(pair.quantizer, pair.optimizer, constrained());
    if (made)
      all.push_back(pair);
    else if (made.error().message.find("constrained training") == std::string::npos)
      throw std::runtime_error(made.error().message);
    else if (refused)
      refused->push_back(pair.quantizer);
  }
  return all;
}

/// Beside the library: a latent for each level, with a float branch of its own.
const char *const ofLevels = R"(
quantizer of_levels(growth in [1, 2] = 1.02) {
  levels    {-1, 0.5, 1}
  schedule  beta = growth ^ step
  latent    x[level] = levels * w0
  project   u = softmax(beta * x)
  weight    w = sum(levels * u)
  high      sum(levels * softmax(x))
  update    lazy mirror
  final     sum(levels * hardmax(x))
}
)";

std::string textOf(const Pair &pair) {
  return pair.quantizer == "of_levels"
             ? ofLevels + ("plan { else : of_levels by " + pair.optimizer + " }")
             : test::planOf({pair.quantizer, pair.optimizer});
}

std::shared_ptr<const Method> methodOf(const Pair &pair) {
  auto parsed = bregman::Program::parse("t.breg", textOf(pair));
  auto made =
      parsed ? parsed->compile(pair.quantizer, pair.optimizer, constrained()) : parsed.error();
  if (!made)
    throw std::runtime_error(made.error().message);
  return *made;
}

class ConstrainedKernel : public ::testing::TestWithParam<Pair> {
protected:
  static constexpr int64_t size = 48, channels = 3;

  ConstrainedKernel()
      : text(textOf(GetParam())), spec(text),
        oracle(spec.quantizer(GetParam().quantizer), spec.optimizer(GetParam().optimizer),
               shortRun(), /*constrained=*/true),
        interpreted(text, /*constrained=*/true), method(methodOf(GetParam())),
        stepper(std::move(*Stepper::create(method, shortRun()))) {
    for (uint64_t i = 0; i < samples; ++i) {
      rounded.emplace_back(*interpreted.derived, shortRun());
      rounded.back().rounding.emplace(/*seed=*/1 + i / 2, /*opposite=*/i % 2);
    }
    auto lively = livelyNumbers();
    if (GetParam().quantizer == "quantization_networks")
      lively.emplace_back("optimizer.lr", 1e-3);
    for (const auto &[name, value] : lively)
      for (const ParameterInfo &info : method->parameters)
        if (isParameter(info.name, name)) {
          EXPECT_FALSE(stepper.set(info.name, value));
          oracle.set(info.name, value);
          for (test::KernelRun &run : rounded)
            run.parameters[info.name] = value;
        }
    for (const StoredInfo &info : method->stored)
      stored.emplace_back(info.planes * info.count(size, channels));
  }

  TensorRef tensor(const std::vector<float> *g, const std::vector<float> *gHigh) {
    TensorRef ref;
    ref.size = size;
    ref.channels = channels;
    ref.weight = low.data();
    ref.high = high.data();
    ref.gradient = g ? g->data() : nullptr;
    ref.highGradient = gHigh ? gHigh->data() : nullptr;
    for (std::vector<float> &values : stored)
      ref.stored.push_back(values.data());
    return ref;
  }

  void attach(const std::vector<float> &w0) {
    low = w0;
    high.assign(w0.size(), 0);
    TensorRef one[] = {tensor(nullptr, nullptr)};
    ASSERT_FALSE(stepper.attach(one));
    std::vector<double> wide(w0.begin(), w0.end());
    ASSERT_TRUE(succeeded(oracle.attach(wide, channels)));
    for (test::KernelRun &run : rounded)
      ASSERT_TRUE(run.attach(wide, channels));
    compare();
  }

  void step(const std::vector<float> &g, const std::vector<float> &gHigh) {
    TensorRef one[] = {tensor(&g, &gHigh)};
    ASSERT_FALSE(stepper.advance(one));
    std::vector<double> wide(g.begin(), g.end()), wideHigh(gHigh.begin(), gHigh.end());
    ASSERT_TRUE(succeeded(oracle.advance(wide, wideHigh)));
    for (test::KernelRun &run : rounded)
      ASSERT_TRUE(run.advance(wide, k, wideHigh));
    ++k;
    compare();
  }

  Allowance allowance;

private:
  void compare() {
    for (int64_t i = 0; i < size; ++i) {
      ASSERT_NO_FATAL_FAILURE(compareOne("w", i, i, low[i], oracle.weights()[i]));
      ASSERT_NO_FATAL_FAILURE(compareOne("w.high", i, i, high[i], oracle.highWeights()[i]));
    }
    auto expected = oracle.stored();
    for (size_t s = 0; s < stored.size(); ++s) {
      const StoredInfo &info = method->stored[s];
      auto found =
          llvm::find_if(expected, [&](const auto &each) { return each.first == info.name; });
      ASSERT_NE(found, expected.end()) << info.name;
      reference::Segments segments(rounded.front().getShape(),
                                   rounded.front().stored(info.name).getExtentAttr());
      int64_t count = segments.count();
      for (int64_t segment = 0; segment < count; ++segment)
        for (int plane = 0; plane < info.planes; ++plane) {
          // Of two levels with one dual the last is stored.
          size_t level = info.parity ? 1 : plane;
          ASSERT_NO_FATAL_FAILURE(compareOne(info.name, segments.first(segment), segment,
                                             stored[s][plane * count + segment],
                                             found->second[segment][level], plane));
        }
    }
  }

  void compareOne(const std::string &name, int64_t weight, int64_t index, double actual,
                  double expected, int plane = 0) {
    std::vector<double> sampled;
    for (test::KernelRun &run : rounded)
      sampled.push_back(run.memory.at(name).at(weight, plane).value);
    ASSERT_TRUE(allowance.isNear(actual, expected, sampled))
        << name << "[" << index << "] after step " << k;
  }

  std::string text;
  reference::SpecModule spec;
  reference::Oracle oracle;
  test::Program interpreted;
  std::shared_ptr<const Method> method;
  Stepper stepper;
  std::vector<test::KernelRun> rounded;
  std::vector<float> low, high;
  std::vector<std::vector<float>> stored;
  int64_t k = 0;
};

TEST_P(ConstrainedKernel, Random) {
  attach(randomValues(size, 11));
  for (int step = 0; step < 12; ++step)
    ASSERT_NO_FATAL_FAILURE(
        this->step(randomValues(size, 20 + step), randomValues(size, 40 + step)));
  RecordProperty("worst", std::to_string(allowance.worst));
  EXPECT_EQ(allowance.skipped, 0);
  EXPECT_LE(allowance.coarse, allowance.compared / 100);
}

// Agile mirror descent has no latent, and of one for each level none is the weight.
TEST(ConstrainedKernels, AreOfWhatHasAFloatBranch) {
  std::vector<std::string> refused;
  withFloatBranch(&refused);
  EXPECT_EQ(refused, (std::vector<std::string>{"md_softmax", "md_softmax_s", "md_tanh", "pgd",
                                               "picm", "pmf", "slb"}));
}

INSTANTIATE_TEST_SUITE_P(Levels, ConstrainedKernel,
                         ::testing::Values(Pair{"of_levels", "momentum"},
                                           Pair{"of_levels", "adam"}),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Library, ConstrainedKernel, ::testing::ValuesIn(withFloatBranch()),
                         nameOf);

} // namespace
