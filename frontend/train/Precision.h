// What a run of constrained training says about its layers: how dear quantization is to each, and
// how many bytes it saves. `bregman plan` decides by it.
#pragma once

#include "frontend/train/Session.h"

#include <nlohmann/json_fwd.hpp>

namespace bregman::train {

/// A tensor that holds its final levels, packed: at most n levels in a segment of its codebook take
/// ceil(log2 n) bits a weight, and the levels of each segment are f32 where the spec does not give
/// them to all weights alike.
struct Packing {
  int64_t bits = 0;  ///< of all levels' numbers
  int64_t bytes = 0; ///< of those and the levels
};
Packing packingOf(const at::Tensor &hard, Extent codebook);

struct Precision {
  struct Parameter {
    std::string name;
    int64_t floatBytes = 0;
    int64_t packedBytes = 0; ///< the same where it stays float
  };
  struct Layer {
    std::string name; ///< of a multiplier
    double multiplier = 0;
  };
  std::vector<Parameter> parameters; ///< of the network, in its order
  std::vector<std::string> learned;  ///< `fc1.weight/s`
  std::vector<Layer> layers;         ///< empty unless training was constrained
};

/// Of a session and its values at this moment.
Precision precisionOf(Session &session, const Snapshot &now);

/// As JSON, and back.
nlohmann::json toJson(const Precision &precision);
Precision precisionOf(const nlohmann::json &json);

} // namespace bregman::train
