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
    bool quiet = false;
  };
  auto flags = std::make_shared<Flags>();
  bench::BenchOptions &options = flags->options;
  CLI::App *command = app.add_subcommand("bench", "measure the kernels of the library");
  command
      ->add_option("--only", options.filter,
                   "cases whose title, as `md_tanh_s by adam`, contains it")
      ->option_text("TEXT");
  command
      ->add_option(
          "--models", options.models,
          "models, of 64K, 1M, 11M and ResNet-18; on a GPU of 1M, 16M, 64M, 256M and ResNet-18")
      ->delimiter(',')
      ->option_text("NAME,... [all]");
  command
      ->add_option("--device", options.device,
                   "what is measured: host, cuda, cuda:1 for another GPU than the first, or "
                   "cuda:CHIP for code of another chip than its")
      ->option_text("DEVICE [host]");
  addFastFlag(*command, options.fast);
  CLI::Option *threads = command->add_option("--threads", options.threads, "numbers of threads");
  threads->delimiter(',')->check(CLI::Range(1, 1024))->option_text("N,... [1,2]");
  command->add_option("--seconds", options.seconds, "time per case, model and number of threads")
      ->check(CLI::Range(1e-3, 1e6))
      ->option_text("S [1]");
  command->add_flag("--json", options.json, "JSON instead of a table");
  command->add_flag("--quiet", flags->quiet, "do not say on stderr what is being measured");
  command->add_flag_callback(
      "--no-compile-times", [&options] { options.compileTimes = false; },
      "do not measure how long it takes to get a kernel");
  command->add_flag_callback(
      "--no-torch", [&options] { options.torch = false; }, "without LibTorch's side");
  command->add_option("--specs", options.specs, "the library's specs")->option_text("DIR");
  command->add_option("--compile-once", flags->once)->group("");
  command->footer(
      "All contenders take turns in one run, so that ratios hold on a busy machine. On a GPU the "
      "kernels are measured beside copies\nwithin its memory, and what it takes of the host to "
      "ask for a step.\n\n"
      "Examples:\n  bregman bench --only md_tanh_s --models 11M --threads 1 --json\n"
      "  bregman bench --device cuda --models 64M,ResNet-18");
  command->callback([flags, threads, &run] {
    run = [flags, threads] {
      bench::BenchOptions &options = flags->options;
      if (options.device != "host" && threads->count())
        return fail({ErrorKind::Usage, "error: --threads counts the host's threads; a GPU has its "
                                       "own"});
      if (options.specs.empty())
        options.specs = specsFolder();
      options.program = programPath();
      options.torchLibrary = libraryPath("libbregman_train.so");
      std::ostream nowhere(nullptr);
      Status failed = flags->once.empty()
                          ? bench::run(options, std::cout, flags->quiet ? nowhere : std::cerr)
                          : bench::compileOnce(options, flags->once, std::cout);
      return failed ? fail(*failed) : 0;
    };
  });
}
