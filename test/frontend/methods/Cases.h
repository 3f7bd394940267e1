// Which method is compared under which optimizers, with which arguments, and how near it has to be.
#pragma once

#include "Published.h"

#include <iosfwd>
#include <optional>

namespace published {

/// Of one method of the library.
struct Method {
  std::string name;
  std::map<std::string, double> arguments = {};
  /// Empty: every optimizer of the library but those for one method.
  std::vector<std::string> optimizers = {};
  double lr = 0.01;
  /// How far a kernel's published weight may be from the published update. What is steep multiplies
  /// the latent's rounding errors, and a derivative of it does so twice.
  std::optional<double> kernel = {};
  /// Of the 24,024 weights that a run publishes, how many may be farther, under an optimizer: f32
  /// tells on which side of a jump a weight is a step earlier or later, and what reads the jump
  /// parts for as long as it remembers.
  std::map<std::string, int> parted = {};
};

const std::vector<Method> &methods();

struct Case {
  Method method;
  std::string optimizer;
  double weightDecay = 0;
};

std::ostream &operator<<(std::ostream &stream, const Case &test);

/// Of the methods whose spec is in the library; for kernels those whose distance is stated.
std::vector<Case> cases(bool ofKernels);

/// The quantizers of the library that are trained: those of activations are not.
std::vector<std::string> trainedQuantizers();

} // namespace published
