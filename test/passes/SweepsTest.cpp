// What a step costs: the sweeps of every quantizer of the library, the arrays that each goes over,
// and the bytes of memory per weight, counted by hand from the spec.
#include <gmock/gmock.h>

#include "Program.h"

#include <filesystem>
#include <fstream>

using namespace bregman;
using bregman::test::planOf;
using bregman::test::Program;

namespace {

struct Cost {
  /// Of each sweep: `a` is read, `>a` written, `=a` both; `a*3` has three levels. What many weights
  /// share is not counted.
  std::vector<std::string> sweeps;
  int64_t bytes = 0; ///< per weight, read and written
};

/// The kernels whose names begin with that of a region.
Cost costOf(mlir::ModuleOp module, const std::string &region) {
  auto method = *module.getOps<MethodOp>().begin();
  std::string name = (method.getSymName() + "." + region).str();
  Cost cost;
  for (auto kernel : module.getOps<KernelOp>()) {
    bool isPart = kernel.getSymName() == name || kernel.getSymName().starts_with(name + ".");
    if (!isPart || kernel.getOver())
      continue;
    std::string arrays;
    for (unsigned stream = 0; stream < kernel.getStreams().size(); ++stream) {
      if (kernel.extentOf(stream))
        continue;
      mlir::Type storage = llvm::cast<mlir::TypeAttr>(kernel.getStorage()[stream]).getValue();
      int64_t levels = levelCount(storage);
      bool isRead = kernel.isRead(stream), isWritten = kernel.isWritten(stream);
      cost.bytes += 4 * levels * (isRead + isWritten);
      arrays += arrays.empty() ? "" : " ";
      arrays += isRead && isWritten ? "=" : isWritten ? ">" : "";
      arrays += kernel.streamName(stream).str();
      arrays += levels > 1 ? "*" + std::to_string(levels) : "";
    }
    cost.sweeps.push_back(arrays);
  }
  return cost;
}

struct Expected {
  const char *quantizer, *optimizer;
  std::vector<std::string> sweeps;
  int64_t bytes;
  const char *why;
  /// Of the blocks of `every` that are not due at every step, in order.
  std::vector<std::vector<std::string>> blocks = {};
};

void PrintTo(const Expected &expected, std::ostream *out) {
  *out << expected.quantizer << " by " << expected.optimizer << ": " << expected.why;
}

const std::vector<Expected> &table() {
  static const std::vector<std::string> moved = {"g =x >w"}, inPlace = {"g =w"},
                                        perLevel = {"g =x*2 >w"};
  static const std::vector<Expected> all = {
      {"md_tanh_s", "sgd", moved, 16, "nothing is reduced; h is g"},
      {"md_tanh_s", "momentum", {"g =x =optimizer.m >w"}, 24, "one state"},
      {"md_tanh_s", "adam", {"g =x =optimizer.m =optimizer.v >w"}, 32, "two states"},
      {"md_tanh", "sgd", {"g =dual >w"}, 16, "the dual is moved, w follows from it"},
      {"gd_tanh", "sgd", moved, 16, "the slope follows from x"},
      {"md_ternary_s", "sgd", moved, 16, "as with two levels"},
      {"md_levels_s", "sgd", moved, 16, "as with two levels"},
      {"md_softmax_s", "sgd", moved, 16, "two antisymmetric duals are one"},
      {"md_softmax", "sgd", {"g =dual*3 >w"}, 32, "three duals"},
      {"pmf", "sgd", perLevel, 24, "the released Jacobian is not antisymmetric: two duals"},
      {"pgd", "sgd", perLevel, 24, "of sparsemax two duals stay two"},
      {"picm", "sgd", perLevel, 24, "of hardmax two duals stay two"},
      {"slb", "sgd", moved, 16, "by the chain rule two duals are one"},
      {"binary_connect", "sgd", moved, 16, "the block of every step is in the step"},
      {"binary_connect_stochastic", "sgd", moved, 16,
       "random numbers are made where they are read"},
      {"ste_clipped", "sgd", moved, 16, "nothing is reduced"},
      {"approx_sign", "sgd", moved, 16, "nothing is reduced"},
      {"bayes_bnn", "momentum", {"g =x =optimizer.m >w"}, 24, "nothing is reduced"},
      {"float", "sgd", inPlace, 12, "without `project` the parameter is the latent"},
      {"binary", "bop", {"g =w =optimizer.m"}, 20, "the parameter is the latent, and a level"},
      {"proxquant", "sgd", moved, 16, "`freeze` publishes another w than x, so both are kept"},
      {"proxquant_ternary",
       "sgd",
       {"g =x", "x", "=x >w"},
       28,
       "the threshold of the moved x, which waits in its place, its means beyond it, then the "
       "step"},
      {"proxquant_2bit",
       "sgd",
       {"g =w", "w", "w", "w", "=w"},
       32,
       "the start's two unknowns of the moved w, which waits in its place, two rounds, the step"},
      {"proxquant_2bit",
       "adam",
       {"g =w =optimizer.m =optimizer.v", "w", "w", "w", "=w"},
       48,
       "the gradient and the states are read once"},
      {"admm_q", "sgd", {"g =w z y"}, 20, "the penalty reads both states", {{"w >z =y"}}},
      {"lc",
       "sgd",
       {"g =w z y"},
       20,
       "the penalty reads both states; a mean of both in the block",
       {{"w y", "w >z =y"}}},
      {"admm",
       "extragradient",
       {"g =w z y =optimizer.a"},
       28,
       "the penalty reads both states; in the block their sum waits in z for ten rounds of the fit",
       {{"w >z y", "z", "z", "z", "z", "z", "z", "z", "z", "z", "z", "=z >y"}}},
      {"parq", "sgd", moved, 16, "the levels are a state, made every ten steps", {{"x"}}},
      {"binary_relax", "sgd", {"g =x", "x >w"}, 20, "what moves x sums what is published with"},
      {"bitnet", "sgd", {"g =x", "x >w"}, 20, "what moves x sums what is published with"},
      {"bitnet",
       "adam",
       {"g =x =optimizer.m =optimizer.v", "x >w"},
       36,
       "states in the first alone"},
      {"lab",
       "adam",
       {"g =x =optimizer.m =optimizer.v", "x >w"},
       36,
       "the new v is summed where it is made"},
      {"laq", "adam",
       [] {
         std::vector<std::string> all(12, "x optimizer.v");
         all.front() = "g =x =optimizer.m =optimizer.v";
         all.back() = "x >w";
         return all;
       }(),
       116, "what moves x sums the start, ten weighted rounds read v, then w"},
      {"lsq", "sgd", {"g =x", "x >w"}, 20, "the scale's derivative is summed where x moves"},
      {"lsq", "momentum", {"g =x =optimizer.m", "x >w"}, 28, "the scale's own state is shared"},
      {"quantization_networks", "sgd", {"g =x", "x >w"}, 20, "both scales' derivatives are"},
      {"twn", "sgd", {"g =x", "x", "x >w"}, 24, "a threshold, then the mean above it"},
      {"bwn", "sgd", {"x", "g =x", "x >w"}, 24, "what is handed on reads a mean of the old x"},
      {"ttq", "sgd", {"x", "g =x", "x >w"}, 24, "what is handed on reads a maximum of the old x"},
      {"dorefa_pd", "sgd", {"g =x", "x >w"}, 20, "a mean and a maximum at once"},
      {"dorefa",
       "sgd",
       {"x", "g x", "g =x", "x >w"},
       32,
       "the maximum, what it takes of the gradient, the new maximum"},
      {"ir_net",
       "sgd",
       {"x", "x", "g x", "g =x", "x", "x >w"},
       40,
       "mean and deviation, the mean of what they normalize, their cotangents; then both anew"},
  };
  return all;
}

class Step : public testing::TestWithParam<Expected> {};

TEST_P(Step, CostsOneSweepMoreThanItsLongestChainOfReductions) {
  const Expected &expected = GetParam();
  Program program(planOf({expected.quantizer, expected.optimizer}));
  ASSERT_TRUE(bool(program.derived));
  Cost cost = costOf(*program.derived, "step");
  EXPECT_EQ(cost.sweeps, expected.sweeps);
  EXPECT_EQ(cost.bytes, expected.bytes);
  // What is not due costs nothing, what is due the sweeps of its own.
  auto method = *program.derived->getOps<MethodOp>().begin();
  ASSERT_EQ(size_t(llvm::range_size(method.getEveryBlocks())), expected.blocks.size());
  for (size_t i = 0; i < expected.blocks.size(); ++i)
    EXPECT_EQ(costOf(*program.derived, "every." + std::to_string(i)).sweeps, expected.blocks[i]);
}

INSTANTIATE_TEST_SUITE_P(All, Step, testing::ValuesIn(table()), [](const auto &info) {
  return std::string(info.param.quantizer) + "_" + info.param.optimizer;
});

TEST(Steps, AreCountedOfEveryQuantizerThatIsTrained) {
  std::vector<std::string> counted;
  for (const Expected &expected : table())
    counted.push_back(expected.quantizer);
  int found = 0;
  std::string folder = std::string(BREGMAN_SOURCE_DIR) + "/examples/specs";
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    std::string name = entry.path().stem().string(), line;
    bool isQuantizer = false;
    while (std::getline(file, line))
      isQuantizer |= line.starts_with("quantizer " + name);
    if (!isQuantizer || name.ends_with("_act"))
      continue;
    ++found;
    EXPECT_THAT(counted, testing::Contains(name));
  }
  EXPECT_GT(found, 30);
}

/// The sweeps of a step whose block moves x by `shift` and keeps the x before in a state.
std::vector<std::string> sweepsWith(const std::string &shift) {
  Program program("quantizer q { state z = 0 levels {-1, 1} let a = mean(abs(x) per tensor) "
                  "every step { x' = x - " +
                  shift + " z' = x } final sign(x) } plan { else : q by sgd }");
  return program.derived ? costOf(*program.derived, "step").sweeps : std::vector<std::string>();
}

TEST(Between, AnArrayHoldsWhatOtherSweepsRead) {
  // In w itself. Not in z, the old value of which the last one reads.
  EXPECT_EQ(sweepsWith("z * mean(abs(x - a) per tensor)"),
            (std::vector<std::string>{"g =w", "w", "=w =z"}));
}

TEST(Between, NothingIsHeldWhereThatSavesNoMemoryTraffic) {
  EXPECT_EQ(sweepsWith("z * a"), (std::vector<std::string>{"g w", "g =w =z"}));
}

/// Attach reads w and writes x once.
TEST(Attach, MeasuresWhileItStores) {
  Program program(planOf({"lsq", "momentum"}));
  ASSERT_TRUE(bool(program.derived));
  Cost cost = costOf(*program.derived, "attach");
  EXPECT_EQ(cost.sweeps, std::vector<std::string>{">x >optimizer.m w"});
  EXPECT_EQ(cost.bytes, 12);
}

} // namespace
