// The straight-through family: BinaryConnect and its stochastic form (Courbariaux et al. 2015),
// clipped and approximate signs, BinaryRelax, PARQ, b1.58.
#include "Published.h"

#include <algorithm>
#include <cmath>

using namespace published;

namespace {

/// Sign forward, the gradient to the latent, which is clipped.
class BinaryConnect final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(g);
    clip();
  }
};

/// 1 with probability hard_sigmoid(x). The uniform numbers are Philox 4x32-10 keyed by the seed, 0,
/// at (index, step, parameter), of whose first word 24 bits are kept.
class Stochastic final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &now) const override {
    return each([&](size_t i) {
      return uniform(now.step, i) < std::clamp((x[i] + 1) / 2, 0.0, 1.0) ? 1 : -1;
    });
  }
  void update(const Numbers &g, const Clock &) override {
    move(g);
    clip();
  }

private:
  static double uniform(uint32_t step, uint32_t index) {
    uint32_t c[4] = {index, 0, step, 0}, k0 = 0, k1 = 0;
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      uint64_t p = uint64_t(0xD2511F53u) * c[0], r = uint64_t(0xCD9E8D57u) * c[2];
      uint32_t n0 = uint32_t(r >> 32) ^ c[1] ^ k0, n2 = uint32_t(p >> 32) ^ c[3] ^ k1;
      c[0] = n0, c[1] = uint32_t(r), c[2] = n2, c[3] = uint32_t(p);
    }
    return std::ldexp(double(c[0] >> 8), -24);
  }
};

/// Hubara et al. 2016: the gradient passes where |x| <= 1.
class SteClipped final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(each([&](size_t i) { return std::fabs(x[i]) <= 1 ? g[i] : 0; }));
  }
};

/// Liu et al. 2018: the derivative of the piecewise polynomial, 2 + 2x and 2 - 2x.
class ApproxSign final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(each([&](size_t i) {
      return std::fabs(x[i]) < 1 ? g[i] * (x[i] < 0 ? 2 + 2 * x[i] : 2 - 2 * x[i]) : 0;
    }));
  }
};

/// Yin et al. 2018: w = (r q + x) / (1 + r) with q = mean |x| sign(x), from an epoch on w = q.
class BinaryRelax final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &now) const override {
    double scale = meanOf(absolute(x)), r = std::pow(settings["growth"], now.epoch());
    bool hard = now.epoch() >= settings["hard_epoch"];
    return each([&](size_t i) {
      double q = scale * sign(x[i]);
      return hard ? q : (r * q + x[i]) / (1 + r);
    });
  }
  void update(const Numbers &g, const Clock &) override { move(g); }
};

/// Jin et al. 2025: w = clamp(c + (u - c) / r, q_lo, q_hi), the levels refreshed every 10 steps.
class Parq final : public Flat {
public:
  Parq(const Numbers &w0, const Settings &settings)
      : Flat(w0, settings), scale(meanOf(absolute(w0))) {}
  Numbers weights(const Clock &now) const override {
    if (now.step < settings["start"])
      return x;
    double r = slope((now.step - settings["start"]) / (settings["stop"] - settings["start"]));
    return each([&](size_t i) {
      return now.step >= settings["stop"] ? scale * sign(x[i])
                                          : std::clamp(x[i] / r, -scale, scale);
    });
  }
  void update(const Numbers &g, const Clock &now) override {
    move(g);
    if ((now.step + 1) % 10 == 0)
      scale = meanOf(absolute(x));
  }

private:
  /// The inverse slope, a sigmoid from 1 to 0.
  double slope(double f) const {
    double steepness = settings["steepness"];
    auto sig = [&](double z) { return 1 / (1 + std::exp(steepness * (z - 0.5))); };
    return (sig(f) - sig(1)) / (sig(0) - sig(1));
  }
  double scale;
};

/// Ma et al. 2024: RoundClip(x / a, -1, 1) times a, the mean of |x|.
class BitNet final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    double a = std::max(meanOf(absolute(x)), single(1e-5));
    return each([&](size_t i) { return a * std::clamp(std::floor(x[i] / a + 0.5), -1.0, 1.0); });
  }
  void update(const Numbers &g, const Clock &) override { move(g); }
};

} // namespace

void published::addStraightThrough(Makers &makers) {
  makers["binary_connect"] = maker<BinaryConnect>();
  makers["binary_connect_stochastic"] = maker<Stochastic>();
  makers["ste_clipped"] = maker<SteClipped>();
  makers["approx_sign"] = maker<ApproxSign>();
  makers["binary_relax"] = maker<BinaryRelax>();
  makers["parq"] = maker<Parq>();
  makers["bitnet"] = maker<BitNet>();
}
