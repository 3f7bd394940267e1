// Scales that are statistics of the latents: BWN, TWN, LAB, LAQ.
#include "Published.h"

#include <cmath>

using namespace published;

namespace {

/// Rastegari et al. 2016: per filter mean |W| sign(W); the latent's gradient is
/// g (alpha 1[|W| < 1] + 1 / n).
class Bwn final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    return each([&](size_t i) { return filterScale(i) * sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(each([&](size_t i) {
      double inside = std::fabs(x[i]) < 1 ? filterScale(i) : 0;
      return settings["gain"] * g[i] * (inside + 1.0 / row());
    }));
    clip();
  }

private:
  size_t row() const { return x.size() / channels; }
  double filterScale(size_t i) const {
    size_t first = i / row() * row();
    return meanOf(absolute(Numbers(x.begin() + first, x.begin() + first + row())));
  }
};

/// Li et al. 2016: threshold 0.7 mean |W|, scale the mean of what is beyond it.
class Twn final : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    double threshold = single(0.7) * meanOf(absolute(x));
    Numbers beyond;
    for (double entry : x)
      if (std::fabs(entry) > threshold)
        beyond.push_back(std::fabs(entry));
    double scale = meanOf(beyond);
    return each([&](size_t i) { return std::fabs(x[i]) > threshold ? scale * sign(x[i]) : 0; });
  }
  void update(const Numbers &g, const Clock &) override { move(g); }
};

/// Hou et al. 2017: D = sqrt(v) + 1e-8, alpha = sum |D W| / sum D.
class Lab : public Flat {
public:
  using Flat::Flat;
  Numbers weights(const Clock &) const override {
    double above = 0, below = 0;
    for (size_t i = 0; i < x.size(); ++i)
      above += d(i) * std::fabs(x[i]), below += d(i);
    return each([&](size_t i) { return above / below * sign(x[i]); });
  }
  void update(const Numbers &g, const Clock &) override {
    move(g);
    clip();
  }

protected:
  double d(size_t i) const { return std::sqrt(*bases[i].v) + single(1e-8); }
};

/// Hou and Kwok 2018, ternary and approximate: b = sign(W / alpha) 1[|W / alpha| > 0.5] and
/// alpha = sum |b D W| / sum |b D| in turn.
class Laq final : public Lab {
public:
  using Lab::Lab;
  Numbers weights(const Clock &) const override {
    double alpha = meanOf(absolute(x));
    for (int round = 0; round < 10; ++round) {
      double above = 0, below = 0;
      for (size_t i = 0; i < x.size(); ++i)
        if (std::fabs(x[i] / alpha) > 0.5)
          above += d(i) * std::fabs(x[i]), below += d(i);
      if (below > 0)
        alpha = above / below;
    }
    return each([&](size_t i) { return std::fabs(x[i] / alpha) > 0.5 ? alpha * sign(x[i]) : 0; });
  }
};

} // namespace

void published::addScaled(Makers &makers) {
  makers["bwn"] = maker<Bwn>();
  makers["twn"] = maker<Twn>();
  makers["lab"] = maker<Lab>();
  makers["laq"] = maker<Laq>();
}
