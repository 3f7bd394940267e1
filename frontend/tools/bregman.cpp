// bregman: check a spec, look at any stage of it, drive it with given gradients, measure it, train
// with it.
#include "frontend/spec/Suggest.h"
#include "frontend/tools/Commands.h"
#include "frontend/tools/TrainPlugin.h"

#include <algorithm>
#include <csignal>
#include <iostream>

using namespace bregman;

int tool::fail(const Error &error) {
  // Messages about a file have their place before the word.
  bool says = error.message.find("error:") != std::string::npos;
  std::cerr << (says ? "" : "error: ") << error.message
            << (error.message.ends_with("\n") ? "" : "\n");
  return int(error.kind);
}

Result<Program> tool::load(const std::string &path) {
  Result<Program> program = Program::load(path);
  if (program)
    std::cerr << program->warnings();
  return program;
}

void tool::addMethodFlags(CLI::App &command, std::string &quantizer, std::string &optimizer) {
  command
      .add_option("--quantizer", quantizer, "which quantizer; default: the only one of the file")
      ->option_text("NAME");
  command.add_option("--by", optimizer, "the base optimizer, of the file or the library")
      ->option_text("NAME [momentum]");
}

void tool::addCompileFlags(CLI::App &command, CompileOptions &options) {
  std::map<std::string, ElementType> elements = {
      {"f32", ElementType::F32}, {"bf16", ElementType::BF16}, {"f16", ElementType::F16}};
  command
      .add_option_function<std::string>(
          "--element",
          [&options, elements](const std::string &name) { options.element = elements.at(name); },
          "type of the parameter: f32, bf16 or f16")
      ->check(CLI::IsMember({"f32", "bf16", "f16"}))
      ->option_text("TYPE [f32]");
  command
      .add_option("--lanes", options.lanes,
                  "f32 lanes of a vector: 16 (AVX-512) or 8 (AVX2); default: what this machine has")
      ->check(CLI::IsMember({8, 16}))
      ->option_text("N");
  command.add_flag_callback(
      "--no-cache", [&options] { options.cache = false; },
      "neither read nor write the kernel cache");
}

/// One line that says what is wrong, one that says where more is said.
static std::string usageError(const CLI::App *app, const CLI::Error &error) {
  std::string name = "bregman";
  for (const CLI::App *command : app->get_subcommands())
    name += " " + command->get_name();
  return name + ": error: " + error.what() + "; `" + name + " --help` says more\n";
}

/// Whether the first argument is a command; says so where it is not.
static bool knowsCommand(const CLI::App &app, const std::string &word) {
  if (word.empty()) {
    std::cerr << "bregman: error: expected a command; `bregman --help` lists them\n";
    return false;
  }
  std::vector<std::string> commands;
  for (const CLI::App *command : app.get_subcommands({}))
    commands.push_back(command->get_name());
  if (word.starts_with("-") || std::find(commands.begin(), commands.end(), word) != commands.end())
    return true;
  std::string hint = spec::didYouMean(word, commands);
  std::cerr << "bregman: error: there is no command '" << word << "'"
            << (hint.empty() ? "; `bregman --help` lists them" : hint) << "\n";
  return false;
}

int main(int argc, char **argv) {
  // A reader that goes away, as `bregman emit ... | head` does, ends us without a word.
  std::signal(SIGPIPE, SIG_DFL);

  CLI::App app("Bregman: quantizer specs, proved, compiled and trained with.", "bregman");
  app.require_subcommand(1);
  app.set_version_flag("--version", BREGMAN_VERSION);
  app.failure_message(usageError);
  app.footer("Exit codes: 0 done, 1 spec refused, 2 usage, 3 input file missing or malformed,\n"
             "4 environment (device, disk), 5 a bug of ours, 130 interrupted.\n\n"
             "Examples:\n"
             "  bregman check examples/specs/md_tanh_s.breg\n"
             "  bregman emit examples/specs/md_tanh_s.breg --by adam --stage=kernel\n"
             "  bregman train --recipe examples/recipes/demo.json\n\n"
             "`bregman COMMAND --help` says more of a command.");
  tool::Action run;
  tool::addCheck(app, run);
  tool::addExplain(app, run);
  tool::addEmit(app, run);
  tool::addTrace(app, run);
  tool::addBench(app, run);
  // What trains lives in a library of its own, which alone needs LibTorch; it parses its own flags.
  for (const char *command : {"train", "eval"}) {
    if (argc > 1 && std::string(argv[1]) == command)
      return tool::runTrainPlugin(argc, argv);
    app.add_subcommand(command,
                       std::string(command) == "train"
                           ? "train a network with a spec or a plan (needs LibTorch)"
                           : "accuracy of a checkpoint, soft and hardened (needs LibTorch)")
        ->prefix_command();
  }

  if (!knowsCommand(app, argc > 1 ? argv[1] : ""))
    return int(ErrorKind::Usage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : int(ErrorKind::Usage);
  }
  return run();
}
