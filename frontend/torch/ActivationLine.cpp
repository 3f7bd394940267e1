// One `activations` line of a plan: compiled passes as one differentiable function.
#include "frontend/torch/ActivationLine.h"
#include "frontend/torch/Checks.h"
#include "frontend/torch/Device.h"
#include "frontend/torch/Names.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace bregman {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

static const std::string optimizerPrefix = "optimizer.";

[[noreturn]] static void refuse(const std::string &name, const std::string &what) {
  raise(ErrorKind::Usage, "activation '" + name + "': " + what);
}

ActivationLine::ActivationLine(PlanLine planLine, ActivationSource compile,
                               const OptimizerOptions &options,
                               std::shared_ptr<const RunClock> runClock)
    : line(std::move(planLine)), source(std::move(compile)), timing(options.timing()),
      threads(options.threads()), fast(options.fast()), seed(options.seed()),
      clock(std::move(runClock)) {
  activatorFor({"host", ElementType::F32});
}

Activator &ActivationLine::activatorFor(const Place &place) {
  std::lock_guard lock(mutex);
  auto known = activators.find(place);
  if (known != activators.end())
    return known->second;
  CompileOptions options;
  options.device = place.first;
  options.element = place.second;
  options.fast = fast && place.first != "host";
  options.streaming = false;
  auto method = unwrap(source(line.quantizer, options));
  for (const KernelSequence *kernels : {&method->publish, &method->step})
    for (const auto &kernel : *kernels)
      random |= kernel->random();
  Activator activator = unwrap(Activator::create(method, timing, threads));
  // A quantizer's arguments that mention a counter are compiled into it.
  for (const auto &[name, value] : unwrap(argumentsAt(line, 0, timing)))
    if (!name.starts_with(optimizerPrefix))
      unwrap(activator.set(name, value));
  activator.setSeed(seed);
  unwrap(activator.check());
  return activators.emplace(place, std::move(activator)).first->second;
}

void ActivationLine::attach(ActivationImpl &module, const std::string &name, c10::Device device) {
  module.line = shared_from_this();
  module.name = name;
  module.reset();
  for (at::Tensor &value : module.values)
    value.set_data(value.detach().to(device));
  modules.push_back(std::static_pointer_cast<ActivationImpl>(module.shared_from_this()));
}

std::vector<std::string> ActivationLine::learnedNames() const {
  std::vector<std::string> names;
  for (const StoredInfo &info : first().method().stored)
    names.push_back(info.name);
  return names;
}

std::vector<NamedParameter> ActivationLine::learned(const ActivationImpl &module) {
  std::vector<NamedParameter> learned;
  if (module.line)
    for (const std::string &name : module.line->learnedNames())
      learned.push_back({module.name + "/" + name, module.learned(name)});
  return learned;
}

PlanLine trainingLine(const PlanLine &line) {
  PlanLine training = line;
  training.activations = false;
  training.quantizer = "float";
  std::erase_if(training.arguments.outputs, [](const HostProgram::Output &output) {
    return !output.name.starts_with(optimizerPrefix);
  });
  return training;
}

void ActivationLine::setSeed(uint64_t newSeed) {
  std::lock_guard lock(mutex);
  seed = newSeed;
  for (auto &[place, activator] : activators)
    activator.setSeed(seed);
}

void ActivationLine::clampLearned() {
  const Activator &activator = first();
  for (const auto &weak : modules) {
    auto module = weak.lock();
    if (!module || module->line.get() != this)
      continue;
    for (size_t i = 0; i < module->values.size(); ++i) {
      at::Tensor &value = module->values[i];
      auto [low, high] = activator.method().bounds[i];
      if (value.is_cpu())
        activator.clamp(i, value.mutable_data_ptr<float>(), value.numel());
      else // in its stream, without waiting; a NaN stays here too
        value.detach().clamp_(low, high);
    }
  }
}

void ActivationLine::schedules(std::vector<std::pair<std::string, double>> &values) const {
  const Activator &activator = first();
  std::vector<double> present = activator.scheduleValues(clock->step);
  for (size_t i = 0; i < present.size(); ++i)
    values.emplace_back(line.quantizer + "." + activator.method().schedules[i], present[i]);
}

/// Dense strides in which the axes follow each other from the slowest to the fastest.
static std::vector<int64_t> denseStrides(at::IntArrayRef sizes, const std::vector<int64_t> &order) {
  std::vector<int64_t> strides(sizes.size());
  int64_t stride = 1;
  for (size_t i = order.size(); i-- > 0;) {
    strides[size_t(order[i])] = stride;
    stride *= std::max<int64_t>(sizes[size_t(order[i])], 1);
  }
  return strides;
}

ActivationLine::Layout ActivationLine::layoutOf(const at::Tensor &x,
                                                const std::string &name) const {
  const ActivationMethod &method = first().method();
  using Rows = ActivationMethod::Rows;
  std::vector<int64_t> order;
  for (int64_t axis = 0; axis < x.dim(); ++axis)
    order.push_back(axis);
  Layout layout;
  if (method.rows == Rows::Channels) {
    if (x.dim() < 2)
      refuse(name, "`" + method.quantizer +
                       "` has values per channel, which is axis 1, and x has " +
                       (x.dim() ? "one axis" : "no axis") + "; give it a batch: x.unsqueeze(0)");
    std::swap(order[0], order[1]);
    layout.channels = x.size(1);
  } else if (method.rows == Rows::Tokens && x.dim() > 0) {
    layout.channels = x.size(-1) ? x.numel() / x.size(-1) : 0;
  }
  // Where only the whole tensor matters it may lie as it does, channels last for example.
  if (method.rows == Rows::Any && !random && x.is_non_overlapping_and_dense())
    layout.strides = x.strides().vec();
  else
    layout.strides = denseStrides(x.sizes(), order);
  return layout;
}

/// `x` in these strides, itself where it has them.
static at::Tensor laidOut(const at::Tensor &x, const std::vector<int64_t> &strides) {
  if (x.strides() == at::IntArrayRef(strides) && !x.is_neg())
    return x;
  return at::empty_strided(x.sizes(), strides, x.options()).copy_(x);
}

static at::Tensor emptyLike(const at::Tensor &x, const std::vector<int64_t> &strides) {
  return at::empty_strided(x.sizes(), strides, x.options());
}

void ActivationLine::initialize(ActivationImpl &module, Activator &activator, const at::Tensor &x,
                                const Layout &layout) {
  at::Tensor dense = laidOut(x.detach(), layout.strides);
  ActivationRef ref;
  ref.size = x.numel();
  ref.channels = layout.channels;
  ref.parameter = randomIdOf(module.name);
  ref.x = dense.const_data_ptr();
  ref.stream = currentStreamOf(x.device());
  std::vector<at::Tensor> made;
  for (const StoredInfo &info : activator.method().stored) {
    made.push_back(at::empty({info.planes, info.count(ref.size, ref.channels)},
                             x.options().dtype(at::kFloat)));
    ref.learned.push_back(made.back().mutable_data_ptr<float>());
  }
  unwrap(activator.initialize(ref, clock->step));
  for (size_t i = 0; i < made.size(); ++i)
    module.values[i].set_data(made[i]);
}

void ActivationLine::checkLearned(const ActivationImpl &module, const at::Tensor &x,
                                  int64_t channels) const {
  const ActivationMethod &method = first().method();
  for (size_t i = 0; i < module.values.size(); ++i) {
    const at::Tensor &value = module.values[i];
    const StoredInfo &info = method.stored[i];
    if (value.numel() == 0)
      refuse(module.name,
             "its learned value `" + info.name +
                 "` starts from the first batch of training, and there was none; run one "
                 "forward pass in training mode with gradients");
    if (value.device() != x.device() || value.scalar_type() != at::kFloat || !value.is_contiguous())
      refuse(module.name, "its learned value `" + info.name + "` is " + value.toString() + " on " +
                              value.device().str() + ", and stays a contiguous float on " +
                              x.device().str() +
                              ", where x is; convert the model first, then make the optimizer");
    int64_t count = info.count(x.numel(), channels);
    if (value.numel() != info.planes * count)
      refuse(module.name, "its learned value `" + info.name + "` is of " +
                              std::to_string(value.numel() / info.planes) +
                              " channels, and x has " + std::to_string(count) +
                              "; use another Activation for another number of channels");
  }
}

namespace {

/// What a backward pass needs to know of its forward pass, beside tensors.
struct Call : torch::CustomClassHolder {
  std::shared_ptr<ActivationLine> line;
  Activator *activator = nullptr; ///< of the line
  std::string name;
  ActivationRef ref;
  std::vector<int64_t> strides;
  int64_t step = 0;
};

/// The identity, of which there is no derivative: what a backward pass gives to whoever wants to
/// differentiate it.
struct OnceDifferentiable : torch::autograd::Function<OnceDifferentiable> {
  static variable_list forward(AutogradContext *ctx, at::TensorList gradients, const at::Tensor &,
                               const std::string &name) {
    ctx->saved_data["name"] = c10::IValue(name);
    variable_list copies;
    for (const at::Tensor &gradient : gradients)
      copies.push_back(gradient.clone());
    return copies;
  }
  static variable_list backward(AutogradContext *ctx, const variable_list &) {
    refuse(ctx->saved_data["name"].toStringRef(),
           "a quantized activation can be differentiated once; take create_graph away, or "
           "setQuantizing(false) while second derivatives are needed");
  }
};

} // namespace

/// The two passes as one differentiable function.
class QuantizeFunction : public torch::autograd::Function<QuantizeFunction> {
public:
  static at::Tensor forward(AutogradContext *ctx, const at::Tensor &x, at::TensorList learned,
                            const c10::intrusive_ptr<Call> &call) {
    at::Tensor dense = laidOut(x, call->strides);
    at::Tensor w = emptyLike(x, call->strides);
    if (x.numel() > 0) {
      ActivationRef ref = call->ref;
      ref.stream = currentStreamOf(x.device());
      ref.x = dense.const_data_ptr();
      ref.w = w.mutable_data_ptr();
      for (const at::Tensor &value : learned)
        ref.learned.push_back(const_cast<float *>(value.const_data_ptr<float>()));
      unwrap(call->activator->forward(ref, call->step));
    }
    variable_list saved = {dense};
    saved.insert(saved.end(), learned.begin(), learned.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    return w;
  }

  static variable_list backward(AutogradContext *ctx, const variable_list &outputs) {
    auto call = c10::static_intrusive_pointer_cast<Call>(ctx->saved_data["call"].toCapsule());
    variable_list saved = ctx->get_saved_variables();
    variable_list gradients;
    {
      c10::AutoGradMode noGrad(false);
      at::Tensor x = saved.front().detach();
      at::Tensor g = laidOut(outputs.front().detach(), call->strides);
      ActivationRef ref = call->ref;
      gradients.push_back(emptyLike(x, call->strides));
      ref.stream = currentStreamOf(x.device());
      ref.x = x.const_data_ptr();
      ref.gradient = g.const_data_ptr();
      ref.xGradient = gradients.front().mutable_data_ptr();
      for (size_t i = 1; i < saved.size(); ++i) {
        gradients.push_back(at::zeros_like(saved[i].detach()));
        ref.learned.push_back(const_cast<float *>(saved[i].const_data_ptr<float>()));
        ref.learnedGradients.push_back(gradients.back().mutable_data_ptr<float>());
      }
      if (x.numel() > 0)
        unwrap(call->activator->backward(ref, call->step));
    }
    // With create_graph gradients are to be differentiated in turn.
    if (c10::GradMode::is_enabled())
      gradients = OnceDifferentiable::apply(at::TensorList(gradients), saved.front(), call->name);
    gradients.emplace_back(); // the call's
    return gradients;
  }
};

/// A pass takes the schedules' numbers, and memory for itself, when it is asked for.
void ActivationLine::refuseCapture(const Activator &activator, const ActivationRef &ref,
                                   const std::string &name) const {
  if (ref.size > 0 && unwrap(activator.method().memory->captures(ref.stream, ref.x)))
    refuse(name, "a graph is captured, and a quantized activation takes numbers from the host in "
                 "each pass; train without a graph, or without the plan's `activations` line");
}

at::Tensor ActivationLine::quantize(ActivationImpl &module, const at::Tensor &x) {
  ElementType element = elementOfInput(x, module.name);
  refuseFast(fast, "activation '" + module.name + "': x", x.device());
  Activator &activator = activatorFor({compilerNameOf(x.device()), element});
  auto call = c10::make_intrusive<Call>();
  Layout layout = layoutOf(x, module.name);
  bool isNew = std::any_of(module.values.begin(), module.values.end(),
                           [](const at::Tensor &value) { return value.numel() == 0; });
  if (isNew && x.numel() == 0)
    return x;
  // Without gradients it is no training batch, whatever the mode: statistics are taken anew so.
  if (isNew && module.is_training() && c10::GradMode::is_enabled())
    initialize(module, activator, x, layout);
  if (x.numel() > 0)
    checkLearned(module, x, layout.channels);
  call->line = shared_from_this();
  call->activator = &activator;
  call->name = module.name;
  call->ref.size = x.numel();
  call->ref.channels = layout.channels;
  call->ref.parameter = randomIdOf(module.name);
  call->ref.stream = currentStreamOf(x.device());
  call->ref.x = x.numel() ? x.const_data_ptr() : nullptr;
  refuseCapture(activator, call->ref, module.name);
  call->strides = std::move(layout.strides);
  call->step = clock->step;
  return QuantizeFunction::apply(x, at::TensorList(module.values), call);
}

} // namespace bregman
