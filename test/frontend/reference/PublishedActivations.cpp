#include "PublishedActivations.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace published;

/// The product of the axes from `first` on.
static int64_t product(const std::vector<int64_t> &sizes, size_t first) {
  int64_t all = 1;
  for (size_t axis = first; axis < sizes.size(); ++axis)
    all *= sizes[axis];
  return all;
}

int64_t Batch::channelOf(int64_t i) const { return i / product(sizes, 2) % sizes[1]; }

int64_t Batch::tokenOf(int64_t i) const { return i / sizes.back(); }

int64_t Batch::groupOf(int64_t i, int64_t length) const {
  int64_t inner = product(sizes, 2), place = i / (inner * sizes[1]) * inner + i % inner;
  int64_t groups = (sizes[0] * inner + length - 1) / length;
  return channelOf(i) * groups + place / length;
}

static double roundUp(double z) { return std::floor(z + 0.5); }

namespace {

/// One number after the other.
class Elementwise : public ActivationModel {
public:
  Numbers forward(const Batch &batch, int64_t) override {
    Numbers w;
    for (double x : batch.x)
      w.push_back(value(x));
    return w;
  }
  Numbers backward(const Batch &batch, const Numbers &g, int64_t) override {
    Numbers h;
    for (int64_t i = 0; i < batch.count(); ++i)
      h.push_back(g[i] * slope(batch.x[i]));
    return h;
  }

protected:
  virtual double value(double x) const = 0;
  virtual double slope(double x) const = 0;
};

/// Hubara et al. 2016: the sign, with the derivative of the clipped identity.
class Sign : public Elementwise {
  double value(double x) const override { return sign(x); }
  double slope(double x) const override { return std::fabs(x) <= 1 ? 1 : 0; }
};

/// Zhou et al. 2016: two bits of what is clipped to [0, 1].
class Dorefa : public Elementwise {
  double value(double x) const override { return roundUp(3 * std::clamp(x, 0.0, 1.0)) * (1.0 / 3); }
  double slope(double x) const override { return x >= 0 && x <= 1 ? 1 : 0; }
};

/// Ma et al. 2024: eight bits by the largest of a token; the gradient passes as it is.
class Bitnet : public ActivationModel {
public:
  Numbers forward(const Batch &batch, int64_t) override {
    Numbers s = scales(batch), w;
    for (int64_t i = 0; i < batch.count(); ++i)
      w.push_back(s[batch.tokenOf(i)] * roundUp(batch.x[i] / s[batch.tokenOf(i)]));
    return w;
  }
  Numbers backward(const Batch &, const Numbers &g, int64_t) override { return g; }

protected:
  static Numbers largest(const Batch &batch) {
    Numbers m(batch.tokenOf(batch.count() - 1) + 1);
    for (int64_t i = 0; i < batch.count(); ++i)
      m[batch.tokenOf(i)] = std::max(m[batch.tokenOf(i)], std::fabs(batch.x[i]));
    return m;
  }
  static Numbers scales(const Batch &batch) {
    Numbers s = largest(batch);
    for (double &scale : s)
      scale = std::max(scale, single(1e-5)) * single(1.0 / 127);
    return s;
  }
};

/// The same values; the rounding alone is passed straight, so that the largest moves the scale:
/// dw_i = dx_i + (q_i - x_i / s) ds.
class BitnetThroughScale : public Bitnet {
public:
  Numbers backward(const Batch &batch, const Numbers &g, int64_t) override {
    Numbers s = scales(batch), m = largest(batch), sums(s.size()), h = g;
    for (int64_t i = 0; i < batch.count(); ++i) {
      double z = batch.x[i] / s[batch.tokenOf(i)];
      sums[batch.tokenOf(i)] += g[i] * (roundUp(z) - z);
    }
    for (int64_t i = 0; i < batch.count(); ++i) {
      double top = m[batch.tokenOf(i)];
      if (std::fabs(batch.x[i]) == top && top > single(1e-5))
        h[i] += sums[batch.tokenOf(i)] * sign(batch.x[i]) * single(1.0 / 127);
    }
    return h;
  }
};

/// Four levels on each side of 0 by the largest of four neighbours, straight through.
class Groups : public ActivationModel {
public:
  Numbers forward(const Batch &batch, int64_t) override {
    Numbers s, w;
    for (int64_t i = 0; i < batch.count(); ++i) {
      int64_t group = batch.groupOf(i, 4);
      s.resize(std::max<size_t>(s.size(), group + 1));
      s[group] = std::max(s[group], std::fabs(batch.x[i]));
    }
    for (int64_t i = 0; i < batch.count(); ++i) {
      double step = s[batch.groupOf(i, 4)] * 0.25;
      w.push_back(step * roundUp(batch.x[i] / step));
    }
    return w;
  }
  Numbers backward(const Batch &, const Numbers &g, int64_t) override { return g; }
};

/// tanh(x / m) with m the mean of |x| in a channel, which has a derivative too.
class ChannelMean : public ActivationModel {
public:
  Numbers forward(const Batch &batch, int64_t) override {
    Numbers m = means(batch), w;
    for (int64_t i = 0; i < batch.count(); ++i)
      w.push_back(std::tanh(batch.x[i] / m[batch.channelOf(i)]));
    return w;
  }
  Numbers backward(const Batch &batch, const Numbers &g, int64_t step) override {
    Numbers m = means(batch), w = forward(batch, step), sums(m.size()), h;
    double inChannel = double(batch.count()) / double(batch.sizes[1]);
    for (int64_t i = 0; i < batch.count(); ++i)
      sums[batch.channelOf(i)] += g[i] * (1 - w[i] * w[i]) * batch.x[i];
    for (int64_t i = 0; i < batch.count(); ++i) {
      int64_t c = batch.channelOf(i);
      h.push_back(g[i] * (1 - w[i] * w[i]) / m[c] -
                  sums[c] / (m[c] * m[c]) * sign(batch.x[i]) / inChannel);
    }
    return h;
  }

private:
  static Numbers means(const Batch &batch) {
    Numbers m(batch.sizes[1]);
    for (int64_t i = 0; i < batch.count(); ++i)
      m[batch.channelOf(i)] += std::fabs(batch.x[i]) * double(batch.sizes[1]) / batch.count();
    return m;
  }
};

/// Esser et al. 2020: v = s round(clip(x / s, -Qn, Qp)), a step for a tensor or a channel.
class LearnedStep : public ActivationModel {
public:
  LearnedStep(const Settings &settings, double below, double above, bool perChannel, bool eased)
      : settings(settings), qn(below), qp(above), perChannel(perChannel), eased(eased) {}

  Numbers forward(const Batch &batch, int64_t step) override {
    if (s.empty())
      begin(batch);
    Numbers w;
    for (int64_t i = 0; i < batch.count(); ++i) {
      double x = batch.x[i], own = s[of(batch, i)];
      double v = own * roundUp(std::clamp(x / own, -qn, qp)), k = share(step);
      w.push_back((1 - k) * x + k * v);
    }
    return w;
  }
  Numbers backward(const Batch &batch, const Numbers &g, int64_t step) override {
    Numbers h;
    double k = share(step);
    ds.assign(s.size(), 0);
    for (int64_t i = 0; i < batch.count(); ++i) {
      double own = s[of(batch, i)], z = batch.x[i] / own;
      bool inside = z >= -qn && z <= qp;
      h.push_back(g[i] * (1 - k) + (inside ? k * g[i] : 0));
      ds[of(batch, i)] += k * g[i] * (inside ? roundUp(z) - z : z < 0 ? -qn : qp);
    }
    double sharing = double(batch.count()) / double(s.size());
    for (double &d : ds)
      d /= std::sqrt(sharing * qp);
    return h;
  }
  const Numbers *steps() const override { return &s; }
  const Numbers *gradients() const override { return &ds; }
  void update() override {
    for (size_t c = 0; c < s.size(); ++c)
      s[c] = std::max(s[c] - bases[c].step(s[c], ds[c]), single(1e-8));
  }

private:
  int64_t of(const Batch &batch, int64_t i) const { return perChannel ? batch.channelOf(i) : 0; }
  /// How much of the output is quantized: all, or half more every two steps.
  double share(int64_t step) const {
    int64_t epoch = step / 2;
    return eased ? std::min(double(epoch) / 2, 1.0) : 1;
  }
  void begin(const Batch &batch) {
    s.assign(perChannel ? batch.sizes[1] : 1, 0);
    double sharing = double(batch.count()) / double(s.size());
    for (int64_t i = 0; i < batch.count(); ++i)
      s[of(batch, i)] += 2 * std::fabs(batch.x[i]) / sharing / std::sqrt(qp);
    for (size_t c = 0; c < s.size(); ++c)
      bases.push_back(makeBase(settings));
  }

  Settings settings;
  double qn, qp;
  bool perChannel, eased;
  Numbers s, ds;
  std::vector<Base> bases;
};

} // namespace

std::unique_ptr<ActivationModel> published::makeActivation(const std::string &name,
                                                           const Settings &settings) {
  if (name == "sign_act")
    return std::make_unique<Sign>();
  if (name == "dorefa_act")
    return std::make_unique<Dorefa>();
  if (name == "bitnet_act")
    return std::make_unique<Bitnet>();
  if (name == "bitnet_through_scale")
    return std::make_unique<BitnetThroughScale>();
  if (name == "groups")
    return std::make_unique<Groups>();
  if (name == "channel_mean")
    return std::make_unique<ChannelMean>();
  if (name == "lsq_act")
    return std::make_unique<LearnedStep>(settings, 0, 15, /*perChannel=*/false, /*eased=*/false);
  if (name == "lsq_channel")
    return std::make_unique<LearnedStep>(settings, 2, 1, /*perChannel=*/true, /*eased=*/false);
  if (name == "eased")
    return std::make_unique<LearnedStep>(settings, 0, 3, /*perChannel=*/true, /*eased=*/true);
  throw std::invalid_argument(name);
}
