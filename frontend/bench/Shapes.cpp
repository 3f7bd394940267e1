// ResNet-18 as it is trained on CIFAR-10 (He et al. 2016): a 3x3 stem, ten classes.
#include "frontend/bench/Shapes.h"

#include <numeric>

using namespace bregman::bench;

int64_t Model::weights() const { return std::accumulate(sizes.begin(), sizes.end(), int64_t(0)); }

static void addConvolution(std::vector<int64_t> &sizes, int64_t in, int64_t out, int64_t kernel) {
  sizes.push_back(in * out * kernel * kernel);
  sizes.insert(sizes.end(), {out, out}); // BatchNorm's scale and shift
}

static std::vector<int64_t> resnet18() {
  std::vector<int64_t> sizes;
  addConvolution(sizes, 3, 64, 3);
  int64_t in = 64;
  for (int64_t out : {64, 128, 256, 512})
    for (int block = 0; block < 2; ++block) {
      addConvolution(sizes, in, out, 3);
      addConvolution(sizes, out, out, 3);
      if (in != out)
        addConvolution(sizes, in, out, 1);
      in = out;
    }
  sizes.insert(sizes.end(), {512 * 10, 10});
  return sizes;
}

std::vector<Model> bregman::bench::models() {
  return {{"64K", {64 << 10}}, {"1M", {1 << 20}}, {"11M", {11 << 20}}, {"ResNet-18", resnet18()}};
}

std::vector<Model> bregman::bench::deviceModels() {
  return {{"1M", {1 << 20}},
          {"16M", {16 << 20}},
          {"64M", {64 << 20}},
          {"256M", {256 << 20}},
          {"ResNet-18", resnet18()}};
}
