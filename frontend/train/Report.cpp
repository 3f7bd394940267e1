// What a run says: a line per evaluation, and the table at its end.
#include "frontend/train/Report.h"

#include "frontend/torch/Levels.h"
#include "frontend/train/Checkpoint.h"
#include "frontend/train/Precision.h"

#include <nlohmann/json.hpp>
#include <zlib.h>

#include <cmath>
#include <cstdio>

namespace bregman::train {

WeightCount countWeights(Network &network, const std::vector<NamedParameter> &quantized,
                         const std::vector<Extent> &codebooks) {
  WeightCount count;
  for (const at::Tensor &parameter : network.parameters()) {
    count.parameters += parameter.numel();
    count.packedBytes += 4 * parameter.numel();
  }
  count.floatBytes = 4 * count.parameters;
  for (size_t i = 0; i < quantized.size(); ++i) {
    const at::Tensor &tensor = quantized[i].tensor;
    Packing packing = packingOf(tensor, codebooks[i]);
    count.quantized += tensor.numel();
    count.bits += packing.bits;
    count.packedBytes += packing.bytes - 4 * tensor.numel();
  }
  return count;
}

uint32_t digestOf(const Snapshot &last, const Snapshot &best) {
  uLong sum = 0;
  for (const Snapshot *snapshot : {&last, &best})
    for (const auto *half :
         {&snapshot->soft, &snapshot->hard, &snapshot->buffers, &snapshot->hardBuffers})
      for (const at::Tensor &tensor : *half)
        sum = crc32_z(sum, static_cast<const Bytef *>(tensor.const_data_ptr()), tensor.nbytes());
  return uint32_t(sum);
}

/// `multipliers  fc1 0.012 (distance 0.4 of 0.333)  output 1.2`
static void printMultipliers(const std::vector<Multiplier> &multipliers) {
  std::printf("  multipliers");
  for (const Multiplier &multiplier : multipliers) {
    std::printf("  %s %.4g", multiplier.name.c_str(), multiplier.value);
    if (!std::isnan(multiplier.distance))
      std::printf(" (distance %.4g, bound %.4g)", multiplier.distance, multiplier.bound);
  }
  std::printf("\n");
}

void printRecord(const Record &record, int64_t totalSteps, bool best) {
  std::printf(
      "step %lld/%lld  epoch %.2f  loss %.4f  soft %.2f %%  hard %.2f %%%s  flipped %.2f %%  "
      "saturated %.1f %%  %.0f images/s\n",
      (long long)record.step, (long long)totalSteps, record.epoch, record.trainLoss,
      100 * record.soft.accuracy, 100 * record.hard.accuracy, best ? " *" : "",
      100 * record.flipped, 100 * record.saturated, record.imagesPerSecond);
  if (!record.multipliers.empty())
    printMultipliers(record.multipliers);
  std::fflush(stdout);
}

static void row(const char *name, const std::string &value) {
  std::printf("  %-34s %s\n", name, value.c_str());
}

static std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

static std::string percent(double fraction) { return format("%.2f %%", 100 * fraction); }

/// 1234567 as 1,234,567.
static std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;)
    digits.insert(at -= 3, ",");
  return digits;
}

void printResult(const Result &result) {
  const WeightCount &weights = result.weights;
  const StepTimes &times = result.times;
  std::printf("\n%s on %s by %s, seed %llu\n", result.options.model.c_str(),
              result.options.data.c_str(), result.method.c_str(),
              (unsigned long long)result.options.seed);
  row("parameters", grouped(weights.parameters));
  row("  of them quantized", grouped(weights.quantized));
  if (weights.quantized)
    row("bits of a quantized weight",
        format("%.3g", double(weights.bits) / double(weights.quantized)));
  row("bytes as float", grouped(weights.floatBytes));
  row("bytes packed", grouped(weights.packedBytes) +
                          format(" (%.1f times smaller)",
                                 double(weights.floatBytes) / double(weights.packedBytes)));
  row("best step by validation", grouped(result.bestStep) + " of " + grouped(result.steps));
  if (result.twin)
    row("test accuracy, float twin", percent(result.twin->accuracy));
  row("test accuracy, soft", percent(result.testSoft.accuracy));
  row("test accuracy, hardened", percent(result.testHard.accuracy));
  for (const Multiplier &multiplier : result.multipliers)
    row(("multiplier of " + multiplier.name).c_str(),
        format("%.4g", multiplier.value) + format(" (distance %.4g,", multiplier.distance) +
            format(" bound %.4g)", multiplier.bound));
  if (times.steps) {
    row("time of a training step", format("%.3f ms", 1e3 * times.all / double(times.steps)));
    row("  of it in the kernel", percent(times.optimizer / times.all));
    row("images per second",
        grouped(int64_t(double(times.steps * result.options.batch) / times.all)));
  }
  std::fflush(stdout);
}

static nlohmann::json toJson(const Evaluation &evaluation) {
  return {{"loss", evaluation.loss}, {"accuracy", evaluation.accuracy}};
}

void writeResult(const Result &result) {
  const WeightCount &weights = result.weights;
  nlohmann::ordered_json json;
  json["method"] = result.method;
  json["options"] = train::toJson(result.options);
  json["steps"] = result.steps;
  json["best_step"] = result.bestStep;
  json["validation"] = {{"soft", toJson(result.bestSoft)}, {"hard", toJson(result.bestHard)}};
  json["test"] = {{"soft", toJson(result.testSoft)}, {"hard", toJson(result.testHard)}};
  if (result.twin)
    json["test"]["float"] = toJson(*result.twin);
  json["digest"] = result.digest;
  json["parameters"] = weights.parameters;
  json["quantized"] = weights.quantized;
  json["bits"] = weights.bits;
  json["float_bytes"] = weights.floatBytes;
  json["packed_bytes"] = weights.packedBytes;
  for (const Multiplier &multiplier : result.multipliers)
    json["multipliers"][multiplier.name] = {{"value", multiplier.value},
                                            {"distance", multiplier.distance},
                                            {"bound", multiplier.bound}};
  json["seconds"] = result.seconds;
  if (result.times.steps) {
    json["step_seconds"] = result.times.all / double(result.times.steps);
    json["kernel_share"] = result.times.optimizer / result.times.all;
  }
  writeAtomically(result.options.out + "/result.json", json.dump(2) + "\n");
}

} // namespace bregman::train
