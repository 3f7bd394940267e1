// Every kernel of every quantizer of the library under every optimizer: compiled at each width and
// variant it gives the same bits, and what the dialect's interpreter gives in double precision.
#include "frontend/reference/Interpreter.h"
#include "frontend/spec/Spec.h"
#include "passes/Clauses.h"
#include "passes/Pipelines.h"
#include "test/codegen/KernelRunner.h"

#include "mlir/IR/TypeUtilities.h"

#include <bit>
#include <cstring>
#include <random>

using namespace bregman;
using namespace bregman::test;

using Parameters = std::tuple<std::string, std::string, std::string>;

namespace {
/// The streams of one kernel for a number of weights, as bytes, each plane aligned to a vector.
class Memory {
public:
  Memory(KernelOp kernel, int64_t size) : size(size) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    for (unsigned index = 0; index < kernel.getStreams().size(); ++index) {
      auto type = llvm::cast<mlir::TypeAttr>(kernel.getStorage()[index]).getValue();
      bool isNarrow = mlir::getElementTypeOrSelf(type).isBF16();
      bool isSquare = kernel.streamName(index).ends_with(".v");
      for (int64_t plane = 0; plane < levelCount(type); ++plane) {
        planes.push_back(
            {kernel.streamName(index).str(), isNarrow, std::vector<std::byte>(size * 4 + 64)});
        for (int64_t i = 0; i < size; ++i) {
          float value = 0.5f * normal(random);
          if (kernel.isRead(index))
            set(planes.back(), i, isSquare ? std::fabs(value) : value);
        }
      }
    }
  }

  std::vector<void *> addresses() {
    std::vector<void *> all;
    for (Plane &plane : planes)
      all.push_back(start(plane));
    return all;
  }
  /// All levels of a stream at one weight.
  std::vector<double> at(llvm::StringRef stream, int64_t weight) {
    std::vector<double> values;
    for (Plane &plane : planes)
      if (plane.stream == stream)
        values.push_back(get(plane, weight));
    return values;
  }
  bool isNarrow(llvm::StringRef stream) {
    for (Plane &plane : planes)
      if (plane.stream == stream)
        return plane.isNarrow;
    return false;
  }
  std::vector<std::byte> bytes() {
    std::vector<std::byte> all;
    for (Plane &plane : planes)
      all.insert(all.end(), start(plane), start(plane) + size * (plane.isNarrow ? 2 : 4));
    return all;
  }

private:
  struct Plane {
    std::string stream;
    bool isNarrow;
    std::vector<std::byte> memory;
  };

  static std::byte *start(Plane &plane) {
    auto address = reinterpret_cast<uintptr_t>(plane.memory.data());
    return plane.memory.data() + (64 - address % 64) % 64;
  }
  static void set(Plane &plane, int64_t i, float value) {
    auto bits = std::bit_cast<uint32_t>(value);
    if (plane.isNarrow)
      bits >>= 16;
    std::memcpy(start(plane) + i * (plane.isNarrow ? 2 : 4), &bits, plane.isNarrow ? 2 : 4);
  }
  static float get(Plane &plane, int64_t i) {
    uint32_t bits = 0;
    std::memcpy(&bits, start(plane) + i * (plane.isNarrow ? 2 : 4), plane.isNarrow ? 2 : 4);
    return std::bit_cast<float>(plane.isNarrow ? bits << 16 : bits);
  }

  int64_t size;
  std::vector<Plane> planes;
};
} // namespace

/// Positive numbers, as learning rates, momenta and inverse temperatures are.
static std::vector<float> someScalars(size_t count) {
  std::vector<float> scalars;
  for (size_t i = 0; i < count; ++i)
    scalars.push_back(0.9f - 0.125f * static_cast<float>(i % 6));
  return scalars;
}

/// What each stream that `kernel` writes holds after one sweep, interpreted.
static void compareWithInterpreter(KernelOp kernel, Memory before, Memory &after, int64_t size,
                                   const std::vector<float> &scalars) {
  auto sweep = *kernel.getBody().getOps<SweepOp>().begin();
  YieldOp yield = yieldOf(sweep.getBody());
  reference::Context context;
  context.shape = {size, 1};
  reference::Environment environment(context);
  for (size_t i = 0; i < scalars.size(); ++i)
    environment.set(kernel.getScalar(i), reference::Tensor(scalars[i]));
  for (auto [read, argument] : llvm::zip(sweep.getReads(), sweep.getBody().getArguments())) {
    auto index = llvm::cast<mlir::BlockArgument>(read).getArgNumber() - kernel.getScalars().size();
    reference::Tensor values(size, levelCount(argument.getType()));
    for (int64_t weight = 0; weight < size; ++weight)
      for (auto [level, entry] : llvm::enumerate(before.at(kernel.streamName(index), weight)))
        values(weight, level).value = entry;
    environment.set(argument, values);
  }
  ASSERT_TRUE(succeeded(reference::evaluate(sweep.getBody().front(), environment)));
  for (auto [index, value] : llvm::enumerate(yield.getValues())) {
    double precision = after.isNarrow(yield.nameOf(index)) ? 1.0 / 256 : 4e-6;
    for (int64_t weight = 0; weight < size; ++weight) {
      std::vector<double> actual = after.at(yield.nameOf(index), weight);
      for (size_t level = 0; level < actual.size(); ++level) {
        double wanted = environment.at(value).at(weight, level).value;
        ASSERT_NEAR(actual[level], wanted, precision * (1 + std::fabs(wanted)))
            << yield.nameOf(index).str() << " of weight " << weight;
      }
    }
  }
}

class Library : public testing::TestWithParam<Parameters> {};

TEST_P(Library, KernelsGiveTheInterpretersNumbers) {
  auto [quantizer, optimizer, element] = GetParam();
  mlir::DialectRegistry registry;
  registerHostBackend(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  spec::Diagnostics diagnostics;
  std::unique_ptr<spec::Unit> unit;
  auto source = std::make_shared<const spec::Source>("test.breg", "plan { else : " + quantizer +
                                                                      " by " + optimizer + " }");
  spec::Library library(std::string(BREGMAN_SOURCE_DIR) + "/examples/specs");
  auto module = spec::compile(source, library, context, diagnostics, unit);
  ASSERT_TRUE(bool(module)) << diagnostics.render();
  mlir::PassManager manager(&context);
  buildDerivePipeline(manager, DeriveOptions());
  KernelOptions options;
  options.element = element;
  buildKernelPipeline(manager, options);
  ASSERT_TRUE(succeeded(manager.run(*module)));

  constexpr int64_t size = 16 * 11;
  for (auto kernel : module->getOps<KernelOp>()) {
    SCOPED_TRACE(kernel.getSymName().str());
    std::vector<float> scalars = someScalars(kernel.getScalars().size());
    mlir::OwningOpRef<mlir::ModuleOp> alone = mlir::ModuleOp::create(kernel.getLoc());
    alone->push_back(kernel->clone());
    std::vector<std::byte> first;
    for (int lanes : lanesHere())
      for (LoopVariant variant : {LoopVariant::Plain, LoopVariant::Streaming}) {
        KernelRunner runner(lanes, variant);
        ASSERT_NO_FATAL_FAILURE(runner.load(*alone));
        Memory memory(kernel, size);
        runner.run(size, memory.addresses(), scalars);
        if (first.empty()) {
          first = memory.bytes();
          compareWithInterpreter(kernel, Memory(kernel, size), memory, size, scalars);
        }
        EXPECT_EQ(first, memory.bytes()) << lanes << " lanes";
      }
  }
}

static auto quantizers() {
  return testing::Values("md_tanh_s", "md_ternary_s", "md_tanh", "gd_tanh", "md_softmax_s",
                         "md_softmax", "pmf", "binary_connect", "ste_clipped", "proxquant",
                         "float");
}

static std::string nameOf(const testing::TestParamInfo<Parameters> &info) {
  return std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" + std::get<2>(info.param);
}

INSTANTIATE_TEST_SUITE_P(
    F32, Library,
    testing::Combine(quantizers(), testing::Values("sgd", "momentum", "nesterov", "adam", "adamw"),
                     testing::Values("f32")),
    nameOf);
INSTANTIATE_TEST_SUITE_P(BF16, Library,
                         testing::Combine(quantizers(), testing::Values("momentum"),
                                          testing::Values("bf16")),
                         nameOf);
