// The sizes that are measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bregman::bench {

struct Model {
  std::string name;
  std::vector<int64_t> sizes; ///< weights per tensor

  int64_t weights() const;
};

/// One tensor of 64K, 1M and 11M weights, and ResNet-18's 62 tensors.
std::vector<Model> models();
/// The same for a GPU: 1M, 16M, 64M and 256M weights, and ResNet-18.
std::vector<Model> deviceModels();

} // namespace bregman::bench
