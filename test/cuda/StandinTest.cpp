// The interpreter gives what the PTX manual says.
#include "test/cuda/Calls.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace bregman::testing;

namespace {

uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }

/// Thread i has a = word 2i and b = word 2i + 1 in %r1 and %r2, and writes %r3 to word 2i.
std::vector<uint32_t> perThread(const std::string &body,
                                std::vector<std::pair<uint32_t, uint32_t>> in) {
  std::vector<uint32_t> words;
  for (auto [a, b] : in) {
    words.push_back(a);
    words.push_back(b);
  }
  std::string ptx = kernelOf("mov.u32 %r10, %tid.x; ld.param.b64 %rd1, [p];\n"
                             "mul.wide.u32 %rd2, %r10, 8; add.s64 %rd3, %rd1, %rd2;\n"
                             "ld.global.v2.b32 {%r1, %r2}, [%rd3];\n" +
                             body + "\nst.global.b32 [%rd3], %r3; ret;");
  Outcome outcome = run(ptx, words, unsigned(in.size()));
  EXPECT_EQ(outcome.loading, 0) << outcome.log << ptx;
  EXPECT_EQ(outcome.running, 0) << outcome.log << ptx;
  std::vector<uint32_t> results;
  for (size_t i = 0; i < outcome.words.size(); i += 2)
    results.push_back(outcome.words[i]);
  return results;
}

uint32_t one(const std::string &body, uint32_t a, uint32_t b = 0) {
  std::vector<uint32_t> results = perThread(body, {{a, b}});
  return results.empty() ? 0xdeadbeef : results.front();
}

class Standin : public testing::Test {
protected:
  void SetUp() override {
    if (!standinReset)
      GTEST_SKIP() << "the driver is a real one";
    standinReset();
  }
};

const float infinity = std::numeric_limits<float>::infinity();
constexpr uint32_t notANumber = 0x7fffffff, someNaN = 0x7fc01234;

TEST_F(Standin, ArithmeticRoundsAsIEEESays) {
  EXPECT_EQ(one("add.rn.f32 %r3, %r1, %r2;", bits(1), bits(0x1p-24f)), bits(1));
  EXPECT_EQ(one("add.rn.f32 %r3, %r1, %r2;", bits(1), bits(0x1.8p-24f)), bits(1 + 0x1p-23f));
  EXPECT_EQ(one("mul.rn.f32 %r3, %r1, %r2;", bits(0x1p-100f), bits(0x1p-40f)), bits(0x1p-140f));
  EXPECT_EQ(one("div.rn.f32 %r3, %r1, %r2;", bits(1), bits(3)), bits(1.0f / 3));
  EXPECT_EQ(one("sqrt.rn.f32 %r3, %r1;", bits(2)), bits(std::sqrt(2.0f)));
  EXPECT_EQ(one("fma.rn.f32 %r3, %r1, %r2, 0fBF800000;", bits(1 + 0x1p-12f), bits(1 - 0x1p-12f)),
            bits(-0x1p-24f));
  EXPECT_EQ(one("sub.rn.f32 %r3, %r1, %r2;", bits(infinity), bits(infinity)), notANumber);
  EXPECT_EQ(one("add.rn.f32 %r3, %r1, %r2;", someNaN, bits(1)), notANumber);
  EXPECT_EQ(one("cvt.f64.f32 %rd4, %r1; cvt.f64.f32 %rd5, %r2; add.rn.f64 %rd6, %rd4, %rd5;"
                "mul.rn.f64 %rd6, %rd6, 0d4000000000000000; cvt.rn.f32.f64 %r3, %rd6;",
                bits(3), bits(0x1p-30f)),
            bits(6));
}

TEST_F(Standin, ComparisonsKnowNaN) {
  auto select = [](const std::string &comparison) {
    return "setp." + comparison + ".f32 %p1, %r1, %r2; selp.b32 %r3, 1, 0, %p1;";
  };
  EXPECT_EQ(one(select("lt"), someNaN, bits(1)), 0u);
  EXPECT_EQ(one(select("geu"), someNaN, bits(1)), 1u);
  EXPECT_EQ(one(select("ne"), someNaN, someNaN), 0u);
  EXPECT_EQ(one(select("neu"), someNaN, someNaN), 1u);
  EXPECT_EQ(one(select("eq"), bits(0.0f), bits(-0.0f)), 1u);
  EXPECT_EQ(one(select("nan"), bits(0), someNaN), 1u);
  EXPECT_EQ(one("max.f32 %r3, %r1, %r2;", someNaN, bits(1)), bits(1));
  EXPECT_EQ(one("max.NaN.f32 %r3, %r1, %r2;", someNaN, bits(1)), notANumber);
  EXPECT_EQ(one("min.f32 %r3, %r1, %r2;", bits(0.0f), bits(-0.0f)), bits(-0.0f));
  EXPECT_EQ(one("selp.f32 %r3, %r1, %r2, %p1;", 1, someNaN), someNaN);
  EXPECT_EQ(one("setp.lt.s32 %p1, %r1, 0; setp.lt.and.s32 %p2|%p3, %r2, 5, %p1;"
                "selp.b32 %r3, 1, 2, %p2;",
                uint32_t(-1), 3),
            1u);
}

TEST_F(Standin, Integers) {
  EXPECT_EQ(one("mul.hi.u32 %r3, %r1, %r2;", 0xD2511F53, 0x12345678),
            uint32_t((uint64_t(0xD2511F53) * 0x12345678) >> 32));
  EXPECT_EQ(one("mad.lo.s32 %r3, %r1, %r2, 7;", uint32_t(-3), 5), uint32_t(-8));
  EXPECT_EQ(one("mul.wide.s32 %rd4, %r1, %r2; shr.s64 %rd4, %rd4, 32; cvt.u32.u64 %r3, %rd4;",
                uint32_t(-1), 1),
            uint32_t(-1));
  EXPECT_EQ(one("shr.s32 %r3, %r1, %r2;", 0x80000000, 40), 0xffffffffu);
  EXPECT_EQ(one("shl.b32 %r3, %r1, %r2;", 1, 32), 0u);
  EXPECT_EQ(one("shf.l.wrap.b32 %r3, %r1, %r2, 8;", 0x11223344, 0xaabbccdd), 0xbbccdd11u);
  EXPECT_EQ(one("prmt.b32 %r3, %r1, %r2, 0x5410;", 0x11112222, 0x33334444), 0x44442222u);
  EXPECT_EQ(one("prmt.b32 %r3, %r1, %r2, 0x7632U;", 0x11112222, 0x33334444), 0x33331111u);
  EXPECT_EQ(one("lop3.b32 %r3, %r1, %r2, 0xff, 0x96;", 0x0f0f, 0x00ff), 0x0f0fu ^ 0x00ffu ^ 0xffu);
  EXPECT_EQ(one("bfe.s32 %r3, %r1, 4, 8;", 0x00000f80), 0xfffffff8u);
  EXPECT_EQ(one("bfi.b32 %r3, %r1, %r2, 8, 4;", 0x5, 0xffffffff), 0xfffff5ffu);
  EXPECT_EQ(one("rem.u32 %r3, %r1, %r2;", 17, 5), 2u);
  EXPECT_EQ(one("div.s32 %r3, %r1, %r2;", uint32_t(-17), 5), uint32_t(-3));
}

TEST_F(Standin, Conversions) {
  auto narrow = [](const char *type, float value) {
    return one(std::string("cvt.rn.") + type + ".f32 %rs1, %r1; cvt.u32.u16 %r3, %rs1;",
               bits(value));
  };
  EXPECT_EQ(narrow("f16", 1 + 0x1p-11f), 0x3c00u) << "to even";
  EXPECT_EQ(narrow("f16", 1 + 0x1.8p-10f), 0x3c02u);
  EXPECT_EQ(narrow("f16", 0x1p-24f), 1u);
  EXPECT_EQ(narrow("f16", 0x1p-25f), 0u);
  EXPECT_EQ(narrow("f16", 65519), 0x7bffu);
  EXPECT_EQ(narrow("f16", 65520), 0x7c00u);
  EXPECT_EQ(narrow("bf16", -1.00390625f), 0xbf80u);
  EXPECT_EQ(narrow("bf16", 3.4e38f), 0x7f80u);
  EXPECT_EQ(narrow("bf16", std::bit_cast<float>(someNaN)), 0x7fffu);
  EXPECT_EQ(one("cvt.rn.bf16x2.f32 %r3, %r1, %r2;", bits(2), bits(1)), 0x40003f80u);
  EXPECT_EQ(one("mov.b32 {%rs1, %rs2}, %r1; cvt.f32.f16 %r3, %rs2;", 0xc0003c00), bits(-2));
  EXPECT_EQ(one("mov.b32 {%rs1, %rs2}, %r1; abs.f16 %rs1, %rs1; neg.bf16 %rs2, %rs2;"
                "mov.b32 %r3, {%rs1, %rs2};",
                0x3f80bc00),
            0xbf803c00u);
  EXPECT_EQ(one("cvt.rmi.f32.f32 %r3, %r1;", bits(-1.5f)), bits(-2));
  EXPECT_EQ(one("cvt.rni.f32.f32 %r3, %r1;", bits(2.5f)), bits(2));
  EXPECT_EQ(one("cvt.rzi.s32.f32 %r3, %r1;", bits(-1e20f)), 0x80000000u);
  EXPECT_EQ(one("cvt.rzi.u32.f32 %r3, %r1;", someNaN), 0u);
  EXPECT_EQ(one("cvt.rn.f32.u32 %r3, %r1;", 0xffffffff), bits(4294967296.0f));
  EXPECT_EQ(one("cvt.s64.s32 %rd4, %r1; cvt.rn.f32.s64 %r3, %rd4;", uint32_t(-5)), bits(-5));
}

TEST_F(Standin, LanesPartAndMeetAgain) {
  std::vector<std::pair<uint32_t, uint32_t>> in;
  for (uint32_t i = 0; i < 64; ++i)
    in.push_back({i, 0});
  // Every lane turns a number of times of its own; then all shuffle.
  std::vector<uint32_t> out =
      perThread("mov.b32 %r3, 0; setp.eq.s32 %p1, %r1, 0; @%p1 bra $L2;\n"
                "$L1: add.s32 %r3, %r3, 2; sub.s32 %r1, %r1, 1; setp.ne.s32 %p2, %r1, 0;"
                "@%p2 bra $L1;\n$L2: shfl.sync.down.b32 %r4|%p3, %r3, 1, 31, -1;\n"
                "@%p3 mov.b32 %r3, %r4; bar.sync 0;",
                in);
  ASSERT_EQ(out.size(), 64u);
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], 2 * (i % 32 == 31 ? i : i + 1));
}

TEST_F(Standin, SharedMemoryReverses) {
  std::vector<std::pair<uint32_t, uint32_t>> in;
  for (uint32_t i = 0; i < 256; ++i)
    in.push_back({i, 0});
  for (uint64_t seed = 0; seed < 8; ++seed) {
    standinReset();
    standinSeed(seed);
    std::vector<uint32_t> out =
        perThread(".shared .align 16 .b8 sh[1024]; mov.b64 %rd4, sh; mul.wide.u32 %rd5, %r10, 4;"
                  "add.s64 %rd6, %rd4, %rd5; st.shared.b32 [%rd6], %r1; bar.sync 0;"
                  "sub.s32 %r4, 255, %r10; mul.wide.s32 %rd7, %r4, 4; add.s64 %rd8, %rd4, %rd7;"
                  "ld.shared.b32 %r3, [%rd8];",
                  in);
    ASSERT_EQ(out.size(), 256u);
    for (uint32_t i = 0; i < 256; ++i)
      EXPECT_EQ(out[i], 255 - i);
  }
}

TEST_F(Standin, VariablesOfAModule) {
  Outcome outcome = run(kernelOf("ld.param.b64 %rd1, [p]; mov.b64 %rd2, table;\n"
                                 "ld.global.b32 %r1, [%rd2+4]; st.global.b32 [%rd1], %r1; ret;",
                                 ".global .align 4 .u32 table[3] = {5, 6, 0x7};\n"),
                        {0}, 1);
  EXPECT_EQ(outcome.running, 0) << outcome.log;
  EXPECT_EQ(outcome.words, std::vector<uint32_t>{6});
}

} // namespace
