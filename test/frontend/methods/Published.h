// The published updates, written down plainly from the papers and the authors' code, in double
// precision, a tensor at a time. Nothing here comes from the compiler's derivations.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace published {

using Numbers = std::vector<double>;

/// d = B(x, g) of one scalar; holds its slots.
struct Base {
  std::function<double(double x, double g)> step;
  /// Adam's second moment, newest; null where the optimizer has none.
  std::shared_ptr<double> v;
};

struct Settings {
  std::string optimizer;
  double lr, weightDecay;
  std::map<std::string, double> arguments; ///< the quantizer's, by name
  double operator[](const std::string &name) const { return arguments.at(name); }
};

/// An optimizer of the library by the formulas of PyTorch or of its paper.
Base makeBase(const Settings &settings);
/// Whether the optimizer takes a weight decay, and whether it has a second moment.
bool hasDecay(const std::string &optimizer);
bool hasSecondMoment(const std::string &optimizer);

/// What the schedules see.
struct Clock {
  int64_t step = 0; ///< completed steps
  int64_t stepsPerEpoch = 1;
  double epochs = 1; ///< of the run
  int64_t epoch() const { return step / stepsPerEpoch; }
};

/// A tensor of `channels` rows under a method.
class Model {
public:
  virtual ~Model() = default;
  /// The weights that the network multiplies with.
  virtual Numbers weights(const Clock &now) const = 0;
  /// One update with dL/dw at those weights; `now` is before the step.
  virtual void update(const Numbers &g, const Clock &now) = 0;
};

constexpr int64_t channels = 3;

/// One latent per weight.
class Flat : public Model {
public:
  Flat(const Numbers &w0, const Settings &settings);

protected:
  /// x -= B(x, h).
  void move(const Numbers &h);
  /// A number for each weight.
  template <typename Function> Numbers each(Function f) const {
    Numbers result;
    for (size_t i = 0; i < x.size(); ++i)
      result.push_back(f(i));
    return result;
  }
  void clip();

  Settings settings;
  Numbers x;
  std::vector<Base> bases;
};

using Maker = std::function<std::unique_ptr<Model>(const Numbers &w0, const Settings &settings)>;
using Makers = std::map<std::string, Maker>;

// What each file re-implements.
void addMirror(Makers &makers);
void addMeanField(Makers &makers);
void addProximal(Makers &makers);
void addStraightThrough(Makers &makers);
void addScaled(Makers &makers);
void addLearned(Makers &makers);
void addNormalized(Makers &makers);
void addLagrangian(Makers &makers);

template <typename Type> Maker maker() {
  return [](const Numbers &w0, const Settings &settings) {
    return std::make_unique<Type>(w0, settings);
  };
}

/// A method of the library from w0; throws for an unknown name.
std::unique_ptr<Model> makeModel(const std::string &method, const Numbers &w0,
                                 const Settings &settings);

// What several of them need.
inline double sign(double x) { return x < 0 ? -1 : 1; } ///< 1 at 0
/// Ajanthan et al.: beta(t) = min(rho^ceil(t / I), cap).
double beta(const Settings &settings, const Clock &now, double cap);
/// Constants of a spec are compiled in as f32.
inline double single(double constant) { return float(constant); }
double meanOf(const Numbers &values);
Numbers absolute(const Numbers &values);
/// The nearest of some levels; ties go to the larger.
double nearestOf(double value, Numbers levels);

} // namespace published
