// The command line of `bregman train`, `bregman eval` and `bregman plan`.
#include "frontend/train/CommandLine.h"

#include "frontend/Compiler.h"
#include "frontend/torch/Exception.h"
#include "frontend/train/Dataset.h"
#include "frontend/train/DeviceChoice.h"
#include "frontend/train/Models.h"
#include "frontend/train/Recipe.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

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
to the same bits as one that was not, on the same machine and device with the same number of
threads; with --device it goes on on another device, to the same bits as far as they are the optimizer's,
and with --fast or --no-fast with approximate or exact arithmetic from there on.

Exit status: 0 done; 1 the spec is refused, or --require-accuracy is missed; 2 usage; 3 an input
file is missing or malformed; 4 environment (disk, permissions); 5 our bug; 130 interrupted.)";

static const char *const planFooter = R"(
A layer is a module that `subject to` names. Its multiplier says how much the objective would gain
from a looser bound, hence what quantizing it costs. With a number of bytes the layer with the largest
multiplier that still fits is taken, again and again; counted are all parameters, those with levels
packed, as `bregman train` counts them. The plan is that of the runs without its constraints.

Examples:
  bregman plan --from runs/seed1 runs/seed2 runs/seed3 --budget 2 --out mixed.breg
  bregman plan --from runs/seed1 --budget 120kB
  bregman train --spec mixed.breg --plan mixed --model lenet300 --data mnist

Exit status: 0 done; 2 usage, runs without multipliers, a budget out of range; 3 a run is missing or
malformed; 4 environment (disk, permissions); 5 our bug.)";

static const char *const evalFooter = R"(
Examples:
  bregman eval runs/first
  bregman eval runs/first/checkpoint.bregman --which last --split validation

Exit status: 0 done; 2 usage; 3 the checkpoint or the data are missing or malformed; 5 our bug.)";

namespace {

constexpr uint64_t maxCount = uint64_t(1) << 40;

std::string listOf(const std::vector<std::string> &names) {
  std::string list;
  for (size_t i = 0; i < names.size(); ++i)
    list += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return list;
}

/// Validators that say what was expected, in our words.
CLI::Validator oneOf(const std::vector<std::string> &names) {
  return {[names](const std::string &text) -> std::string {
            if (std::find(names.begin(), names.end(), text) != names.end())
              return "";
            return "expected " + listOf(names) + ", got '" + text + "'" + didYouMean(text, names);
          },
          ""};
}
CLI::Validator integer(uint64_t low, uint64_t high, const std::string &expected) {
  return {[=](const std::string &text) -> std::string {
            uint64_t value = 0;
            auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
            bool whole = bad == std::errc() && end == text.data() + text.size();
            return whole && value >= low && value <= high
                       ? ""
                       : "expected " + expected + ", got '" + text + "'";
          },
          ""};
}
CLI::Validator device() {
  return {[](const std::string &text) -> std::string {
            return isDeviceName(text) ? "" : "expected cpu, cuda or cuda:N, got '" + text + "'";
          },
          ""};
}
/// Above `low`, up to `high`.
CLI::Validator number(double low, double high, const std::string &expected) {
  return {[=](const std::string &text) -> std::string {
            char *end = nullptr;
            double value = std::strtod(text.c_str(), &end);
            bool whole = !text.empty() && *end == 0 && std::isfinite(value);
            return whole && value > low && value <= high
                       ? ""
                       : "expected " + expected + ", got '" + text + "'";
          },
          ""};
}

CLI::Option *addFast(CLI::App &app, bool &fast) {
  return app
      .add_flag("--fast,!--no-fast", fast,
                "Let the GPU approximate sums of products, quotients, exp, sigmoid and tanh")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

/// `train` as CLI11 sees it.
struct TrainParser {
  CLI::App app{"Trains a network with quantized weights.", "bregman train"};
  RunOptions run;
  std::string resume, recipe;
  CLI::Option *plan = nullptr, *dataDir = nullptr, *device = nullptr, *fast = nullptr,
              *quiet = nullptr;

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

    add("--model", run.model, "The network: " + listOf(modelNames()))
        ->check(oneOf(modelNames()))
        ->type_name("NAME")
        ->group("Task");
    add("--data", run.data, "The images: " + listOf(datasetNames()))
        ->check(oneOf(datasetNames()))
        ->type_name("NAME")
        ->group("Task");
    dataDir = add("--data-dir", run.dataDir, "The folder that has the data sets in it")
                  ->type_name("DIR")
                  ->group("Task");
    add("--epochs", run.epochs, "Length of the run")
        ->check(number(0, HUGE_VAL, "a number above 0"))
        ->type_name("NUMBER")
        ->group("Task");
    add("--batch", run.batch, "Images of a step")
        ->check(integer(1, maxCount, "a positive integer"))
        ->type_name("N")
        ->group("Task");
    add("--seed", run.seed, "Of the initial weights and of all that is drawn")
        ->check(integer(0, UINT64_MAX, "an integer from 0 to 2^64 - 1"))
        ->type_name("N")
        ->group("Task");
    add("--threads", run.threads, "Threads; another number gives other bits")
        ->check(integer(1, 1024, "an integer from 1 to 1024"))
        ->type_name("N")
        ->group("Task");
    device =
        add("--device", run.device, "Where the network and its optimizer lie: cpu, cuda or cuda:N")
            ->check(train::device())
            ->type_name("DEVICE")
            ->group("Task");
    fast = addFast(app, run.fast)->group("Task");
    add("--shift", run.shift,
        "Pixels by which each training image is moved at most, in a direction drawn anew each time")
        ->check(integer(0, 27, "an integer from 0 to 27"))
        ->type_name("N")
        ->group("Task");

    add("--recalibrate", run.recalibrate,
        "Batches of 500 training images from which the hardened network's BatchNorm takes its "
        "mean and variance; 0: those of the soft network")
        ->check(integer(0, maxCount, "an integer from 0"))
        ->type_name("N")
        ->group("Task");

    add("--out", run.out, "The run's folder [runs/DATA-MODEL-QUANTIZER-seedN]")
        ->type_name("DIR")
        ->group("Output");
    app.add_flag("--overwrite", run.overwrite, "Replace a run that is in the folder")
        ->group("Output");
    add("--eval-every", run.evalEvery, "Steps between evaluations; 0: an epoch")
        ->check(integer(0, maxCount, "an integer from 0"))
        ->type_name("N")
        ->group("Output");
    add("--checkpoint-every", run.checkpointEvery,
        "Steps between checkpoints; 0: at every evaluation")
        ->check(integer(0, maxCount, "an integer from 0"))
        ->type_name("N")
        ->group("Output");
    app.add_flag("--twin", run.twin, "Also train the same network in float, to compare with")
        ->group("Output");
    add("--require-accuracy", run.requireAccuracy,
        "Fail when the hardened test accuracy is lower, in per cent")
        ->check(number(-1e-300, 100, "a number from 0 to 100"))
        ->type_name("PERCENT")
        ->group("Output");
    quiet = app.add_flag("--quiet", run.quiet, "No progress bar, no lines while training")
                ->group("Output");
  }
};

/// Runs CLI11 on the words; true where the user asked for help.
bool parse(CLI::App &app, std::vector<std::string> words) {
  // CLI11 takes a vector from its back.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  auto refuse = [&](const std::string &why) {
    raise(ErrorKind::Usage, why + "\nnote: `" + app.get_name() + " --help` lists the flags");
  };
  app.allow_extras();
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp &) {
    return true;
  } catch (const CLI::ParseError &error) {
    // Of several mistakes the unknown flag is said first: it may be the reason of the others.
    if (app.remaining().empty())
      refuse(error.what());
  }
  if (std::vector<std::string> unknown = app.remaining(); !unknown.empty()) {
    std::string word = unknown.front().substr(0, unknown.front().find('='));
    std::vector<std::string> flags;
    for (const CLI::Option *option : app.get_options())
      flags.push_back(option->get_name());
    bool isSpec =
        word.ends_with(".breg") && std::find(flags.begin(), flags.end(), "--spec") != flags.end();
    refuse(word.starts_with("-") ? "there is no flag '" + word + "'" + didYouMean(word, flags)
           : isSpec ? "'" + word + "' belongs to no flag; a spec is given by --spec " + word
                    : "'" + word + "' belongs to no flag");
  }
  return false;
}

Command parseTrain(const std::vector<std::string> &words) {
  TrainParser first;
  if (parse(first.app, words))
    return {Command::Kind::Help, {}, {}, {}, {}, first.app.help()};
  if (!first.resume.empty()) {
    for (const CLI::Option *option : first.app.parse_order())
      if (option != first.app.get_option("--resume") && option != first.dataDir &&
          option != first.device && option != first.fast && option != first.quiet)
        raise(ErrorKind::Usage, "--resume goes on with the flags that the run began with, so " +
                                    option->get_name() +
                                    " can't be given beside it; only "
                                    "--data-dir, --device, --fast and --quiet can");
    ResumeOptions resume{first.resume, first.run.dataDir, "", std::nullopt, first.run.quiet};
    if (!first.device->empty())
      resume.device = first.run.device;
    if (!first.fast->empty())
      resume.fast = first.run.fast;
    return {Command::Kind::Resume, {}, resume, {}, {}, {}};
  }
  if (first.recipe.empty()) {
    first.run.usePlan = first.plan->count() > 0;
    return {Command::Kind::Train, first.run, {}, {}, {}, {}};
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
  return {Command::Kind::Train, both.run, {}, {}, {}, {}};
}

Command parseEval(const std::vector<std::string> &words) {
  CLI::App app{"Measures a trained network: soft weights and hardened.", "bregman eval"};
  EvalOptions eval;
  app.footer(evalFooter);
  app.add_option("checkpoint", eval.checkpoint, "A run's folder, or its checkpoint")->required();
  app.add_option("--which", eval.which, "The best iterate by validation, or the last one")
      ->check(oneOf({"best", "last"}))
      ->type_name("WHICH")
      ->capture_default_str();
  app.add_option("--split", eval.split, "The images")
      ->check(oneOf({"test", "validation"}))
      ->type_name("SPLIT")
      ->capture_default_str();
  app.add_option("--data-dir", eval.dataDir, "The folder that has the data sets in it")
      ->type_name("DIR");
  app.add_option("--threads", eval.threads, "Threads")
      ->check(integer(1, 1024, "an integer from 1 to 1024"))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--device", eval.device, "Where the network lies: cpu, cuda or cuda:N")
      ->check(device())
      ->type_name("DEVICE")
      ->capture_default_str();
  addFast(app, eval.fast);
  if (parse(app, words))
    return {Command::Kind::Help, {}, {}, {}, {}, app.help()};
  return {Command::Kind::Eval, {}, {}, eval, {}, {}};
}

Command parsePlan(const std::vector<std::string> &words) {
  CLI::App app{
      "Writes a plan of mixed precision: the layers with the largest multipliers in runs of "
      "constrained training stay float.",
      "bregman plan"};
  PlanOptions plan;
  app.footer(planFooter);
  app.add_option("--from", plan.runs, "Runs of one plan with `subject to`, one for each seed")
      ->type_name("RUN...")
      ->expected(1, 1 << 20)
      ->required();
  app.add_option(
         "--budget", plan.budget,
         "What stays float: a number of layers, or as many as keep all packed weights within "
         "bytes, as 120kB")
      ->type_name("N|BYTES")
      ->required();
  app.add_option("--name", plan.name, "The plan's name")->type_name("NAME")->capture_default_str();
  app.add_option("--out", plan.out, "The file to write [stdout]")->type_name("FILE");
  if (parse(app, words))
    return {Command::Kind::Help, {}, {}, {}, {}, app.help()};
  return {Command::Kind::Plan, {}, {}, {}, plan, {}};
}

} // namespace

Command parseCommandLine(int argc, const char *const *argv) {
  std::string command = argc > 1 ? argv[1] : "";
  std::vector<std::string> words(argv + std::min(argc, 2), argv + argc);
  if (command == "train")
    return parseTrain(words);
  if (command == "eval")
    return parseEval(words);
  if (command == "plan")
    return parsePlan(words);
  raise(ErrorKind::Usage, "the command is '" + command + "', and must be train, eval or plan");
}

} // namespace bregman::train
