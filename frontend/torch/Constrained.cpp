// Two branches of one network, the Lagrangian, and its multipliers.
#include "frontend/torch/Constrained.h"
#include "frontend/torch/BranchPairs.h"
#include "frontend/torch/Distance.h"
#include "frontend/torch/KeptValues.h"
#include "frontend/torch/Layer.h"
#include "frontend/torch/Patterns.h"

#include <c10/core/GradMode.h>
#include <torch/serialize/archive.h>

#include <cmath>

namespace bregman {

namespace {

/// What a multiplier is of: the outputs, or one module in both branches.
struct Place {
  Watched *high = nullptr, *low = nullptr;
  torch::nn::Module *highModule = nullptr;
};

/// While it lives, the running statistics that a module updates are copies: a module that is run on
/// the other branch's input is not to learn from it.
class KeptBuffers {
public:
  explicit KeptBuffers(torch::nn::Module &module) : buffers(module.buffers()) {
    for (at::Tensor &buffer : buffers) {
      kept.push_back(buffer.variable_data());
      buffer.set_data(kept.back().clone());
    }
  }
  ~KeptBuffers() {
    for (size_t i = 0; i < buffers.size(); ++i)
      buffers[i].set_data(kept[i]);
  }

private:
  std::vector<at::Tensor> buffers, kept;
};

} // namespace

struct Constrained::Impl {
  Impl(torch::nn::Module &high, torch::nn::Module &low, Plan plan, MethodSource source,
       OptimizerOptions options, Activations activations);

  void addMultipliers(size_t index);
  void add(size_t index, std::string name, Place place);
  double numberAt(const Constraint &constraint, const char *name, int64_t step) const;
  at::Tensor distance(size_t index, const at::Tensor &highOutput, const at::Tensor &lowOutput,
                      int64_t step) const;
  bool endsPeriod(const Constraint &constraint, int64_t step) const;
  bool isDue(size_t index) const;
  void forget();

  torch::nn::Module &high, &low;
  Plan plan;
  Timing timing;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<Multiplier> multipliers;
  std::vector<Place> places; ///< of the multipliers
  int64_t moved = 0;         ///< completed steps when they last moved
};

Constrained::Impl::Impl(torch::nn::Module &high, torch::nn::Module &low, Plan given,
                        MethodSource source, OptimizerOptions options, Activations activations)
    : high(high), low(low), plan(std::move(given)), timing(options.timing()) {
  if (plan.constrainedAt.empty())
    raise(ErrorKind::Usage,
          "the plan has neither `minimize` nor `subject to`; train one network by "
          "bregman::Optimizer");
  std::vector<NamedParameter> parameters = pairBranches(high, low);
  for (size_t i = 0; i < plan.constraints.size(); ++i)
    addMultipliers(i);
  // The optimizer gives back itself what it has written.
  KeptValues(parametersOf(high)).during([&] {
    equalize(high, low);
    optimizer = std::make_unique<Optimizer>(parameters, plan.lines, std::move(source),
                                            std::move(options), std::move(activations));
  });
  makeConstant(parameters, *optimizer);
  for (const Place &place : places)
    if (place.low)
      place.low->watch(true);
}

/// One for each module that the pattern names, or the one of the output.
void Constrained::Impl::addMultipliers(size_t index) {
  const Constraint &constraint = plan.constraints[index];
  if (constraint.inEpochs)
    unwrap(timing.missing("epoch", messageAt(constraint.location) +
                                       "the multiplier's period counts epochs"));
  if (constraint.target.empty())
    return add(index, "output", {});
  std::string watched, other;
  bool any = false;
  for (const auto &item : low.named_modules(/*name_prefix=*/"", /*include_self=*/false)) {
    auto *layer = dynamic_cast<Watched *>(item.value().get());
    if (layer)
      watched += (watched.empty() ? "" : ", ") + item.key();
    if (!matches(constraint.target, item.key()))
      continue;
    if (!layer) {
      other = other.empty() ? item.key() : other;
      continue;
    }
    any = true;
    torch::nn::Module *twin = nullptr;
    for (const auto &of : high.named_modules("", /*include_self=*/false))
      if (of.key() == item.key())
        twin = of.value().get();
    auto *highLayer = dynamic_cast<Watched *>(twin);
    if (!highLayer)
      raise(ErrorKind::Usage, "the float branch has no bregman::Layer '" + item.key() +
                                  "'; make both networks in the same way");
    add(index, item.key(), {highLayer, layer, twin});
  }
  if (any)
    return;
  std::string message = messageAt(constraint.location) + "pattern \"" + constraint.target +
                        "\" matches no bregman::Layer [Q10]\nnote: ";
  if (!other.empty())
    message += "'" + other +
               "' matches, but remembers nothing; make it one: bregman::Linear, "
               "bregman::Conv2d, bregman::Layer<Impl>\nnote: ";
  raise(ErrorKind::SpecRefused,
        message + (watched.empty() ? "the network has none" : "the layers are " + watched));
}

void Constrained::Impl::add(size_t index, std::string name, Place place) {
  int same = 1;
  for (const Multiplier &multiplier : multipliers)
    same += multiplier.name.substr(0, multiplier.name.find('#')) == name;
  const Constraint &constraint = plan.constraints[index];
  Multiplier made;
  made.name = same > 1 ? name + "#" + std::to_string(same) : name;
  made.value = numberAt(constraint, "multiplier", 0);
  made.bound = numberAt(constraint, "bound", 0);
  made.distance = NAN;
  made.constraint = int(index);
  made.location = constraint.location;
  if (!(made.value >= 0 && std::isfinite(made.value)))
    raise(ErrorKind::SpecRefused, messageAt(constraint.location) + "the multiplier begins with " +
                                      std::to_string(made.value) + "; it is a number from 0");
  multipliers.push_back(std::move(made));
  places.push_back(place);
}

double Constrained::Impl::numberAt(const Constraint &constraint, const char *name,
                                   int64_t step) const {
  std::vector<double> values = unwrap(countersProgramAt(
      constraint.numbers, step, timing, messageAt(constraint.location), "the constraint"));
  return values[size_t(constraint.numbers.indexOf(name))];
}

/// D of one constraint, of a module on the low branch's input.
at::Tensor Constrained::Impl::distance(size_t index, const at::Tensor &highOutput,
                                       const at::Tensor &lowOutput, int64_t step) const {
  const Multiplier &multiplier = multipliers[index];
  const Constraint &constraint = plan.constraints[size_t(multiplier.constraint)];
  const Place &place = places[index];
  std::vector<double> scalars = unwrap(countersProgramAt(
      constraint.distance.scalars, step, timing, messageAt(constraint.location), "the constraint"));
  if (!place.low)
    return evaluateDistance(constraint.distance, scalars, highOutput, lowOutput, "the output");
  if (!place.low->output().defined())
    raise(ErrorKind::Usage, "module '" + multiplier.name +
                                "' was not run in the low branch; call the low network's forward "
                                "before this");
  at::Tensor again;
  {
    KeptBuffers kept(*place.highModule);
    again = place.high->apply(place.low->input());
  }
  return evaluateDistance(constraint.distance, scalars, again, place.low->output(),
                          "module '" + multiplier.name + "'");
}

bool Constrained::Impl::endsPeriod(const Constraint &constraint, int64_t step) const {
  return step > 0 &&
         step % (constraint.every * (constraint.inEpochs ? timing.stepsPerEpoch : 1)) == 0;
}

bool Constrained::Impl::isDue(size_t index) const {
  int64_t steps = optimizer->steps();
  return moved != steps &&
         endsPeriod(plan.constraints[size_t(multipliers[index].constraint)], steps);
}

void Constrained::Impl::forget() {
  for (const Place &place : places)
    if (place.low)
      place.low->forget();
}

Constrained::Constrained(torch::nn::Module &high, torch::nn::Module &low,
                         std::shared_ptr<const Program> program, OptimizerOptions options)
    : Constrained(high, low, choosePlan(*program, options.plan()), compilerOf(program), options,
                  activationsOf(low, program)) {
  warn(*program);
}

Constrained::Constrained(torch::nn::Module &high, torch::nn::Module &low, Plan plan,
                         MethodSource source, OptimizerOptions options, Activations activations)
    : impl(std::make_unique<Impl>(high, low, std::move(plan), std::move(source), std::move(options),
                                  std::move(activations))) {}

Constrained::Constrained(Constrained &&) = default;
Constrained::~Constrained() = default;

Optimizer &Constrained::optimizer() { return *impl->optimizer; }
void Constrained::zero_grad() { impl->optimizer->zero_grad(); }
void Constrained::step() { impl->optimizer->step(); }
bool Constrained::minimizesHigh() const { return impl->plan.minimizesHigh; }
const std::vector<Multiplier> &Constrained::multipliers() const { return impl->multipliers; }

at::Tensor Constrained::branch(const at::Tensor &high, const at::Tensor &low) const {
  return minimizesHigh() ? high : low;
}

at::Tensor Constrained::loss(const at::Tensor &objective, const at::Tensor &high,
                             const at::Tensor &low) {
  at::Tensor sum = objective;
  int64_t step = impl->optimizer->steps();
  for (size_t i = 0; i < impl->multipliers.size(); ++i) {
    const Multiplier &multiplier = impl->multipliers[i];
    if (multiplier.value == 0)
      continue;
    const Constraint &constraint = impl->plan.constraints[size_t(multiplier.constraint)];
    at::Tensor slack =
        impl->distance(i, high, low, step) - impl->numberAt(constraint, "bound", step);
    sum = sum + multiplier.value * slack;
  }
  impl->forget();
  return sum;
}

bool Constrained::due() const {
  for (size_t i = 0; i < impl->multipliers.size(); ++i)
    if (impl->isDue(i))
      return true;
  return false;
}

void Constrained::save(torch::serialize::OutputArchive &archive) const {
  torch::serialize::OutputArchive optimizer(archive.compilation_unit());
  impl->optimizer->save(optimizer);
  archive.write("optimizer", optimizer);
  archive.write("moved", c10::IValue(impl->moved));
  std::vector<std::string> names;
  std::vector<double> numbers;
  for (const Multiplier &multiplier : impl->multipliers) {
    names.push_back(multiplier.name);
    numbers.insert(numbers.end(), {multiplier.value, multiplier.bound, multiplier.distance});
  }
  archive.write("names", c10::IValue(names));
  archive.write("multipliers", c10::IValue(numbers));
}

void Constrained::load(torch::serialize::InputArchive &archive) {
  torch::serialize::InputArchive optimizer;
  c10::IValue names, numbers, moved;
  if (!archive.try_read("optimizer", optimizer) || !archive.try_read("names", names) ||
      !archive.try_read("multipliers", numbers) || !archive.try_read("moved", moved))
    raise(ErrorKind::Input, "the archive was not written by bregman::Constrained");
  bool fits = names.toListRef().size() == impl->multipliers.size();
  for (size_t i = 0; fits && i < impl->multipliers.size(); ++i)
    fits = names.toListRef()[i].toStringRef() == impl->multipliers[i].name;
  if (!fits)
    raise(ErrorKind::Input, "the archive does not fit: its multipliers are not those of this plan "
                            "and network; make both from the same ones");
  std::vector<double> saved = numbers.toDoubleVector();
  if (saved.size() != 3 * impl->multipliers.size())
    raise(ErrorKind::Input, "the archive was not written by bregman::Constrained");
  impl->optimizer->load(optimizer);
  impl->moved = moved.toInt();
  for (size_t i = 0; i < impl->multipliers.size(); ++i) {
    impl->multipliers[i].value = saved[3 * i];
    impl->multipliers[i].bound = saved[3 * i + 1];
    impl->multipliers[i].distance = saved[3 * i + 2];
  }
}

DualAscent::DualAscent(Constrained &training)
    : impl(*training.impl), highTrains(impl.high.is_training()), lowTrains(impl.low.is_training()),
      gradients(c10::GradMode::is_enabled()), sums(impl.multipliers.size()) {
  impl.high.eval();
  impl.low.eval();
  c10::GradMode::set_enabled(false);
}

DualAscent::~DualAscent() {
  c10::GradMode::set_enabled(gradients);
  impl.high.train(highTrains);
  impl.low.train(lowTrains);
  impl.forget();
}

void DualAscent::add(const at::Tensor &high, const at::Tensor &low) {
  double size = double(low.dim() ? low.size(0) : 1);
  for (size_t i = 0; i < sums.size(); ++i)
    if (impl.isDue(i))
      sums[i] += size * impl.distance(i, high, low, impl.optimizer->steps() - 1).item<double>();
  count += size;
  impl.forget();
}

void DualAscent::finish() {
  if (count == 0)
    raise(ErrorKind::Usage,
          "the pass over the training set has no batch, so that the mean distance "
          "is not known; call add for each one");
  std::vector<Multiplier> next = impl.multipliers;
  int64_t last = impl.optimizer->steps() - 1;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (!impl.isDue(i))
      continue;
    const Constraint &constraint = impl.plan.constraints[size_t(next[i].constraint)];
    next[i].distance = sums[i] / count;
    next[i].bound = impl.numberAt(constraint, "bound", last);
    double rate = impl.numberAt(constraint, "rate", last);
    double value = next[i].value + rate * (next[i].distance - next[i].bound);
    if (!std::isfinite(value))
      raise(ErrorKind::Usage, messageAt(constraint.location) + "the multiplier of '" +
                                  next[i].name + "' is not finite after step " +
                                  std::to_string(last + 1) + ": the mean distance is " +
                                  std::to_string(next[i].distance) + "; training has diverged");
    next[i].value = std::max(0.0, value);
  }
  impl.multipliers = std::move(next);
  impl.moved = last + 1;
}

} // namespace bregman
