// Times are the wall's, and cover many steps, so that waiting for the last one does not count.
#include "frontend/bench/cuda/CudaBench.h"

#include "frontend/bench/ModelMemory.h"
#include "frontend/bench/cuda/DeviceModel.h"
#include "runtime/cuda/DeviceMemory.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>

using namespace bregman;
using namespace bregman::bench;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds of one `work`, for each round of as many as take some hundredths of a second, at least
/// 7 rounds and as many as there is time for.
static Result<std::vector<double>> timesOf(const std::function<Status()> &work,
                                           const std::function<Status()> &wait, double seconds) {
  constexpr double ofRound = 0.02;
  constexpr size_t leastRounds = 7;
  std::vector<double> rounds;
  int steps = 1;
  bool isWarm = false;
  for (Clock::time_point begin = Clock::now();
       rounds.size() < leastRounds || secondsSince(begin) < seconds;) {
    Clock::time_point start = Clock::now();
    for (int i = 0; i < steps; ++i)
      if (Status bad = work())
        return *bad;
    if (Status bad = wait())
      return *bad;
    double time = secondsSince(start);
    if (!isWarm && time < ofRound / 2 && steps < 1000) {
      steps = std::min(1000, steps * 4);
      continue;
    }
    // The first full round still brings the clocks up.
    if (std::exchange(isWarm, true))
      rounds.push_back(time / steps);
  }
  return rounds;
}

/// Bytes read and written in a nanosecond by copies within the device.
static Result<double> copyRate(const std::shared_ptr<Memory> &memory, size_t bytes) {
  Result<Buffer> from = Buffer::create(memory, bytes), to = Buffer::create(memory, bytes);
  if (!from || !to)
    return from ? to.error() : from.error();
  std::vector<char> zeros(size_t(1) << 20);
  for (Buffer *buffer : {&*from, &*to})
    for (size_t at = 0; at < bytes; at += zeros.size())
      if (Status bad = memory->copyIn(static_cast<char *>(buffer->data()) + at, zeros.data(),
                                      std::min(zeros.size(), bytes - at), nullptr))
        return *bad;
  char value = 0;
  auto times = timesOf([&] { return memory->copy(to->data(), from->data(), bytes, nullptr); },
                       [&] { return memory->copyOut(&value, to->data(), 1, nullptr); }, 0.5);
  if (!times)
    return times.error();
  return 2e-9 * double(bytes) / bench::Timing{*times}.median();
}

/// Microseconds until a step has been asked for, while the device has room for more.
static Result<double> hostTime(DeviceModel &model) {
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 64; ++i) {
      Clock::time_point start = Clock::now();
      if (Status bad = model.step())
        return *bad;
      times.push_back(1e6 * secondsSince(start));
    }
    if (Status bad = model.wait())
      return *bad;
  }
  std::nth_element(times.begin(), times.begin() + std::ptrdiff_t(times.size() / 2), times.end());
  return times[times.size() / 2];
}

static Result<CudaRow> measureRow(const BenchOptions &options, const Case &measured,
                                  const Model &model, std::shared_ptr<const Method> method) {
  Result<DeviceModel> onDevice = DeviceModel::create(method, model.sizes);
  if (!onDevice)
    return onDevice.error();
  auto times =
      timesOf([&] { return onDevice->step(); }, [&] { return onDevice->wait(); }, options.seconds);
  if (!times)
    return times.error();
  Result<double> host = hostTime(*onDevice);
  if (!host)
    return host.error();
  CudaRow row{measured.title(),
              model.name,
              model.weights(),
              model.sizes.size(),
              bytesOfStep(*method),
              {},
              *host};
  for (double seconds : *times)
    row.timing.rounds.push_back(1e9 * seconds / double(model.weights()));
  return row;
}

int bregman::bench::ordinalOf(const std::string &device) {
  const std::string prefix = "cuda:";
  int ordinal = 0;
  if (device.starts_with(prefix))
    std::from_chars(device.data() + prefix.size(), device.data() + device.size(), ordinal);
  return ordinal;
}

static Result<size_t> freeBytes(const cuda::Device &device) {
  cuda::Current current(device);
  if (current.status())
    return *current.status();
  size_t unused = 0, total = 0;
  if (int code = device.driver.cuMemGetInfo_v2(&unused, &total))
    return device.driver.error(code, "cuMemGetInfo_v2", device.name);
  return unused;
}

static std::string gibibytes(size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", double(bytes) / (1 << 30));
  return text;
}

Status bregman::bench::runOnDevice(const BenchOptions &options, const std::vector<Case> &cases,
                                   const std::vector<Model> &models, std::ostream &out,
                                   std::ostream &progress) {
  const int ordinal = ordinalOf(options.device);
  Result<std::shared_ptr<const cuda::Device>> found = cuda::Device::get(ordinal);
  if (!found)
    return found.error();
  const cuda::Device &device = **found;
  CudaReport report;
  report.device = device.name;
  report.driver = device.driver.version;
  report.major = device.major, report.minor = device.minor;
  report.multiprocessors = device.multiprocessors;
  report.seconds = options.seconds;
  progress << device.name << ", copies" << std::endl;
  Result<size_t> unused = freeBytes(device);
  if (!unused)
    return unused.error();
  Result<double> rate =
      copyRate(cuda::deviceMemory(ordinal), std::min(*unused / 4, size_t(1) << 30) / 16 * 16);
  if (!rate)
    return rate.error();
  report.copyGigabytes = *rate;
  CompileOptions compile;
  compile.device = options.device;
  compile.fast = report.fast = options.fast;
  for (const Case &measured : cases) {
    Result<Program> program = measured.load(options.specs);
    if (!program)
      return program.error();
    auto method = program->compile(measured.quantizer, measured.optimizer, compile);
    if (!method)
      return method.error();
    for (const Model &model : models) {
      progress << measured.title() << ", " << model.name << std::endl;
      size_t wanted = DeviceModel::bytesOf(**method, model.weights());
      Result<size_t> room = freeBytes(device);
      if (!room)
        return room.error();
      // The rest is for tables and the records of reductions.
      if (wanted > *room - *room / 16) {
        report.skipped.push_back(measured.title() + ", " + model.name + ": it takes " +
                                 gibibytes(wanted) + ", and " + gibibytes(*room) + " are free");
        continue;
      }
      Result<CudaRow> row = measureRow(options, measured, model, *method);
      if (!row)
        return row.error();
      report.rows.push_back(std::move(*row));
    }
  }
  if (options.compileTimes)
    for (const Case &measured : cases) {
      progress << measured.title() << ", compile times" << std::endl;
      Result<CudaCompile> times = measureCudaCompile(options, measured);
      if (!times)
        return times.error();
      report.compiles.push_back(*times);
    }
  options.json ? printJson(report, out) : printTable(report, out);
  return {};
}
