// Method: one quantizer under one optimizer, compiled. It says what is stored, how the host scalars
// follow from the counters, and holds the kernels.
#pragma once

#include "runtime/HostProgram.h"
#include "runtime/Kernel.h"
#include "runtime/Memory.h"
#include "runtime/Result.h"

#include <memory>
#include <string>
#include <vector>

namespace bregman {

/// Something stored beside the parameter itself, always f32: for each weight, or for each segment
/// of an extent.
struct StoredInfo {
  /// "x" the latent, "dual" the agile coordinate, "optimizer.m" a state; "s" a learned value,
  /// "s.optimizer.m" a state of its optimizer.
  std::string name;
  int planes = 1; ///< one per level where the value has a level axis
  /// How the spec's d planes follow from the one that is stored, where the compiler proved that two
  /// levels need one dual: plane 1 is the stored value, plane 0 is `parity` times it. 0: as stored.
  int parity = 0;
  Extent extent = {};
  bool learned = false; ///< trained beside the latent

  /// How many values one plane has for a tensor.
  int64_t count(int64_t size, int64_t channels) const { return segmentsOf(extent, size, channels); }
};

/// The kernels of one phase in the order in which they run; each is one sweep. Streams whose names
/// begin with `$` live from one to the next.
using KernelSequence = std::vector<std::shared_ptr<const Kernel>>;

/// What is done after the steps that complete a period, before the weights are published.
struct EveryBlock {
  std::string due; ///< an output of the host program: nonzero in the steps that do
  KernelSequence kernels;
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
  /// Where the kernels run, and so where all tensors have to lie.
  std::shared_ptr<Memory> memory = hostMemory();
  std::vector<StoredInfo> stored;
  std::vector<ParameterInfo> parameters;
  /// Whether the latent is the parameter itself (float, proxquant by f32): then `x` is not stored.
  bool latentIsWeight = false;
  /// Of constrained training: the step reads the gradient at the float branch's weight, "g.high",
  /// and what publishes writes that weight too, "w.high".
  bool constrained = false;
  /// The names of the schedules, in textual order.
  std::vector<std::string> schedules;
  /// The instances of the base optimizer: "optimizer", which moves the latent, and "s.optimizer" of
  /// every learned value. Their parameters, states and counters have the names "optimizer.lr" and
  /// so on.
  BREGMAN_API std::vector<std::string> optimizers() const;

  /// Inputs: the counters `step` `epoch` `step.next` `epoch.next` `steps` `epochs` `t`, the t of
  /// learned values as `s.optimizer.t`, and the parameters by name. Outputs: every scalar of every
  /// kernel, the schedules (at `step`), and `freeze` (at `step.next`; nonzero: publish `final` for
  /// good) where the spec has one. Between two steps, for `attach`, `publish` and `final`, it runs
  /// with `step.next` = `step`: an output that was written for the step's end then has the value of
  /// the present moment.
  HostProgram host;
  /// States of the whole run, by name. Each is an input of `host`, which has its value before the
  /// step, and has the outputs NAME.new, the value after the step, and NAME.initial, which depends
  /// on earlier states alone. Between two steps NAME.new is the present value.
  std::vector<std::string> hostStates;
  /// Outputs of `host` that the projection needs above 0: at attach, none may round to 0 in f32
  /// (Q11).
  std::vector<std::string> positive;
  /// The ranges of schedules that have one, by name: kept at every step, or nothing is attached.
  struct Range {
    std::string schedule;
    double low = 0, high = 0;
  };
  std::vector<Range> ranges;

  /// Streams by name: "g" dL/dw in the parameter's type, "w" the parameter, and `stored`.
  KernelSequence attach;  ///< w0 -> stored, all of it; empty where nothing is
  KernelSequence step;    ///< g, stored -> stored, w
  KernelSequence publish; ///< stored -> w; empty where the latent is the weight
  KernelSequence final;   ///< stored -> w; empty without `final`
  /// stored -> stored, in order, each followed by `publish` where it was due.
  std::vector<EveryBlock> every;
};

} // namespace bregman
