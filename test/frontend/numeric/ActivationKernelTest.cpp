// The compiled passes of activations against their oracle: values, gradients, learned values and
// what an optimizer makes of them, over batches of changing length.
#include "Allowance.h"
#include "Library.h"

#include "frontend/reference/ActivationOracle.h"
#include "test/frontend/reference/ActivationSpecs.h"
#include "test/frontend/reference/SpecModule.h"
#include "test/passes/KernelRun.h"
#include "test/passes/Program.h"

#include <algorithm>

using namespace bregman;
using namespace numeric;

namespace {

struct Case {
  const char *name, *optimizer;
  std::vector<int64_t> sizes; ///< of the longest batch
};

std::ostream &operator<<(std::ostream &stream, const Case &test) { return stream << test.name; }

using Floats = std::vector<float>;

std::vector<double> widened(const Floats &values) { return {values.begin(), values.end()}; }

class ActivationKernel : public ::testing::TestWithParam<Case> {
protected:
  ActivationKernel()
      : text(std::string(activationSpecs) + "optimizer untrained {\n  descend 0 * g\n}\n" +
             "plan {\n  activations \"*\" : " + GetParam().name + " by " + GetParam().optimizer +
             "\n  \"a\" : float by untrained\n  else : float by sgd\n}\n"),
        spec(text),
        oracle(spec.quantizer(GetParam().name), spec.optimizer(GetParam().optimizer), shortRun()),
        derived(spec.only({GetParam().name, "untrained"})),
        moving(test::planOf({"float", GetParam().optimizer})) {
    mlir::PassManager manager(derived->getContext());
    DeriveOptions options;
    options.quantizer = GetParam().name;
    options.optimizer = "untrained";
    buildActivationDerivePipeline(manager, options);
    buildActivationKernelPipeline(manager, KernelOptions());
    if (failed(manager.run(*derived)))
      throw std::runtime_error("the passes failed");
    for (uint64_t i = 0; i < samples; ++i) {
      rounded.emplace_back(*derived, shortRun());
      moved.emplace_back(*moving.derived, shortRun());
      for (test::KernelRun *run : {&rounded.back(), &moved.back()})
        run->rounding.emplace(/*seed=*/1 + i / 2, /*opposite=*/i % 2);
      moved.back().parameters["optimizer.lr"] = lr;
    }
    oracle.set("optimizer.lr", lr);
    auto loaded = bregman::Program::parse("t.breg", text);
    if (!loaded)
      throw std::runtime_error(loaded.error().message);
    program.emplace(std::move(*loaded));
    auto method = program->compileActivation(GetParam().name);
    auto made = method ? Activator::create(*method, shortRun()) : method.error();
    if (!made)
      throw std::runtime_error(made.error().message);
    activator.emplace(std::move(*made));
    learns = !activator->method().stored.empty();
  }

  /// A batch as the passes want it: row by row, the channels in front where they are the rows.
  struct Rows {
    std::vector<int64_t> order; ///< of each place the index in the batch
    reference::Shape shape;
  };
  Rows rowsOf(const std::vector<int64_t> &sizes) const {
    auto shape = reference::Shape::ofActivation(sizes);
    Rows rows{{}, {shape.size, 1}};
    for (int64_t index = 0; index < shape.size; ++index)
      rows.order.push_back(index);
    if (activator->method().rows == ActivationMethod::Rows::Channels) {
      rows.shape.channels = shape.channels;
      auto keyOf = [&](int64_t index) {
        return std::pair(index / shape.inner % shape.channels, index);
      };
      std::sort(rows.order.begin(), rows.order.end(),
                [&](int64_t a, int64_t b) { return keyOf(a) < keyOf(b); });
    } else if (activator->method().rows == ActivationMethod::Rows::Tokens) {
      rows.shape.channels = shape.size / shape.token;
      rows.shape.token = shape.token;
    }
    return rows;
  }
  static Floats permuted(const Floats &values, const Rows &rows) {
    Floats result;
    for (int64_t index : rows.order)
      result.push_back(values[index]);
    return result;
  }

  /// What the passes wrote, in a batch's order of rows.
  struct Written {
    Floats w, xGradient, s, sGradient;
  };

  void step(const std::vector<int64_t> &sizes, const Floats &x, const Floats &g) {
    Rows rows = rowsOf(sizes);
    Floats xs = permuted(x, rows), gs = permuted(g, rows);
    ASSERT_NO_FATAL_FAILURE(runKernels(rows, xs, gs));
    ASSERT_NO_FATAL_FAILURE(runRounded(rows, xs, gs));
    auto w = oracle.forward(widened(x), sizes);
    ASSERT_TRUE(succeeded(w));
    auto xGradient = oracle.backward(widened(g));
    ASSERT_TRUE(succeeded(xGradient));
    for (size_t i = 0; i < rows.order.size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(compare("w", i, written.w[i], (*w)[rows.order[i]], [&](size_t run) {
        return rounded[run].memory.at("w").at(i).value;
      }));
      ASSERT_NO_FATAL_FAILURE(
          compare("x.gradient", i, written.xGradient[i], (*xGradient)[rows.order[i]],
                  [&](size_t run) { return rounded[run].memory.at("x.gradient").at(i).value; }));
    }
    if (learns)
      for (size_t c = 0; c < written.s.size(); ++c) {
        ASSERT_NO_FATAL_FAILURE(compare("s.gradient", c, written.sGradient[c],
                                        oracle.gradients()[0].second[c][0],
                                        [&](size_t run) { return gradientOf(run, rows, c); }));
        ASSERT_NO_FATAL_FAILURE(
            compare("s", c, written.s[c], oracle.learned()[0].second[c][0],
                    [&](size_t run) { return moved[run].memory.at("w").at(c).value; }));
      }
    ASSERT_TRUE(succeeded(oracle.advance()));
    if (learns)
      moveLearned(rows);
    ++k;
  }

  Allowance allowance;
  int64_t k = 0;
  bool learns = false;

private:
  static constexpr double lr = 0.02;

  /// Both passes; before the first batch the learned value.
  void runKernels(const Rows &rows, const Floats &x, const Floats &g) {
    written.w.assign(x.size(), 0);
    written.xGradient.assign(x.size(), 0);
    ActivationRef ref;
    ref.size = int64_t(x.size());
    ref.channels = rows.shape.channels;
    ref.x = x.data(), ref.gradient = g.data();
    ref.w = written.w.data(), ref.xGradient = written.xGradient.data();
    if (learns) {
      size_t count = activator->method().stored[0].count(ref.size, ref.channels);
      written.s.resize(count);
      written.sGradient.resize(count);
      ref.learned = {written.s.data()};
      ref.learnedGradients = {written.sGradient.data()};
      if (k == 0) {
        ASSERT_FALSE(activator->initialize(ref, k));
        auto made = program->run("float", GetParam().optimizer, shortRun(), /*reference=*/false);
        ASSERT_TRUE(made) << made.error().message;
        learned = std::move(*made);
        ASSERT_FALSE(learned->set("optimizer.lr", lr));
        ASSERT_FALSE(learned->attach(written.s));
      }
    }
    ASSERT_FALSE(activator->forward(ref, k));
    ASSERT_FALSE(activator->backward(ref, k));
  }

  void runRounded(const Rows &rows, const Floats &x, const Floats &g) {
    for (size_t i = 0; i < rounded.size(); ++i) {
      test::KernelRun &run = rounded[i];
      run.memory["x"] = test::KernelRun::column(widened(x));
      run.memory["g"] = test::KernelRun::column(widened(g));
      if (learns) {
        reference::Segments segments = segmentsOf(rows);
        if (k == 0) {
          ASSERT_TRUE(run.pass("initial", rows.shape, k));
          std::vector<double> first;
          for (int64_t c = 0; c < segments.count(); ++c)
            first.push_back(run.memory.at("s").at(segments.first(c)).value);
          ASSERT_TRUE(moved[i].attach(first));
        }
        reference::Tensor s(rows.shape.size, 1);
        for (int64_t weight = 0; weight < rows.shape.size; ++weight)
          s(weight) = moved[i].memory.at("w").at(segments.of(weight));
        run.memory["s"] = s;
      }
      ASSERT_TRUE(run.pass("forward", rows.shape, k));
      ASSERT_TRUE(run.pass("backward", rows.shape, k));
    }
  }

  reference::Segments segmentsOf(const Rows &rows) {
    return {rows.shape, rounded.front().stored("s").getExtentAttr()};
  }
  double gradientOf(size_t run, const Rows &rows, int64_t segment) {
    return rounded[run].memory.at("s.gradient").at(segmentsOf(rows).first(segment)).value;
  }

  void moveLearned(const Rows &rows) {
    ASSERT_FALSE(learned->advance(written.sGradient));
    std::vector<double> next = learned->weights();
    written.s.assign(next.begin(), next.end());
    for (size_t i = 0; i < rounded.size(); ++i) {
      std::vector<double> gradient;
      for (int64_t c = 0; c < segmentsOf(rows).count(); ++c)
        gradient.push_back(gradientOf(i, rows, c));
      ASSERT_TRUE(moved[i].advance(gradient, k));
    }
    // Its range is for what diverges.
    for (double s : next)
      ASSERT_GT(s, 1e-4);
  }

  template <typename Sample>
  void compare(const char *what, size_t index, double actual, double expected, Sample sample) {
    std::vector<double> sampled;
    for (size_t run = 0; run < rounded.size(); ++run)
      sampled.push_back(sample(run));
    ASSERT_TRUE(allowance.isNear(actual, expected, sampled))
        << what << "[" << index << "] in step " << k;
  }

  std::string text;
  reference::SpecModule spec;
  reference::ActivationOracle oracle;
  mlir::OwningOpRef<mlir::ModuleOp> derived;
  test::Program moving;
  std::vector<test::KernelRun> rounded, moved; ///< the passes, and the learned value's optimizer
  std::optional<bregman::Program> program;
  std::optional<Activator> activator;
  std::unique_ptr<bregman::Run> learned;
  Written written;
};

TEST_P(ActivationKernel, Random) {
  for (int step = 0; step < 12; ++step) {
    std::vector<int64_t> sizes = GetParam().sizes;
    sizes[0] -= step % 3;
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    ASSERT_NO_FATAL_FAILURE(
        this->step(sizes, randomValues(count, 100 + step), randomValues(count, 200 + step)));
  }
  RecordProperty("worst", std::to_string(allowance.worst));
  EXPECT_EQ(allowance.skipped, 0);
  // Where roundings decide, the bounds would test nothing.
  EXPECT_LE(allowance.coarse, allowance.compared / 100);
}

// Each number meets each gradient, where they don't know of each other.
TEST_P(ActivationKernel, Edges) {
  std::string name = GetParam().name;
  if (name != "sign_act" && name != "dorefa_act")
    return;
  std::vector<float> edges = edgeValues(), x, g;
  for (float value : edges)
    for (float gradient : edges) {
      x.push_back(value);
      g.push_back(gradient);
    }
  step({int64_t(edges.size()), int64_t(edges.size())}, x, g);
  EXPECT_EQ(allowance.skipped, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Activations, ActivationKernel,
    ::testing::Values(Case{"sign_act", "sgd", {5, 37}}, Case{"dorefa_act", "sgd", {5, 37}},
                      Case{"bitnet_act", "sgd", {4, 3, 19}},
                      Case{"bitnet_through_scale", "sgd", {4, 3, 19}},
                      Case{"groups", "sgd", {4, 3, 7}}, Case{"channel_mean", "sgd", {4, 3, 3, 2}},
                      Case{"lsq_act", "sgd", {5, 37}}, Case{"lsq_act", "momentum", {5, 37}},
                      Case{"lsq_act", "adam", {4, 3, 5, 3}},
                      Case{"lsq_channel", "momentum", {4, 3, 7}},
                      Case{"lsq_channel", "adam", {9, 4}}, Case{"eased", "adam", {4, 3, 3, 2}}),
    [](const auto &info) { return std::string(info.param.name) + "_" + info.param.optimizer; });

} // namespace
