// The data sets that a run can train on, read whole into memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace bregman::train {

struct Split {
  at::Tensor images; ///< [n, channels, height, width], f32, mean 0 and deviation 1 in training
  at::Tensor labels; ///< [n], int64
  int64_t size() const { return images.size(0); }
};

struct Dataset {
  std::string name, folder;
  int64_t classes = 10;
  float background = 0; ///< what a pixel that was 0 has become
  Split train, validation, test;
};

/// mnist, fashion-mnist, digits.
std::vector<std::string> datasetNames();

/// `mnist`, `fashion-mnist` or `digits` from `dataDir`, or, where that is empty, from where the
/// environment and the project have it. Throws an Exception of kind Input for a file that is
/// missing, cut off or malformed.
Dataset loadDataset(const std::string &name, const std::string &dataDir);

} // namespace bregman::train
