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

Dual reference::nearest(Dual x, ArrayRef<Dual> levels, const Rounding *rounding) {
  if (std::isnan(x.value))
    return {x.value, 0};
  Levels ordered = sorted(levels);
  // From an infinity every level is as far.
  if (std::isinf(x.value))
    return x.value < 0 ? ordered.front() : ordered.back();
  Dual best = ordered.front();
  // By midpoints: a distance would swallow what is small beside the level.
  for (Dual level : llvm::drop_begin(ordered))
    if (x.value >= rounded(rounding, (best.value + level.value) / 2))
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

Dual reference::softNearest(Dual x, Dual steepness, ArrayRef<Dual> levels,
                            const Rounding *rounding) {
  auto round = [&](double value) { return rounded(rounding, value); };
  Levels q = sorted(levels);
  Dual sum = q.front();
  for (size_t i = 0; i + 1 < q.size(); ++i) {
    double mid = (q[i].value + q[i + 1].value) / 2;
    double midTangent = (q[i].tangent + q[i + 1].tangent) / 2;
    double argument = round(steepness.value * round(x.value - round(mid)));
    double e = roundedFunction(rounding, std::exp(-std::fabs(argument)));
    double s = round((argument < 0 ? e : 1) / round(1 + e)), slope = e / ((1 + e) * (1 + e));
    double tangent =
        scaled(steepness.value, x.tangent - midTangent) + scaled(x.value - mid, steepness.tangent);
    sum.value = round(sum.value + round(round(q[i + 1].value - q[i].value) * s));
    sum.tangent += (q[i + 1].tangent - q[i].tangent) * s +
                   scaled((q[i + 1].value - q[i].value) * slope, tangent);
  }
  if (std::isnan(x.value))
    sum.value = x.value;
  return sum;
}

Levels reference::softmax(ArrayRef<Dual> x, Dual scale, const Rounding *rounding) {
  auto round = [&](double value) { return rounded(rounding, value); };
  auto function = [&](double value) { return roundedFunction(rounding, value); };
  double top = x.front().value;
  for (Dual entry : x)
    top = std::isnan(entry.value) ? entry.value : std::fmax(top, entry.value);
  Levels u;
  double sum = 0, mean = 0;
  for (Dual entry : x) {
    // An infinite difference times a zero scale never occurs: the scale is positive (Q4).
    double e = function(std::exp(round(scale.value * round(entry.value - top))));
    u.push_back({e, 0});
    sum = round(sum + e);
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

Levels reference::sparsemax(ArrayRef<Dual> x, const Rounding *rounding) {
  auto round = [&](double value) { return rounded(rounding, value); };
  // Whatever is added to all of them changes nothing: from the largest at 0 a large one does not
  // swallow the threshold. From an infinite one nothing has a distance.
  Levels y(x);
  bool isOpen = false;
  double top = sorted(x).back().value;
  for (Dual &entry : y) {
    entry.value = round(entry.value - top);
    isOpen |= std::isnan(entry.value);
  }
  Levels ordered = sorted(y);
  double sum = 0, threshold = 0;
  size_t support = 0;
  for (size_t k = 1; k <= ordered.size(); ++k) {
    double entry = ordered[ordered.size() - k].value;
    sum = round(sum + entry);
    if (entry * k > round(sum - 1))
      threshold = round(round(sum - 1) / k), support = k;
  }
  Levels u;
  double mean = 0;
  for (Dual entry : y) {
    bool inside = entry.value > threshold;
    u.push_back({isOpen   ? NAN
                 : inside ? round(entry.value - threshold)
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
