// Flags, recipes, and what is refused.
#include "TestFiles.h"

#include "frontend/train/CommandLine.h"

#include <nlohmann/json.hpp>

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using CommandLine = TestFolder;

static Command parse(std::vector<const char *> words) {
  words.insert(words.begin(), "bregman");
  return parseCommandLine(int(words.size()), words.data());
}

static std::string usage(std::vector<const char *> words) {
  Error error = errorOf([&] { parse(words); });
  EXPECT_EQ(error.kind, ErrorKind::Usage);
  return error.message;
}

TEST_F(CommandLine, Train) {
  Command command = parse({"train", "--spec", "a.breg", "--by", "adam(lr = 1e-2)", "--set",
                           "growth=1.2", "--set", "period=10", "--model", "lenet300", "--data",
                           "mnist", "--seed", "18446744073709551615", "--epochs", "0.5", "--twin"});
  EXPECT_EQ(command.kind, Command::Kind::Train);
  EXPECT_EQ(command.run.spec, "a.breg");
  EXPECT_EQ(command.run.by, "adam(lr = 1e-2)");
  EXPECT_THAT(command.run.set, ElementsAre("growth=1.2", "period=10"));
  EXPECT_EQ(command.run.seed, 18446744073709551615u);
  EXPECT_EQ(command.run.epochs, 0.5);
  EXPECT_TRUE(command.run.twin);
  EXPECT_FALSE(command.run.usePlan);
}

TEST_F(CommandLine, Plan) {
  EXPECT_TRUE(parse({"train", "--plan"}).run.usePlan);
  EXPECT_EQ(parse({"train", "--plan", "small"}).run.plan, "small");
  EXPECT_EQ(parse({"train", "--plan", "--model", "mlp"}).run.model, "mlp");
}

TEST_F(CommandLine, Usage) {
  const std::string note = "\nnote: `bregman train --help` lists the flags";
  EXPECT_EQ(usage({"train", "--modle", "mlp"}),
            "there is no flag '--modle'; did you mean '--model'?" + note);
  EXPECT_EQ(usage({"train", "--model", "vgg"}),
            "--model: expected mlp, lenet300, lenet5, resnet8 or resnet10, got 'vgg'" + note);
  EXPECT_EQ(
      usage({"train", "--data", "digitz"}),
      "--data: expected mnist, fashion-mnist or digits, got 'digitz'; did you mean 'digits'?" +
          note);
  EXPECT_EQ(usage({"train", "--epochs", "0"}),
            "--epochs: expected a number above 0, got '0'" + note);
  EXPECT_EQ(usage({"train", "--epochs", "nan"}),
            "--epochs: expected a number above 0, got 'nan'" + note);
  EXPECT_EQ(usage({"train", "--batch", "many"}),
            "--batch: expected a positive integer, got 'many'" + note);
  EXPECT_EQ(usage({"train", "--seed", "-1"}),
            "--seed: expected an integer from 0 to 2^64 - 1, got '-1'" + note);
  EXPECT_EQ(usage({"train", "md_tanh_s"}), "'md_tanh_s' belongs to no flag" + note);
  EXPECT_EQ(usage({"train", "md_tanh_s.breg"}),
            "'md_tanh_s.breg' belongs to no flag; a spec is given by --spec md_tanh_s.breg" + note);
  EXPECT_THAT(usage({"eval"}), HasSubstr("checkpoint is required"));
  EXPECT_THAT(usage({"dance"}), HasSubstr("the command is 'dance'"));
}

TEST_F(CommandLine, ResumeStandsAlone) {
  Command command = parse({"train", "--resume", "runs/a", "--data-dir", "d"});
  EXPECT_EQ(command.kind, Command::Kind::Resume);
  EXPECT_EQ(command.resume.folder, "runs/a");
  EXPECT_EQ(command.resume.dataDir, "d");
  EXPECT_EQ(command.resume.device, "") << "the run's";
  EXPECT_EQ(command.resume.fast, std::nullopt) << "the run's";
  EXPECT_EQ(parse({"train", "--resume", "runs/a", "--device", "cuda:1"}).resume.device, "cuda:1");
  EXPECT_EQ(parse({"train", "--resume", "runs/a", "--fast"}).resume.fast, true);
  EXPECT_EQ(parse({"train", "--resume", "runs/a", "--no-fast"}).resume.fast, false);
  EXPECT_THAT(usage({"train", "--resume", "runs/a", "--seed", "2"}),
              HasSubstr("so --seed can't be given beside it; only --data-dir, --device, --fast and "
                        "--quiet can"));
}

TEST_F(CommandLine, RecipeThenCommandLine) {
  std::string recipe = write("r.json", R"json({"spec": "../specs/a.breg", "model": "lenet300",
    "epochs": 3, "by": "adam(lr = 1e-2)", "set": ["growth=1.2", "period=10"], "twin": true,
    "quiet": false})json");
  std::string flag = "--recipe=" + recipe;
  Command command = parse({"train", flag.c_str(), "--epochs", "7"});
  EXPECT_EQ(command.run.epochs, 7);
  EXPECT_EQ(command.run.model, "lenet300");
  EXPECT_THAT(command.run.set, ElementsAre("growth=1.2", "period=10"));
  EXPECT_TRUE(command.run.twin);
  EXPECT_FALSE(command.run.quiet);
  EXPECT_EQ(command.run.spec, (path.parent_path() / "specs" / "a.breg").string());
}

TEST_F(CommandLine, BadRecipes) {
  auto refusal = [&](const std::string &contents) {
    std::string flag = "--recipe=" + write("r.json", contents);
    Error error = errorOf([&] { parse({"train", flag.c_str()}); });
    EXPECT_EQ(error.kind, ErrorKind::Input);
    EXPECT_THAT(error.message, HasSubstr("recipe '" + at("r.json") + "': "));
    return error.message;
  };
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON at line 1, column 2: syntax error"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(refusal(R"({"modle": "mlp"})"), HasSubstr("--modle"));
  EXPECT_THAT(refusal(R"({"epochs": "many"})"), HasSubstr("many"));
  EXPECT_THAT(refusal(R"({"epochs": null})"), HasSubstr("must be a string, a number"));
  EXPECT_THAT(refusal(R"({"resume": "runs"})"), HasSubstr("only be given on the command line"));
  Error missing = errorOf([] { parse({"train", "--recipe", "none.json"}); });
  EXPECT_EQ(missing.kind, ErrorKind::Input);
  EXPECT_THAT(missing.message, HasSubstr("No such file or directory"));
}

TEST_F(CommandLine, HelpIsComplete) {
  Command train = parse({"train", "--help"});
  EXPECT_EQ(train.kind, Command::Kind::Help);
  for (const char *text : {"--spec", "--resume", "--seed", "Examples:", "Exit status"})
    EXPECT_THAT(train.help, HasSubstr(text));
  EXPECT_THAT(parse({"eval", "--help"}).help, HasSubstr("Examples:"));
}

TEST_F(CommandLine, Devices) {
  EXPECT_EQ(parse({"train"}).run.device, "cpu");
  EXPECT_EQ(parse({"train", "--device", "cuda"}).run.device, "cuda");
  EXPECT_EQ(parse({"eval", "runs/a", "--device", "cuda:3"}).eval.device, "cuda:3");
  for (const char *name : {"gpu", "cuda:", "cuda:x", "cuda:1 ", "cuda:-1", "cuda:128"})
    EXPECT_THAT(usage({"train", "--device", name}),
                HasSubstr("expected cpu, cuda or cuda:N, got '" + std::string(name) + "'"));
  // Checkpoints from before there were devices.
  nlohmann::json old = toJson(RunOptions());
  old.erase("device");
  EXPECT_EQ(fromJson(old).device, "cpu");
}

TEST_F(CommandLine, Fast) {
  EXPECT_FALSE(parse({"train"}).run.fast);
  EXPECT_TRUE(parse({"train", "--fast"}).run.fast);
  EXPECT_FALSE(parse({"train", "--fast", "--no-fast"}).run.fast) << "the last one wins";
  EXPECT_TRUE(parse({"eval", "runs/a", "--fast"}).eval.fast);
  std::string flag = "--recipe=" + write("r.json", R"json({"fast": true, "spec": "a.breg"})json");
  EXPECT_TRUE(parse({"train", flag.c_str()}).run.fast);
  EXPECT_FALSE(parse({"train", flag.c_str(), "--no-fast"}).run.fast);
  RunOptions options;
  options.fast = true;
  EXPECT_TRUE(fromJson(toJson(options)).fast);
  nlohmann::json old = toJson(options);
  old.erase("fast");
  EXPECT_FALSE(fromJson(old).fast) << "a checkpoint from before there was a choice";
}

TEST_F(CommandLine, OptionsThroughJson) {
  RunOptions options = parse({"train", "--set", "growth=1.1", "--epochs", "2.5", "--seed",
                              "18446744073709551615", "--plan", "small"})
                           .run;
  RunOptions back = fromJson(nlohmann::json::parse(toJson(options).dump()));
  EXPECT_EQ(toJson(back), toJson(options));
  EXPECT_EQ(back.seed, options.seed);
  EXPECT_TRUE(back.usePlan);
}
