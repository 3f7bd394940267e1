// The host scalars of a method over time, and rule Q11.
#include "runtime/Clock.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <limits>

namespace bregman {

namespace {

enum Counter { Step, Epoch, StepNext, EpochNext, Steps, Epochs };
constexpr std::array<const char *, 6> counterNames = {"step",       "epoch", "step.next",
                                                      "epoch.next", "steps", "epochs"};

/// Runs up to this length are checked step by step: some tenths of a second.
constexpr int64_t exactSteps = int64_t(1) << 20;
/// What a run of unknown length counts as, here as in the prover.
constexpr int64_t unknownSteps = 10'000'000;
/// Of a run of unknown length, how many steps are checked one by one before sampling.
constexpr int64_t exactOfUnknown = 4096;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

int64_t divideRoundingUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

} // namespace

std::string formatNumber(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

Status Timing::missing(const std::string &counter, const std::string &what) const {
  const char *number = "number of steps per epoch", *remedy = remedies.stepsPerEpoch;
  bool known = stepsPerEpoch > 0;
  if (counter == "steps")
    number = "run's number of steps", remedy = remedies.steps, known = steps > 0;
  else if (counter == "epochs")
    number = "run's number of epochs", remedy = remedies.epochs, known = epochs > 0;
  if (known)
    return std::nullopt;
  return Error{ErrorKind::Usage, what + ", but the " + number + " is not known: give " + remedy};
}

Clock::Clock(const Method &method, Timing given)
    : method(method), timing(given), optimizers(method.optimizers()) {
  if (timing.stepsPerEpoch > 0) {
    if (timing.steps <= 0 && timing.epochs > 0)
      timing.steps = int64_t(std::ceil(timing.epochs * double(timing.stepsPerEpoch)));
    else if (timing.steps > 0 && timing.epochs <= 0)
      timing.epochs = double(divideRoundingUp(timing.steps, timing.stepsPerEpoch));
  }
  const HostProgram &host = method.host;
  inputs.assign(host.inputs.size(), unknown);
  results.resize(host.outputs.size());
  for (const char *name : counterNames)
    counters.push_back(host.inputIndexOf(name));
  for (const std::string &name : optimizers)
    optimizerCounters.push_back(host.inputIndexOf(name == "optimizer" ? "t" : name + ".t"));
  for (const HostProgram::Output &output : host.outputs) {
    mustBePositive.push_back(std::find(method.positive.begin(), method.positive.end(),
                                       output.name) != method.positive.end());
    auto range = std::find_if(method.ranges.begin(), method.ranges.end(),
                              [&](const auto &range) { return range.schedule == output.name; });
    ranges.push_back(range == method.ranges.end() ? nullptr : &*range);
  }
  for (const std::string &name : method.hostStates) {
    int next = host.indexOf(name + ".new");
    statePlaces.push_back({host.inputIndexOf(name), next < 0 ? -1 : host.outputs[next].value,
                           host.indexOf(name + ".initial")});
  }
  run.states.assign(statePlaces.size(), unknown);
  run.t.assign(optimizers.size(), 1);
}

Status Clock::check() const {
  const HostProgram &host = method.host;
  std::vector<int> all(host.outputs.size());
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = int(i);
  std::vector<bool> read = host.inputsRead(all);
  auto reads = [&](Counter counter) { return counters[counter] >= 0 && read[counters[counter]]; };
  for (auto [counter, name] : {std::pair(Epoch, "epoch"), std::pair(EpochNext, "epoch"),
                               std::pair(Steps, "steps"), std::pair(Epochs, "epochs")})
    if (reads(counter))
      if (Status bad = timing.missing(name, std::string("reads `") + name + "`"))
        return bad;
  for (size_t i = 0; i < host.inputs.size(); ++i) {
    bool counter = std::find(counters.begin(), counters.end(), int(i)) != counters.end() ||
                   std::find(optimizerCounters.begin(), optimizerCounters.end(), int(i)) !=
                       optimizerCounters.end();
    bool parameter = std::any_of(method.parameters.begin(), method.parameters.end(),
                                 [&](const auto &p) { return p.name == host.inputs[i]; });
    bool state = std::any_of(statePlaces.begin(), statePlaces.end(),
                             [&](const StatePlaces &places) { return places.input == int(i); });
    if (read[i] && !counter && !parameter && !state)
      return Error{ErrorKind::Internal,
                   "reads `" + host.inputs[i] + "`, which is neither a counter nor a parameter"};
  }
  for (size_t i = 0; i < statePlaces.size(); ++i)
    if (statePlaces[i].next < 0 || statePlaces[i].initial < 0)
      return Error{ErrorKind::Internal, "does not compute the new and the initial value of its "
                                        "state `" +
                                            method.hostStates[i] + "`"};
  for (const std::string &name : method.schedules)
    if (host.indexOf(name) < 0)
      return Error{ErrorKind::Internal, "does not compute its schedule `" + name + "`"};
  return std::nullopt;
}

void Clock::set(const std::string &parameter, double value) {
  parameters[parameter] = value;
  // A parameter that no scalar depends on is no input.
  if (int index = method.host.inputIndexOf(parameter); index >= 0)
    inputs[index] = value;
}

double Clock::get(const std::string &parameter) const {
  auto found = parameters.find(parameter);
  return found == parameters.end() ? unknown : found->second;
}

int64_t Clock::epochOf(int64_t step) const { return step / timing.stepsPerEpoch; }

std::span<const double> Clock::evaluate(Moment moment) {
  auto give = [&](Counter counter, double value) {
    if (counters[counter] >= 0)
      inputs[counters[counter]] = value;
  };
  give(Step, double(moment.step));
  give(StepNext, double(moment.next));
  if (timing.stepsPerEpoch > 0) {
    give(Epoch, double(epochOf(moment.step)));
    give(EpochNext, double(epochOf(moment.next)));
  }
  if (timing.steps > 0)
    give(Steps, double(timing.steps));
  if (timing.epochs > 0)
    give(Epochs, timing.epochs);
  for (size_t i = 0; i < optimizerCounters.size(); ++i)
    if (optimizerCounters[i] >= 0)
      inputs[optimizerCounters[i]] = double(run.t[i]);
  present.clear();
  for (size_t i = 0; i < statePlaces.size(); ++i) {
    if (statePlaces[i].input >= 0)
      inputs[statePlaces[i].input] = run.states[i];
    if (moment.step == moment.next)
      present.push_back({statePlaces[i].next, run.states[i]});
  }
  method.host.run(inputs, present, scratch, results);
  return results;
}

void Clock::begin() {
  std::fill(run.t.begin(), run.t.end(), 1);
  for (size_t i = 0; i < run.states.size(); ++i)
    run.states[i] = evaluate(Moment::atRest(0))[statePlaces[i].initial];
}

void Clock::reset(size_t optimizer) {
  run.t[optimizer] = 1;
  for (size_t i = 0; i < run.states.size(); ++i)
    if (method.hostStates[i].starts_with(optimizers[optimizer] + "."))
      run.states[i] = evaluate(Moment::atRest(0))[statePlaces[i].initial];
}

RunState Clock::after(Moment moment) {
  RunState after = run;
  for (int64_t &t : after.t)
    ++t;
  if (after.states.empty())
    return after;
  evaluate(moment);
  for (size_t i = 0; i < after.states.size(); ++i)
    after.states[i] = scratch[statePlaces[i].next];
  return after;
}

bool Clock::holds(int output, double value) const {
  if (const Method::Range *range = ranges[output];
      range && !(value >= range->low && value <= range->high))
    return false;
  float rounded = float(value);
  return std::isfinite(rounded) && (!mustBePositive[output] || rounded > 0);
}

Error Clock::complain(int output, double value, int64_t step) const {
  std::string name = method.host.outputs[output].name;
  if (constexpr std::string_view later = ".next"; name.ends_with(later)) {
    name.resize(name.size() - later.size());
    ++step;
  }
  std::string what =
      "host scalar `" + name + "` is " + formatNumber(value) + " at step " + std::to_string(step);
  if (const Method::Range *range = ranges[output];
      range && !(value >= range->low && value <= range->high))
    return {ErrorKind::SpecRefused, what + ", outside of its range [" + formatNumber(range->low) +
                                        ", " + formatNumber(range->high) +
                                        "]; change the argument that it is"};
  float rounded = float(value);
  if (std::isfinite(value) && !std::isfinite(rounded))
    what += ", beyond what f32 can hold";
  else if (std::isfinite(value) && value > 0 && mustBePositive[output])
    what += ", which rounds to 0 in f32, but the projection needs it above 0";
  else if (std::isfinite(value))
    what += ", but the projection needs it above 0";
  what += " [Q11]; bound it in the spec or change the parameters that it follows from";
  if (const std::string &place = method.host.outputs[output].place; !place.empty())
    what += "\n" + place + ": note: this is `" + name + "`";
  return {ErrorKind::SpecRefused, what};
}

std::span<const double> Clock::evaluateWithoutResets(int64_t k) {
  std::fill(run.t.begin(), run.t.end(), k + 1);
  return evaluate(Moment::ofStep(k));
}

int Clock::firstBad(std::span<const int> outputs, int64_t k) {
  std::span<const double> values = evaluateWithoutResets(k);
  for (int output : outputs)
    if (!holds(output, values[output]))
      return output;
  return -1;
}

Status Clock::checkRun(std::span<const Watch> watched) {
  RunState kept = run;
  Status bad = checkFromBeginning(watched);
  run = std::move(kept);
  return bad;
}

Status Clock::checkFromBeginning(std::span<const Watch> watched) {
  std::vector<int> everyStep;
  for (const Watch &watch : watched)
    if (watch.everyStep)
      everyStep.push_back(watch.output);
  for (size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i])
      everyStep.push_back(int(i));

  bool known = timing.steps > 0;
  int64_t steps = known ? timing.steps : unknownSteps;
  auto complainAt = [&](int output, int64_t k) {
    return complain(output, evaluateWithoutResets(k)[output], k);
  };

  if (!run.states.empty()) {
    RunState now = run;
    begin();
    Status bad = checkRunOfStates(everyStep, std::min(steps, known ? exactSteps : exactOfUnknown));
    run = std::move(now);
    return bad ? bad : checkRests(watched, known ? steps : 0);
  }

  // Without time in them, the scalars are what they are at step 0.
  std::vector<bool> read = method.host.inputsRead(everyStep);
  bool timeless = std::none_of(counters.begin(), counters.begin() + Steps,
                               [&](int c) { return c >= 0 && read[c]; }) &&
                  std::none_of(optimizerCounters.begin(), optimizerCounters.end(),
                               [&](int c) { return c >= 0 && read[c]; });
  int64_t exact = timeless ? 1 : std::min(steps, known ? exactSteps : exactOfUnknown);
  for (int64_t k = 0; k < exact; ++k)
    if (int bad = firstBad(everyStep, k); bad >= 0)
      return complainAt(bad, k);

  // Past that, steps ever further apart, and the last one. From a bad one back to a good one by
  // bisection, which is the first bad step of anything monotone.
  int64_t good = exact - 1;
  for (int64_t k = timeless ? steps : exact; k < steps;) {
    if (firstBad(everyStep, k) >= 0) {
      int64_t bad = k;
      while (bad - good > 1) {
        int64_t middle = good + (bad - good) / 2;
        (firstBad(everyStep, middle) >= 0 ? bad : good) = middle;
      }
      return complainAt(firstBad(everyStep, bad), bad);
    }
    good = k;
    int64_t next = k + std::max<int64_t>(1, k / 256);
    k = next >= steps && k != steps - 1 ? steps - 1 : next;
  }

  return checkRests(watched, known ? steps : 0);
}

Status Clock::checkRunOfStates(std::span<const int> outputs, int64_t steps) {
  for (int64_t k = 0; k < steps; ++k) {
    if (int bad = firstBad(outputs, k); bad >= 0)
      return complain(bad, evaluateWithoutResets(k)[bad], k);
    run = after(Moment::ofStep(k));
  }
  return std::nullopt;
}

/// What is read at rest only: at attach, and at the end.
Status Clock::checkRests(std::span<const Watch> watched, int64_t end) {
  std::vector<int64_t> rests = {0};
  if (end > 0)
    rests.push_back(end);
  for (int64_t k : rests) {
    std::fill(run.t.begin(), run.t.end(), k + 1);
    std::span<const double> values = evaluate(Moment::atRest(k));
    for (const Watch &watch : watched)
      if (!watch.everyStep && !holds(watch.output, values[watch.output]))
        return complain(watch.output, values[watch.output], k);
  }
  return std::nullopt;
}

} // namespace bregman
