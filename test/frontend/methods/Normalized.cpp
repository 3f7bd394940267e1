// Derivatives that go through a statistic of all weights: DoReFa's maximum, IR-Net's
// standardization.
#include "Published.h"

#include <algorithm>
#include <cmath>

using namespace published;

namespace {

/// Zhou et al. 2016 with E = mean |W| (detached), 2 bits: w = E (2 quantize(a) - 1) of
/// a = tanh(x) / (2 max |tanh|) + 1/2; the rounding passes gradients as they are.
class DoReFa : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    double e = meanOf(absolute(x)), top = std::tanh(std::fabs(x[largest()]));
    return each([&](size_t i) {
      double z = 3 * (std::tanh(x[i]) / (2 * top) + 0.5);
      return e * (2.0 / 3 * std::floor(z + 0.5) - 1);
    });
  }
  void update(const Numbers &g, const Clock &) override {
    size_t j = largest();
    double e = meanOf(absolute(x)), top = std::tanh(std::fabs(x[j])), through = 0;
    Numbers h;
    for (size_t i = 0; i < x.size(); ++i) {
      double c = g[i] * e * 2.0 / 3 * 3, t = std::tanh(x[i]);
      h.push_back(c * (1 - t * t) / (2 * top));
      through -= c * t / (2 * top * top);
    }
    h[j] += through * sign(x[j]) * (1 - top * top);
    move(h);
  }

private:
  size_t largest() const {
    Numbers size = absolute(x);
    return std::max_element(size.begin(), size.end()) - size.begin();
  }
};

/// Hounie et al. 2023: the low branch, which is a constant of the latent; what is handed on is
/// handed on as it is.
class DoReFaLow final : public DoReFa {
public:
  using DoReFa::DoReFa;
  void update(const Numbers &g, const Clock &) override { move(g); }
};

/// Qin et al. 2020, per filter: z = (x - mean) / std, w = 2^round(log2 mean |z|) sign(z); the
/// sign's derivative is k t (1 - tanh^2(t z)) with t = 10^(-1 + 2 epoch / E), k = max(1 / t, 1).
class IrNet final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    Numbers w;
    for (size_t first = 0; first < x.size(); first += row()) {
      Filter filter = standardized(first);
      for (double z : filter.z)
        w.push_back(filter.scale * sign(z));
    }
    return w;
  }
  void update(const Numbers &g, const Clock &now) override {
    double t = std::pow(10, 2 * now.epoch() / now.epochs - 1), k = std::max(1 / t, 1.0);
    Numbers h;
    for (size_t first = 0; first < x.size(); first += row()) {
      Filter filter = standardized(first);
      Numbers c;
      for (size_t i = 0; i < row(); ++i)
        c.push_back(g[first + i] * filter.scale * k * t *
                    (1 - std::pow(std::tanh(t * filter.z[i]), 2)));
      // Standardization backward: (c - mean c - z sum(c z) / (n - 1)) / std.
      double sum = 0;
      for (size_t i = 0; i < row(); ++i)
        sum += c[i] * filter.z[i];
      for (size_t i = 0; i < row(); ++i)
        h.push_back((c[i] - meanOf(c) - filter.z[i] * sum / (row() - 1)) / filter.deviation);
    }
    move(h);
  }

private:
  struct Filter {
    Numbers z;
    double deviation, scale;
  };
  size_t row() const { return x.size() / channels; }
  Filter standardized(size_t first) const {
    Numbers values(x.begin() + first, x.begin() + first + row());
    Filter filter{{}, 0, 0};
    double mean = meanOf(values);
    for (double value : values)
      filter.deviation += (value - mean) * (value - mean);
    filter.deviation = std::sqrt(filter.deviation / (row() - 1));
    for (double value : values)
      filter.z.push_back((value - mean) / filter.deviation);
    filter.scale = std::exp2(std::floor(std::log2(meanOf(absolute(filter.z))) + 0.5));
    return filter;
  }
};

} // namespace

void published::addNormalized(Makers &makers) {
  makers["dorefa"] = maker<DoReFa>();
  makers["dorefa_pd"] = maker<DoReFaLow>();
  makers["ir_net"] = maker<IrNet>();
}
