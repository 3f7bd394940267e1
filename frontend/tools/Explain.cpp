// bregman explain: a method in the paper's terms.
#include "frontend/tools/Commands.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

using namespace bregman;

/// Writes `text` to a file; the error says why it could not be.
static Status write(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file)
    return {};
  return Error{ErrorKind::Environment,
               path + ": error: cannot be written: " + std::strerror(errno)};
}

void tool::addExplain(CLI::App &app, Action &run) {
  struct Flags {
    std::string path, plot;
    ExplainOptions options;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App *command = app.add_subcommand(
      "explain", "a method in the paper's terms: derived formulas, proofs, cost, a picture");
  command->add_option("FILE", flags->path, "a spec")->required();
  addMethodFlags(*command, flags->options.quantizer, flags->options.optimizer);
  addTargetFlag(*command, flags->options.target);
  command->add_option("--plot", flags->plot, "draw P, P', P^-1 and the levels over the schedule")
      ->option_text("FILE.svg");
  command->add_option("--steps", flags->options.timing.steps, "the length of the run that is drawn")
      ->check(isPositive())
      ->option_text("N [20000]");
  command
      ->add_option("--steps-per-epoch", flags->options.timing.stepsPerEpoch,
                   "what schedules of epochs count")
      ->check(isPositive())
      ->option_text("N [500]");
  command->footer(
      "For a GPU it also says what a step's kernels take of it, where ptxas is installed.\n"
      "The time is that of the bytes at the bandwidth that is measured while you wait.\n\n"
      "Examples:\n"
      "  bregman explain examples/specs/md_tanh_s.breg --by adam\n"
      "  bregman explain examples/specs/md_ternary_s.breg --plot ternary.svg\n"
      "  bregman explain examples/specs/pmf.breg --target=cuda:sm_90");
  command->callback([flags, &run] {
    run = [flags] {
      Result<Program> program = load(flags->path);
      if (!program)
        return fail(program.error());
      flags->options.picture = !flags->plot.empty();
      Result<Explanation> explained = program->explain(flags->options);
      if (!explained)
        return fail(explained.error());
      if (!flags->plot.empty())
        if (Status failed = write(flags->plot, explained->svg))
          return fail(*failed);
      std::cout << explained->text;
      return 0;
    };
  });
}
