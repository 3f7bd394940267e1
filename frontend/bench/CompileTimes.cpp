// A fresh process is this program started again; a warm one is this one.
#include "frontend/bench/CompileTimes.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>

using namespace bregman;
using namespace bregman::bench;
using Clock = std::chrono::steady_clock;

static double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Milliseconds from a checked program to a method, per kernel.
static Result<double> compileMilliseconds(const Program &program, const std::string &quantizer,
                                          const std::string &optimizer, bool cache, int &kernels) {
  CompileOptions options;
  options.cache = cache;
  options.streaming = false;
  auto start = Clock::now();
  auto method = program.compile(quantizer, optimizer, options);
  double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  if (!method)
    return method.error();
  kernels = 0;
  for (const auto &kernel :
       {(*method)->attach, (*method)->step, (*method)->publish, (*method)->final})
    kernels += kernel != nullptr;
  return milliseconds / kernels;
}

Status bregman::bench::compileOnce(const BenchOptions &options, const std::string &quantizer,
                                   const std::string &optimizer, std::ostream &out) {
  Result<Program> program = Program::load(options.specs + "/" + quantizer + ".breg");
  if (!program)
    return program.error();
  int kernels = 0;
  Result<double> time = compileMilliseconds(*program, quantizer, optimizer, false, kernels);
  if (!time)
    return time.error();
  out << *time << "\n";
  return {};
}

/// The same by a process that has compiled nothing yet.
static Result<double> freshProcess(const BenchOptions &options, const std::string &quantizer,
                                   const std::string &optimizer) {
  std::string command = "'" + options.program + "' bench --compile-once " + quantizer + "," +
                        optimizer + " --specs '" + options.specs + "'";
  FILE *pipe = popen(command.c_str(), "r");
  double milliseconds = 0;
  bool read = pipe && std::fscanf(pipe, "%lf", &milliseconds) == 1;
  bool ended = pipe && pclose(pipe) == 0;
  if (!read || !ended)
    return Error{ErrorKind::Environment, "could not start a fresh process: " + command};
  return milliseconds;
}

Result<CompileTimes> bregman::bench::measureCompile(const BenchOptions &options,
                                                    const std::string &quantizer,
                                                    const std::string &optimizer) {
  CompileTimes result;
  result.title = quantizer + " by " + optimizer;
  Result<Program> program = Program::load(options.specs + "/" + quantizer + ".breg");
  if (!program)
    return program.error();
  std::vector<double> fresh, warm, cached;
  for (int round = 0; round < 9; ++round) {
    Result<double> inFresh = freshProcess(options, quantizer, optimizer);
    if (!inFresh)
      return inFresh.error();
    fresh.push_back(*inFresh);
    for (bool cache : {false, true}) {
      Result<double> time =
          compileMilliseconds(*program, quantizer, optimizer, cache, result.kernels);
      if (!time)
        return time.error();
      (cache ? cached : warm).push_back(*time);
    }
  }
  result.freshProcess = median(fresh);
  result.warmProcess = median(warm);
  result.cached = median(cached);
  return result;
}
