// What a step costs: sweeps and bytes of memory per weight, counted by hand from each spec.
#include <gtest/gtest.h>

#include "Program.h"

using namespace bregman;
using bregman::test::Names;
using bregman::test::planOf;
using bregman::test::Program;

namespace {

struct Cost {
  int sweeps = 0;
  int64_t bytes = 0; ///< per weight, read and written; what many weights share is not counted
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
    ++cost.sweeps;
    for (unsigned stream = 0; stream < kernel.getStreams().size(); ++stream) {
      if (kernel.extentOf(stream))
        continue;
      mlir::Type storage = llvm::cast<mlir::TypeAttr>(kernel.getStorage()[stream]).getValue();
      cost.bytes += 4 * levelCount(storage) * (kernel.isRead(stream) + kernel.isWritten(stream));
    }
  }
  return cost;
}

struct Expected {
  const char *quantizer, *optimizer;
  int sweeps;
  int64_t bytes;
};

void PrintTo(const Expected &expected, std::ostream *out) {
  *out << expected.quantizer << " by " << expected.optimizer;
}

class Step : public testing::TestWithParam<Expected> {};

TEST_P(Step, CostsOneSweepMoreThanItsLongestChainOfReductions) {
  const Expected &expected = GetParam();
  Program program(planOf({expected.quantizer, expected.optimizer}));
  ASSERT_TRUE(bool(program.derived));
  Cost cost = costOf(*program.derived, "step");
  EXPECT_EQ(cost.sweeps, expected.sweeps);
  EXPECT_EQ(cost.bytes, expected.bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, Step,
    testing::Values(
        // g, x both ways, w.
        Expected{"md_tanh_s", "sgd", 1, 16}, Expected{"md_tanh_s", "momentum", 1, 24},
        Expected{"md_tanh_s", "adam", 1, 32}, Expected{"binary_connect", "sgd", 1, 16},
        // Without `project` the parameter is the latent: g, w both ways.
        Expected{"float", "sgd", 1, 12},
        // Nothing is reduced in a step: the state is made every ten.
        Expected{"parq", "sgd", 1, 16},
        // What moves x sums what is published with; then x and w.
        Expected{"binary_relax", "sgd", 2, 12 + 8}, Expected{"bitnet", "adam", 2, 28 + 8},
        // The scale's derivative is summed beside.
        Expected{"lsq", "sgd", 2, 12 + 8}, Expected{"lsq", "momentum", 2, 20 + 8},
        // A threshold, then the mean above it.
        Expected{"twn", "sgd", 3, 12 + 4 + 8},
        // What is handed on reads a sum of the old latent.
        Expected{"bwn", "sgd", 3, 4 + 12 + 8}, Expected{"ttq", "sgd", 3, 4 + 12 + 8},
        // The maximum, what it takes of the gradient, the new maximum.
        Expected{"dorefa", "sgd", 4, 4 + 8 + 12 + 8},
        // Mean and deviation, the mean of what they normalize, their cotangents; then both anew.
        Expected{"ir_net", "sgd", 6, 4 + 4 + 8 + 12 + 4 + 8},
        // The start's two unknowns, two rounds, then the step: x cannot be stored before.
        Expected{"proxquant_2bit", "sgd", 5, 8 + 8 + 8 + 8 + 12}),
    [](const auto &info) {
      return std::string(info.param.quantizer) + "_" + info.param.optimizer;
    });

/// What is not due costs nothing, what is due the sweeps of its own.
TEST(Block, CostsItsOwnSweeps) {
  Program program(planOf({"parq", "sgd"}));
  ASSERT_TRUE(bool(program.derived));
  Cost cost = costOf(*program.derived, "every.0");
  EXPECT_EQ(cost.sweeps, 1);
  EXPECT_EQ(cost.bytes, 4);
}

/// Attach reads w and writes x once.
TEST(Attach, MeasuresWhileItStores) {
  Program program(planOf({"lsq", "momentum"}));
  ASSERT_TRUE(bool(program.derived));
  Cost cost = costOf(*program.derived, "attach");
  EXPECT_EQ(cost.sweeps, 1);
  EXPECT_EQ(cost.bytes, 12);
}

} // namespace
