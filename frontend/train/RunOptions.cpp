// The options of a run as JSON, for its checkpoint.
#include "frontend/train/RunOptions.h"

#include <nlohmann/json.hpp>

namespace bregman::train {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunOptions, spec, quantizer, by, set, plan, usePlan, model, data,
                                   dataDir, epochs, batch, shift, seed, threads, device, fast, out,
                                   overwrite, evalEvery, checkpointEvery, recalibrate, twin,
                                   requireAccuracy, quiet)

nlohmann::json toJson(const RunOptions &options) { return options; }
RunOptions fromJson(const nlohmann::json &json) {
  nlohmann::json whole = json;
  // What they were before there was a choice.
  whole.emplace("device", "cpu");
  whole.emplace("fast", false);
  return whole.get<RunOptions>();
}

} // namespace bregman::train
