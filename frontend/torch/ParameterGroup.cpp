// One line of a plan at work on its parameters.
#include "frontend/torch/ParameterGroup.h"
#include "frontend/torch/Checks.h"
#include "frontend/torch/Device.h"
#include "frontend/torch/KeptValues.h"
#include "frontend/torch/Names.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace bregman {

static const char *const learningRateName = "optimizer.lr";

static bool hasParameter(const Method &method, const std::string &name) {
  return std::any_of(method.parameters.begin(), method.parameters.end(),
                     [&](const ParameterInfo &p) { return p.name == name; });
}

static bool isRecomputed(const PlanLine &line, const std::string &argument) {
  return std::find(line.recomputed.begin(), line.recomputed.end(), argument) !=
         line.recomputed.end();
}

static int64_t channelsOf(const at::Tensor &tensor) { return tensor.dim() ? tensor.size(0) : 1; }

/// What is stored for a parameter, where it lies.
static at::Tensor zerosFor(const at::Tensor &tensor, const StoredInfo &info) {
  return at::zeros({info.planes, info.count(tensor.numel(), channelsOf(tensor))},
                   tensor.options().dtype(at::kFloat));
}

/// What is wrong with what a line says, with its place.
static void unwrapAt(const PlanLine &line, Status bad) {
  if (bad && !line.location.empty() &&
      (bad->kind == ErrorKind::SpecRefused || bad->kind == ErrorKind::Usage))
    bad->message = messageAt(line.location) + bad->message;
  unwrap(std::move(bad));
}

ParameterGroup::ParameterGroup(PlanLine planLine, std::vector<Member> members,
                               MethodSource methodSource, OptimizerOptions runOptions)
    : line(std::move(planLine)), source(std::move(methodSource)), options(std::move(runOptions)),
      timing(options.timing()) {
  computesLearningRate = isRecomputed(line, learningRateName);
  for (size_t i = 0; i < members.size(); ++i) {
    Bucket &bucket = bucketFor(members[i]);
    Slot slot{std::move(members[i].parameter), 0, 0, {}, {}, i};
    slot.size = slot.parameter.tensor.numel();
    slot.id = randomIdOf(slot.parameter.name);
    for (const StoredInfo &info : bucket.stepper.method().stored)
      slot.stored.push_back(zerosFor(slot.parameter.tensor, info));
    bucket.slots.push_back(std::move(slot));
  }
  for (Bucket &bucket : buckets) {
    bucket.stepper.setSeed(options.seed());
    setArguments(bucket, /*all=*/true);
    hasLearningRate = hasParameter(bucket.stepper.method(), learningRateName);
    if (hasLearningRate)
      told = bucket.stepper.get(learningRateName);
    unwrapAt(line, bucket.stepper.prepareAttach(tensorsOf(bucket, /*factor=*/0)));
  }
}

void ParameterGroup::attach() {
  for (Bucket &bucket : buckets) {
    unwrap(bucket.stepper.runAttach());
    showMoved(bucket);
  }
}

/// A stepper of its own sets the states: the group's goes on counting.
void ParameterGroup::place(Bucket &bucket, Slot &slot) {
  at::Tensor &tensor = slot.parameter.tensor;
  const Method &method = bucket.stepper.method();
  Stepper fresh = unwrap(Stepper::create(bucket.method, timing));
  fresh.setStream(currentStreamOf(bucket.device));
  for (const ParameterInfo &parameter : method.parameters)
    unwrap(fresh.set(parameter.name, bucket.stepper.get(parameter.name)));
  TensorRef ref;
  ref.size = tensor.numel();
  ref.channels = channelsOf(tensor);
  ref.parameter = slot.id;
  ref.weight = tensor.mutable_data_ptr();
  std::vector<at::Tensor> stored;
  for (const StoredInfo &info : method.stored) {
    stored.push_back(zerosFor(tensor, info));
    ref.stored.push_back(stored.back().mutable_data_ptr<float>());
  }
  KeptValues({slot.parameter}).during([&] { unwrap(fresh.attach({&ref, 1})); });
  slot.stored = std::move(stored);
  slot.size = ref.size;
}

bool ParameterGroup::fill() {
  bool any = false;
  for (size_t b = 0; b < buckets.size(); ++b)
    for (size_t i = 0; i < buckets[b].slots.size();) {
      Slot &slot = buckets[b].slots[i];
      const at::Tensor &tensor = slot.parameter.tensor;
      if (slot.size != 0 || tensor.numel() == 0) {
        ++i;
        continue;
      }
      any = true;
      if (tensor.device() == buckets[b].device) {
        place(buckets[b], slot);
        ++i;
        continue;
      }
      // The first batch has said where it belongs.
      size_t count = buckets.size();
      Bucket &other = bucketFor({slot.parameter, buckets[b].learned}); // may move the others
      Slot moved = buckets[b].slots[i];
      const Stepper &clock = buckets[b].stepper;
      if (buckets.size() > count) {
        for (const ParameterInfo &parameter : clock.method().parameters)
          unwrap(other.stepper.set(parameter.name, clock.get(parameter.name)));
        other.stepper.restore(clock.step(), clock.t(), clock.frozen(), clock.hostStates());
        other.stepper.setSeed(clock.seed());
      }
      place(other, moved);
      other.slots.push_back(std::move(moved));
      buckets[b].slots.erase(buckets[b].slots.begin() + ptrdiff_t(i));
    }
  return any;
}

uint64_t ParameterGroup::seed() const {
  return buckets.empty() ? 0 : buckets.front().stepper.seed();
}

static bool haveSameLines(const std::vector<LearnedLine> &a, const std::vector<LearnedLine> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto &left, auto &right) {
    return left.value == right.value && left.index == right.index;
  });
}

ParameterGroup::Bucket &ParameterGroup::bucketFor(const Member &member) {
  CompileOptions compile;
  c10::Device device = member.parameter.tensor.device();
  compile.element = elementOf(member.parameter);
  compile.device = compilerNameOf(device);
  // On the CPU are learned values of activations alone, before the first batch says where they go.
  compile.fast = options.fast() && device.is_cuda();
  compile.constrained = member.parameter.high.defined();
  for (Bucket &bucket : buckets)
    if (bucket.device == device && bucket.element == compile.element &&
        bucket.stepper.method().constrained == compile.constrained &&
        haveSameLines(bucket.learned, member.learned))
      return bucket;
  for (const LearnedLine &learned : member.learned)
    compile.learned.emplace_back(learned.value, learned.line.optimizer);
  auto method = unwrap(source(line.quantizer, line.optimizer, compile));
  buckets.push_back({device,
                     compile.element,
                     member.learned,
                     method,
                     unwrap(Stepper::create(method, timing, options.threads())),
                     {},
                     Bucket::Waits});
  return buckets.back();
}

template <typename Group> static auto kindsOf(Group &buckets) {
  std::vector<std::vector<decltype(&buckets.front())>> kinds;
  for (auto &bucket : buckets) {
    auto same = std::find_if(kinds.begin(), kinds.end(), [&](const auto &kind) {
      return kind.front()->element == bucket.element &&
             kind.front()->method->constrained == bucket.method->constrained &&
             haveSameLines(kind.front()->learned, bucket.learned);
    });
    if (same == kinds.end())
      kinds.push_back({&bucket});
    else
      same->push_back(&bucket);
  }
  return kinds;
}

std::vector<std::vector<ParameterGroup::Bucket *>> ParameterGroup::kinds() {
  return kindsOf(buckets);
}
std::vector<std::vector<const ParameterGroup::Bucket *>> ParameterGroup::kinds() const {
  return kindsOf(buckets);
}

double ParameterGroup::learningRate() const { return told; }

size_t ParameterGroup::size() const {
  size_t size = 0;
  for (const Bucket &bucket : buckets)
    for (const Slot &slot : bucket.slots)
      size += slot.parameter.high.defined() ? 2 : 1;
  return size;
}

void ParameterGroup::each(const std::function<void(const Slot &, const Method &)> &f) const {
  for (const Bucket &bucket : buckets)
    for (const Slot &slot : bucket.slots)
      f(slot, bucket.stepper.method());
}

void ParameterGroup::schedules(std::vector<std::pair<std::string, double>> &values) const {
  if (buckets.empty())
    return;
  const Stepper &stepper = buckets.front().stepper;
  std::vector<double> present = stepper.scheduleValues();
  for (size_t i = 0; i < present.size(); ++i)
    values.emplace_back(stepper.method().quantizer + "." + stepper.method().schedules[i],
                        present[i]);
}

/// Sets a parameter of the line. The stepper takes one of the optimizer over to learned values;
/// those with a line of their own keep what that says.
void ParameterGroup::set(Bucket &bucket, const std::string &parameter, double value) {
  std::vector<std::pair<std::string, double>> kept;
  for (const LearnedLine &own : bucket.learned) {
    std::string name = own.value + "." + parameter;
    if (hasParameter(bucket.stepper.method(), name))
      kept.emplace_back(name, bucket.stepper.get(name));
  }
  unwrapAt(line, bucket.stepper.set(parameter, value));
  for (const auto &[name, before] : kept)
    unwrap(bucket.stepper.set(name, before));
}

void ParameterGroup::setArguments(Bucket &bucket, bool all) {
  auto each = [&](const PlanLine &from, auto setOne) {
    if (!all && from.recomputed.empty())
      return;
    for (const auto &[name, value] : unwrap(argumentsAt(from, bucket.stepper.step(), timing)))
      if (all || isRecomputed(from, name))
        setOne(name, value);
  };
  each(line, [&](const std::string &name, double value) { set(bucket, name, value); });
  for (const LearnedLine &own : bucket.learned)
    each(own.line, [&](const std::string &name, double value) {
      unwrapAt(own.line, bucket.stepper.set(own.value + "." + name, value));
    });
}

void ParameterGroup::check(const GroupOptions &options) const {
  for (const Bucket &bucket : buckets)
    for (const Slot &slot : bucket.slots)
      checkStep(slot.parameter, bucket.device, bucket.element, slot.size);
  if (options.lr() == told || buckets.empty())
    return;
  if (!hasLearningRate)
    raise(ErrorKind::Usage, messageAt(line.location) + "the optimizer " +
                                buckets.front().stepper.method().optimizer +
                                " has no `lr`, so a scheduler can't change it");
  if (computesLearningRate)
    raise(ErrorKind::Usage,
          messageAt(line.location) +
              "`lr` is computed from the counters at every step, so a scheduler can't "
              "change it; make it a number, or drop the scheduler");
}

/// Sets the addresses of `factor` times the gradients; `alive` keeps what had to be made.
static void giveGradients(const NamedParameter &parameter, double factor, TensorRef &ref,
                          std::vector<at::Tensor> &alive) {
  at::Tensor gradient = gradientOf(parameter), high;
  if (parameter.high.defined()) {
    high = gradientOf({parameter.name, parameter.high});
    // What one branch has no part in has the gradient 0 there.
    if (high.defined() && !gradient.defined())
      gradient = at::zeros_like(high);
    if (gradient.defined() && !high.defined())
      high = at::zeros_like(gradient);
  }
  auto give = [&](at::Tensor from, const void *&to) {
    if (!from.defined())
      return;
    if (factor != 1)
      from = from.mul(factor);
    to = from.const_data_ptr();
    alive.push_back(std::move(from));
  };
  give(std::move(gradient), ref.gradient);
  give(std::move(high), ref.highGradient);
}

std::vector<TensorRef> ParameterGroup::tensorsOf(Bucket &bucket, double factor) {
  std::vector<TensorRef> refs;
  bucket.gradients.clear();
  for (Slot &slot : bucket.slots) {
    at::Tensor &tensor = slot.parameter.tensor;
    checkStep(slot.parameter, bucket.device, bucket.element, slot.size);
    if (tensor.numel() == 0)
      continue;
    TensorRef ref;
    ref.size = tensor.numel();
    ref.channels = channelsOf(tensor);
    ref.parameter = slot.id;
    if (tensor.is_contiguous()) {
      ref.weight = tensor.mutable_data_ptr();
    } else {
      if (!slot.dense.defined())
        slot.dense = at::empty_like(tensor.detach(), at::MemoryFormat::Contiguous);
      // What a step that failed halfway has moved is there.
      if (!bucket.stepper.isBetweenSteps())
        slot.dense.copy_(tensor.detach());
      ref.weight = slot.dense.mutable_data_ptr();
    }
    if (slot.parameter.high.defined())
      ref.high = slot.parameter.high.mutable_data_ptr();
    if (factor != 0)
      giveGradients(slot.parameter, factor, ref, bucket.gradients);
    for (at::Tensor &stored : slot.stored)
      ref.stored.push_back(stored.mutable_data_ptr<float>());
    refs.push_back(std::move(ref));
  }
  bucket.stepper.setStream(currentStreamOf(bucket.device));
  return refs;
}

void ParameterGroup::showMoved(Bucket &bucket) {
  bucket.gradients.clear();
  for (Slot &slot : bucket.slots) {
    at::Tensor &tensor = slot.parameter.tensor;
    if (tensor.numel() == 0)
      continue;
    if (!tensor.is_contiguous())
      tensor.detach().copy_(slot.dense);
    // Autograd must notice that the memory it may have saved has changed.
    else if (!tensor.is_inference())
      tensor.unsafeGetTensorImpl()->bump_version();
    if (const at::Tensor &high = slot.parameter.high; high.defined() && !high.is_inference())
      high.unsafeGetTensorImpl()->bump_version();
  }
}

template <typename F> void ParameterGroup::onTensors(Bucket &bucket, double factor, F f) {
  unwrap(f(tensorsOf(bucket, factor)));
  showMoved(bucket);
}

double ParameterGroup::squaredGradients() const {
  double sum = 0;
  if (line.optimizer.empty())
    return sum;
  for (const Bucket &bucket : buckets) {
    std::vector<at::Tensor> norms;
    for (const Slot &slot : bucket.slots)
      for (const at::Tensor &parameter : {slot.parameter.tensor, slot.parameter.high}) {
        at::Tensor gradient =
            parameter.defined() ? gradientOf({slot.parameter.name, parameter}) : parameter;
        if (gradient.defined())
          norms.push_back(at::linalg_vector_norm(gradient, 2, {}, false, at::kDouble));
      }
    if (norms.empty())
      continue;
    // A device is waited for once.
    at::Tensor all = at::stack(norms).to(at::kCPU);
    for (int64_t i = 0; i < all.numel(); ++i) {
      double norm = all.const_data_ptr<double>()[i];
      sum += norm * norm;
    }
  }
  return sum;
}

/// The numbers of the coming step.
void ParameterGroup::takeNumbers(Bucket &bucket, const GroupOptions &options) {
  if (options.lr() != told)
    set(bucket, learningRateName, options.lr());
  if (bucket.progress == Bucket::Waits)
    setArguments(bucket, /*all=*/false);
}

/// What follows a step that is counted. A learned value with a line of its own has its resets.
void ParameterGroup::resetIfDue(Bucket &bucket) {
  auto isDue = [&](const PlanLine &of) {
    return resetsAfter(of, bucket.stepper.step() - 1, timing);
  };
  auto isOwnDue = [&](const LearnedLine &own) { return isDue(own.line); };
  if (!isDue(line) && std::none_of(bucket.learned.begin(), bucket.learned.end(), isOwnDue))
    return;
  std::vector<std::string> optimizers = bucket.method->optimizers();
  std::vector<size_t> due;
  for (size_t i = 0; i < optimizers.size(); ++i) {
    auto own =
        std::find_if(bucket.learned.begin(), bucket.learned.end(), [&](const LearnedLine &own) {
          return own.value + ".optimizer" == optimizers[i];
        });
    if (own == bucket.learned.end() ? isDue(line) : isOwnDue(*own))
      due.push_back(i);
  }
  onTensors(bucket, /*factor=*/0, [&](std::span<const TensorRef> tensors) {
    return bucket.stepper.resetStates(tensors, due);
  });
}

void ParameterGroup::tellLearningRate(GroupOptions &options) {
  if (hasLearningRate && !buckets.empty())
    options.lr(told = buckets.front().stepper.get(learningRateName));
}

void ParameterGroup::prepareStep(const GroupOptions &options, double factor) {
  for (Bucket &bucket : buckets) {
    takeNumbers(bucket, options);
    if (bucket.progress != Bucket::Waits)
      continue;
    std::vector<TensorRef> tensors = tensorsOf(bucket, line.optimizer.empty() ? 0 : factor);
    unwrapAt(line, bucket.stepper.prepareAdvance(tensors));
  }
}

void ParameterGroup::step(GroupOptions &options) {
  for (Bucket &bucket : buckets) {
    if (bucket.progress == Bucket::Waits)
      unwrap(bucket.stepper.runAdvance());
    if (bucket.progress == Bucket::Replayed)
      unwrap(bucket.stepper.finishReplay(tensorsOf(bucket, line.optimizer.empty() ? 0 : 1)));
    if (bucket.progress <= Bucket::Replayed)
      bucket.progress = Bucket::Moved;
    if (bucket.progress == Bucket::Moved) {
      showMoved(bucket);
      bucket.progress = Bucket::Shown;
    }
    if (bucket.progress == Bucket::Shown) {
      resetIfDue(bucket);
      bucket.progress = Bucket::Done;
    }
  }
  tellLearningRate(options);
}

void ParameterGroup::endStep() {
  for (Bucket &bucket : buckets)
    bucket.progress = Bucket::Waits;
}

bool ParameterGroup::isBetweenSteps() const {
  return std::any_of(buckets.begin(), buckets.end(), [](const Bucket &bucket) {
    return bucket.progress != Bucket::Waits || bucket.stepper.isBetweenSteps();
  });
}

std::vector<std::pair<c10::Device, bool>> ParameterGroup::devices() const {
  std::vector<std::pair<c10::Device, bool>> all;
  for (const Bucket &bucket : buckets)
    for (const Slot &slot : bucket.slots) {
      const at::Tensor &tensor = slot.parameter.tensor;
      if (tensor.numel() == 0)
        continue;
      all.emplace_back(bucket.device,
                       unwrap(bucket.method->memory->captures(currentStreamOf(bucket.device),
                                                              tensor.const_data_ptr())));
      break;
    }
  return all;
}

void ParameterGroup::capture(const GroupOptions &options) {
  for (Bucket &bucket : buckets) {
    takeNumbers(bucket, options);
    onTensors(bucket, line.optimizer.empty() ? 0 : 1,
              [&](std::span<const TensorRef> tensors) { return bucket.stepper.advance(tensors); });
  }
}

void ParameterGroup::prepareReplay(const GroupOptions &options) {
  for (Bucket &bucket : buckets) {
    takeNumbers(bucket, options);
    unwrap(bucket.stepper.prepareReplay(tensorsOf(bucket, line.optimizer.empty() ? 0 : 1)));
  }
}

void ParameterGroup::replayed() {
  for (Bucket &bucket : buckets)
    bucket.progress = Bucket::Replayed;
}

void ParameterGroup::publish(Bucket &bucket) {
  onTensors(bucket, /*factor=*/0,
            [&](std::span<const TensorRef> tensors) { return bucket.stepper.publish(tensors); });
}

void ParameterGroup::finalize() {
  for (Bucket &bucket : buckets)
    onTensors(bucket, /*factor=*/0,
              [&](std::span<const TensorRef> tensors) { return bucket.stepper.finalize(tensors); });
}

} // namespace bregman
