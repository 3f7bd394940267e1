// bregman::Optimizer: groups of parameters, each a line of the plan, behind LibTorch's interface.
#include "frontend/torch/Optimizer.h"
#include "frontend/torch/ActivationLine.h"
#include "frontend/torch/Checks.h"
#include "frontend/torch/Device.h"
#include "frontend/torch/KeptValues.h"
#include "frontend/torch/Levels.h"
#include "frontend/torch/ParameterGroup.h"
#include "frontend/torch/Patterns.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

namespace bregman {

static_assert(sizeof(at::Tensor) == sizeof(void *), "a NamedParameter is cheap to copy");

/// One entry per tensor: a tensor that modules share has several names.
static std::vector<PlanTarget> distinct(std::vector<NamedParameter> &parameters) {
  std::vector<NamedParameter> kept;
  std::vector<PlanTarget> targets;
  std::unordered_map<const void *, size_t> seen;
  for (NamedParameter &parameter : parameters) {
    auto [it, isNew] = seen.try_emplace(parameter.tensor.unsafeGetTensorImpl(), kept.size());
    if (isNew) {
      targets.push_back({{}, parameter.tensor.requires_grad()});
      kept.push_back(parameter);
    }
    targets[it->second].names.push_back(parameter.name);
  }
  parameters = std::move(kept);
  return targets;
}

/// The parameters, those of the float branch too.
static std::vector<NamedParameter> withBranches(std::vector<NamedParameter> parameters) {
  size_t count = parameters.size();
  for (size_t i = 0; i < count; ++i)
    if (parameters[i].high.defined())
      parameters.push_back({parameters[i].name + " of the float branch", parameters[i].high});
  return parameters;
}

/// The line with its optimizer, but without a quantizer.
static PlanLine asFloat(PlanLine line) {
  line.quantizer = "float";
  std::erase_if(line.arguments.outputs, [](const HostProgram::Output &output) {
    return !output.name.starts_with("optimizer.");
  });
  std::erase_if(line.recomputed,
                [](const std::string &name) { return !name.starts_with("optimizer."); });
  return line;
}

static void refuseNegative(double value, const char *what) {
  if (!(value >= 0 && std::isfinite(value)))
    raise(ErrorKind::Usage, std::string("the ") + what + " is " + std::to_string(value) +
                                "; give a positive number, or 0 for none");
}

Optimizer::Optimizer(std::vector<NamedParameter> parameters, std::vector<PlanLine> planLines,
                     MethodSource methodSource, OptimizerOptions runOptions,
                     Activations activations)
    : torch::optim::Optimizer(std::vector<torch::optim::OptimizerParamGroup>(),
                              std::make_unique<GroupOptions>()),
      options(std::move(runOptions)), source(std::move(methodSource)), lines(std::move(planLines)),
      clock(std::make_shared<RunClock>()) {
  refuseNegative(options.lossScale(), "loss scale");
  refuseNegative(options.clipNorm(), "norm to clip to");
  if (!options.threads())
    options.threads(at::get_num_threads());
  std::vector<PlanTarget> targets = distinct(parameters);
  for (const NamedActivation &activation : activations.modules)
    targets.push_back({activation.names, /*trained=*/false, /*activation=*/true});
  for (const NamedParameter &parameter : parameters) {
    checkPair(parameter);
    refuseFast(options.fast(), "parameter '" + parameter.name + "'", parameter.tensor.device());
  }
  checkDisjoint(withBranches(parameters));
  ActivationStates before(activations);
  auto learnedValues = [&](size_t target, size_t l) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    auto add = [&](const auto &method) -> Status {
      if (!method)
        return method.error();
      for (const StoredInfo &stored : (*method)->stored)
        if (stored.learned)
          names.push_back(stored.name);
      return std::nullopt;
    };
    CompileOptions compile;
    if (target < parameters.size()) {
      compile.element = elementOf(parameters[target]);
      compile.device = compilerNameOf(parameters[target].tensor.device());
      compile.fast = options.fast() && parameters[target].tensor.is_cuda();
    }
    Status failed = target < parameters.size()
                        ? add(source(lines[l].quantizer, lines[l].optimizer, compile))
                        : add(activations.source(lines[l].quantizer, compile));
    return failed ? Result<std::vector<std::string>>(*failed) : names;
  };
  Assignment assigned = unwrap(assignLines(lines, targets, learnedValues));
  Groups made;
  for (size_t l = 0; l < lines.size(); ++l) {
    std::vector<Member> taken, inFloat;
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (assigned.lines[i] != int(l))
        continue;
      if (parameters[i].isFloat && lines[l].quantizer != "float") {
        inFloat.push_back({parameters[i], {}});
        continue;
      }
      taken.push_back({parameters[i], {}});
      for (const LearnedTarget &learned : assigned.learned[i])
        taken.back().learned.push_back({learned.value, learned.line, lines[learned.line]});
    }
    if (!taken.empty())
      made.push_back(prepare(std::move(taken), lines[l]));
    if (!inFloat.empty())
      made.push_back(prepare(std::move(inFloat), asFloat(lines[l])));
  }
  prepareActivations(made, activations, assigned, parameters.size());
  attach(std::move(made));
  before.forget();
  if (!groups.empty())
    defaults_ = std::make_unique<GroupOptions>(groups.front()->learningRate());
}

Optimizer::~Optimizer() = default;

/// A group that has touched no parameter yet.
std::unique_ptr<ParameterGroup> Optimizer::prepare(std::vector<Member> members,
                                                   const PlanLine &line) const {
  for (const auto &[parameter, learned] : members)
    if (!parameter.tensor.is_leaf())
      raise(ErrorKind::Usage, "parameter '" + parameter.name +
                                  "' is computed from other tensors; only leaves can be trained");
  c10::AutoGradMode noGrad(false);
  return std::make_unique<ParameterGroup>(line, std::move(members), source, options);
}

/// Begins to train: all groups, or none.
void Optimizer::attach(Groups made) {
  c10::AutoGradMode noGrad(false);
  std::vector<NamedParameter> parameters;
  for (const auto &group : made)
    group->each([&](const Slot &slot, const Method &) { parameters.push_back(slot.parameter); });
  KeptValues(parameters).during([&] {
    for (const auto &group : made)
      group->attach();
  });
  for (auto &group : made) {
    std::map<size_t, const NamedParameter *> inOrder;
    group->each([&](const Slot &slot, const Method &method) {
      inOrder[slot.place] = &slot.parameter;
      auto state = std::make_unique<ParameterState>();
      for (const StoredInfo &info : method.stored)
        state->names.push_back(info.name);
      state->stored = slot.stored;
      state_[slot.parameter.tensor.unsafeGetTensorImpl()] = std::move(state);
    });
    std::vector<at::Tensor> tensors;
    for (const auto &[place, parameter] : inOrder)
      for (const at::Tensor &tensor : {parameter->tensor, parameter->high})
        if (tensor.defined())
          tensors.push_back(tensor);
    groups.push_back(std::move(group));
    // A group that LibTorch's add_param_group made is there already.
    if (param_groups_.size() < groups.size())
      param_groups_.emplace_back(std::move(tensors),
                                 std::make_unique<GroupOptions>(groups.back()->learningRate()));
  }
}

/// One line's modules share its kernels; the learned values are groups of their own, one for each
/// line that trains some. `first` is where the modules begin among the targets.
void Optimizer::prepareActivations(Groups &made, const Activations &activations,
                                   const Assignment &assigned, size_t first) {
  std::map<size_t, std::vector<Member>> trained; // by line
  // Where the model is, most likely.
  c10::Device device(c10::kCPU);
  if (!made.empty())
    made.front()->each([&](const Slot &slot, const Method &) {
      if (slot.place == 0)
        device = slot.parameter.tensor.device();
    });
  for (size_t l = 0; l < lines.size(); ++l) {
    std::shared_ptr<ActivationLine> line;
    for (size_t i = 0; i < activations.modules.size(); ++i) {
      if (assigned.lines[first + i] != int(l))
        continue;
      if (!line) {
        line = std::make_shared<ActivationLine>(lines[l], activations.source, options, clock);
        activationLines.push_back(line);
      }
      const NamedActivation &activation = activations.modules[i];
      line->attach(*activation.module, activation.names.front(), device);
      activationModules.push_back(activation.module);
      std::vector<NamedParameter> values = ActivationLine::learned(*activation.module);
      const std::vector<LearnedTarget> &own = assigned.learned[first + i];
      std::vector<std::string> names = line->learnedNames();
      for (size_t v = 0; v < values.size(); ++v) {
        auto named = std::find_if(own.begin(), own.end(), [&](const LearnedTarget &target) {
          return target.value == names[v];
        });
        trained[named == own.end() ? l : size_t(named->line)].push_back({values[v], {}});
      }
    }
  }
  for (auto &[l, members] : trained)
    made.push_back(
        prepare(std::move(members), lines[l].activations ? trainingLine(lines[l]) : lines[l]));
}

void quantizeActivations(const std::vector<PlanLine> &plan, const Activations &activations,
                         OptimizerOptions options, int64_t step) {
  std::vector<PlanLine> lines;
  for (const PlanLine &line : plan)
    if (line.activations)
      lines.push_back(line);
  if (!options.threads())
    options.threads(at::get_num_threads());
  std::vector<PlanTarget> targets;
  for (const NamedActivation &activation : activations.modules)
    targets.push_back({activation.names, /*trained=*/false, /*activation=*/true});
  Assignment assigned = unwrap(assignLines(lines, targets));
  auto clock = std::make_shared<RunClock>(RunClock{step});
  ActivationStates before(activations);
  for (size_t l = 0; l < lines.size(); ++l) {
    auto line = std::make_shared<ActivationLine>(lines[l], activations.source, options, clock);
    for (size_t i = 0; i < targets.size(); ++i)
      if (assigned.lines[i] == int(l))
        line->attach(*activations.modules[i].module, targets[i].names.front());
  }
  before.forget();
}

/// The learned values of activations have their size since the first batch.
void Optimizer::fillGroups() {
  for (auto &group : groups)
    if (group->fill())
      group->each([&](const Slot &slot, const Method &) {
        auto &state = *state_.at(slot.parameter.tensor.unsafeGetTensorImpl());
        static_cast<ParameterState &>(state).stored = slot.stored;
      });
}

void Optimizer::refuseHalfLoaded() const {
  if (halfLoaded)
    raise(ErrorKind::Usage, "loading has failed when a part of the archive was taken over, so that "
                            "the optimizer is neither the one before nor the one that was saved; "
                            "load an archive again");
}

/// Takes what LibTorch's add_param_group has added since the last step.
void Optimizer::adopt() {
  refuseHalfLoaded();
  for (size_t i = 0; i < groups.size(); ++i)
    if (param_groups_[i].params().size() != groups[i]->size())
      raise(ErrorKind::Usage, "the parameters of group " + std::to_string(i) +
                                  " have changed since it was made; add new ones by "
                                  "add_param_group");
  while (groups.size() < param_groups_.size()) {
    size_t index = groups.size();
    if (lines.size() != 1 || !lines.front().patterns.empty())
      raise(ErrorKind::Usage, "group " + std::to_string(index) +
                                  " was added to an optimizer that follows a plan, so that nothing "
                                  "says how to train it; make a second optimizer for it");
    std::vector<NamedParameter> parameters;
    for (const at::Tensor &tensor : param_groups_[index].params()) {
      parameters.push_back(
          {"param_groups[" + std::to_string(index) + "][" + std::to_string(parameters.size()) + "]",
           tensor});
      refuseFast(options.fast(), "parameter '" + parameters.back().name + "'", tensor.device());
    }
    std::vector<NamedParameter> all = parameters;
    for (const auto &group : groups)
      group->each([&](const Slot &slot, const Method &) { all.push_back(slot.parameter); });
    checkDisjoint(all);
    std::vector<Member> members;
    for (NamedParameter &parameter : parameters)
      members.push_back({std::move(parameter), {}});
    Groups made;
    made.push_back(prepare(std::move(members), lines.front()));
    attach(std::move(made));
  }
}

/// The groups' options, once nothing speaks against a step of any.
std::vector<GroupOptions *> Optimizer::checkedOptions() {
  std::vector<GroupOptions *> all;
  for (size_t i = 0; i < groups.size(); ++i) {
    all.push_back(dynamic_cast<GroupOptions *>(&param_groups_[i].options()));
    if (!all.back())
      raise(ErrorKind::Usage,
            "the options of group " + std::to_string(i) + " are not bregman::GroupOptions");
    groups[i]->check(*all.back());
  }
  return all;
}

torch::Tensor Optimizer::step(LossClosure closure) {
  adopt();
  torch::Tensor loss;
  if (closure) {
    c10::AutoGradMode withGrad(true);
    loss = closure();
  }
  c10::AutoGradMode noGrad(false);
  fillGroups();
  std::vector<GroupOptions *> groupOptions = checkedOptions();
  if (captures()) {
    for (size_t i = 0; i < groups.size(); ++i)
      groups[i]->capture(*groupOptions[i]);
    return loss;
  }
  double factor = gradientFactor();
  skipped = !std::isfinite(factor);
  if (skipped)
    return loss;
  for (size_t i = 0; i < groups.size(); ++i)
    groups[i]->prepareStep(*groupOptions[i], factor);
  finishStep(groupOptions);
  return loss;
}

/// Moves what has not moved yet, and counts the step.
void Optimizer::finishStep(const std::vector<GroupOptions *> &groupOptions) {
  for (size_t i = 0; i < groups.size(); ++i)
    groups[i]->step(*groupOptions[i]);
  for (const auto &line : activationLines)
    line->clampLearned();
  for (const auto &group : groups)
    group->endStep();
  ++clock->step;
}

bool Optimizer::isBetweenSteps() const {
  return std::any_of(groups.begin(), groups.end(),
                     [](const auto &group) { return group->isBetweenSteps(); });
}

/// Whether a graph is captured; throws where a replay would not be a step.
bool Optimizer::captures() const {
  std::optional<c10::Device> captured, other;
  for (const auto &group : groups)
    for (auto [device, captures] : group->devices())
      (captures ? captured : other) = device;
  if (!captured)
    return false;
  const std::string what = "a graph is captured on " + captured->str() + ", ";
  if (other)
    raise(ErrorKind::Usage, what + "and parameters on " + other->str() +
                                " would stay where they are when it is replayed; keep a model "
                                "whose steps are captured on one device");
  if (options.lossScale() || options.clipNorm())
    raise(ErrorKind::Usage, what + "and a loss scale or a norm to clip to follows from the "
                                   "gradients of each step, which the host has to read; capture "
                                   "the backward pass alone, and take the steps outside");
  if (!activationLines.empty())
    raise(ErrorKind::Usage, what + "and quantized activations take numbers from the host in each "
                                   "pass; train without a graph, or without the plan's "
                                   "`activations` lines");
  return true;
}

void Optimizer::replay(const std::function<void()> &launch) {
  adopt();
  c10::AutoGradMode noGrad(false);
  std::vector<GroupOptions *> groupOptions = checkedOptions();
  if (isBetweenSteps())
    raise(ErrorKind::Usage, "a step has failed when it had moved some of the parameters, and a "
                            "replay would move these again; call step() first, which moves the "
                            "rest");
  for (size_t i = 0; i < groups.size(); ++i)
    groups[i]->prepareReplay(*groupOptions[i]);
  {
    c10::AutoGradMode withGrad(true);
    launch();
  }
  for (const auto &group : groups)
    group->replayed();
  skipped = false;
  finishStep(groupOptions);
}

/// What every gradient is multiplied by; not finite where the step is to be left out.
double Optimizer::gradientFactor() const {
  if (!options.lossScale() && !options.clipNorm())
    return 1;
  double squares = 0;
  for (const auto &group : groups)
    squares += group->squaredGradients();
  double factor = options.lossScale() ? 1 / options.lossScale() : 1;
  if (options.lossScale() && !std::isfinite(squares))
    return NAN;
  double norm = std::sqrt(squares) * factor;
  // Without a loss scale a gradient that is not finite goes where it would have gone.
  if (options.clipNorm() && std::isfinite(norm) && norm > options.clipNorm())
    factor *= options.clipNorm() / norm;
  return factor;
}

void Optimizer::setLossScale(double scale) {
  refuseNegative(scale, "loss scale");
  options.lossScale(scale);
}

void Optimizer::finalize() {
  c10::AutoGradMode noGrad(false);
  for (auto &group : groups)
    group->finalize();
}

int64_t Optimizer::steps() const { return groups.empty() ? 0 : clock->step; }

std::vector<NamedParameter> Optimizer::quantized() const {
  std::vector<NamedParameter> parameters;
  for (const auto &group : groups)
    group->each([&](const Slot &slot, const Method &method) {
      if (!method.final.empty())
        parameters.push_back(slot.parameter);
    });
  return parameters;
}

std::vector<Extent> Optimizer::codebooks() const {
  std::vector<Extent> extents;
  for (const auto &group : groups)
    group->each([&](const Slot &, const Method &method) {
      if (!method.final.empty())
        extents.push_back(codebookOf(method));
    });
  return extents;
}

std::vector<NamedParameter> Optimizer::learned() const {
  std::vector<NamedParameter> values;
  for (const auto &group : groups)
    group->each([&](const Slot &slot, const Method &method) {
      for (size_t i = 0; i < method.stored.size(); ++i)
        if (method.stored[i].learned)
          values.push_back({slot.parameter.name + "/" + method.stored[i].name, slot.stored[i]});
    });
  for (const auto &module : activationModules)
    for (NamedParameter &value : ActivationLine::learned(*module))
      values.push_back(std::move(value));
  return values;
}

at::Tensor ParameterState::get(const std::string &name) const {
  auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? at::Tensor() : stored[found - names.begin()];
}

std::vector<std::pair<std::string, double>> Optimizer::schedules() const {
  std::vector<std::pair<std::string, double>> values;
  for (const auto &group : groups)
    group->schedules(values);
  for (const auto &line : activationLines)
    line->schedules(values);
  return values;
}

Hardened::Hardened(Optimizer &optimizer)
    : soft(std::make_unique<KeptValues>(optimizer.quantized())) {
  soft->during([&] { optimizer.finalize(); });
}

Hardened::~Hardened() { (void)soft->giveBack(); }

} // namespace bregman
