// The back end's texts, its errors, and what its objects contain.
#include "test/codegen/KernelRunner.h"

#include "gmock/gmock.h"

using namespace bregman;
using namespace bregman::test;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

static std::string errorOf(KernelRunner &runner, const std::string &kernel) {
  mlir::OwningOpRef<mlir::ModuleOp> module = runner.parse(kernel);
  llvm::Expected<HostArtifacts> artifacts = runner.backend->compile(*module, {});
  return artifacts ? "" : llvm::toString(artifacts.takeError());
}

static HostArtifacts textsOf(KernelRunner &runner, const std::string &kernel, bool locations) {
  mlir::OwningOpRef<mlir::ModuleOp> module = runner.parse(kernel);
  return valueOf(runner.backend->compile(*module, {.variant = runner.variant,
                                                   .object = false,
                                                   .loops = true,
                                                   .llvm = true,
                                                   .assembly = true,
                                                   .locations = locations}));
}

static const std::string tanhKernel = elementwise("%y = math.tanh %x : f32");

TEST(HostBackend, NamesAndWidthsSurviveIntoEveryText) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes);
    HostArtifacts texts = textsOf(runner, tanhKernel, false);
    std::string vector = std::to_string(lanes) + "xf32>",
                code = std::to_string(lanes) + " x float>";
    EXPECT_THAT(texts.loops, AllOf(HasSubstr("%a = llvm.load"), HasSubstr(vector),
                                   HasSubstr("math.tanh"), Not(HasSubstr("loc("))));
    EXPECT_THAT(texts.llvm,
                AllOf(ContainsRegex("%a.lanes[0-9]* = load <" + code), HasSubstr("i64 %size"),
                      HasSubstr("ModuleID = 'f'"), Not(HasSubstr("!dbg"))));
    EXPECT_THAT(texts.assembly,
                AllOf(HasSubstr("# f, plain, " + std::to_string(lanes) + " lanes"),
                      HasSubstr("# streams: a, b, c, y"), HasSubstr("bregman_kernel_plain:")));
    // No register of the other width, and nothing is called.
    EXPECT_EQ(texts.assembly.find("zmm") != std::string::npos, lanes == 16);
    EXPECT_THAT(texts.assembly, Not(HasSubstr("call")));
  }
}

TEST(HostBackend, LocationsLeadBackToTheSource) {
  KernelRunner runner(8);
  HostArtifacts texts = textsOf(runner, tanhKernel, true);
  EXPECT_THAT(texts.loops, HasSubstr("kernel.mlir:3:6")); // the line of math.tanh
  EXPECT_THAT(texts.llvm, HasSubstr("; kernel.mlir:3:6"));
  EXPECT_THAT(texts.assembly, HasSubstr("kernel.mlir:3:6"));
}

TEST(HostBackend, TheSameKernelGivesTheSameBytes) {
  KernelRunner runner(8), other(8);
  auto module = runner.parse(tanhKernel), twin = other.parse(tanhKernel);
  HostArtifacts first = valueOf(runner.backend->compile(*module, {}));
  HostArtifacts second = valueOf(other.backend->compile(*twin, {.llvm = true, .assembly = true}));
  EXPECT_EQ(first.object, second.object);
}

TEST(HostBackend, StreamingPrefetchesReadsAndStoresAroundTheCache) {
  for (int lanes : lanesHere()) {
    KernelRunner runner(lanes, LoopVariant::Streaming);
    HostArtifacts texts = textsOf(runner, tanhKernel, false);
    EXPECT_THAT(texts.assembly, AllOf(HasSubstr("prefetcht0"), HasSubstr("vmovnt"),
                                      HasSubstr("bregman_kernel_streaming:")));
  }
}

TEST(HostBackend, WhatIsNotCompiledIsAnErrorThatNamesIt) {
  KernelRunner runner(8);
  EXPECT_THAT(errorOf(runner, elementwise("%y = math.sin %x : f32")),
              AllOf(HasSubstr("math.sin"), HasSubstr("kernel.mlir:3:6")));
  EXPECT_THAT(errorOf(runner, "bregman.kernel @k scalars () streams (x = %x : inout f32, "
                              "y = %y : inout f32) {\n"
                              "  bregman.sweep (%xi = %x) : f32 {\n"
                              "    bregman.yield x = %xi : f32\n  }\n"
                              "  bregman.sweep (%yi = %y) : f32 {\n"
                              "    bregman.yield y = %yi : f32\n  }\n}"),
              HasSubstr("expects one sweep"));
  EXPECT_THAT(errorOf(runner, "module {}"), HasSubstr("expects a kernel"));
  // The backend is as good as new after an error.
  EXPECT_EQ(errorOf(runner, tanhKernel), "");
}

TEST(HostTarget, NarrowLanesTakeTheWideInstructionsAway) {
  HostTarget narrow = valueOf(HostTarget::host(8));
  EXPECT_EQ(narrow.lanes, 8);
  EXPECT_THAT(narrow.features, AllOf(HasSubstr("+avx2"), Not(HasSubstr("+avx512"))));
  llvm::Expected<HostTarget> odd = HostTarget::host(12);
  ASSERT_FALSE(bool(odd));
  EXPECT_THAT(llvm::toString(odd.takeError()), HasSubstr("not 12"));
}

TEST(HostTarget, DescriptionsOfTheWidthsDiffer) {
  std::vector<std::string> seen;
  for (int lanes : lanesHere()) {
    seen.push_back(valueOf(HostTarget::host(lanes)).describe());
    EXPECT_THAT(seen, ::testing::Contains(seen.back()).Times(1));
  }
}
