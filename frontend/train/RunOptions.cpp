// The options of a run as JSON, for its checkpoint.
#include "frontend/train/RunOptions.h"

#include <nlohmann/json.hpp>

namespace bregman::train {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunOptions, spec, quantizer, by, set, plan, usePlan, model, data,
                                   dataDir, epochs, batch, shift, seed, threads, out, overwrite,
                                   evalEvery, checkpointEvery, recalibrate, twin, requireAccuracy,
                                   quiet)

nlohmann::json toJson(const RunOptions &options) { return options; }
RunOptions fromJson(const nlohmann::json &json) { return json.get<RunOptions>(); }

} // namespace bregman::train
