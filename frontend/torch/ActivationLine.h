// ActivationLine: one `activations` line of a plan at work on its modules.
#pragma once

#include "frontend/torch/Activation.h"
#include "frontend/torch/Optimizer.h"

#include <map>
#include <mutex>

namespace bregman {

/// The completed steps of a run, for what goes on beside the optimizer.
struct RunClock {
  int64_t step = 0;
};

/// What an `activations` line says by `by`: its learned values are trained as they are.
PlanLine trainingLine(const PlanLine &line);

class ActivationLine : public std::enable_shared_from_this<ActivationLine> {
public:
  /// Compiles for f32 of the host; other types and devices when they are first met. Fails by Q11.
  ActivationLine(PlanLine line, ActivationSource source, const OptimizerOptions &options,
                 std::shared_ptr<const RunClock> clock);

  /// Makes the module quantize by this line; its learned values start anew, on `device` until the
  /// first batch says where they belong.
  void attach(ActivationImpl &module, const std::string &name, c10::Device device = c10::kCPU);
  /// The learned values' names, and the modules' tensors of them as `act1/s`.
  std::vector<std::string> learnedNames() const;
  static std::vector<NamedParameter> learned(const ActivationImpl &module);
  const std::string &quantizer() const { return line.quantizer; }
  void setSeed(uint64_t seed);
  void clampLearned();
  void schedules(std::vector<std::pair<std::string, double>> &values) const;

  at::Tensor quantize(ActivationImpl &module, const at::Tensor &x);

private:
  friend class QuantizeFunction;
  /// How one activation lies in memory, by what the quantizer's values are per.
  struct Layout {
    std::vector<int64_t> strides;
    int64_t channels = 1;
  };

  using Place = std::pair<std::string, ElementType>; ///< as the compiler calls devices

  Activator &activatorFor(const Place &place);
  /// That of the host for f32, which is always there.
  const Activator &first() const { return activators.at({"host", ElementType::F32}); }
  void refuseCapture(const Activator &activator, const ActivationRef &ref,
                     const std::string &name) const;
  Layout layoutOf(const at::Tensor &x, const std::string &name) const;
  void initialize(ActivationImpl &module, Activator &activator, const at::Tensor &x,
                  const Layout &layout);
  void checkLearned(const ActivationImpl &module, const at::Tensor &x, int64_t channels) const;

  PlanLine line;
  ActivationSource source;
  Timing timing;
  int threads;
  bool fast;
  uint64_t seed;
  std::shared_ptr<const RunClock> clock;
  std::mutex mutex;
  std::map<Place, Activator> activators;
  std::vector<std::weak_ptr<ActivationImpl>> modules;
  bool random = false; ///< the elements' order tells
};

} // namespace bregman
