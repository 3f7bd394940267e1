// Who is measured against whom.
#include "frontend/bench/Bench.h"

#include "frontend/bench/Agreement.h"
#include "frontend/bench/Cases.h"
#include "frontend/bench/CompileTimes.h"
#include "frontend/bench/KernelContender.h"
#include "frontend/bench/Measure.h"
#include "frontend/bench/ReferenceLoop.h"
#include "frontend/bench/Report.h"
#include "frontend/bench/Shapes.h"
#include "frontend/bench/TorchSide.h"
#include "frontend/bench/cuda/CudaBench.h"
#include "runtime/Machine.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <thread>

using namespace bregman;
using namespace bregman::bench;

static std::string cpuName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

/// The titles that contain `filter`; an error that lists all where there is none.
static Result<std::vector<Case>> casesWith(const std::string &filter) {
  std::vector<Case> chosen;
  std::string titles;
  for (const Case &one : cases()) {
    if (one.title().find(filter) != std::string::npos)
      chosen.push_back(one);
    titles += "\n  " + one.title();
  }
  if (chosen.empty())
    return Error{ErrorKind::Usage, "error: '" + filter + "' is in none of these titles:" + titles};
  return chosen;
}

/// The models of these names, all where there are none.
static Result<std::vector<Model>> modelsNamed(const std::vector<std::string> &names,
                                              const std::vector<Model> &models) {
  if (names.empty())
    return models;
  std::vector<Model> chosen;
  for (const std::string &name : names) {
    std::string all;
    for (const Model &model : models) {
      if (model.name == name)
        chosen.push_back(model);
      all += (all.empty() ? "" : ", ") + model.name;
    }
    if (chosen.empty() || chosen.back().name != name)
      return Error{ErrorKind::Usage, "error: there is no model '" + name + "'; it is " + all};
  }
  return chosen;
}

namespace {

/// One case: its contenders, and the rows that they give.
class Match {
public:
  static Result<Match> create(const BenchOptions &options, const Case &measured,
                              const TorchSide &torch) {
    Result<Program> program = measured.load(options.specs);
    if (!program)
      return program.error();
    auto method = program->compile(measured.quantizer, measured.optimizer);
    if (!method)
      return method.error();
    Match match;
    match.title = measured.title();
    auto memory = std::make_shared<ModelMemory>(*method);
    match.add(Side::Reference, makeReferenceLoop(memory));
    match.add(Side::Bregman, makeKernelContender(memory));
    match.add(Side::Flat, makeFlatContender(memory));
    for (auto &contender : torch.contenders(measured))
      match.add(Side::Torch, std::move(contender));
    return match;
  }

  /// Whether all who do the same step come to the same weights.
  Status agree(Report &report) const {
    Contender *ours = nullptr;
    for (const auto &[side, contender] : contenders) {
      if (side == Side::Bregman)
        ours = contender.get();
      if (side != Side::Torch)
        continue;
      Result<double> difference = differenceOf(title, *ours, *contender, trial());
      if (!difference)
        return difference.error();
      report.agreements.push_back({title, contender->name(), *difference});
    }
    return {};
  }

  Row run(const Model &model, int threads, double seconds) {
    Row row{title, model.name, model.weights(), model.sizes.size(), threads, {}};
    std::vector<Contender *> runners;
    for (auto &[side, contender] : contenders) {
      // One tensor is as flat as can be.
      if (side == Side::Flat && model.sizes.size() == 1)
        continue;
      runners.push_back(contender.get());
      row.entries.push_back({side, contender->name(), {}, contender->bytesPerWeight()});
    }
    std::vector<bench::Timing> timings = measure(runners, model.sizes, threads, seconds);
    for (size_t i = 0; i < timings.size(); ++i)
      row.entries[i].timing = std::move(timings[i]);
    return row;
  }

private:
  void add(Side side, std::unique_ptr<Contender> contender) {
    contenders.emplace_back(side, std::move(contender));
  }

  std::string title;
  std::vector<std::pair<Side, std::unique_ptr<Contender>>> contenders;
};

} // namespace

Status bregman::bench::run(const BenchOptions &options, std::ostream &out, std::ostream &progress) {
  auto chosenCases = casesWith(options.filter);
  if (!chosenCases)
    return chosenCases.error();
  const bool onHost = options.device == "host";
  if (onHost && options.fast)
    return Error{ErrorKind::Usage,
                 "error: --fast is for GPUs; on the host every value is what IEEE 754 says"};
  auto chosenModels = modelsNamed(options.models, onHost ? models() : deviceModels());
  if (!chosenModels)
    return chosenModels.error();
  if (!onHost)
    return runOnDevice(options, *chosenCases, *chosenModels, out, progress);
  Result<TorchSide> torch = TorchSide::load(options.torch ? options.torchLibrary : "");
  if (!torch)
    return torch.error();

  Report report;
  report.cpu = cpuName();
  report.cores = std::thread::hardware_concurrency();
  report.secondLevelCache = secondLevelCacheBytes();
  report.torch = torch->version();
  report.seconds = options.seconds;
  try {
    for (const Case &measured : *chosenCases) {
      auto match = Match::create(options, measured, *torch);
      if (!match)
        return match.error();
      if (Status parted = match->agree(report))
        return parted;
      for (const Model &model : *chosenModels)
        for (int threads : options.threads) {
          progress << measured.title() << ", " << model.name << ", threads: " << threads
                   << std::endl;
          report.rows.push_back(match->run(model, threads, options.seconds));
        }
    }
  } catch (const std::exception &error) {
    return Error{ErrorKind::Internal, std::string("internal error: ") + error.what()};
  }
  if (options.compileTimes)
    for (const Case &measured : *chosenCases) {
      progress << measured.title() << ", compile times" << std::endl;
      Result<CompileTimes> times = measureCompile(options, measured);
      if (!times)
        return times.error();
      report.compiles.push_back(*times);
    }
  options.json ? printJson(report, out) : printTable(report, out);
  return {};
}
