// Augmented Lagrangians (LC, two of ADMM), BayesBiNN in point mode, and the weight of Bop.
#include "Published.h"

#include <cmath>

using namespace published;

namespace {

/// A copy z of the weights that is quantized, and multipliers y.
class Augmented : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override { return x; }

protected:
  Numbers z, y;
};

/// Carreira-Perpinan and Idelbayev 2017: L-steps on L + mu/2 |w - z - y/mu|^2, then
/// z = mean |v| sign(v) of v = w - y/mu, y -= mu (w - z).
class Lc final : public Augmented {
public:
  Lc(const Numbers &w0, const Settings &settings) : Augmented(w0, settings) {
    z = compressed(x);
    y.assign(x.size(), 0);
  }
  void update(const Numbers &g, const Clock &now) override {
    double period = settings["period"];
    double mu = settings["mu0"] * std::pow(settings["growth"], std::floor(now.epoch() / period));
    move(each([&](size_t i) { return g[i] + mu * (x[i] - z[i] - y[i] / mu); }));
    if ((now.step + 1) % int64_t(period * now.stepsPerEpoch) != 0)
      return;
    z = compressed(each([&](size_t i) { return x[i] - y[i] / mu; }));
    y = each([&](size_t i) { return y[i] - mu * (x[i] - z[i]); });
  }

private:
  static Numbers compressed(const Numbers &v) {
    Numbers result;
    for (double entry : v)
      result.push_back(meanOf(absolute(v)) * sign(entry));
    return result;
  }
};

/// Leng et al. 2018: L + rho/2 |W - G + lam|^2; G projects W + lam on a {0, +-1, +-2, +-4} by codes
/// and a = V.Q / Q.Q in turn; lam += W - G.
class Admm final : public Augmented {
public:
  Admm(const Numbers &w0, const Settings &settings) : Augmented(w0, settings) {
    z = projected(x);
    y.assign(x.size(), 0);
  }
  void update(const Numbers &g, const Clock &now) override {
    move(each([&](size_t i) { return g[i] + settings["rho"] * (x[i] - z[i] + y[i]); }));
    if ((now.step + 1) % now.stepsPerEpoch != 0)
      return;
    z = projected(each([&](size_t i) { return x[i] + y[i]; }));
    y = each([&](size_t i) { return y[i] + x[i] - z[i]; });
  }

private:
  static Numbers projected(const Numbers &v) {
    const Numbers codes = {-4, -2, -1, 0, 1, 2, 4};
    double a = meanOf(absolute(v));
    for (int round = 0; round < 10; ++round) {
      double above = 0, below = 0;
      for (double entry : v) {
        double q = nearestOf(entry / a, codes);
        above += entry * q, below += q * q;
      }
      if (below > 0)
        a = above / below;
    }
    Numbers result;
    for (double entry : v)
      result.push_back(a * nearestOf(entry / a, codes));
    return result;
  }
};

/// Y = sign(X + Lam / rho), Lam += rho (X - Y) every 5 epochs, on
/// L + Lam (X - Y) + rho/2 |X - Y|^2.
class AdmmQ final : public Augmented {
public:
  AdmmQ(const Numbers &w0, const Settings &settings) : Augmented(w0, settings) {
    z = each([&](size_t i) { return sign(x[i]); });
    y.assign(x.size(), 0);
  }
  void update(const Numbers &g, const Clock &now) override {
    double rho = settings["rho"];
    move(each([&](size_t i) { return g[i] + y[i] + rho * (x[i] - z[i]); }));
    if ((now.step + 1) % (5 * now.stepsPerEpoch) != 0)
      return;
    z = each([&](size_t i) { return sign(x[i] + y[i] / rho); });
    y = each([&](size_t i) { return y[i] + rho * (x[i] - z[i]); });
  }
};

/// Meng et al. 2020: lam -= lr (N g + decay lam) at w = tanh(lam).
class BayesBnn final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return std::tanh(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(each([&](size_t i) { return settings["n"] * g[i] + settings["decay"] * x[i]; }));
  }
};

/// Helwegen et al. 2019: there is no latent, the weight is +-1 and is flipped.
class Binary final : public Flat {
public:
  Binary(const Numbers &w0, const Settings &settings) : Flat(w0, settings) {
    x = each([&](size_t i) { return sign(w0[i]); });
  }
  Numbers weights(const Clock &) const override { return x; }
  void update(const Numbers &g, const Clock &) override { move(g); }
};

} // namespace

void published::addLagrangian(Makers &makers) {
  makers["lc"] = maker<Lc>();
  makers["admm"] = maker<Admm>();
  makers["admm_q"] = maker<AdmmQ>();
  makers["bayes_bnn"] = maker<BayesBnn>();
  makers["binary"] = maker<Binary>();
}
