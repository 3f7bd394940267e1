// ProxQuant (Bai et al. 2019): binary, ternary and two bits per channel, each prox written out.
#include "Published.h"

#include <algorithm>
#include <cmath>

using namespace published;

namespace {

/// Binary, L1: soft threshold about sign, strength lr * rate * epoch, then the clip.
class ProxQuant final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &now) const override {
    if (now.epoch() < settings["freeze_epoch"])
      return x;
    return each([&](size_t i) { return sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &now) override {
    if (now.epoch() >= settings["freeze_epoch"])
      return;
    move(g);
    double strength = settings.lr * settings["rate"] * now.epoch();
    for (double &entry : x) {
      double off = entry - sign(entry);
      entry = sign(entry) + sign(off) * std::max(std::fabs(off) - strength, 0.0);
    }
    clip();
  }
};

/// The ternary codebook of the released code: one round of (x + k q) / (1 + k), then the clip.
class Ternary final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &now) const override {
    return now.epoch() >= settings["freeze_epoch"] ? quantized() : x;
  }
  void update(const Numbers &g, const Clock &now) override {
    if (now.epoch() >= settings["freeze_epoch"])
      return;
    move(g);
    double k = settings.lr * settings["rate"] * now.epoch();
    Numbers q = quantized();
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = (x[i] + k * q[i]) / (1 + k);
    clip();
  }

private:
  Numbers quantized() const {
    double threshold = single(0.7) * meanOf(absolute(x));
    Numbers above, below;
    for (double entry : x) {
      if (entry >= threshold)
        above.push_back(entry);
      if (entry <= -threshold)
        below.push_back(entry);
    }
    double positive = meanOf(above), negative = meanOf(below);
    return each([&](size_t i) {
      return x[i] >= threshold ? positive : x[i] <= -threshold ? negative : 0;
    });
  }
};

/// Two bits per channel: Q = +-a +-b by the greedy start and alternating refinement; squared L2.
class TwoBits final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override { return x; }
  void update(const Numbers &g, const Clock &now) override {
    move(g);
    double k = settings.lr * settings["rate"] * now.epoch();
    size_t row = x.size() / channels;
    for (size_t first = 0; first < x.size(); first += row) {
      Numbers v(x.begin() + first, x.begin() + first + row), q = quantized(v);
      for (size_t i = 0; i < row; ++i)
        x[first + i] = (v[i] + k * q[i]) / (1 + k);
    }
  }

private:
  static Numbers quantized(const Numbers &v) {
    // Greedy: a = mean |v|, b = mean |v - a sign(v)|.
    double a = meanOf(absolute(v)), b = 0;
    for (double entry : v)
      b += std::fabs(entry - a * sign(entry)) / v.size();
    auto levels = [&] { return Numbers{-a - b, b - a, a - b, a + b}; };
    for (int round = 0; round < 2; ++round) {
      // Codes (s, r) of s a + r b, then the normal equations of a and b.
      double n = v.size(), both = 0, va = 0, vb = 0;
      for (double entry : v) {
        double level = nearestOf(entry, levels());
        double s = level == -a - b || level == b - a ? -1 : 1;
        double r = level == b - a || level == a + b ? 1 : -1;
        both += s * r, va += s * entry, vb += r * entry;
      }
      double determinant = n * n - both * both;
      if (determinant == 0)
        continue;
      a = (n * va - both * vb) / determinant;
      b = (n * vb - both * va) / determinant;
    }
    Numbers q;
    for (double entry : v)
      q.push_back(nearestOf(entry, levels()));
    return q;
  }
};

} // namespace

void published::addProximal(Makers &makers) {
  makers["proxquant"] = maker<ProxQuant>();
  makers["proxquant_ternary"] = maker<Ternary>();
  makers["proxquant_2bit"] = maker<TwoBits>();
}
