// bregman emit: any stage of a spec, as text.
#include "frontend/tools/Commands.h"

#include <iostream>

using namespace bregman;

void tool::addEmit(CLI::App &app, Action &run) {
  struct Flags {
    std::string path, stage;
    EmitOptions options;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App *command = app.add_subcommand("emit", "print a stage of a spec");
  command->add_option("FILE", flags->path, "a spec")->required();
  command
      ->add_option("--stage", flags->stage,
                   "ast, bregman, derived or kernel; of the host loops, llvm or asm; of cuda gpu, "
                   "ptx or, where NVIDIA's tools are installed, sass")
      ->required()
      ->check(CLI::IsMember(
          {"ast", "bregman", "derived", "kernel", "loops", "llvm", "asm", "gpu", "ptx", "sass"}))
      ->option_text("STAGE");
  addTargetFlag(*command, flags->options.target);
  addMethodFlags(*command, flags->options.quantizer, flags->options.optimizer);
  command->add_flag("--locations", flags->options.locations, "the spec's line beside each line");
  addCompileFlags(*command, flags->options.compile);
  command->footer("Examples:\n"
                  "  bregman emit examples/specs/md_tanh_s.breg --stage=derived --by adam\n"
                  "  bregman emit examples/specs/pmf.breg --stage=kernel --locations\n"
                  "  bregman emit examples/specs/md_tanh_s.breg --stage=asm --lanes 8\n"
                  "  bregman emit examples/specs/md_tanh_s.breg --stage=ptx --target=cuda:sm_90");
  command->callback([flags, &run] {
    run = [flags] {
      Result<Program> program = load(flags->path);
      if (!program)
        return fail(program.error());
      Result<std::string> text = program->emit(flags->stage, flags->options);
      if (!text)
        return fail(text.error());
      std::cout << *text;
      return 0;
    };
  });
}
