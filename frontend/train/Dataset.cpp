// The data sets: which files, which split, and how pixels become numbers.
#include "frontend/train/Dataset.h"

#include "frontend/torch/Exception.h"
#include "frontend/train/DataFolder.h"
#include "frontend/train/Readers.h"
#include "frontend/train/Shuffle.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <cmath>

namespace bregman::train {

static Split toSplit(const RawImages &raw) {
  Split split;
  split.images = at::empty({raw.count, 1, raw.height, raw.width}, at::kFloat);
  float *pixels = split.images.mutable_data_ptr<float>();
  for (size_t i = 0; i < raw.pixels.size(); ++i)
    pixels[i] = float(raw.pixels[i]);
  split.labels = at::empty({raw.count}, at::kLong);
  int64_t *labels = split.labels.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < raw.labels.size(); ++i)
    labels[i] = raw.labels[i];
  return split;
}

static Split part(const Split &whole, const at::Tensor &indices) {
  return {whole.images.index_select(0, indices), whole.labels.index_select(0, indices)};
}

static Split rows(const Split &whole, int64_t begin, int64_t end) {
  return {whole.images.slice(0, begin, end), whole.labels.slice(0, begin, end)};
}

/// Mean 0 and deviation 1 over all training pixels; the others by the same numbers.
static void normalize(Dataset &data) {
  const at::Tensor &pixels = data.train.images;
  const float *p = pixels.const_data_ptr<float>();
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < pixels.numel(); ++i) {
    sum += p[i];
    squares += double(p[i]) * p[i];
  }
  double mean = sum / double(pixels.numel());
  double deviation = std::sqrt(squares / double(pixels.numel()) - mean * mean);
  if (!(deviation > 0))
    deviation = 1;
  for (Split *split : {&data.train, &data.validation, &data.test})
    split->images = split->images.sub(mean).div_(deviation);
  data.background = float(-mean / deviation);
}

static Dataset loadIdx(const std::string &name, const std::string &dataDir) {
  Dataset data;
  data.name = name;
  data.folder = findDataFolder(name, dataDir, "train-images-idx3-ubyte.gz");
  auto read = [&](const std::string &prefix) {
    return toSplit(readIdxPair(data.folder + "/" + prefix + "-images-idx3-ubyte.gz",
                               data.folder + "/" + prefix + "-labels-idx1-ubyte.gz"));
  };
  Split train = read("train");
  data.test = read("t10k");
  int64_t held = train.size() / 6; // 10,000 of 60,000
  if (held == 0)
    raise(ErrorKind::Input, "'" + data.folder + "' has " + std::to_string(train.size()) +
                                " training images, too few to hold some out for validation");
  data.train = rows(train, 0, train.size() - held);
  data.validation = rows(train, train.size() - held, train.size());
  return data;
}

static Dataset loadDigits(const std::string &dataDir) {
  Dataset data;
  data.name = "digits";
  data.folder = findDataFolder("digits", dataDir, "digits.csv.gz");
  Split all = toSplit(readDigits(data.folder + "/digits.csv.gz"));
  int64_t held = all.size() / 6; // 299 of 1,797
  if (held == 0)
    raise(ErrorKind::Input, "'" + data.folder + "' has too few images to split");
  // The rows are sorted by writer, so that the split is drawn, the same in every run.
  at::Tensor order = at::tensor(permutation(all.size(), /*seed=*/0, /*stream=*/0));
  data.test = part(all, order.slice(0, 0, held));
  data.validation = part(all, order.slice(0, held, 2 * held));
  data.train = part(all, order.slice(0, 2 * held, all.size()));
  return data;
}

std::vector<std::string> datasetNames() { return {"mnist", "fashion-mnist", "digits"}; }

Dataset loadDataset(const std::string &name, const std::string &dataDir) {
  Dataset data = name == "digits" ? loadDigits(dataDir) : loadIdx(name, dataDir);
  normalize(data);
  return data;
}

} // namespace bregman::train
