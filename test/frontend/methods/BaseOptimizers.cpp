// The base optimizers, by PyTorch's formulas where LibTorch has them, else by their papers.
#include "Published.h"

#include <cmath>
#include <stdexcept>

using namespace published;

static double threeValued(double x) { return x < 0 ? -1 : x > 0 ? 1 : 0; }

bool published::hasDecay(const std::string &optimizer) {
  return optimizer != "nadam" && optimizer != "bop" && optimizer != "extragradient";
}

bool published::hasSecondMoment(const std::string &optimizer) {
  return optimizer == "adam" || optimizer == "adamw" || optimizer == "nadam" ||
         optimizer == "rmsprop";
}

/// Those with a second moment: torch.optim's Adam, AdamW, NAdam and RMSprop.
static Base adaptive(const std::string &name, double lr, double decay) {
  auto v = std::make_shared<double>(0);
  if (name == "rmsprop")
    return {[=](double x, double g) {
              g += decay * x;
              *v = 0.99 * *v + (1 - 0.99) * g * g;
              return lr * g / (std::sqrt(*v) + 1e-8);
            },
            v};
  if (name == "nadam")
    return {[=, m = 0.0, product = 1.0, t = 0](double, double g) mutable {
              ++t;
              double mu = 0.9 * (1 - 0.5 * std::pow(0.96, t * 4e-3));
              double next = 0.9 * (1 - 0.5 * std::pow(0.96, (t + 1) * 4e-3));
              product *= mu;
              m = 0.9 * m + (1 - 0.9) * g;
              *v = 0.999 * *v + (1 - 0.999) * g * g;
              double denominator = std::sqrt(*v / (1 - std::pow(0.999, t))) + 1e-8;
              return lr * (1 - mu) / (1 - product) * g / denominator +
                     lr * next / (1 - product * next) * m / denominator;
            },
            v};
  bool decoupled = name == "adamw";
  return {[=, m = 0.0, t = 0](double x, double g) mutable {
            if (!decoupled)
              g += decay * x;
            ++t;
            m = 0.9 * m + (1 - 0.9) * g;
            *v = 0.999 * *v + (1 - 0.999) * g * g;
            double direction =
                m / (1 - std::pow(0.9, t)) / (std::sqrt(*v / (1 - std::pow(0.999, t))) + 1e-8);
            return lr * direction + (decoupled ? lr * decay * x : 0);
          },
          v};
}

Base published::makeBase(const Settings &settings) {
  const std::string &name = settings.optimizer;
  double lr = settings.lr, decay = settings.weightDecay;
  if (hasSecondMoment(name))
    return adaptive(name, lr, decay);
  if (name == "sgd")
    return {[=](double x, double g) { return lr * (g + decay * x); }, nullptr};
  if (name == "momentum" || name == "nesterov") {
    bool lookAhead = name == "nesterov";
    return {[=, buffer = 0.0](double x, double g) mutable {
              g += decay * x;
              buffer = 0.9 * buffer + g;
              return lr * (lookAhead ? g + 0.9 * buffer : buffer);
            },
            nullptr};
  }
  // Chen et al. 2023, algorithm 2.
  if (name == "lion")
    return {[=, m = 0.0](double x, double g) mutable {
              double update = threeValued(0.9 * m + (1 - 0.9) * g);
              m = 0.99 * m + (1 - 0.99) * g;
              return lr * (update + decay * x);
            },
            nullptr};
  if (name == "adagrad")
    return {[=, sum = 0.0](double x, double g) mutable {
              g += decay * x;
              sum += g * g;
              return lr * g / (std::sqrt(sum) + 1e-10);
            },
            nullptr};
  // Bernstein et al. 2018, with the momentum of its gradients.
  if (name == "signum")
    return {[=, m = 0.0](double x, double g) mutable {
              m = 0.9 * m + (1 - 0.9) * g;
              return lr * (threeValued(m) + decay * x);
            },
            nullptr};
  // Helwegen et al. 2019: w <- -w where the mean gradient is large and of w's sign.
  if (name == "bop")
    return {[=, m = 0.0](double x, double g) mutable {
              double gamma = settings["optimizer.gamma"], tau = settings["optimizer.tau"];
              m = (1 - gamma) * m + gamma * g;
              bool flips = std::fabs(m) > tau && sign(m) == sign(x);
              return flips ? 2 * x : 0;
            },
            nullptr};
  // Leng et al. 2018: W_p = W - b_p dL(W), then W <- W - b_c dL(W_p).
  if (name == "extragradient")
    return {[=, kept = 0.0, predicts = true](double x, double g) mutable {
              double d = 0;
              if (predicts) {
                kept = x;
                d = settings["optimizer.predict"] * g;
              } else {
                d = x - (kept - lr * g);
              }
              predicts = !predicts;
              return d;
            },
            nullptr};
  throw std::invalid_argument(name);
}
