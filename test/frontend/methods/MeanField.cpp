// One latent per weight and level: mirror descent on the simplex (Ajanthan et al. 2021), proximal
// mean-field and its relatives (Ajanthan et al. 2019), and SLB (Yang et al. 2020).
#include "Published.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace published;

namespace {

class Lifted : public Model {
public:
  Lifted(Numbers levels, const Numbers &w0, const Settings &settings)
      : settings(settings), q(std::move(levels)) {
    for (double start : w0) {
      latent.emplace_back();
      bases.emplace_back();
      for (double level : q) {
        latent.back().push_back(level * start);
        bases.back().push_back(makeBase(settings));
      }
    }
  }
  Numbers weights(const Clock &now) const override {
    Numbers w;
    for (size_t i = 0; i < latent.size(); ++i)
      w.push_back(mixed(target(i, now)));
    return w;
  }
  void update(const Numbers &g, const Clock &now) override {
    for (size_t i = 0; i < latent.size(); ++i) {
      Numbers gu;
      for (double level : q)
        gu.push_back(level * g[i]);
      Numbers h = handedOn(i, gu, now);
      for (size_t l = 0; l < q.size(); ++l)
        latent[i][l] -= bases[i][l].step(latent[i][l], h[l]);
    }
  }

protected:
  /// u of weight i.
  virtual Numbers target(size_t i, const Clock &now) const = 0;
  /// What goes to its latents, from dL/du.
  virtual Numbers handedOn(size_t, const Numbers &gu, const Clock &) const { return gu; }

  Numbers softmax(size_t i, double scale) const {
    double top = *std::max_element(latent[i].begin(), latent[i].end()), sum = 0;
    Numbers u;
    for (double entry : latent[i])
      u.push_back(std::exp(scale * (entry - top)));
    for (double entry : u)
      sum += entry;
    for (double &entry : u)
      entry /= sum;
    return u;
  }
  double mixed(const Numbers &u) const {
    return std::inner_product(q.begin(), q.end(), u.begin(), 0.0);
  }

  Settings settings;
  Numbers q;
  std::vector<Numbers> latent;
  std::vector<std::vector<Base>> bases;
};

class Binary : public Lifted {
public:
  Binary(const Numbers &w0, const Settings &settings) : Lifted({-1, 1}, w0, settings) {}
};

class MdSoftmaxS final : public Binary {
public:
  using Binary::Binary;
  Numbers target(size_t i, const Clock &now) const override {
    return softmax(i, beta(settings, now, 1e35));
  }
};

/// MD-softmax in the primal: exponentiated gradient. A u near 1 has lost digits of the others.
class MdSoftmax final : public Lifted {
public:
  MdSoftmax(const Numbers &w0, const Settings &settings) : Lifted({-1, 0, 1}, w0, settings) {
    for (size_t i = 0; i < w0.size(); ++i) {
      Numbers first = softmax(i, 1);
      u.emplace_back(first.begin(), first.end());
    }
  }
  Numbers target(size_t i, const Clock &) const override { return {u[i].begin(), u[i].end()}; }
  void update(const Numbers &g, const Clock &now) override {
    long double b = beta(settings, now, 1e35);
    for (size_t i = 0; i < u.size(); ++i) {
      for (size_t l = 0; l < q.size(); ++l)
        u[i][l] *= std::exp(-b * bases[i][l].step(double(u[i][l]), q[l] * g[i]));
      long double sum = std::accumulate(u[i].begin(), u[i].end(), 0.0L);
      for (long double &entry : u[i])
        entry /= sum;
    }
  }

private:
  std::vector<std::vector<long double>> u;
};

/// The released Jacobian: beta (I - u u^T).
class Pmf final : public Binary {
public:
  using Binary::Binary;
  Numbers target(size_t i, const Clock &now) const override {
    return softmax(i, beta(settings, now, 1e4));
  }
  Numbers handedOn(size_t i, const Numbers &gu, const Clock &now) const override {
    Numbers u = target(i, now), h;
    double dot = std::inner_product(u.begin(), u.end(), gu.begin(), 0.0);
    for (size_t l = 0; l < q.size(); ++l)
      h.push_back(beta(settings, now, 1e4) * (gu[l] - u[l] * dot));
    return h;
  }
};

/// Sparsemax by sorting; its Jacobian is diag(s) - s s^T / |S| on the support S, times beta.
class Pgd final : public Binary {
public:
  using Binary::Binary;
  Numbers target(size_t i, const Clock &now) const override {
    double b = beta(settings, now, 1e4);
    Numbers sorted = latent[i];
    std::sort(sorted.rbegin(), sorted.rend());
    double cumulative = 0, threshold = 0;
    for (size_t k = 1; k <= sorted.size(); ++k) {
      cumulative += b * sorted[k - 1];
      if (b * sorted[k - 1] > (cumulative - 1) / k)
        threshold = (cumulative - 1) / k;
    }
    Numbers u;
    for (double entry : latent[i])
      u.push_back(std::max(b * entry - threshold, 0.0));
    return u;
  }
  Numbers handedOn(size_t i, const Numbers &gu, const Clock &now) const override {
    Numbers u = target(i, now), h;
    double sum = 0, support = 0;
    for (size_t l = 0; l < q.size(); ++l)
      if (u[l] > 0)
        sum += gu[l], ++support;
    for (size_t l = 0; l < q.size(); ++l)
      h.push_back(u[l] > 0 ? beta(settings, now, 1e4) * (gu[l] - sum / support) : 0);
    return h;
  }
};

/// Hardmax, with the hard-tanh Jacobian [[1, -1], [-1, 1]] / 2 where the latents are near.
class Picm final : public Binary {
public:
  using Binary::Binary;
  Numbers target(size_t i, const Clock &) const override {
    return latent[i][1] >= latent[i][0] ? Numbers{0, 1} : Numbers{1, 0};
  }
  Numbers handedOn(size_t i, const Numbers &gu, const Clock &) const override {
    if (std::fabs(latent[i][0] - latent[i][1]) > 1)
      return {0, 0};
    return {(gu[0] - gu[1]) / 2, (gu[1] - gu[0]) / 2};
  }
};

/// The softmax at a growing inverse temperature, by the chain rule.
class Slb final : public Binary {
public:
  using Binary::Binary;
  Numbers target(size_t i, const Clock &now) const override { return softmax(i, heat(now)); }
  Numbers handedOn(size_t i, const Numbers &gu, const Clock &now) const override {
    Numbers u = target(i, now), h;
    double dot = std::inner_product(u.begin(), u.end(), gu.begin(), 0.0);
    for (size_t l = 0; l < q.size(); ++l)
      h.push_back(heat(now) * u[l] * (gu[l] - dot));
    return h;
  }

private:
  double heat(const Clock &now) const { return std::pow(settings["growth"], now.epoch()); }
};

} // namespace

void published::addMeanField(Makers &makers) {
  makers["md_softmax_s"] = maker<MdSoftmaxS>();
  makers["md_softmax"] = maker<MdSoftmax>();
  makers["pmf"] = maker<Pmf>();
  makers["pgd"] = maker<Pgd>();
  makers["picm"] = maker<Picm>();
  makers["slb"] = maker<Slb>();
}
