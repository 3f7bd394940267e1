// Tensors as double-precision numbers, for comparisons with the oracle.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <string>
#include <vector>

namespace bregman::testing {

inline std::vector<double> numbersOf(const at::Tensor &tensor) {
  at::Tensor flat = tensor.detach().to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

inline void expectNear(const std::vector<double> &ours, const std::vector<double> &theirs,
                       double tolerance, const std::string &what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (size_t i = 0; i < ours.size(); ++i)
    ASSERT_NEAR(ours[i], theirs[i], tolerance * (1 + std::fabs(theirs[i])))
        << what << ", element " << i;
}

} // namespace bregman::testing
