// The PTX of small kernels, run by the driver that stands in for NVIDIA's, has the host's bits: all
// tails, alignments, element types, reductions, random numbers.
#include "test/cuda/DeviceRunner.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <random>

using namespace bregman;
using namespace bregman::test;
using bregman::abi::Partial;

static const std::vector<int32_t> sizes = {0,  1,  2,   3,    4,    5,    7,    8,    9,    15,
                                           16, 17, 100, 1023, 1024, 1025, 2048, 3001, 4095, 4096};

/// Bits of an f32, with one for all NaNs: what a payload is, IEEE 754 leaves open.
static uint32_t bitsOf(float value) {
  return std::isnan(value) ? 0x7fc00000 : std::bit_cast<uint32_t>(value);
}

static std::vector<float> samples(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> values = interesting(-8, 8, 33);
  std::shuffle(values.begin(), values.end(), random);
  while (values.size() < count)
    values.push_back(normal(random));
  values.resize(count);
  return values;
}

static const char *const step = R"(
bregman.kernel @step scalars (lr = %lr, beta = %beta)
    streams (g = %g : in f32, x = %x : inout f32, s = %s : in f32 per channel, w = %w : out f32) {
  bregman.sweep (%gi = %g, %xi = %x, %si = %s) : f32, f32, f32 {
    %0 = arith.mulf %lr, %gi : f32
    %1 = arith.subf %xi, %0 : f32
    %2 = arith.mulf %beta, %1 : f32
    %3 = math.tanh %2 : f32
    %4 = math.exp %3 : f32
    %5 = arith.divf %4, %si : f32
    %6 = math.log %5 : f32
    %7 = math.powf %5, %xi : f32
    %8 = arith.addf %6, %7 : f32
    bregman.yield x = %1, w = %8 : f32, f32
  }
})";

TEST(CudaCode, EveryTailAndAlignmentHasTheHostsBits) {
  KernelRunner host(8);
  ASSERT_NO_FATAL_FAILURE(host.load(step));
  DeviceRunner device;
  ASSERT_NO_FATAL_FAILURE(device.loadKernel(step));
  std::vector<float> scalars = {0.1f, 1.3f};
  float shared = 1.7f;
  for (size_t shift : {0, 4, 12})
    for (int32_t size : sizes) {
      std::vector<float> g = samples(size, 1), x = samples(size, 2), w(size, -77);
      std::vector<float> hostX = x, hostW = w;
      host.run(size, {g.data(), hostX.data(), &shared, hostW.data()}, scalars);
      size_t bytes = 4 * g.size();
      device.run(
          {{size,
            {{g.data(), bytes, 0}, {x.data(), bytes, shift}, {&shared, 4}, {w.data(), bytes}}}},
          scalars);
      for (int32_t i = 0; i < size; ++i) {
        ASSERT_EQ(bitsOf(x[i]), bitsOf(hostX[i])) << "x[" << i << "] of " << size;
        ASSERT_EQ(bitsOf(w[i]), bitsOf(hostW[i])) << "w[" << i << "] of " << size;
      }
    }
}

TEST(CudaCode, AnyGridGoesOverAllChunks) {
  DeviceRunner device("sm_90");
  ASSERT_NO_FATAL_FAILURE(device.loadKernel(step));
  std::vector<std::vector<float>> results;
  for (unsigned grid : {1, 3, 8}) {
    std::vector<float> g = samples(700, 1), x = samples(700, 2), w(700, -77);
    float shared[] = {1, 2, 3, 4, 5, 6, 7};
    std::vector<DeviceRunner::Work> chunks;
    for (int c = 0; c < 7; ++c)
      chunks.push_back(
          {100, {{&g[100 * c], 400}, {&x[100 * c], 400}, {&shared[c], 4}, {&w[100 * c], 400}}});
    device.run(chunks, {0.5f, 1}, {}, grid);
    results.push_back(w);
    EXPECT_EQ(0, std::memcmp(results[0].data(), w.data(), 4 * w.size())) << grid;
    EXPECT_EQ(std::count(w.begin(), w.end(), -77.0f), 0);
  }
}

/// Every 16-bit number, widened and narrowed again, and f32 rounded to it.
static std::string narrowing(const std::string &type) {
  return "bregman.kernel @n scalars () streams (a = %a : in " + type + ", b = %b : in f32, " +
         "x = %x : out f32, w = %w : out " + type + ", v = %v : out " + type + ") {\n" + R"(
  bregman.sweep (%ai = %a, %bi = %b) : f32, f32 {
    bregman.yield x = %ai, w = %ai, v = %bi : f32, f32, f32
  }
})";
}

TEST(CudaCode, NarrowTypesHaveTheHostsBits) {
  for (const char *type : {"bf16", "f16"}) {
    KernelRunner host(8);
    ASSERT_NO_FATAL_FAILURE(host.load(narrowing(type)));
    DeviceRunner device("sm_90");
    ASSERT_NO_FATAL_FAILURE(device.loadKernel(narrowing(type)));
    std::vector<uint16_t> all(1 << 16);
    std::iota(all.begin(), all.end(), 0);
    std::mt19937 random(7);
    for (size_t at = 0; at < all.size();) {
      // Sizes with every tail, every second chunk not aligned.
      auto size = static_cast<int32_t>(std::min<size_t>(all.size() - at, 4096 - at / 4096 % 17));
      size_t shift = at / 4096 % 2 ? 2 : 0;
      std::vector<float> b(size);
      for (float &number : b)
        number = std::bit_cast<float>(static_cast<uint32_t>(random()));
      std::vector<float> x(size), hostX(size);
      std::vector<uint16_t> w(size), v(size), hostW(size), hostV(size);
      host.run(size, {&all[at], b.data(), hostX.data(), hostW.data(), hostV.data()}, {});
      size_t bytes = 2 * w.size();
      device.run({{size,
                   {{&all[at], bytes, shift},
                    {b.data(), 2 * bytes},
                    {x.data(), 2 * bytes},
                    {w.data(), bytes},
                    {v.data(), bytes}}}},
                 {});
      bool isBrain = type == std::string("bf16");
      auto isNaN = [&](uint16_t bits) { return (bits & 0x7fff) > (isBrain ? 0x7f80 : 0x7c00); };
      for (int32_t i = 0; i < size; ++i) {
        ASSERT_EQ(bitsOf(x[i]), bitsOf(hostX[i])) << type << " " << all[at + i];
        ASSERT_TRUE(w[i] == hostW[i] || (isNaN(w[i]) && isNaN(hostW[i]))) << type << " " << i;
        ASSERT_TRUE(v[i] == hostV[i] || (isNaN(v[i]) && isNaN(hostV[i]))) << type << " " << b[i];
      }
      at += size;
    }
  }
}

/// Of x and, where `count` is above 1, of its multiples: `count` times all five kinds, half of them
/// under a condition.
static std::string statistics(const std::string &type, int count) {
  std::string streams = "x = %x : in " + type, names, types, body;
  for (int i = 0; i < count; ++i) {
    std::string value = "%v" + std::to_string(i);
    body += "    %k" + std::to_string(i) + " = arith.constant " + std::to_string(i + 1) +
            ".0 : f32\n    " + value + " = arith.mulf %xi, %k" + std::to_string(i) + " : f32\n";
    for (std::string kind : {"sum", "mean", "min", "max", "std"}) {
      std::string name = kind + std::to_string(i);
      streams += ", " + name + " = %" + name + " : " + kind + " f32 per tensor";
      names += (names.empty() ? "" : ", ") + name + " = " + value;
      types += types.empty() ? "f32" : ", f32";
      if (i % 2 == 0) {
        names += ", " + name + ".where = %c";
        types += ", i1";
      }
    }
  }
  return "bregman.kernel @k scalars (s = %s) streams (" + streams +
         ") {\n  bregman.sweep (%xi = %x) : f32 {\n    %c = arith.cmpf ogt, %xi, %s : f32\n" +
         body + "    bregman.yield " + names + " : " + types + "\n  }\n}\n";
}

static void expectSameRecords(const std::string &type, int count, int32_t size, size_t shift,
                              bool special, KernelRunner &host, DeviceRunner &device) {
  size_t width = type == "f32" ? 4 : 2;
  std::vector<float> x = samples(size, 11 + size);
  if (!special)
    for (float &value : x)
      value = std::isfinite(value) && std::abs(value) < 1e6f ? value : 0.125f;
  std::vector<uint16_t> narrow(size);
  for (int32_t i = 0; i < size; ++i)
    narrow[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(x[i]) >> 16);
  void *data = width == 4 ? static_cast<void *>(x.data()) : narrow.data();
  size_t reductions = 5 * static_cast<size_t>(count);
  std::vector<Partial> wanted(reductions, {-7, -7, -7}), found = wanted;
  std::vector<void *> streams = {data};
  DeviceRunner::Work work{size, {{data, width * x.size(), shift}}};
  for (size_t i = 0; i < reductions; ++i) {
    streams.push_back(&wanted[i]);
    work.arrays.push_back({&found[i], sizeof(Partial)});
  }
  host.run(size, streams, {0.5f});
  device.run({work}, {0.5f});
  auto same = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) ||
           (std::isnan(a) && std::isnan(b));
  };
  for (size_t i = 0; i < reductions; ++i)
    ASSERT_TRUE(same(wanted[i].sum, found[i].sum) &&
                same(wanted[i].sumOfSquares, found[i].sumOfSquares) &&
                same(wanted[i].count, found[i].count))
        << type << " reduction " << i << " of " << size << ": " << found[i].sum << " "
        << found[i].sumOfSquares << " " << found[i].count << " for " << wanted[i].sum << " "
        << wanted[i].sumOfSquares << " " << wanted[i].count;
}

TEST(CudaCode, ReductionsHaveTheHostsBits) {
  // 15 reductions are more than shared memory holds at once.
  for (auto [type, count] : {std::pair("f32", 1), {"f32", 3}, {"bf16", 2}}) {
    KernelRunner host(8);
    ASSERT_NO_FATAL_FAILURE(host.load(statistics(type, count)));
    DeviceRunner device;
    ASSERT_NO_FATAL_FAILURE(device.loadKernel(statistics(type, count)));
    for (int32_t size : sizes)
      for (bool special : {false, true})
        ASSERT_NO_FATAL_FAILURE(
            expectSameRecords(type, count, size, size % 2 ? 4 : 0, special, host, device));
  }
}

TEST(CudaCode, ChunksOfABlockDoNotDisturbEachOther) {
  std::string kernel = statistics("f32", 1);
  KernelRunner host(8);
  ASSERT_NO_FATAL_FAILURE(host.load(kernel));
  DeviceRunner device;
  ASSERT_NO_FATAL_FAILURE(device.loadKernel(kernel));
  std::vector<float> x = samples(9000, 3);
  for (float &value : x)
    value = std::isfinite(value) && std::abs(value) < 1e6f ? value : 0.125f;
  std::vector<int32_t> lengths = {4096, 5, 2000, 0, 1024};
  std::vector<Partial> wanted(25), found(25);
  std::vector<DeviceRunner::Work> chunks;
  for (size_t c = 0, at = 0; c < lengths.size(); at += lengths[c++]) {
    std::vector<void *> streams = {&x[at]};
    DeviceRunner::Work work{lengths[c], {{&x[at], 4 * size_t(lengths[c])}}};
    for (size_t r = 0; r < 5; ++r) {
      streams.push_back(&wanted[5 * c + r]);
      work.arrays.push_back({&found[5 * c + r], sizeof(Partial)});
    }
    host.run(lengths[c], streams, {0.5f});
    chunks.push_back(work);
  }
  for (unsigned grid : {1, 2}) {
    device.run(chunks, {0.5f}, {}, grid);
    EXPECT_EQ(0, std::memcmp(wanted.data(), found.data(), 25 * sizeof(Partial))) << grid;
  }
}

TEST(CudaCode, RandomNumbersAreTheHosts) {
  const char *const kernel = R"(
bregman.kernel @k scalars () streams (now = %a : out f32, next = %b : out bf16) {
  bregman.sweep () {
    %0 = bregman.random : f32
    %1 = bregman.random next : f32
    bregman.yield now = %0, next = %1 : f32, f32
  }
})";
  KernelRunner host(8);
  ASSERT_NO_FATAL_FAILURE(host.load(kernel));
  DeviceRunner device;
  ASSERT_NO_FATAL_FAILURE(device.loadKernel(kernel));
  for (uint64_t first : {0ull, 0xfffffff0ull, 0x123456789abcull}) {
    bregman::abi::Random random{{0x89abcdef, 42}, 5, 0, 1000, 1001, first};
    std::vector<float> wanted(101), found(101);
    std::vector<uint16_t> wantedNext(101), foundNext(101);
    host.run(101, {wanted.data(), wantedNext.data(), &random}, {});
    device.run({{101, {{found.data(), 404}, {foundNext.data(), 202}}, 5, first}}, {},
               {{0x89abcdef, 42}, 1000, 1001});
    EXPECT_EQ(wanted, found) << first;
    EXPECT_EQ(wantedNext, foundNext) << first;
  }
}
