#include "frontend/reference/LevelFunctions.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace bregman;
using namespace bregman::reference;
using llvm::ArrayRef;
using llvm::SmallVector;

/// The levels in increasing order.
static Levels sorted(ArrayRef<Dual> levels) {
  Levels result(levels);
  llvm::sort(result, [](Dual a, Dual b) { return a.value < b.value; });
  return result;
}

Dual reference::nearest(Dual x, ArrayRef<Dual> levels) {
  if (std::isnan(x.value))
    return {x.value, 0};
  Levels ordered = sorted(levels);
  // From an infinity every level is as far.
  if (std::isinf(x.value))
    return x.value < 0 ? ordered.front() : ordered.back();
  Dual best = ordered.front();
  for (Dual level : llvm::drop_begin(ordered))
    if (std::fabs(x.value - level.value) <= std::fabs(x.value - best.value))
      best = level;
  return best;
}

Dual reference::neighbour(Dual x, ArrayRef<Dual> levels, bool upper) {
  if (std::isnan(x.value))
    return {x.value, 0};
  Levels ordered = sorted(levels);
  size_t pair = 0;
  while (pair + 2 < ordered.size() && x.value >= ordered[pair + 1].value)
    ++pair;
  return ordered[pair + upper];
}

Dual reference::softNearest(Dual x, Dual steepness, ArrayRef<Dual> levels) {
  Levels q = sorted(levels);
  Dual sum = q.front();
  for (size_t i = 0; i + 1 < q.size(); ++i) {
    double mid = (q[i].value + q[i + 1].value) / 2;
    double midTangent = (q[i].tangent + q[i + 1].tangent) / 2;
    double argument = steepness.value * (x.value - mid);
    double e = std::exp(-std::fabs(argument));
    double s = (argument < 0 ? e : 1) / (1 + e), slope = e / ((1 + e) * (1 + e));
    double tangent =
        scaled(steepness.value, x.tangent - midTangent) + scaled(x.value - mid, steepness.tangent);
    sum.value += (q[i + 1].value - q[i].value) * s;
    sum.tangent += (q[i + 1].tangent - q[i].tangent) * s +
                   scaled((q[i + 1].value - q[i].value) * slope, tangent);
  }
  if (std::isnan(x.value))
    sum.value = x.value;
  return sum;
}

Levels reference::softmax(ArrayRef<Dual> x, Dual scale) {
  double top = x.front().value;
  for (Dual entry : x)
    top = std::isnan(entry.value) ? entry.value : std::fmax(top, entry.value);
  Levels u;
  double sum = 0, mean = 0;
  for (Dual entry : x) {
    // An infinite difference times a zero scale never occurs: the scale is positive (Q4).
    double e = std::exp(scale.value * (entry.value - top));
    u.push_back({e, 0});
    sum += e;
  }
  SmallVector<double> slopes;
  for (auto [entry, out] : llvm::zip(x, u)) {
    out.value /= sum;
    slopes.push_back(scaled(scale.value, entry.tangent) + scaled(entry.value, scale.tangent));
    mean += scaled(out.value, slopes.back());
  }
  for (auto [slope, out] : llvm::zip(slopes, u))
    out.tangent = scaled(out.value, slope - mean);
  return u;
}

Levels reference::sparsemax(ArrayRef<Dual> x) {
  Levels ordered = sorted(x);
  double sum = 0, threshold = 0;
  size_t support = 0;
  for (size_t k = 1; k <= ordered.size(); ++k) {
    sum += ordered[ordered.size() - k].value;
    if (ordered[ordered.size() - k].value * k > sum - 1)
      threshold = (sum - 1) / k, support = k;
  }
  Levels u;
  double mean = 0;
  for (Dual entry : x) {
    bool inside = entry.value > threshold;
    u.push_back({std::isnan(sum) ? NAN
                 : inside        ? entry.value - threshold
                                 : 0,
                 inside ? entry.tangent : 0});
    mean += inside ? entry.tangent / support : 0;
  }
  for (Dual &out : u)
    if (out.value > 0)
      out.tangent -= mean;
  return u;
}

Levels reference::hardmax(ArrayRef<Dual> x) {
  size_t best = 0;
  bool anyNan = false;
  for (size_t i = 0; i < x.size(); ++i) {
    anyNan |= std::isnan(x[i].value);
    if (x[i].value >= x[best].value)
      best = i;
  }
  Levels u(x.size(), Dual{anyNan ? NAN : 0, 0});
  if (!anyNan)
    u[best].value = 1;
  return u;
}
