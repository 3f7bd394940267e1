// What a training run is made of: the flags of `bregman train`, which a recipe and a checkpoint
// hold as well.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bregman::train {

struct RunOptions {
  // The method.
  std::string spec;             ///< the spec file; empty: the library alone
  std::string quantizer;        ///< empty: the only one of the file
  std::string by;               ///< the base optimizer, as after `by` in a plan
  std::vector<std::string> set; ///< NAME=EXPR, arguments of the quantizer
  std::string plan;             ///< follow this plan instead; "" with `usePlan`: the only one
  bool usePlan = false;
  // The task.
  std::string model = "mlp", data = "digits", dataDir;
  double epochs = 20;
  int64_t batch = 100;
  int64_t shift = 0; ///< pixels by which a training image is moved at most
  uint64_t seed = 1;
  int threads = 1;
  std::string device = "cpu"; ///< or `cuda`, `cuda:1`
  bool fast = false;          ///< as OptimizerOptions::fast
  // What it leaves behind.
  std::string out; ///< empty: a name made of the above
  bool overwrite = false;
  int64_t recalibrate = 10;    ///< batches of 500 images for the hardened network's BatchNorm
  int64_t evalEvery = 0;       ///< steps; 0: an epoch
  int64_t checkpointEvery = 0; ///< steps; 0: at every evaluation
  bool twin = false;           ///< also train the same network in float
  double requireAccuracy = 0;  ///< per cent, hardened, on the test images
  bool quiet = false;
};

/// What may be said anew of a run that goes on; the rest is as its checkpoint has it.
struct ResumeOptions {
  std::string folder;
  std::string dataDir, device; ///< empty: as the run had it
  std::optional<bool> fast;    ///< nothing: as the run had it
  bool quiet = false;
};

/// The options as a JSON object and back; `fromJson` takes what `toJson` wrote.
nlohmann::json toJson(const RunOptions &options);
RunOptions fromJson(const nlohmann::json &json);

} // namespace bregman::train
