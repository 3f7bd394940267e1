// The optimizer from a module and a program: the two constructors that most users call.
#include "frontend/torch/Optimizer.h"

#include <c10/util/Exception.h>
#include <torch/nn/module.h>

#include <mutex>
#include <set>

namespace bregman {

void warn(const Program &program) {
  static std::mutex mutex;
  static std::set<std::string> said;
  std::lock_guard lock(mutex);
  if (!program.warnings().empty() && said.insert(program.warnings()).second) {
    TORCH_WARN(program.warnings()); // several statements
  }
}

std::shared_ptr<const Program> load(const std::string &path) {
  return std::make_shared<const Program>(unwrap(Program::load(path)));
}

std::vector<NamedParameter> parametersOf(const torch::nn::Module &module) {
  std::set<const void *> learned;
  for (const NamedActivation &activation : activationsOf(module, nullptr).modules)
    for (const at::Tensor &value : activation.module->parameters())
      learned.insert(value.unsafeGetTensorImpl());
  std::vector<NamedParameter> parameters;
  for (const auto &item : module.named_parameters())
    if (!learned.contains(item.value().unsafeGetTensorImpl()))
      parameters.push_back({item.key(), item.value()});
  return parameters;
}

static std::string listOf(const std::vector<Plan> &plans) {
  std::string list;
  for (const Plan &plan : plans)
    list += (list.empty() ? "" : ", ") +
            (plan.name.empty() ? "one without a name" : "'" + plan.name + "'");
  return list;
}

/// What a plan may say and this optimizer does not do.
static std::vector<PlanLine> runnable(Plan plan) {
  auto refuse = [](const std::string &place, const std::string &what) {
    raise(ErrorKind::Usage, (place.empty() ? "" : place + ": ") + "error: " + what);
  };
  if (!plan.constrainedAt.empty())
    refuse(plan.constrainedAt, "constrained training has two branches, each a network; train by "
                               "bregman::Constrained, or by a plan without `minimize` and "
                               "`subject to`");
  return std::move(plan.lines);
}

Plan choosePlan(const Program &program, const std::string &name, const PlanRemedies &remedies) {
  std::vector<Plan> plans = program.plans();
  if (plans.empty())
    raise(ErrorKind::Usage, remedies.program + " has no plan; " + remedies.withoutPlan);
  if (name.empty() && plans.size() > 1)
    raise(ErrorKind::Usage, remedies.program + " has several plans (" + listOf(plans) +
                                "); choose one by " + remedies.choice);
  for (Plan &plan : plans)
    if (name.empty() || plan.name == name)
      return std::move(plan);
  raise(ErrorKind::Usage,
        remedies.program + " has no plan '" + name + "'; it has " + listOf(plans));
}

std::vector<PlanLine> planLines(const Program &program, const OptimizerOptions &options) {
  if (!options.use().empty())
    return {unwrap(program.use(options.use()))};
  return runnable(choosePlan(program, options.plan()));
}

MethodSource compilerOf(std::shared_ptr<const Program> program) {
  return [program = std::move(program)](const std::string &quantizer, const std::string &optimizer,
                                        const CompileOptions &options) {
    return program->compile(quantizer, optimizer, options);
  };
}

/// The library alone, for uses that need no file.
static std::shared_ptr<const Program> library() {
  return std::make_shared<const Program>(unwrap(Program::parse("use", "")));
}

Optimizer::Optimizer(const torch::nn::Module &module, std::shared_ptr<const Program> program,
                     OptimizerOptions options)
    : Optimizer(parametersOf(module), planLines(*program, options), compilerOf(program), options,
                activationsOf(module, program)) {
  warn(*program);
}

Optimizer::Optimizer(const torch::nn::Module &module, const std::string &use,
                     OptimizerOptions options)
    : Optimizer(module, library(), options.use(use)) {}

} // namespace bregman
