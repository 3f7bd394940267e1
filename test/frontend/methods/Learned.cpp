// Learned scales: LSQ, TTQ, quantization networks. Each scale has an instance of the optimizer.
#include "Published.h"

#include <algorithm>
#include <cmath>

using namespace published;

namespace {

double largestOf(const Numbers &values) { return *std::max_element(values.begin(), values.end()); }

/// A learned number of the tensor, kept in a range.
struct Scale {
  Scale(double start, const Settings &settings, double low, double high = INFINITY)
      : value(start), base(makeBase(settings)), low(low), high(high) {}
  void move(double h) { value = std::clamp(value - base.step(value, h), low, high); }
  double value;
  Base base;
  double low, high;
};

/// Esser et al. 2020, 4 bits signed: Qn = 8, Qp = 7; the step's gradient is round(v/s) - v/s
/// inside, -Qn or Qp outside, times 1 / sqrt(N Qp).
class Lsq final : public Flat {
public:
  Lsq(const Numbers &w0, const Settings &settings)
      : Flat(w0, settings), s(2 * meanOf(absolute(w0)) / std::sqrt(7.0), settings, 1e-8) {}
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return s.value * rounded(x[i] / s.value); });
  }
  void update(const Numbers &g, const Clock &) override {
    double ds = 0;
    Numbers h;
    for (size_t i = 0; i < x.size(); ++i) {
      double v = x[i] / s.value;
      bool inside = v >= -8 && v <= 7;
      h.push_back(inside ? g[i] : 0);
      ds += g[i] * (inside ? rounded(v) - v : v < 0 ? -8 : 7);
    }
    move(h);
    s.move(ds / std::sqrt(x.size() * 7.0));
  }

private:
  static double rounded(double v) { return std::floor(std::clamp(v, -8.0, 7.0) + 0.5); }
  Scale s;
};

/// Zhu et al. 2017: two learned values beyond +-0.05 max |W|; each takes the sum of the gradients
/// on its side, and scales the latents' gradient there.
class Ttq final : public Flat {
public:
  Ttq(const Numbers &w0, const Settings &settings)
      : Flat(w0, settings), positive(start(1), settings, 0), negative(start(-1), settings, 0) {}
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) {
      return side(i) > 0 ? positive.value : side(i) < 0 ? -negative.value : 0;
    });
  }
  void update(const Numbers &g, const Clock &) override {
    double dp = 0, dn = 0;
    Numbers h;
    for (size_t i = 0; i < x.size(); ++i) {
      h.push_back(g[i] * (side(i) > 0 ? positive.value : side(i) < 0 ? negative.value : 1));
      dp += side(i) > 0 ? g[i] : 0;
      dn -= side(i) < 0 ? g[i] : 0;
    }
    move(h);
    positive.move(dp);
    negative.move(dn);
  }

private:
  int side(size_t i) const {
    double threshold = settings["ratio"] * largestOf(absolute(x));
    return x[i] >= threshold ? 1 : x[i] <= -threshold ? -1 : 0;
  }
  double start(int of) const {
    Numbers beyond;
    for (size_t i = 0; i < x.size(); ++i)
      if (side(i) == of)
        beyond.push_back(std::fabs(x[i]));
    return meanOf(beyond);
  }
  Scale positive, negative;
};

/// Yang et al. 2019, binary: y = alpha (2 sigmoid(T beta x) - 1), T = 10 (epoch + 1) up to 2000;
/// backward takes the sigmoid's slope at T = 1 and multiplies by T.
class QuantizationNetworks final : public Flat {
public:
  QuantizationNetworks(const Numbers &w0, const Settings &settings)
      : Flat(w0, settings), b(1.25 / largestOf(absolute(w0)), settings, -INFINITY),
        a(1 / b.value, settings, -INFINITY) {}
  Numbers weights(const Clock &now) const override {
    return each([&](size_t i) { return a.value * stairs(i, steepness(now)); });
  }
  void update(const Numbers &g, const Clock &now) override {
    double t = steepness(now), da = 0, db = 0;
    Numbers h;
    for (size_t i = 0; i < x.size(); ++i) {
      double soft = sigmoid(b.value * x[i]), slope = t * 2 * soft * (1 - soft);
      h.push_back(g[i] * a.value * slope * b.value);
      db += g[i] * a.value * slope * x[i];
      da += g[i] * stairs(i, t);
    }
    move(h);
    b.move(db);
    a.move(da);
  }

private:
  static double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
  static double steepness(const Clock &now) { return std::min(10.0 * (now.epoch() + 1), 2000.0); }
  double stairs(size_t i, double t) const { return 2 * sigmoid(t * b.value * x[i]) - 1; }
  Scale b, a;
};

} // namespace

void published::addLearned(Makers &makers) {
  makers["lsq"] = maker<Lsq>();
  makers["ttq"] = maker<Ttq>();
  makers["quantization_networks"] = maker<QuantizationNetworks>();
}
