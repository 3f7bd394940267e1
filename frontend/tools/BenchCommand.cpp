// bregman bench: measure every kernel against the same streams without mathematics and LibTorch.
#include "frontend/bench/Bench.h"
#include "frontend/tools/Commands.h"
#include "frontend/tools/Places.h"

#include <iostream>

using namespace bregman;

void tool::addBench(CLI::App &app, Action &run) {
  struct Flags {
    bench::BenchOptions options;
    std::string once;
  };
  auto flags = std::make_shared<Flags>();
  bench::BenchOptions &options = flags->options;
  CLI::App *command = app.add_subcommand("bench", "measure the kernels of the library");
  command
      ->add_option("--only", options.filter,
                   "methods whose title (`md_tanh_s by adam`) contains it")
      ->option_text("TEXT");
  command
      ->add_option("--models", options.models,
                   "models whose name contains it: 64K 1M 11M ResNet-18")
      ->option_text("TEXT");
  command->add_option("--threads", options.threads, "numbers of threads")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->option_text("N,N [1,2]");
  command->add_option("--seconds", options.seconds, "time per model and number of threads")
      ->check(CLI::PositiveNumber)
      ->option_text("S [1]");
  command->add_flag("--json", options.json, "JSON instead of a table");
  command->add_flag("!--no-torch", options.torch, "without LibTorch's side");
  command->add_option("--specs", options.specs, "the library's specs")->option_text("DIR");
  command->add_option("--compile-once", flags->once)->group("");
  command->footer("All contenders take turns in one run, so that ratios hold on a busy machine.\n\n"
                  "Example:\n  bregman bench --only md_tanh_s --models 11M --threads 1 --json");
  command->callback([flags, &run] {
    run = [flags] {
      bench::BenchOptions &options = flags->options;
      if (options.specs.empty())
        options.specs = specsFolder();
      options.program = programPath();
      options.torchLibrary = libraryPath("libbregman_train.so");
      size_t comma = flags->once.find(',');
      Status failed = flags->once.empty()
                          ? bench::run(options, std::cout)
                          : bench::compileOnce(options, flags->once.substr(0, comma),
                                               flags->once.substr(comma + 1), std::cout);
      return failed ? fail(*failed) : 0;
    };
  });
}
