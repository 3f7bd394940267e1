// Method: one quantizer under one optimizer, compiled. It says what is stored per weight, how the
// host scalars follow from the counters, and holds the kernels.
#pragma once

#include "runtime/HostProgram.h"
#include "runtime/Kernel.h"
#include "runtime/Result.h"

#include <memory>
#include <string>
#include <vector>

namespace bregman {

/// Something stored per weight beside the parameter itself, always f32.
struct StoredInfo {
  std::string name; ///< "x" the latent, "dual" the agile coordinate, "optimizer.m" a state
  int planes = 1;   ///< one per level where the value has a level axis
  /// How the spec's d planes follow from the one that is stored, where the compiler proved that two
  /// levels need one dual: plane 1 is the stored value, plane 0 is `parity` times it. 0: as stored.
  int parity = 0;
};

/// A parameter of the quantizer or optimizer: a number that a plan, `--set` or an LR scheduler may
/// change without compiling anything.
struct ParameterInfo {
  std::string name; ///< the optimizer's are prefixed "optimizer."
  double value = 0; ///< the default
  double low, high; ///< the admissible range, infinite where none is declared
  /// Whether it counts the steps or epochs of an `every`: a positive integer then.
  bool isPeriod = false;

  /// Fails where it may not have this value; `whose` is the method or quantizer, for the message.
  [[nodiscard]] BREGMAN_API Status check(double value, const std::string &whose) const;
};

struct Method {
  std::string quantizer, optimizer;
  ElementType element = ElementType::F32;
  std::vector<StoredInfo> stored;
  std::vector<ParameterInfo> parameters;
  /// Whether the latent is the parameter itself (float, proxquant by f32): then `x` is not stored.
  bool latentIsWeight = false;
  /// The names of the schedules, in textual order.
  std::vector<std::string> schedules;

  /// Inputs: the counters `step` `epoch` `step.next` `epoch.next` `steps` `epochs` `t`, and the
  /// parameters by name. Outputs: every scalar of every kernel, the schedules (at `step`), and
  /// `freeze` (at `step.next`; nonzero: publish `final` for good) where the spec has one.
  /// Between two steps, for `attach`, `publish` and `final`, it runs with `step.next` = `step`: an
  /// output that was written for the step's end then has the value of the present moment.
  HostProgram host;
  /// Outputs of `host` that a proof took as positive: at attach, none may round to 0 in f32 (Q11).
  std::vector<std::string> positive;

  /// Streams by name: "g" dL/dw in the parameter's type, "w" the parameter, and `stored`.
  std::shared_ptr<const Kernel> attach;  ///< w0 -> stored, all of it; null where nothing is
  std::shared_ptr<const Kernel> step;    ///< g, stored -> stored, w
  std::shared_ptr<const Kernel> publish; ///< stored -> w; null where the latent is the weight
  std::shared_ptr<const Kernel> final;   ///< stored -> w; null without `final`
};

} // namespace bregman
