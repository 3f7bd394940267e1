// The sweep: blocks of arguments through every width, compared with each other and with double.
#include "Sweep.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace bregman::ulp {

static constexpr int blockSize = 4096;

double errorInUlp(float y, double exact) {
  if (std::isnan(exact))
    return std::isnan(y) ? 0 : -1;
  if (std::isnan(y))
    return -1;
  if (std::isinf(exact) || exact == 0)
    return std::bit_cast<uint32_t>(y) == std::bit_cast<uint32_t>(static_cast<float>(exact)) ? 0
                                                                                            : -1;
  // An overflow is as far off as the number 2^128 is, and right beyond it.
  double value = y;
  if (std::isinf(y)) {
    value = std::copysign(0x1p128, value);
    if (std::fabs(exact) >= 0x1p128)
      return value * exact > 0 ? 0 : -1;
  }
  // 2^(23 - max(exponent of the exact value, -126)), from the bits: this runs 2^32 times.
  int exponent = static_cast<int>(std::bit_cast<uint64_t>(exact) >> 52 & 0x7ff) - 1023;
  uint64_t scale = static_cast<uint64_t>(1023 + 23 - std::max(exponent, -126)) << 52;
  return std::fabs(value - exact) * std::bit_cast<double>(scale);
}

void Summary::merge(const Summary &other) {
  auto keepFirst = [](uint64_t count, float &first, uint64_t otherCount, float otherFirst) {
    if (count == 0 && otherCount > 0)
      first = otherFirst;
  };
  keepFirst(descents, firstDescent, other.descents, other.firstDescent);
  keepFirst(wrongSpecials, firstWrongSpecial, other.wrongSpecials, other.firstWrongSpecial);
  keepFirst(bitDifferences, firstDifference, other.bitDifferences, other.firstDifference);
  if (other.normal.ulp > normal.ulp)
    normal = other.normal;
  if (other.subnormal.ulp > subnormal.ulp)
    subnormal = other.subnormal;
  count += other.count;
  aboveHalf += other.aboveHalf;
  aboveOne += other.aboveOne;
  descents += other.descents;
  wrongSpecials += other.wrongSpecials;
  bitDifferences += other.bitDifferences;
  widthsCompared = std::max(widthsCompared, other.widthsCompared);
}

bool Summary::keeps(const Function &f) const {
  return normal.ulp <= f.bound && subnormal.ulp <= f.subnormalBound && descents == 0 &&
         wrongSpecials == 0 && bitDifferences == 0;
}

namespace {
/// One thread's share: its blocks, the code at each width, what it has seen.
class Worker {
public:
  Worker(const Function &f, llvm::ArrayRef<SweepFunction> code, Order checked)
      : f(f), code(code), checked(checked) {
    summary.widthsCompared = code.size();
  }

  /// The bit patterns first, first + stride, ... below `end`.
  void range(uint64_t first, uint64_t end, uint64_t stride) {
    std::vector<float> x;
    hasPrevious = false;
    for (uint64_t pattern = first; pattern < end;) {
      x.clear();
      for (; pattern < end && x.size() < blockSize; pattern += stride)
        x.push_back(std::bit_cast<float>(static_cast<uint32_t>(pattern)));
      block(x);
    }
  }

  void block(const std::vector<float> &x) {
    // A function of one argument ignores the second.
    std::vector<float> z = x;
    if (f.second)
      std::transform(x.begin(), x.end(), z.begin(), f.second);
    block(x, z);
  }

  void block(std::vector<float> x, std::vector<float> z) {
    size_t size = x.size();
    x.resize((size + 15) / 16 * 16);
    z.resize(x.size());
    for (size_t w = 0; w < code.size(); ++w) {
      y[w].resize(x.size());
      callSwept(code[w], x.data(), z.data(), y[w].data(), x.size());
    }
    for (size_t i = 0; i < size; ++i)
      judge(x[i], z[i], i);
  }

  Summary summary;

private:
  void judge(float x, float z, size_t i) {
    float result = y[0][i];
    for (size_t w = 1; w < code.size(); ++w)
      if (std::bit_cast<uint32_t>(y[w][i]) != std::bit_cast<uint32_t>(result) &&
          !(std::isnan(y[w][i]) && std::isnan(result)))
        count(summary.bitDifferences, summary.firstDifference, x);
    double exact = f.exact(x, z);
    double ulp = errorInUlp(result, exact);
    if (ulp < 0) {
      count(summary.wrongSpecials, summary.firstWrongSpecial, x);
    } else {
      Worst &worst = std::fabs(exact) < 0x1p-126 ? summary.subnormal : summary.normal;
      if (ulp > worst.ulp)
        worst = {ulp, x};
      summary.aboveHalf += ulp > 0.5 + 1e-8;
      summary.aboveOne += ulp > 1;
    }
    if (checked != Order::None && !std::isnan(x))
      order(x, result);
    ++summary.count;
  }

  // Patterns of negative numbers run away from zero, hence downwards.
  void order(float x, float result) {
    if (hasPrevious) {
      bool rises = (checked == Order::Increasing) != std::signbit(x);
      if (rises ? result < previous : result > previous)
        count(summary.descents, summary.firstDescent, x);
    }
    previous = result;
    hasPrevious = true;
  }

  static void count(uint64_t &counter, float &first, float x) {
    if (counter++ == 0)
      first = x;
  }

  const Function &f;
  llvm::ArrayRef<SweepFunction> code;
  Order checked;
  std::vector<float> y[widthCount];
  bool hasPrevious = false;
  float previous = 0;
};
} // namespace

/// Zeros, subnormals, powers of two and their neighbours, infinities and NaN, of both signs.
static std::vector<float> edgeValues() {
  std::vector<float> edges;
  auto both = [&](uint32_t pattern) {
    edges.push_back(std::bit_cast<float>(pattern));
    edges.push_back(std::bit_cast<float>(pattern | 0x80000000u));
  };
  for (uint32_t exponent = 0; exponent < 256; ++exponent)
    for (uint32_t mantissa : {0u, 1u, 2u, 0x400000u, 0x7ffffeu, 0x7fffffu})
      both(exponent << 23 | mantissa);
  for (uint32_t bit = 0; bit < 23; ++bit)
    both(1u << bit);
  return edges;
}

llvm::Expected<Summary> sweep(const Function &f, uint64_t stride, int threads) {
  std::vector<SweepJit> jits;
  std::vector<SweepFunction> code;
  for (const Width &width : widths) {
    if (!canRun(width))
      continue;
    auto jit = SweepJit::compile(f.body, width);
    if (!jit)
      return jit.takeError();
    code.push_back(jit->function());
    jits.push_back(std::move(*jit));
  }
  if (code.empty())
    return llvm::createStringError("this machine has neither AVX2 with FMA nor AVX-512");

  Worker edges(f, code, Order::None);
  std::vector<float> x = edgeValues();
  edges.block(x);
  for (float z : f.specialSeconds)
    edges.block(x, std::vector<float>(x.size(), z));

  // Ranges of one sign each, so that neighbours in a range are in order.
  constexpr uint64_t share = uint64_t(1) << 25;
  constexpr uint64_t all = uint64_t(1) << 32;
  std::vector<Worker> workers(threads, Worker(f, code, f.order));
  auto work = [&](int t) {
    for (uint64_t first = t * share; first < all; first += threads * share) {
      // The next share's first argument ends this one, so that no pair of neighbours is left out.
      uint64_t end = first + share;
      bool lastOfSign = end % (all / 2) == 0;
      workers[t].range(first, lastOfSign ? end : end + 1, stride);
    }
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < threads; ++t)
    pool.emplace_back(work, t);
  work(0);
  for (std::thread &thread : pool)
    thread.join();

  Summary total = edges.summary;
  for (const Worker &worker : workers)
    total.merge(worker.summary);
  return total;
}

} // namespace bregman::ulp
