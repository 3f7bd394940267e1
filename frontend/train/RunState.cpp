// All that a run is at one moment, and its checkpoint: a JSON header for what is small, a LibTorch
// archive for the tensors.
#include "frontend/train/RunState.h"

#include <nlohmann/json.hpp>
#include <torch/serialize/archive.h>

#include <filesystem>
#include <sstream>

namespace bregman::train {

using nlohmann::json;
using torch::serialize::InputArchive;
using torch::serialize::OutputArchive;

static json toJson(const Evaluation &evaluation) {
  return {{"loss", evaluation.loss}, {"accuracy", evaluation.accuracy}};
}

static Evaluation evaluationOf(const json &json) {
  // JSON has no NaN: nlohmann writes null.
  double loss = json.at("loss").is_null() ? std::nan("") : json.at("loss").get<double>();
  return {loss, json.at("accuracy").get<double>()};
}

static void writeTensors(OutputArchive &archive, const std::string &key,
                         const std::vector<at::Tensor> &tensors) {
  archive.write(key, c10::IValue(int64_t(tensors.size())));
  for (size_t i = 0; i < tensors.size(); ++i)
    archive.write(key + std::to_string(i), tensors[i], /*is_buffer=*/true);
}

static std::vector<at::Tensor> readTensors(InputArchive &archive, const std::string &key) {
  c10::IValue size;
  archive.read(key, size);
  std::vector<at::Tensor> tensors(size_t(size.toInt()), at::Tensor());
  for (size_t i = 0; i < tensors.size(); ++i)
    archive.read(key + std::to_string(i), tensors[i], /*is_buffer=*/true);
  return tensors;
}

static void writeSnapshot(OutputArchive &archive, const std::string &key,
                          const Snapshot &snapshot) {
  writeTensors(archive, key + "_soft", snapshot.soft);
  writeTensors(archive, key + "_hard", snapshot.hard);
  writeTensors(archive, key + "_buffers", snapshot.buffers);
  writeTensors(archive, key + "_hard_buffers", snapshot.hardBuffers);
}

static Snapshot readSnapshot(InputArchive &archive, const std::string &key) {
  return {readTensors(archive, key + "_soft"), readTensors(archive, key + "_hard"),
          readTensors(archive, key + "_buffers"), readTensors(archive, key + "_hard_buffers")};
}

CheckpointFile RunState::pack(const Session &session) const {
  json header = {{"options", train::toJson(options)},
                 {"spec", specText},
                 {"step", step},
                 {"seconds", seconds},
                 {"loss_sum", lossSum},
                 {"loss_count", lossCount},
                 {"precision", train::toJson(precision)},
                 {"best_step", bestStep},
                 {"best_soft", toJson(bestSoft)},
                 {"best_hard", toJson(bestHard)},
                 {"metrics_csv", metrics.csv},
                 {"metrics_jsonl", metrics.jsonl}};
  OutputArchive archive;
  writeSnapshot(archive, "last", last);
  writeSnapshot(archive, "best", best);
  writeTensors(archive, "levels", levels);
  OutputArchive optimizer(archive.compilation_unit());
  session.save(optimizer);
  archive.write("optimizer", optimizer);
  std::ostringstream payload;
  archive.save_to(payload);
  return {header.dump(), std::move(payload).str()};
}

/// The checksum has been right, so what goes wrong from here is another program's file.
template <typename F> static auto reading(F f) {
  try {
    return f();
  } catch (const Exception &) {
    throw;
  } catch (const std::exception &error) {
    raise(ErrorKind::Input, std::string("the checkpoint does not have what this version of Bregman "
                                        "reads: ") +
                                error.what());
  }
}

static void load(InputArchive &archive, const CheckpointFile &file) {
  // Wherever they were saved from, tensors come to the host.
  archive.load_from(file.payload.data(), file.payload.size(), torch::Device(torch::kCPU));
}

RunState RunState::unpack(const CheckpointFile &file) {
  return reading([&] {
    json header = json::parse(file.header);
    RunState state;
    state.options = fromJson(header.at("options"));
    state.specText = header.at("spec");
    state.step = header.at("step");
    state.seconds = header.at("seconds");
    state.lossSum =
        header.at("loss_sum").is_null() ? std::nan("") : header.at("loss_sum").get<double>();
    state.lossCount = header.at("loss_count");
    state.precision = precisionOf(header.at("precision"));
    state.bestStep = header.at("best_step");
    state.bestSoft = evaluationOf(header.at("best_soft"));
    state.bestHard = evaluationOf(header.at("best_hard"));
    state.metrics = {header.at("metrics_csv"), header.at("metrics_jsonl")};
    InputArchive archive;
    load(archive, file);
    state.last = readSnapshot(archive, "last");
    state.best = readSnapshot(archive, "best");
    state.levels = readTensors(archive, "levels");
    return state;
  });
}

void RunState::restore(const CheckpointFile &file, Session &session) const {
  reading([&] {
    InputArchive archive, optimizer;
    load(archive, file);
    archive.read("optimizer", optimizer);
    session.restore(optimizer, last, step);
    return 0;
  });
}

CheckpointFile openCheckpoint(const std::string &path) {
  return readCheckpoint(std::filesystem::is_directory(path) ? checkpointPath(path) : path);
}

} // namespace bregman::train
