// Two branches on any device: what a test of one device makes there, it makes on another one too.
#pragma once

#include "test/frontend/torch/Branches.h"

#include <string>
#include <vector>

namespace bregman::testing {

/// Two bits in the low branch, under `constraints`, lines of a plan.
inline std::string branchesUnder(const std::string &constraints) {
  return R"(
plan {
  "fc?.weight" : dorefa_pd(bits = 2) by sgd(lr = 0.1)
  else         : float by sgd(lr = 0.1)
  minimize high
)" + constraints +
         "}\n";
}

/// How far the layers, and how far the outputs may be from each other.
inline const char *const layersAreNear =
    "  subject to \"fc?\" (high - low) ^ 2 <= 0.01 multiplier 0.5 rate 0.1 every 2 steps\n";
inline const char *const outputsAreNear =
    "  subject to output -sum(softmax(high) * log(softmax(low))) <= 0.7 multiplier 2 rate 0.5 "
    "every 4 steps\n";

struct PlacedBranches : Branches {
  PlacedBranches(const std::string &constraints, c10::Device device)
      : Branches(branchesUnder(constraints)) {
    low->to(device);
    high->to(device);
    x = x.to(device);
    y = y.to(device);
  }
};

/// Of all parameters, one after the other.
inline std::vector<float> valuesOf(const torch::nn::Module &module) {
  std::vector<float> values;
  for (const at::Tensor &parameter : module.parameters()) {
    at::Tensor host = parameter.detach().cpu().contiguous();
    values.insert(values.end(), host.const_data_ptr<float>(),
                  host.const_data_ptr<float>() + host.numel());
  }
  return values;
}

} // namespace bregman::testing
