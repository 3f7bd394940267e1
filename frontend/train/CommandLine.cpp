// The command line of `bregman train` and `bregman eval`.
#include "frontend/train/CommandLine.h"

#include "frontend/torch/Exception.h"
#include "frontend/train/Models.h"
#include "frontend/train/Recipe.h"

#include <CLI/CLI.hpp>

namespace bregman::train {

static const char *const trainFooter = R"(
Examples:
  bregman train --recipe examples/recipes/demo.json
  bregman train --spec md_tanh_s.breg --by 'adam(lr = 1e-3)' --set growth=1.2 \
      --model lenet300 --data mnist --epochs 40 --out runs/first
  bregman train --spec net.breg --plan --model lenet5 --data fashion-mnist
  bregman train --resume runs/first

The data are looked for in --data-dir, else in $BREGMAN_DATA, else in ../shared/data beside
the project; a folder has mnist/, fashion-mnist/ (the four idx .gz files) and digits/ in it. The
digits come with Bregman.

All weight matrices get the quantizer, all else is trained in float by the same optimizer; --plan
follows the file's plan instead. The last 10,000 training images choose the best iterate (of digits
300 images), and the test images are looked at once, at the end. An epoch leaves out the last,
shorter batch.

In the run's folder: checkpoint.bregman (atomic; the one before it is checkpoint.previous.bregman),
metrics.csv and metrics.jsonl. A run that was stopped, killed or switched off goes on by --resume
to the same bits as one that was not, on the same machine with the same number of threads.

Exit status: 0 done; 1 the spec is refused, or --require-accuracy is missed; 2 usage; 3 an input
file is missing or malformed; 4 environment (disk, permissions); 5 our bug; 130 interrupted.)";

static const char *const evalFooter = R"(
Examples:
  bregman eval runs/first
  bregman eval runs/first/checkpoint.bregman --which last --split validation

Exit status: 0 done; 2 usage; 3 the checkpoint or the data are missing or malformed; 5 our bug.)";

namespace {

/// `train` as CLI11 sees it.
struct TrainParser {
  CLI::App app{"Trains a network with quantized weights on the CPU.", "bregman train"};
  RunOptions run;
  std::string resume, recipe;
  CLI::Option *plan = nullptr, *dataDir = nullptr, *quiet = nullptr;

  template <typename T>
  CLI::Option *add(const std::string &flag, T &value, const std::string &help) {
    return app.add_option(flag, value, help)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->capture_default_str();
  }

  TrainParser() {
    app.footer(trainFooter);
    add("--recipe", recipe, "Flags from a JSON file; those of the command line win")
        ->type_name("FILE");
    add("--resume", resume, "Go on with the run in this folder")->type_name("DIR");

    add("--spec", run.spec, "The spec file")->type_name("FILE")->group("Method");
    add("--quantizer", run.quantizer, "Which of its quantizers, or one of the library")
        ->type_name("NAME")
        ->group("Method");
    add("--by", run.by,
        "The base optimizer, as after `by` in a plan, for example "
        "'adam(lr = 1e-3 * 0.5 ^ floor(epoch / 10))' [adam(lr = 1e-3)]")
        ->type_name("USE")
        ->group("Method");
    app.add_option("--set", run.set, "An argument of the quantizer; may be repeated")
        ->type_name("NAME=EXPR")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group("Method");
    plan =
        app.add_option("--plan", run.plan, "Follow the file's plan, by name where it has several")
            ->type_name("[NAME]")
            ->expected(0, 1)
            ->group("Method");

    add("--model", run.model, "The network")->check(CLI::IsMember(modelNames()))->group("Task");
    add("--data", run.data, "The images")
        ->check(CLI::IsMember({"mnist", "fashion-mnist", "digits"}))
        ->group("Task");
    dataDir = add("--data-dir", run.dataDir, "The folder that has the data sets in it")
                  ->type_name("DIR")
                  ->group("Task");
    add("--epochs", run.epochs, "Length of the run")->check(CLI::PositiveNumber)->group("Task");
    add("--batch", run.batch, "Images of a step")->check(CLI::PositiveNumber)->group("Task");
    add("--seed", run.seed, "Of the initial weights and of the order of the images")->group("Task");
    add("--threads", run.threads, "Threads; another number gives other bits")
        ->check(CLI::PositiveNumber)
        ->group("Task");

    add("--recalibrate", run.recalibrate,
        "Batches of 500 training images from which the hardened network's BatchNorm takes its "
        "mean and variance; 0: those of the soft network")
        ->check(CLI::NonNegativeNumber)
        ->group("Task");

    add("--out", run.out, "The run's folder [runs/DATA-MODEL-QUANTIZER-seedN]")
        ->type_name("DIR")
        ->group("Output");
    app.add_flag("--overwrite", run.overwrite, "Replace a run that is in the folder")
        ->group("Output");
    add("--eval-every", run.evalEvery, "Steps between evaluations; 0: an epoch")
        ->check(CLI::NonNegativeNumber)
        ->group("Output");
    add("--checkpoint-every", run.checkpointEvery,
        "Steps between checkpoints; 0: at every evaluation")
        ->check(CLI::NonNegativeNumber)
        ->group("Output");
    app.add_flag("--twin", run.twin, "Also train the same network in float, to compare with")
        ->group("Output");
    add("--require-accuracy", run.requireAccuracy,
        "Fail when the hardened test accuracy is lower, in per cent")
        ->check(CLI::Range(0.0, 100.0))
        ->group("Output");
    quiet = app.add_flag("--quiet", run.quiet, "No progress bar, no lines while training")
                ->group("Output");
  }
};

/// Runs CLI11 on the words; true where the user asked for help.
bool parse(CLI::App &app, std::vector<std::string> words) {
  // CLI11 takes a vector from its back.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp &) {
    return true;
  } catch (const CLI::ParseError &error) {
    raise(ErrorKind::Usage,
          std::string(error.what()) + "\nnote: `" + app.get_name() + " --help` lists the flags");
  }
  return false;
}

Command parseTrain(const std::vector<std::string> &words) {
  TrainParser first;
  if (parse(first.app, words))
    return {Command::Kind::Help, {}, {}, {}, first.app.help()};
  if (!first.resume.empty()) {
    for (const CLI::Option *option : first.app.parse_order())
      if (option != first.app.get_option("--resume") && option != first.dataDir &&
          option != first.quiet)
        raise(ErrorKind::Usage, "--resume goes on with the flags that the run began with, so " +
                                    option->get_name() +
                                    " can't be given beside it; only "
                                    "--data-dir and --quiet can");
    return {Command::Kind::Resume, first.run, first.resume, {}, {}};
  }
  if (first.recipe.empty()) {
    first.run.usePlan = first.plan->count() > 0;
    return {Command::Kind::Train, first.run, {}, {}, {}};
  }
  std::vector<std::string> all = readRecipe(first.recipe);
  all.insert(all.end(), words.begin(), words.end());
  TrainParser both;
  try {
    parse(both.app, all);
  } catch (const Exception &error) {
    // The command line alone was in order.
    raise(ErrorKind::Input, "recipe '" + first.recipe + "': " + error.what());
  }
  both.run.usePlan = both.plan->count() > 0;
  return {Command::Kind::Train, both.run, {}, {}, {}};
}

Command parseEval(const std::vector<std::string> &words) {
  CLI::App app{"Measures a trained network: soft weights and hardened.", "bregman eval"};
  EvalOptions eval;
  app.footer(evalFooter);
  app.add_option("checkpoint", eval.checkpoint, "A run's folder, or its checkpoint")->required();
  app.add_option("--which", eval.which, "The best iterate by validation, or the last one")
      ->check(CLI::IsMember({"best", "last"}))
      ->capture_default_str();
  app.add_option("--split", eval.split, "The images")
      ->check(CLI::IsMember({"test", "validation"}))
      ->capture_default_str();
  app.add_option("--data-dir", eval.dataDir, "The folder that has the data sets in it")
      ->type_name("DIR");
  app.add_option("--threads", eval.threads, "Threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  if (parse(app, words))
    return {Command::Kind::Help, {}, {}, {}, app.help()};
  return {Command::Kind::Eval, {}, {}, eval, {}};
}

} // namespace

Command parseCommandLine(int argc, const char *const *argv) {
  std::string command = argc > 1 ? argv[1] : "";
  std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  if (command == "train")
    return parseTrain(words);
  if (command == "eval")
    return parseEval(words);
  raise(ErrorKind::Usage, "the command is '" + command + "', and must be train or eval");
}

} // namespace bregman::train
