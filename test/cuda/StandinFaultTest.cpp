// What the interpreter finds wrong with a kernel, and by which of the driver's codes it says so.
#include "test/cuda/Calls.h"

using namespace bregman::testing;

namespace {

constexpr int invalidPtx = 218, illegalAddress = 700, misaligned = 716, launchFailed = 719;

/// %rd3 is the address of the thread's own word.
const std::string own = "mov.u32 %r10, %tid.x; ld.param.b64 %rd1, [p];\n"
                        "mul.wide.u32 %rd2, %r10, 4; add.s64 %rd3, %rd1, %rd2;\n";

class StandinFault : public testing::Test {
protected:
  void SetUp() override {
    if (!standinReset)
      GTEST_SKIP() << "the driver is a real one";
    standinReset();
  }

  void expectFault(const std::string &body, int code, const std::string &message,
                   unsigned threads = 32, unsigned grid = 1) {
    standinReset();
    Outcome outcome = run(kernelOf(own + body), std::vector<uint32_t>(64), threads, grid);
    EXPECT_EQ(outcome.loading, 0) << outcome.log;
    EXPECT_EQ(outcome.running, code) << body;
    EXPECT_NE(outcome.log.find(message), std::string::npos) << outcome.log;
  }
  void expectRefusal(const std::string &body, const std::string &message) {
    Outcome outcome = run(kernelOf(body), {0});
    EXPECT_EQ(outcome.loading, invalidPtx) << body;
    EXPECT_EQ(outcome.log, message);
  }
};

TEST_F(StandinFault, Addresses) {
  expectFault("ld.global.b32 %r1, [%rd3+256]; ret;", illegalAddress,
              "reads 4 bytes at 0x70000000100, 256 bytes past the start of an allocation of 256");
  expectFault("st.global.b32 [%rd3+-4], %r10; ret;", illegalAddress, "writes 4 bytes at");
  expectFault("mov.b64 %rd4, 4096; ld.global.b32 %r1, [%rd4]; ret;", illegalAddress,
              "reads 4 bytes at 0x1000, no address of a device");
  expectFault("ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd3]; ret;", misaligned,
              "reads 16 bytes at");
  expectFault("ld.global.b32 %r1, [%rd1+2]; ret;", misaligned, "reads 4 bytes at");
  expectFault(".shared .align 4 .b8 sh[4]; mov.b64 %rd4, sh; ld.shared.b32 %r1, [%rd4+4]; ret;",
              illegalAddress, "reads 4 bytes at byte 4 of shared memory");
  expectFault(".shared .align 4 .b8 sh[4]; mov.b64 %rd4, sh; ld.shared.b32 %r1, [%rd4]; ret;",
              launchFailed, "which nobody has written");
}

TEST_F(StandinFault, Races) {
  const std::string shared = ".shared .align 4 .b8 sh[1024]; mov.b64 %rd4, sh;"
                             "add.s64 %rd5, %rd4, %rd2; st.shared.b32 [%rd5], %r10;";
  const std::string other = "xor.b32 %r4, %r10, 32; mul.wide.u32 %rd7, %r4, 4;"
                            "add.s64 %rd8, %rd4, %rd7;";
  expectFault(shared + other +
                  "bar.sync 0; st.shared.b32 [%rd5], %r4; ld.shared.b32 %r1, [%rd8]; ret;",
              launchFailed, "race at byte", 64);
  expectFault(shared + other +
                  "bar.sync 0; ld.shared.b32 %r1, [%rd8]; st.shared.b32 [%rd5], %r1;"
                  "ret;",
              launchFailed, "race at byte", 64);
  expectFault("st.global.b32 [%rd1], %r10; ret;", launchFailed,
              "two threads write it without a barrier between them", 2);
  expectFault("ld.global.b32 %r1, [%rd3]; st.global.b32 [%rd3], %r1; ret;", launchFailed, "race at",
              1, 2);
  expectFault("ld.global.nc.b32 %r1, [%rd3]; st.global.b32 [%rd3], %r1; ret;", launchFailed,
              "it is written in the launch that reads it by `.nc`", 1);
}

TEST_F(StandinFault, RacesThatBarriersOrderAreNone) {
  standinReset();
  Outcome outcome =
      run(kernelOf(own + ".shared .align 4 .b8 sh[256]; mov.b64 %rd4, sh; add.s64 %rd5, %rd4, %rd2;"
                         "st.shared.b32 [%rd5], %r10; bar.sync 0; xor.b32 %r4, %r10, 32;"
                         "mul.wide.u32 %rd7, %r4, 4; add.s64 %rd8, %rd4, %rd7;"
                         "ld.shared.b32 %r1, [%rd8]; bar.sync 0; st.shared.b32 [%rd5], %r1;"
                         "st.global.b32 [%rd3], %r1; ret;"),
          std::vector<uint32_t>(64), 64);
  EXPECT_EQ(outcome.running, 0) << outcome.log;
  ASSERT_EQ(outcome.words.size(), 64u);
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(outcome.words[i], i ^ 32);
}

TEST_F(StandinFault, Divergence) {
  expectFault("setp.lt.s32 %p1, %r10, 16; @%p1 bra $L1; bar.sync 0; ret; $L1: bar.sync 0; ret;",
              launchFailed, "lanes of a warp wait here for lanes that wait elsewhere or are gone");
  expectFault("setp.lt.s32 %p1, %r10, 32; @%p1 bra $L1; bar.sync 0; ret; $L1: bar.sync 0; ret;",
              launchFailed, "others at the one of line", 64);
  expectFault("setp.lt.s32 %p1, %r10, 16; @%p1 bra.uni $L1; $L1: ret;", launchFailed,
              "lanes part at a branch that is said to be uniform");
  expectFault("setp.lt.s32 %p1, %r10, 16; @%p1 bra $L1; shfl.sync.bfly.b32 %r1, %r10, 1, 31, -1;"
              "$L1: ret;",
              launchFailed, "lanes of a warp wait here for lanes that wait elsewhere or are gone");
  expectFault("shfl.sync.bfly.b32 %r1, %r10, 1, 31, 0xffff; ret;", launchFailed,
              "lane 16 is not in the mask that it names");
  expectFault("setp.lt.s32 %p1, %r10, 16; @!%p1 bra $L1;"
              "shfl.sync.bfly.b32 %r1, %r10, 16, 31, 0xffff; $L1: ret;",
              launchFailed, "lane 0 reads lane 16, which the mask leaves out");
  expectFault("$L1: bra $L1;", 702, "the kernel runs on and on");
}

TEST_F(StandinFault, WhatIsNotExactIsRefused) {
  expectRefusal("add.f32 %r1, %r2, %r3; ret;",
                "line 8: `add.f32`: without `.rn` it may be contracted");
  expectRefusal("div.approx.f32 %r1, %r2, %r3; ret;",
                "line 8: `div.approx.f32`: a type is missing");
  expectRefusal("tanh.approx.f32 %r1, %r2; ret;", "line 8: `tanh.approx.f32`: unknown instruction");
  expectRefusal("mul.rn.ftz.f32 %r1, %r2, %r3; ret;",
                "line 8: `mul.rn.ftz.f32`: a type is missing");
  expectRefusal("mov.b64 %rd1, %r1; ret;", "line 8: `mov.b64`: `%r1` has 32 bits");
  expectRefusal("bra $nowhere;", "line 8: `bra`: unknown label `$nowhere`");
  expectRefusal("cvt.f16.f32 %rs1, %r1; ret;", "line 8: `cvt.f16.f32`: a rounding is missing");
  EXPECT_EQ(run(".version 8.0\n.target sm_100\n.address_size 64\n", {0}).loading, invalidPtx);
  EXPECT_EQ(run(".version 9.9\n.target sm_80\n.address_size 64\n", {0}).loading, 222);
}

TEST_F(StandinFault, PlannedFailures) {
  standinFail("cuMemAlloc_v2", 2, 2);
  void *context = nullptr;
  unsigned long long first = 0, second = 0;
  EXPECT_EQ(cuInit(0), 0);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
  EXPECT_EQ(cuMemAlloc_v2(&first, 16), 201) << "no context is current";
  EXPECT_EQ(cuCtxPushCurrent_v2(context), 0);
  EXPECT_EQ(cuMemAlloc_v2(&second, 16), 2);
  EXPECT_FALSE(standinClear());
  EXPECT_EQ(cuMemAlloc_v2(&first, 16), 0);
  EXPECT_EQ(standinLive(), 2);
  standinFail("cuMemFree_v2", 1, launchFailed);
  EXPECT_EQ(cuMemFree_v2(first), launchFailed);
  EXPECT_EQ(cuMemFree_v2(first), launchFailed) << "the context is lost";
  EXPECT_EQ(cuCtxPopCurrent_v2(nullptr), 0);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
  EXPECT_EQ(standinLive(), 0);
}

} // namespace
