// Two instances of one network as the branches of constrained training.
#pragma once

#include "frontend/torch/Optimizer.h"

namespace bregman {

/// Each parameter of `low` with its twin in `high`; those of BatchNorm one by one, float in `high`.
/// Throws an Exception where the networks are not alike.
std::vector<NamedParameter> pairBranches(torch::nn::Module &high, torch::nn::Module &low);

/// Gives `high` low's values, once they are paired.
void equalize(torch::nn::Module &high, torch::nn::Module &low);

/// The low branch's weights are constants: they require no gradient but for the learned values that
/// are trained through them.
void makeConstant(const std::vector<NamedParameter> &parameters, const Optimizer &optimizer);

} // namespace bregman
