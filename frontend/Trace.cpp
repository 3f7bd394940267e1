// Drives a run row by row and prints it.
#include "frontend/Trace.h"

#include "frontend/Csv.h"

#include <cmath>
#include <cstdio>

using namespace bregman;

namespace {

/// The text of the trace: cells joined by commas.
class Table {
public:
  explicit Table(bool hex) : hex(hex) {}

  void cell(const std::string &content) {
    if (!atStart)
      text += ',';
    text += content;
    atStart = false;
  }
  void cell(double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, hex ? "%a" : "%.9g", value);
    cell(std::string(std::isnan(value) ? "nan" : buffer));
  }
  void endRow() {
    text += '\n';
    atStart = true;
  }
  std::string text;

private:
  bool hex, atStart = true;
};

} // namespace

static std::string indexed(const std::string &name, size_t index) {
  return name + "[" + std::to_string(index) + "]";
}

static void header(Table &table, Run &run) {
  table.cell("step");
  for (const auto &[name, value] : run.schedules())
    table.cell(name);
  for (const auto &[name, planes] : run.stored())
    for (size_t i = 0; i < planes.size(); ++i)
      for (size_t level = 0; level < planes[i].size(); ++level)
        table.cell(planes[i].size() == 1 ? indexed(name, i) : indexed(indexed(name, i), level));
  for (size_t i = 0, n = run.weights().size(); i < n; ++i)
    table.cell(indexed("w", i));
  table.endRow();
}

static void row(Table &table, Run &run, size_t step) {
  table.cell(std::to_string(step));
  for (const auto &[name, value] : run.schedules())
    table.cell(value);
  for (const auto &[name, planes] : run.stored())
    for (const auto &levels : planes)
      for (double value : levels)
        table.cell(value);
  for (double value : run.weights())
    table.cell(value);
  table.endRow();
}

static Error wrongLength(const std::string &path, size_t row, size_t got, size_t expected) {
  return {ErrorKind::Input, path + ": error: row " + std::to_string(row) + " has " +
                                std::to_string(got) + " numbers, expected " +
                                std::to_string(expected) + ", one per weight"};
}

/// `md_tanh_s(growth = 2) by sgd(lr = 0.5)`.
static std::string useText(const TraceOptions &options, const std::string &quantizer) {
  std::string text = quantizer;
  for (size_t i = 0; i < options.sets.size(); ++i)
    text += (i ? ", " : "(") + options.sets[i] + (i + 1 == options.sets.size() ? ")" : "");
  return text + " by " + options.by;
}

Result<std::string> bregman::trace(const Program &program, const TraceOptions &options) {
  std::string quantizer = options.quantizer;
  if (quantizer.empty()) {
    std::vector<std::string> all = program.quantizers();
    if (all.size() != 1)
      return Error{ErrorKind::Usage, "the file has " + std::to_string(all.size()) +
                                         " quantizers; name one with --quantizer"};
    quantizer = all.front();
  }
  Result<PlanLine> line = program.use(useText(options, quantizer));
  if (!line) {
    if (program.compileActivation(quantizer))
      return Error{ErrorKind::Usage,
                   "'" + quantizer +
                       "' quantizes activations, and a trace is of weights: of an "
                       "activation nothing is kept from step to step but what is "
                       "learned; `bregman emit` shows its passes"};
    return line.error();
  }
  Result<std::vector<std::vector<float>>> init = readRows(options.initPath);
  if (!init)
    return init.error();
  if (init->size() != 1)
    return Error{ErrorKind::Input, options.initPath + ": error: expected one row, w0, got " +
                                       std::to_string(init->size())};
  Result<std::vector<std::vector<float>>> gradients = readRows(options.gradPath);
  if (!gradients)
    return gradients.error();
  const std::vector<float> &w0 = init->front();
  size_t n = options.size ? options.size : w0.size();
  if (w0.size() != n)
    return wrongLength(options.initPath, 1, w0.size(), n);
  for (size_t k = 0; k < gradients->size(); ++k)
    if ((*gradients)[k].size() != n)
      return wrongLength(options.gradPath, k + 1, (*gradients)[k].size(), n);

  Timing timing;
  timing.steps = gradients->size();
  timing.stepsPerEpoch = options.stepsPerEpoch;
  timing.epochs = options.epochs;
  timing.remedies = {"--steps-per-epoch", "at least one row of gradients", "--epochs"};
  if (timing.epochs == 0 && timing.stepsPerEpoch)
    timing.epochs = std::ceil(double(timing.steps) / double(timing.stepsPerEpoch));
  Result<std::unique_ptr<Run>> made =
      program.run(line->quantizer, line->optimizer, timing, options.reference, options.compile);
  if (!made)
    return made.error();
  Run &run = **made;
  auto setArguments = [&](int64_t step) -> Status {
    auto arguments = argumentsAt(*line, step, timing);
    if (!arguments)
      return arguments.error();
    for (const auto &[name, value] : *arguments)
      if (Status failed = run.set(name, value))
        return failed;
    return {};
  };
  if (Status failed = setArguments(0))
    return *failed;
  if (Status failed = run.attach(w0, {options.channels, options.seed}))
    return *failed;
  Table table(options.hex);
  header(table, run);
  row(table, run, 0);
  for (size_t k = 0; k < gradients->size(); ++k) {
    if (Status failed = setArguments(k))
      return *failed;
    if (Status failed = run.advance((*gradients)[k]))
      return *failed;
    if (resetsAfter(*line, k, timing))
      if (Status failed = run.resetStates())
        return *failed;
    row(table, run, k + 1);
  }
  return table.text;
}
