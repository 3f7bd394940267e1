// bregman: check a spec, look at any stage of it, drive it with given gradients, measure it, train
// with it.
#include "frontend/spec/Suggest.h"
#include "frontend/tools/Commands.h"
#include "frontend/tools/TrainPlugin.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
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

CLI::Validator tool::isPositive() {
  return CLI::Validator(
      [](const std::string &text) {
        char *end = nullptr;
        double value = std::strtod(text.c_str(), &end);
        return end != text.c_str() && *end == 0 && value > 0
                   ? std::string()
                   : "expected a number above 0, got '" + text + "'";
      },
      "");
}

void tool::addMethodFlags(CLI::App &command, std::string &quantizer, std::string &optimizer) {
  command
      .add_option("--quantizer", quantizer, "which quantizer; default: the only one of the file")
      ->option_text("NAME");
  command
      .add_option("--by", optimizer,
                  "the base optimizer, of the file or the library; one of activations has none")
      ->option_text("NAME [momentum]");
}

void tool::addTargetFlag(CLI::App &command, std::string &target) {
  command
      .add_option("--target", target,
                  "host, or cuda:CHIP with sm_80, sm_90 or sm_100; cuda alone is sm_80")
      ->option_text("TARGET [host]");
}

void tool::addFastFlag(CLI::App &command, bool &fast) {
  command.add_flag("--fast", fast,
                   "let a GPU approximate: sums of products, quotients, exp, sigmoid and tanh");
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
  addFastFlag(command, options.fast);
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

/// Whether the command has each flag that is typed; says so where it has not. CLI11 would first
/// miss what is required, which a slip of the fingers left out.
static bool knowsFlags(const CLI::App &app, const std::vector<std::string> &words) {
  const CLI::App *command = nullptr;
  for (const CLI::App *each : app.get_subcommands({}))
    if (!words.empty() && each->get_name() == words[0])
      command = each;
  std::vector<std::string> flags;
  for (const CLI::Option *option : command ? command->get_options() : app.get_options())
    for (const std::string &name : option->get_lnames())
      flags.push_back("--" + name);
  for (const std::string &word : words) {
    std::string flag = word.substr(0, word.find('='));
    if (flag == "--")
      break;
    if (!flag.starts_with("--") || std::find(flags.begin(), flags.end(), flag) != flags.end())
      continue;
    std::string name = command ? "bregman " + command->get_name() : "bregman";
    std::string hint = spec::didYouMean(flag, flags);
    std::cerr << name << ": error: there is no flag '" << flag << "'"
              << (hint.empty() ? "; `" + name + " --help` lists them" : hint) << "\n";
    return false;
  }
  return true;
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
  const std::pair<const char *, const char *> training[] = {
      {"train", "train a network with a spec or a plan (needs LibTorch)"},
      {"eval", "accuracy of a checkpoint, soft and hardened (needs LibTorch)"},
      {"plan", "write a plan of mixed precision from runs' multipliers (needs LibTorch)"}};
  for (const auto &[command, help] : training) {
    if (argc > 1 && std::string(argv[1]) == command)
      return tool::runTrainPlugin(argc, argv);
    app.add_subcommand(command, help)->prefix_command();
  }

  if (!knowsCommand(app, argc > 1 ? argv[1] : "") || !knowsFlags(app, {argv + 1, argv + argc}))
    return int(ErrorKind::Usage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : int(ErrorKind::Usage);
  }
  return run();
}
