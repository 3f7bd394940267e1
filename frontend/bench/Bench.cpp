// Who is measured against whom.
#include "frontend/bench/Bench.h"

#include "frontend/bench/CompileTimes.h"
#include "frontend/bench/KernelContender.h"
#include "frontend/bench/Measure.h"
#include "frontend/bench/ReferenceLoop.h"
#include "frontend/bench/Report.h"
#include "frontend/bench/Shapes.h"

#include <dlfcn.h>
#include <filesystem>
#include <fstream>

using namespace bregman;
using namespace bregman::bench;

static const std::pair<const char *, const char *> pairs[] = {
    {"md_tanh_s", "momentum"},    {"md_tanh_s", "adam"}, {"md_ternary_s", "momentum"},
    {"md_softmax_s", "momentum"}, {"md_softmax", "sgd"}, {"pmf", "adam"},
    {"binary_connect", "adam"},   {"proxquant", "adam"}, {"float", "adam"},
};

static std::string cpuName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown";
}

/// In-place arrays and whether there is one that is only written: the reference's shape.
static std::unique_ptr<Contender> referenceFor(const Kernel &step) {
  int states = 0;
  bool publishes = false;
  for (const StreamInfo &stream : step.streams()) {
    if (stream.access == Access::InOut)
      states += stream.planes;
    publishes |= stream.access == Access::Out;
  }
  // Wider lifted methods have more planes than the reference loop; there is nothing to compare.
  return states >= 1 && states <= 6 ? makeReferenceLoop(states, publishes) : nullptr;
}

/// LibTorch's contenders for a match, from the library that has them.
static void addTorch(const BenchOptions &options, Match &match, const std::string &quantizer,
                     const std::string &optimizer) {
  using Add = void (*)(const char *, const char *, std::vector<std::unique_ptr<Contender>> *);
  static Add add = [&]() -> Add {
    if (!options.torch || !std::filesystem::exists(options.torchLibrary))
      return nullptr;
    void *handle = dlopen(options.torchLibrary.c_str(), RTLD_NOW | RTLD_LOCAL);
    return handle ? reinterpret_cast<Add>(dlsym(handle, "bregman_torch_contenders")) : nullptr;
  }();
  if (add)
    add(quantizer.c_str(), optimizer.c_str(), &match.contenders);
}

static Result<std::shared_ptr<const Method>>
methodOf(const BenchOptions &options, const std::string &quantizer, const std::string &optimizer) {
  Result<Program> program = Program::load(options.specs + "/" + quantizer + ".breg");
  if (!program)
    return program.error();
  return program->compile(quantizer, optimizer);
}

Status bregman::bench::run(const BenchOptions &options, std::ostream &out) {
  Report report;
  report.cpu = cpuName();
  for (auto [quantizer, optimizer] : pairs) {
    Match match;
    match.title = std::string(quantizer) + " by " + optimizer;
    if (match.title.find(options.filter) == std::string::npos)
      continue;
    auto method = methodOf(options, quantizer, optimizer);
    if (!method)
      return method.error();
    if (auto reference = referenceFor(*(*method)->step))
      match.contenders.push_back(std::move(reference));
    bool hasReference = !match.contenders.empty();
    match.contenders.push_back(makeKernelContender(*method));
    addTorch(options, match, quantizer, optimizer);
    for (const Model &model : models()) {
      if (model.name.find(options.models) == std::string::npos)
        continue;
      for (int threads : options.threads) {
        std::vector<Timing> timings =
            measure(match.contenders, model.sizes, threads, options.seconds);
        for (size_t c = 0; c < timings.size(); ++c)
          report.rows.push_back(
              {match.title, model.name, match.contenders[c]->name(), threads, timings[c],
               match.contenders[c]->bytesPerWeight(),
               hasReference ? timings[0].nanosecondsPerWeight / timings[c].nanosecondsPerWeight
                            : 0});
      }
    }
    Result<CompileTimes> times = measureCompile(options, quantizer, optimizer);
    if (!times)
      return times.error();
    report.compiles.push_back(*times);
  }
  options.json ? printJson(report, out) : printTable(report, out);
  return {};
}
