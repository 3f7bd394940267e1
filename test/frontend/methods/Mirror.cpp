// Mirror descent with one dual per weight (Ajanthan et al. 2021), and training without quantizing.
#include "Published.h"

#include <cmath>

using namespace published;

namespace {

class Float final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override { return x; }
  void update(const Numbers &g, const Clock &) override { move(g); }
};

/// MD-tanh-S: the gradient at tanh(beta x) goes to x as it is.
class MdTanhS : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &now) const override {
    return each([&](size_t i) { return std::tanh(annealed(now) * x[i]); });
  }
  void update(const Numbers &g, const Clock &) override { move(g); }

protected:
  double annealed(const Clock &now) const { return beta(settings, now, 1e35); }
};

/// MD-tanh in the primal: r = (1 + w) / (1 - w) exp(-2 beta s), w = (r - 1) / (r + 1). It loses
/// digits as 1 - w cancels, so it has more of them.
class MdTanh final : public Flat {
public:
  MdTanh(const Numbers &w0, const Settings &settings) : Flat(w0, settings) {
    for (double start : w0)
      w.push_back(std::tanh(static_cast<long double>(start)));
  }
  Numbers weights(const Clock &) const override { return {w.begin(), w.end()}; }
  void update(const Numbers &g, const Clock &now) override {
    long double b = beta(settings, now, 1e35);
    for (size_t i = 0; i < w.size(); ++i) {
      long double s = bases[i].step(double(w[i]), g[i]);
      long double r = (1 + w[i]) / (1 - w[i]) * std::exp(-2 * b * s);
      w[i] = (r - 1) / (r + 1);
    }
  }

private:
  std::vector<long double> w;
};

class GdTanh final : public MdTanhS {
public:
  using MdTanhS::MdTanhS;
  void update(const Numbers &g, const Clock &now) override {
    Numbers w = weights(now);
    move(each([&](size_t i) { return g[i] * annealed(now) * (1 - w[i] * w[i]); }));
  }
};

/// The shifted tanh of the released ternary projection.
class MdTernaryS final : public MdTanhS {
public:
  using MdTanhS::MdTanhS;
  Numbers weights(const Clock &now) const override {
    double b = annealed(now);
    return each([&](size_t i) {
      return 0.5 * (std::tanh(b * (x[i] + 0.5)) + std::tanh(b * (x[i] - 0.5)));
    });
  }
};

/// P(x) = q_1 + sum_i (q_{i+1} - q_i) sigmoid(2 beta (x - b_i)), the b_i being midpoints.
class MdLevelsS final : public MdTanhS {
public:
  using MdTanhS::MdTanhS;
  Numbers weights(const Clock &now) const override {
    double steep = 2 * annealed(now);
    auto sigmoid = [](double z) { return 1 / (1 + std::exp(-z)); };
    return each([&](size_t i) {
      return -2 + sigmoid(steep * (x[i] + 1.5)) + 2 * sigmoid(steep * x[i]) +
             sigmoid(steep * (x[i] - 1.5));
    });
  }
};

} // namespace

void published::addMirror(Makers &makers) {
  makers["float"] = maker<Float>();
  makers["md_tanh_s"] = maker<MdTanhS>();
  makers["md_tanh"] = maker<MdTanh>();
  makers["gd_tanh"] = maker<GdTanh>();
  makers["md_ternary_s"] = maker<MdTernaryS>();
  makers["md_levels_s"] = maker<MdLevelsS>();
}
