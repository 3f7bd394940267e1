// From the flags to the lines of a plan.
#include "frontend/train/MethodChoice.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bregman::train {

std::string readSpec(const RunOptions &options) {
  if (options.spec.empty())
    return "";
  std::ifstream file(options.spec);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    raise(ErrorKind::Input,
          "cannot read the spec '" + options.spec + "': " + std::strerror(errno ? errno : EISDIR));
  return text.str();
}

static std::shared_ptr<const Program> parse(const RunOptions &options, const std::string &text) {
  return std::make_shared<const Program>(
      unwrap(Program::parse(options.spec.empty() ? "command line" : options.spec, text)));
}

static std::string listOf(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

static std::string quantizerOf(const RunOptions &options, const Program &program) {
  if (!options.quantizer.empty())
    return options.quantizer;
  if (options.spec.empty())
    raise(ErrorKind::Usage, "nothing says how to train: give --spec FILE, or --quantizer NAME for "
                            "one of the library");
  std::vector<std::string> all = program.quantizers();
  if (all.size() != 1)
    raise(ErrorKind::Usage,
          "'" + options.spec + "' has " +
              (all.empty() ? "no quantizer" : "several quantizers (" + listOf(all) + ")") +
              "; choose one by --quantizer NAME");
  return all.front();
}

static std::string optimizerOf(const RunOptions &options) {
  return options.by.empty() ? "adam(lr = 1e-3)" : options.by;
}

/// Says in terms of flags what choosePlan() would say in terms of its options.
static void checkPlan(const RunOptions &options, const Program &program) {
  std::vector<std::string> names;
  for (const Plan &plan : program.plans())
    names.push_back(plan.name.empty() ? "one without a name" : "'" + plan.name + "'");
  std::string file = "'" + options.spec + "'";
  if (names.empty() && options.spec.empty())
    raise(ErrorKind::Usage, "--plan follows a plan of a spec; give the file by --spec FILE");
  if (names.empty())
    raise(ErrorKind::Usage, file + " has no plan; add one, or leave --plan out, which gives all "
                                   "weight matrices the quantizer");
  if (options.plan.empty() && names.size() > 1)
    raise(ErrorKind::Usage,
          file + " has several plans (" + listOf(names) + "); choose one by --plan NAME");
  if (!options.plan.empty() &&
      std::find(names.begin(), names.end(), "'" + options.plan + "'") == names.end())
    raise(ErrorKind::Usage, file + " has no plan '" + options.plan + "'; it has " + listOf(names));
}

static MethodChoice followPlan(const RunOptions &options, std::shared_ptr<const Program> program) {
  if (!options.quantizer.empty() || !options.by.empty() || !options.set.empty())
    raise(ErrorKind::Usage, "--plan says everything about the method, so --quantizer, --by and "
                            "--set can't be given beside it");
  checkPlan(options, *program);
  MethodChoice choice;
  Plan plan = choosePlan(*program, OptimizerOptions().plan(options.plan));
  if (plan.constrainedAt.empty()) {
    choice.lines = planLines(*program, OptimizerOptions().plan(options.plan));
  } else {
    choice.lines = plan.lines;
    choice.constrained = std::move(plan);
  }
  choice.program = program;
  choice.name = options.plan.empty() ? "plan" : options.plan;
  choice.warnings = program->warnings();
  return choice;
}

MethodChoice chooseMethod(const RunOptions &options, const std::string &specText,
                          const Network &network) {
  std::shared_ptr<const Program> program = parse(options, specText);
  if (options.usePlan)
    return followPlan(options, program);
  MethodChoice choice;
  choice.name = quantizerOf(options, *program);
  std::string use = choice.name;
  if (!options.set.empty())
    use += "(" + listOf(options.set) + ")";
  PlanLine matrices = unwrap(program->use(use + " by " + optimizerOf(options)));
  for (const auto &item : network.named_parameters())
    if (item.value().dim() >= 2)
      matrices.patterns.push_back(item.key());
  choice.lines = {matrices, unwrap(program->use("float by " + optimizerOf(options)))};
  choice.program = program;
  choice.warnings = program->warnings();
  return choice;
}

MethodChoice chooseFloat(const RunOptions &options, const std::string &specText) {
  std::shared_ptr<const Program> program = parse(options, specText);
  MethodChoice choice;
  choice.lines = {unwrap(program->use("float by " + optimizerOf(options)))};
  choice.program = program;
  choice.name = "float";
  return choice;
}

} // namespace bregman::train
