// A run: steps, evaluations, metrics, checkpoints.
#include "frontend/train/Trainer.h"

#include "frontend/train/Interrupt.h"
#include "frontend/train/Report.h"

#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>

namespace fs = std::filesystem;

namespace bregman::train {

static MethodChoice choose(const RunState &state, const Network &network) {
  return chooseMethod(state.options, state.specText, network);
}

/// The number of threads is part of what fixes the bits.
static RunState withThreads(RunState state) {
  at::set_num_threads(state.options.threads);
  return state;
}

Trainer::Trainer(RunState given, const CheckpointFile *checkpoint)
    : state(withThreads(std::move(given))),
      data(loadDataset(state.options.data, state.options.dataDir)),
      session(state.options, data, [&](const Network &network) { return choose(state, network); }) {
  const RunOptions &options = state.options;
  evalEvery = options.evalEvery ? options.evalEvery : session.stepsPerEpoch();
  checkpointEvery = options.checkpointEvery ? options.checkpointEvery : evalEvery;
  if (checkpoint) {
    state.restore(*checkpoint, session);
    tracker.remember(state.levels);
    saved = true;
  }
  secondsBefore = state.seconds;
  if (!session.method().warnings.empty())
    std::fprintf(stderr, "%s\n", session.method().warnings.c_str());
}

/// The folder's name where none is given.
static std::string defaultFolder(const RunOptions &options) {
  std::string method = options.usePlan ? "plan-" + options.plan : options.quantizer;
  if (method.empty())
    method = fs::path(options.spec).stem().string();
  return "runs/" + options.data + "-" + options.model + "-" + method + "-seed" +
         std::to_string(options.seed);
}

static void refuseToReplace(const RunOptions &options, const std::string &folder) {
  if (fs::exists(checkpointPath(folder)) && !options.overwrite)
    raise(ErrorKind::Usage, "there is a run in '" + folder + "'; go on with it by `--resume " +
                                folder + "`, replace it by --overwrite, or choose another --out");
}

std::unique_ptr<Trainer> Trainer::begin(const RunOptions &given) {
  RunState state;
  state.options = given;
  if (state.options.out.empty())
    state.options.out = defaultFolder(given);
  state.specText = readSpec(given);
  const std::string folder = state.options.out;
  refuseToReplace(given, folder);
  std::unique_ptr<Trainer> trainer(new Trainer(std::move(state), nullptr));
  std::error_code bad;
  fs::create_directories(folder, bad);
  if (bad)
    raise(ErrorKind::Environment, "cannot make the folder '" + folder + "': " + bad.message());
  trainer->lock = std::make_unique<RunLock>(folder);
  refuseToReplace(given, folder); // now that nobody else writes there
  for (const std::string &old : {checkpointPath(folder), previousCheckpointPath(folder)})
    fs::remove(old, bad);
  trainer->metrics = std::make_unique<MetricsFiles>(folder, MetricsFiles::Sizes());
  return trainer;
}

std::unique_ptr<Trainer> Trainer::resume(const ResumeOptions &given) {
  const std::string &folder = given.folder;
  std::unique_ptr<RunLock> lock;
  if (fs::is_directory(folder)) // else there is no checkpoint either
    lock = std::make_unique<RunLock>(folder);
  CheckpointFile checkpoint = readCheckpoint(checkpointPath(folder));
  RunState state = RunState::unpack(checkpoint);
  state.options.out = folder;
  if (!given.dataDir.empty())
    state.options.dataDir = given.dataDir;
  if (!given.device.empty())
    state.options.device = given.device;
  state.options.fast = given.fast.value_or(state.options.fast);
  state.options.quiet = given.quiet;
  std::unique_ptr<Trainer> trainer(new Trainer(std::move(state), &checkpoint));
  trainer->lock = std::move(lock);
  trainer->metrics = std::make_unique<MetricsFiles>(folder, trainer->state.metrics);
  return trainer;
}

void Trainer::evaluateNow() {
  Snapshot now = session.snapshot();
  Record record;
  record.step = state.step;
  record.epoch = double(state.step) / double(session.stepsPerEpoch());
  record.trainLoss = state.lossCount ? state.lossSum / double(state.lossCount) : 0;
  record.soft = evaluate(session.network(), data.validation);
  apply(now, /*hard=*/true, session.network());
  record.hard = evaluate(session.network(), data.validation);
  apply(now, /*hard=*/false, session.network());
  std::vector<at::Tensor> soft, hard;
  std::vector<at::Tensor> parameters = session.network().parameters();
  for (const NamedParameter &quantized : session.optimizer().quantized())
    for (size_t i = 0; i < parameters.size(); ++i)
      if (parameters[i].is_same(quantized.tensor)) {
        soft.push_back(now.soft[i]);
        hard.push_back(now.hard[i]);
      }
  LevelStatistics levels = tracker.observe(soft, hard, session.optimizer().codebooks());
  record.flipped = levels.flipped;
  record.saturated = levels.saturated;
  record.schedules = session.optimizer().schedules();
  record.multipliers.assign(session.multipliers().begin(), session.multipliers().end());
  record.seconds = state.seconds;
  const StepTimes &times = session.times();
  double seconds = times.all - lastTimes.all;
  if (seconds > 0) {
    record.imagesPerSecond =
        double(times.steps - lastTimes.steps) * double(state.options.batch) / seconds;
    record.kernelShare = (times.optimizer - lastTimes.optimizer) / seconds;
  }
  lastTimes = times;
  state.lossSum = 0;
  state.lossCount = 0;
  if (state.bestStep < 0 || record.hard.accuracy > state.bestHard.accuracy) {
    state.bestStep = state.step;
    state.bestSoft = record.soft;
    state.bestHard = record.hard;
    state.best = now;
  }
  state.last = std::move(now);
  lastStep = state.step;
  metrics->write(record);
  if (!state.options.quiet)
    printRecord(record, session.totalSteps(), state.bestStep == state.step);
}

void Trainer::save() {
  if (lastStep != state.step)
    state.last = session.snapshot();
  state.precision = precisionOf(session, state.last);
  state.levels = tracker.remembered();
  state.metrics = metrics->sizes();
  writeCheckpoint(state.options.out, state.pack(session));
  saved = true;
}

int Trainer::stop() {
  if (!saved)
    save();
  std::fprintf(stderr,
               "interrupted after step %lld of %lld; go on with\n  bregman train --resume %s\n",
               (long long)state.step, (long long)session.totalSteps(), state.options.out.c_str());
  return 130;
}

int Trainer::run() {
  Interrupt interrupt;
  Progress progress(state.step, session.totalSteps(), state.options.batch, state.options.quiet);
  while (!session.finished()) {
    if (Interrupt::requested()) {
      progress.clear();
      return stop();
    }
    double loss = session.step();
    saved = false;
    state.step = session.steps();
    state.seconds = secondsBefore + session.times().all;
    state.lossSum += loss;
    ++state.lossCount;
    progress.update(state.step, loss);
    if (state.step % evalEvery == 0 || session.finished()) {
      progress.clear();
      evaluateNow();
    }
    if (state.step % checkpointEvery == 0 || session.finished())
      save();
  }
  progress.clear();
  return report();
}

int Trainer::report() {
  Result result;
  result.options = state.options;
  result.method = session.method().name;
  result.steps = state.step;
  result.bestStep = state.bestStep;
  result.bestSoft = state.bestSoft;
  result.bestHard = state.bestHard;
  result.seconds = state.seconds;
  result.times = session.times();
  result.multipliers.assign(session.multipliers().begin(), session.multipliers().end());
  result.digest = digestOf(state.last, state.best);
  apply(state.best, /*hard=*/false, session.network());
  result.testSoft = evaluate(session.network(), data.test);
  apply(state.best, /*hard=*/true, session.network());
  result.testHard = evaluate(session.network(), data.test);
  result.weights = countWeights(session.network(), session.optimizer().quantized(),
                                session.optimizer().codebooks());
  if (state.options.twin) {
    result.twin = trainTwin(state.options, state.specText, data);
    if (!result.twin)
      return stop();
  }
  printResult(result);
  writeResult(result);
  if (100 * result.testHard.accuracy >= state.options.requireAccuracy)
    return 0;
  std::fprintf(stderr,
               "error: the hardened network gets %.2f %% of the test images right, and "
               "%.2f %% are required\n",
               100 * result.testHard.accuracy, state.options.requireAccuracy);
  return 1;
}

} // namespace bregman::train
