// Clock: the host scalars of a method as a function of time, of the states of the run and of the
// parameters in force.
// Private to the stepper.
#pragma once

#include "runtime/Method.h"
#include "runtime/Stepper.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace bregman {

/// When the host program is evaluated: during step k, where `next` is k + 1, or at rest before it,
/// where everything has the value of k.
struct Moment {
  int64_t step, next;

  static Moment ofStep(int64_t k) { return {k, k + 1}; }
  static Moment atRest(int64_t k) { return {k, k}; }
};

/// Where a run is, beside the number of its steps.
struct RunState {
  std::vector<double> states; ///< before the present step, in the order of Method::hostStates
  std::vector<int64_t> t;     ///< in the present step, of each of Method::optimizers()
};

/// "%.9g", for messages.
std::string formatNumber(double value);

class Clock {
public:
  Clock(const Method &method, Timing timing);

  /// Fails where an output depends on a counter that the timing leaves unknown, or on an input that
  /// is neither a counter nor a parameter.
  Status check() const;

  void set(const std::string &parameter, double value);
  /// NaN for an unknown name.
  double get(const std::string &parameter) const;

  /// Every output of the host program; good until the next call.
  std::span<const double> evaluate(Moment moment);

  RunState run;
  /// What random numbers follow from.
  uint64_t seed = 0;
  /// The run from its beginning: all states anew, every t 1.
  void begin();
  /// The same of one optimizer, an index of Method::optimizers().
  void reset(size_t optimizer);
  /// What `run` is after the step at `moment`.
  RunState after(Moment moment);

  /// A kernel scalar that Q11 is about: an output, and whether it is read in every step or only at
  /// rest.
  struct Watch {
    int output;
    bool everyStep;
  };
  /// Rule Q11 for one scalar: finite in f32, and above 0 where the projection needs it so; and in
  /// its range, where it has one.
  bool holds(int output, double value) const;
  /// What is wrong with it, naming the step.
  Error complain(int output, double value, int64_t step) const;
  /// Q11 over the whole run.
  Status checkRun(std::span<const Watch> watched);

private:
  int64_t epochOf(int64_t step) const;
  std::span<const double> evaluateWithoutResets(int64_t k);
  Status checkFromBeginning(std::span<const Watch> watched);
  /// The first watched output that breaks Q11 in step k, or -1.
  int firstBad(std::span<const int> outputs, int64_t k);
  /// The same over a run with states, which takes every step in turn.
  Status checkRunOfStates(std::span<const int> outputs, int64_t steps);
  Status checkRests(std::span<const Watch> watched, int64_t end);

  const Method &method;
  Timing timing;
  std::map<std::string, double> parameters; ///< the values in force
  std::vector<double> inputs, scratch, results;
  std::vector<int> counters; ///< the input of every counter, or -1
  std::vector<std::string> optimizers;
  std::vector<int> optimizerCounters; ///< the input of the t of each, or -1
  /// Per state: its input or -1, the instruction of its new value, the output of its initial one.
  struct StatePlaces {
    int input, next, initial;
  };
  std::vector<StatePlaces> statePlaces;
  std::vector<HostProgram::Fixed> present;   ///< the states' new values, while nothing moves
  std::vector<bool> mustBePositive;          ///< per output
  std::vector<const Method::Range *> ranges; ///< per output, null without one
};

} // namespace bregman
