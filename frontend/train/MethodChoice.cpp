// From the flags to the lines of a plan.
#include "frontend/train/MethodChoice.h"

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

static Plan planOf(const RunOptions &options, const Program &program) {
  if (program.plans().empty() && options.spec.empty())
    raise(ErrorKind::Usage, "--plan follows a plan of a spec; give the file by --spec FILE");
  return choosePlan(program, options.plan,
                    {options.spec.empty() ? "the spec" : "'" + options.spec + "'",
                     "add one, or leave --plan out, which gives all weight matrices the quantizer",
                     "--plan NAME"});
}

static MethodChoice followPlan(const RunOptions &options, std::shared_ptr<const Program> program) {
  if (!options.quantizer.empty() || !options.by.empty() || !options.set.empty())
    raise(ErrorKind::Usage, "--plan says everything about the method, so --quantizer, --by and "
                            "--set can't be given beside it");
  MethodChoice choice;
  Plan plan = planOf(options, *program);
  choice.lines = plan.lines;
  if (!plan.constrainedAt.empty())
    choice.constrained = std::move(plan);
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
