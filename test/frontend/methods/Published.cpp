// The arithmetic of each published method, by the name of its spec.
#include "Published.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace published;

Base published::makeBase(const std::string &name, double lr, double decay) {
  if (name == "sgd")
    return [=](double x, double g) { return lr * (g + decay * x); };
  if (name == "momentum" || name == "nesterov") {
    bool lookAhead = name == "nesterov";
    return [=, buffer = 0.0](double x, double g) mutable {
      g += decay * x;
      buffer = 0.9 * buffer + g;
      return lr * (lookAhead ? g + 0.9 * buffer : buffer);
    };
  }
  if (name == "adam" || name == "adamw") {
    bool decoupled = name == "adamw";
    return [=, m = 0.0, v = 0.0, t = 0](double x, double g) mutable {
      if (!decoupled)
        g += decay * x;
      ++t;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      double direction =
          m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
      return lr * direction + (decoupled ? lr * decay * x : 0);
    };
  }
  throw std::invalid_argument(name);
}

namespace {

double sign(double x) { return x < 0 ? -1 : 1; }

/// Ajanthan et al.: beta(t) = min(rho^ceil(t / I), cap).
double beta(const Settings &settings, const Clock &now, double cap) {
  return std::min(std::pow(settings.growth, std::ceil(double(now.step) / settings.period)), cap);
}

/// One latent per weight.
class Scalar : public Weight {
public:
  Scalar(double w0, const Settings &settings)
      : settings(settings), x(w0),
        base(makeBase(settings.optimizer, settings.lr, settings.weightDecay)) {}

protected:
  double annealed(const Clock &now) const { return beta(settings, now, 1e35); }
  Settings settings;
  double x;
  Base base;
};

class Float final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &) const override { return x; }
  void update(double g, const Clock &) override { x -= base(x, g); }
};

/// MD-tanh-S: the gradient at tanh(beta x) goes to x as it is.
class MdTanhS final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &now) const override { return std::tanh(annealed(now) * x); }
  void update(double g, const Clock &) override { x -= base(x, g); }
};

/// MD-tanh in the primal: r = (1 + w) / (1 - w) exp(-2 beta s), w = (r - 1) / (r + 1).
class MdTanh final : public Scalar {
public:
  MdTanh(double w0, const Settings &settings) : Scalar(w0, settings), w(std::tanh(w0)) {}

private:
  double published(const Clock &) const override { return w; }
  void update(double g, const Clock &now) override {
    double s = base(w, g);
    double r = (1 + w) / (1 - w) * std::exp(-2 * annealed(now) * s);
    w = (r - 1) / (r + 1);
  }
  double w;
};

class GdTanh final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &now) const override { return std::tanh(annealed(now) * x); }
  void update(double g, const Clock &now) override {
    double w = published(now);
    x -= base(x, g * annealed(now) * (1 - w * w));
  }
};

/// The shifted tanh of the released ternary projection.
class MdTernaryS final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &now) const override {
    double b = annealed(now);
    return 0.5 * (std::tanh(b * (x + 0.5)) + std::tanh(b * (x - 0.5)));
  }
  void update(double g, const Clock &) override { x -= base(x, g); }
};

/// BinaryConnect, deterministic: sign forward, latent clipped to [-1, 1].
class BinaryConnect final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &) const override { return sign(x); }
  void update(double g, const Clock &) override { x = std::clamp(x - base(x, g), -1.0, 1.0); }
};

/// Hubara et al.: the gradient passes where |x| <= 1.
class SteClipped final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &) const override { return sign(x); }
  void update(double g, const Clock &) override { x -= base(x, std::fabs(x) <= 1 ? g : 0); }
};

/// ProxQuant, binary, L1: soft threshold about sign, strength lr * rate * epoch, then the clip.
class ProxQuant final : public Scalar {
  using Scalar::Scalar;
  double published(const Clock &now) const override {
    return now.epoch() >= settings.freezeEpoch ? sign(x) : x;
  }
  void update(double g, const Clock &now) override {
    if (now.epoch() >= settings.freezeEpoch)
      return;
    x -= base(x, g);
    double strength = settings.lr * settings.rate * now.epoch();
    double off = x - sign(x);
    x = sign(x) + sign(off) * std::max(std::fabs(off) - strength, 0.0);
    x = std::clamp(x, -1.0, 1.0);
  }
};

/// One latent per weight and level; levels -1, 1 or -1, 0, 1.
class Lifted : public Weight {
public:
  Lifted(std::vector<double> levels, double w0, const Settings &settings)
      : settings(settings), q(std::move(levels)) {
    for (double level : q) {
      latent.push_back(level * w0);
      bases.push_back(makeBase(settings.optimizer, settings.lr, settings.weightDecay));
    }
  }

protected:
  std::vector<double> softmax(double scale) const {
    double top = *std::max_element(latent.begin(), latent.end()), sum = 0;
    std::vector<double> u;
    for (double entry : latent)
      u.push_back(std::exp(scale * (entry - top)));
    for (double entry : u)
      sum += entry;
    for (double &entry : u)
      entry /= sum;
    return u;
  }
  double mixed(const std::vector<double> &u) const {
    double w = 0;
    for (size_t l = 0; l < q.size(); ++l)
      w += q[l] * u[l];
    return w;
  }
  Settings settings;
  std::vector<double> q, latent;
  std::vector<Base> bases;
};

class MdSoftmaxS final : public Lifted {
  using Lifted::Lifted;
  double published(const Clock &now) const override {
    return mixed(softmax(beta(settings, now, 1e35)));
  }
  void update(double g, const Clock &) override {
    for (size_t l = 0; l < q.size(); ++l)
      latent[l] -= bases[l](latent[l], q[l] * g);
  }
};

/// MD-softmax in the primal: exponentiated gradient.
class MdSoftmax final : public Lifted {
public:
  MdSoftmax(std::vector<double> levels, double w0, const Settings &settings)
      : Lifted(std::move(levels), w0, settings), u(softmax(1)) {}

private:
  double published(const Clock &) const override { return mixed(u); }
  void update(double g, const Clock &now) override {
    double b = beta(settings, now, 1e35), sum = 0;
    for (size_t l = 0; l < q.size(); ++l) {
      u[l] *= std::exp(-b * bases[l](u[l], q[l] * g));
      sum += u[l];
    }
    for (double &entry : u)
      entry /= sum;
  }
  std::vector<double> u;
};

/// PMF with the released Jacobian: beta (I - u u^T).
class Pmf final : public Lifted {
  using Lifted::Lifted;
  double published(const Clock &now) const override {
    return mixed(softmax(beta(settings, now, 1e4)));
  }
  void update(double g, const Clock &now) override {
    double b = beta(settings, now, 1e4), dot = 0;
    std::vector<double> u = softmax(b);
    for (size_t l = 0; l < q.size(); ++l)
      dot += q[l] * g * u[l];
    for (size_t l = 0; l < q.size(); ++l)
      latent[l] -= bases[l](latent[l], b * (q[l] * g - u[l] * dot));
  }
};

} // namespace

std::unique_ptr<Weight> published::makeWeight(const std::string &method, double w0,
                                              const Settings &settings) {
  if (method == "float")
    return std::make_unique<Float>(w0, settings);
  if (method == "md_tanh_s")
    return std::make_unique<MdTanhS>(w0, settings);
  if (method == "md_tanh")
    return std::make_unique<MdTanh>(w0, settings);
  if (method == "gd_tanh")
    return std::make_unique<GdTanh>(w0, settings);
  if (method == "md_ternary_s")
    return std::make_unique<MdTernaryS>(w0, settings);
  if (method == "binary_connect")
    return std::make_unique<BinaryConnect>(w0, settings);
  if (method == "ste_clipped")
    return std::make_unique<SteClipped>(w0, settings);
  if (method == "proxquant")
    return std::make_unique<ProxQuant>(w0, settings);
  if (method == "md_softmax_s")
    return std::make_unique<MdSoftmaxS>(std::vector<double>{-1, 1}, w0, settings);
  if (method == "md_softmax")
    return std::make_unique<MdSoftmax>(std::vector<double>{-1, 0, 1}, w0, settings);
  if (method == "pmf")
    return std::make_unique<Pmf>(std::vector<double>{-1, 1}, w0, settings);
  throw std::invalid_argument(method);
}
