// The options of a run as JSON, for its checkpoint.
#include "frontend/train/RunOptions.h"

#include <nlohmann/json.hpp>

namespace bregman::train {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunOptions, spec, quantizer, by, set, plan, usePlan, model, data,
                                   dataDir, epochs, batch, shift, seed, threads, device, out,
                                   overwrite, evalEvery, checkpointEvery, recalibrate, twin,
                                   requireAccuracy, quiet)

nlohmann::json toJson(const RunOptions &options) { return options; }
RunOptions fromJson(const nlohmann::json &json) {
  nlohmann::json whole = json;
  whole.emplace("device", "cpu"); // which it was before there was a choice
  return whole.get<RunOptions>();
}

} // namespace bregman::train
