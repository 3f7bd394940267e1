// What training measures, as CSV and as JSON lines.
#include "frontend/train/Metrics.h"

#include "frontend/torch/Exception.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bregman::train {

struct MetricsFiles::File {
  std::string path;
  int handle;

  File(std::string name, int64_t keep) : path(std::move(name)) {
    handle = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (handle < 0)
      fail();
    struct stat info;
    if (fstat(handle, &info) != 0)
      fail();
    if (info.st_size < keep)
      raise(ErrorKind::Input, "'" + path + "' has " + std::to_string(info.st_size) +
                                  " bytes, fewer than the " + std::to_string(keep) +
                                  " that it had at the checkpoint; it has been changed since");
    if (ftruncate(handle, keep) != 0 || lseek(handle, keep, SEEK_SET) < 0)
      fail();
  }
  ~File() { close(handle); }

  [[noreturn]] void fail() const {
    raise(ErrorKind::Environment, "cannot write '" + path + "': " + std::strerror(errno));
  }

  int64_t append(const std::string &text) {
    for (size_t done = 0; done < text.size();) {
      ssize_t now = ::write(handle, text.data() + done, text.size() - done);
      if (now < 0 && errno != EINTR)
        fail();
      done += size_t(std::max<ssize_t>(now, 0));
    }
    return int64_t(text.size());
  }
};

MetricsFiles::MetricsFiles(const std::string &folder, Sizes keep)
    : csv(std::make_unique<File>(folder + "/metrics.csv", keep.csv)),
      jsonl(std::make_unique<File>(folder + "/metrics.jsonl", keep.jsonl)), written(keep) {}

MetricsFiles::~MetricsFiles() = default;

void MetricsFiles::write(const Record &record) {
  nlohmann::ordered_json row;
  row["step"] = record.step;
  row["epoch"] = record.epoch;
  row["train_loss"] = record.trainLoss;
  row["loss_soft"] = record.soft.loss;
  row["accuracy_soft"] = record.soft.accuracy;
  row["loss_hard"] = record.hard.loss;
  row["accuracy_hard"] = record.hard.accuracy;
  row["flipped"] = record.flipped;
  row["saturated"] = record.saturated;
  for (const auto &[name, value] : record.schedules)
    row[name] = value;
  for (const Multiplier &multiplier : record.multipliers) {
    row["multiplier." + multiplier.name] = multiplier.value;
    row["distance." + multiplier.name] = multiplier.distance;
    row["bound." + multiplier.name] = multiplier.bound;
  }
  row["seconds"] = record.seconds;
  row["images_per_second"] = record.imagesPerSecond;
  row["kernel_share"] = record.kernelShare;

  std::string header, line;
  for (const auto &[name, value] : row.items()) {
    header += (header.empty() ? "" : ",") + name;
    // JSON has no NaN, and nlohmann writes null for one.
    std::string text = value.dump();
    line += (line.empty() ? "" : ",") + (text == "null" ? "nan" : text);
  }
  if (written.csv == 0)
    written.csv += csv->append(header + "\n");
  written.csv += csv->append(line + "\n");
  written.jsonl += jsonl->append(row.dump() + "\n");
}

} // namespace bregman::train
