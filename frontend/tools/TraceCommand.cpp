// bregman trace: gradients in, every stored value out.
#include "frontend/Trace.h"
#include "frontend/tools/Commands.h"

#include <charconv>
#include <cstdlib>
#include <iostream>

using namespace bregman;

/// The product of the extents of OxIxHxW, or 0 where the text is no shape of a tensor.
static int64_t sizeOfShape(const std::string &shape) {
  int64_t product = 1;
  const char *at = shape.data(), *end = at + shape.size();
  while (true) {
    int64_t extent = 0;
    auto [rest, failed] = std::from_chars(at, end, extent);
    if (failed != std::errc() || extent <= 0 || __builtin_mul_overflow(product, extent, &product))
      return 0;
    if (rest == end)
      return product;
    if (*rest != 'x')
      return 0;
    at = rest + 1;
  }
}

static std::string checkSeed(const std::string &text) {
  bool isNumber = !text.empty() && text.size() <= 20 &&
                  text.find_first_not_of("0123456789") == std::string::npos;
  return isNumber ? "" : "expected an integer of 0 or more, got '" + text + "'";
}

/// Whether `set` looks like NAME=EXPR; what EXPR is the spec's parser says.
static std::string checkSet(const std::string &set) {
  return set.find('=') == std::string::npos ? "expected NAME=EXPR, got '" + set + "'" : "";
}

void tool::addTrace(CLI::App &app, Action &run) {
  struct Flags {
    std::string path, shape;
    TraceOptions options;
  };
  auto flags = std::make_shared<Flags>();
  TraceOptions &options = flags->options;
  CLI::App *command =
      app.add_subcommand("trace", "drive a spec with given gradients and print every stored value");
  command->add_option("FILE", flags->path, "a spec")->required();
  command
      ->add_option("--quantizer", options.quantizer,
                   "which quantizer; default: the only one of the file")
      ->option_text("NAME");
  command
      ->add_option("--by", options.by, "what follows `by` in a plan line, e.g. 'adam(lr = 1e-3)'")
      ->required()
      ->option_text("USE");
  command->add_option("--init", options.initPath, "one row of numbers: w0")
      ->required()
      ->option_text("CSV");
  command->add_option("--grad", options.gradPath, "row k is dL/dw of step k, one number per weight")
      ->required()
      ->option_text("CSV");
  command->add_option("--set", options.sets, "an argument of the quantizer")
      ->check(CLI::Validator(checkSet, ""))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text("NAME=EXPR");
  command->add_option("--shape", flags->shape, "the tensor's shape; default: 1xn")
      ->option_text("OxIxHxW");
  command->add_option("--steps-per-epoch", options.stepsPerEpoch, "what `epoch` counts")
      ->check(isPositive())
      ->option_text("N");
  command
      ->add_option("--epochs", options.epochs, "the run's total; default: as many as the rows make")
      ->check(isPositive())
      ->option_text("N");
  command->add_option("--seed", options.seed, "of random()")
      ->check(CLI::Validator(checkSeed, ""))
      ->option_text("N");
  command->add_flag("--hex", options.hex, "C99 hexadecimal instead of %.9g");
  command->add_flag("--reference", options.reference,
                    "by the oracle, in double precision, instead of the compiled kernel");
  command
      ->add_option("--device", options.compile.device,
                   "where the kernels run: host, cuda, cuda:1 for another GPU than the first, or "
                   "cuda:CHIP for code of another chip than its own: sm_80, sm_90 or sm_100")
      ->option_text("DEVICE [host]");
  addCompileFlags(*command, options.compile);
  command->footer(
      "Numbers are decimal, C99 hexadecimal, inf or nan, separated by commas; empty lines and\n"
      "lines that start with # are skipped. Row k of the output is at rest before step k. A trace "
      "is\n"
      "of weights under one gradient: activations, and the two branches of a plan's constraints, "
      "have\n"
      "none.\n\n"
      "Example:\n"
      "  bregman trace examples/specs/md_tanh_s.breg --by 'sgd(lr = 0.5)' \\\n"
      "      --set growth=2 --set period=1 --init i.csv --grad g.csv --reference");
  command->callback([flags, &run] {
    run = [flags] {
      if (!flags->shape.empty()) {
        flags->options.size = sizeOfShape(flags->shape);
        flags->options.channels = std::strtoll(flags->shape.c_str(), nullptr, 10);
        if (flags->options.size == 0)
          return fail({ErrorKind::Usage,
                       "bregman trace: error: --shape: expected extents such as 64x3x3x3, got '" +
                           flags->shape + "'"});
      }
      Result<Program> program = load(flags->path);
      if (!program)
        return fail(program.error());
      Result<std::string> text = trace(*program, flags->options);
      if (!text)
        return fail(text.error());
      std::cout << *text;
      return 0;
    };
  });
}
