// The arithmetic of each published method, by the name of its spec.
#include "Published.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace published;

double published::beta(const Settings &settings, const Clock &now, double cap) {
  return std::min(std::pow(settings["growth"], std::ceil(double(now.step) / settings["period"])),
                  cap);
}

double published::meanOf(const Numbers &values) {
  double sum = 0;
  for (double value : values)
    sum += value;
  return values.empty() ? 0 : sum / values.size();
}

Numbers published::absolute(const Numbers &values) {
  Numbers result;
  for (double value : values)
    result.push_back(std::fabs(value));
  return result;
}

double published::nearestOf(double value, Numbers levels) {
  std::sort(levels.begin(), levels.end());
  double best = levels.front();
  for (double level : levels)
    if (std::fabs(value - level) <= std::fabs(value - best))
      best = level;
  return best;
}

Flat::Flat(const Numbers &w0, const Settings &settings) : settings(settings), x(w0) {
  for (size_t i = 0; i < x.size(); ++i)
    bases.push_back(makeBase(settings));
}

void Flat::move(const Numbers &h) {
  for (size_t i = 0; i < x.size(); ++i)
    x[i] -= bases[i].step(x[i], h[i]);
}

void Flat::clip() {
  for (double &entry : x)
    entry = std::clamp(entry, -1.0, 1.0);
}

std::unique_ptr<Model> published::makeModel(const std::string &method, const Numbers &w0,
                                            const Settings &settings) {
  static const Makers makers = [] {
    Makers all;
    addMirror(all);
    addMeanField(all);
    addProximal(all);
    addStraightThrough(all);
    addScaled(all);
    addLearned(all);
    addNormalized(all);
    addLagrangian(all);
    return all;
  }();
  auto found = makers.find(method);
  if (found == makers.end())
    throw std::invalid_argument(method);
  return found->second(w0, settings);
}
