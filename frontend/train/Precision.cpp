// What a run of constrained training says about its layers.
#include "frontend/train/Precision.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace bregman::train {

using nlohmann::json;

Packing packingOf(const at::Tensor &hard, Extent codebook) {
  size_t most = 2;
  int64_t levels = 0;
  for (const std::vector<float> &segment : distinctValues(hard, codebook)) {
    most = std::max(most, segment.size());
    levels += int64_t(segment.size());
  }
  Packing packing;
  packing.bits = int64_t(std::ceil(std::log2(double(most)))) * hard.numel();
  packing.bytes = (packing.bits + 7) / 8;
  if (codebook.kind != ExtentKind::Run)
    packing.bytes += 4 * levels;
  return packing;
}

Precision precisionOf(Session &session, const Snapshot &now) {
  Precision precision;
  std::vector<NamedParameter> quantized = session.optimizer().quantized();
  std::vector<Extent> codebooks = session.optimizer().codebooks();
  size_t index = 0;
  for (const auto &item : session.network().named_parameters()) {
    const at::Tensor &hard = now.hard[index++];
    Precision::Parameter parameter{item.key(), 4 * hard.numel(), 4 * hard.numel()};
    for (size_t q = 0; q < quantized.size(); ++q)
      if (quantized[q].tensor.is_same(item.value()))
        parameter.packedBytes = packingOf(hard, codebooks[q]).bytes;
    precision.parameters.push_back(std::move(parameter));
  }
  for (const NamedParameter &value : session.optimizer().learned())
    precision.learned.push_back(value.name);
  for (const Multiplier &multiplier : session.multipliers())
    precision.layers.push_back({multiplier.name, multiplier.value});
  return precision;
}

json toJson(const Precision &precision) {
  json parameters = json::array(), layers = json::array();
  for (const Precision::Parameter &parameter : precision.parameters)
    parameters.push_back({{"name", parameter.name},
                          {"float_bytes", parameter.floatBytes},
                          {"packed_bytes", parameter.packedBytes}});
  for (const Precision::Layer &layer : precision.layers)
    layers.push_back({{"name", layer.name}, {"multiplier", layer.multiplier}});
  return {{"parameters", parameters}, {"learned", precision.learned}, {"layers", layers}};
}

Precision precisionOf(const json &json) {
  Precision precision;
  for (const auto &parameter : json.at("parameters"))
    precision.parameters.push_back(
        {parameter.at("name"), parameter.at("float_bytes"), parameter.at("packed_bytes")});
  precision.learned = json.at("learned");
  for (const auto &layer : json.at("layers"))
    precision.layers.push_back({layer.at("name"), layer.at("multiplier")});
  return precision;
}

} // namespace bregman::train
