// bregman check: proofs and diagnostics.
#include "frontend/tools/Commands.h"

#include <iostream>

using namespace bregman;

void tool::addCheck(CLI::App &app, Action &run) {
  struct Flags {
    std::vector<std::string> paths;
    bool proofs = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App *command = app.add_subcommand("check", "parse specs, prove them sound or say why not");
  command->add_option("FILE", flags->paths, "specs")->required();
  command->add_flag("--proofs", flags->proofs, "say of each rule that holds how it was proved");
  command->footer(
      "Every rule that fails is reported with its label, the place and, where there is\n"
      "one, a counterexample.\n\n"
      "Example:\n  bregman check examples/specs/*.breg");
  command->callback([flags, &run] {
    run = [flags] {
      int worst = 0;
      for (const std::string &path : flags->paths) {
        Result<Program> program = load(path);
        if (!program)
          worst = std::max(worst, fail(program.error()));
        else
          std::cout << (flags->proofs ? program->proofs() : "") << path << ": sound\n";
      }
      return worst;
    };
  });
}
