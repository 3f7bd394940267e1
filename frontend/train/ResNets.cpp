// Two residual networks: an activation behind each sum, and one before each convolution.
#include "frontend/train/ResNets.h"

#include "frontend/torch/Activation.h"
#include "frontend/train/ModelParts.h"

#include <torch/nn/modules/container/sequential.h>

namespace bregman::train {

/// The first convolution halves what is larger than 16 pixels: an epoch on one core is to take
/// seconds.
static int64_t stemStride(at::IntArrayRef imageSize) { return imageSize[1] > 16 ? 2 : 1; }

namespace {

/// Convolution, BatchNorm, ReLU, twice; the second ReLU is of the sum.
class PlainBlock : public nn::Module {
public:
  PlainBlock(int64_t in, int64_t out, int64_t stride)
      : conv1(register_module("conv1", conv(in, out, 3, stride))),
        bn1(register_module("bn1", norm2d(out, /*affine=*/true))),
        act1(register_module("act1", Activation())),
        conv2(register_module("conv2", conv(out, out, 3, 1))),
        bn2(register_module("bn2", norm2d(out, /*affine=*/true))),
        act2(register_module("act2", Activation())) {
    if (in != out)
      downsample = register_module("downsample",
                                   nn::Sequential(conv(in, out, 1, stride), norm2d(out, true)));
  }
  at::Tensor forward(const at::Tensor &x) {
    at::Tensor y = bn2(conv2(act1(bn1(conv1(x)).relu_())));
    return act2((y + (downsample.is_empty() ? x : downsample->forward(x))).relu_());
  }

private:
  Conv2d conv1;
  nn::BatchNorm2d bn1;
  Activation act1;
  Conv2d conv2;
  nn::BatchNorm2d bn2;
  Activation act2;
  nn::Sequential downsample{nullptr};
};

class ResNet8 : public Network {
public:
  ResNet8(at::IntArrayRef imageSize, int64_t classes)
      : conv1(register_module("conv1", conv(imageSize[0], 16, 3, stemStride(imageSize)))),
        bn1(register_module("bn1", norm2d(16, /*affine=*/true))),
        act1(register_module("act1", Activation())) {
    int64_t in = 16;
    for (int64_t stage = 1; stage <= 3; ++stage) {
      int64_t out = int64_t(8) << stage;
      // LibTorch's and ProxQuant's name for the only block of a stage is layer1.0.
      nn::Sequential blocks(PlainBlock(in, out, stage == 1 ? 1 : 2));
      layers.push_back(register_module("layer" + std::to_string(stage), blocks));
      in = out;
    }
    logits = register_module("fc", Logits(in, classes));
  }
  at::Tensor forward(at::Tensor x) override {
    x = act1(bn1(conv1(x)).relu_());
    for (nn::Sequential &layer : layers)
      x = layer->forward(x);
    return logits(x.mean({2, 3}));
  }

private:
  Conv2d conv1;
  nn::BatchNorm2d bn1;
  Activation act1;
  std::vector<nn::Sequential> layers;
  Logits logits{nullptr};
};

/// BatchNorm, ReLU, convolution, twice. The shortcut begins behind the first ReLU.
class PreActivationBlock : public nn::Module {
public:
  PreActivationBlock(int64_t in, int64_t out, int64_t stride)
      : bn0(register_module("bn0", norm2d(in, /*affine=*/true))),
        act0(register_module("act0", Activation())),
        conv0(register_module("conv0", conv(in, out, 3, stride))),
        bn1(register_module("bn1", norm2d(out, /*affine=*/true))),
        act1(register_module("act1", Activation())),
        conv1(register_module("conv1", conv(out, out, 3, 1))) {
    if (in != out)
      shortcut = register_module("shortcut", conv(in, out, 1, stride));
  }
  at::Tensor forward(const at::Tensor &x) {
    at::Tensor a = act0(bn0(x).relu_());
    at::Tensor y = conv1(act1(bn1(conv0(a)).relu_()));
    return y + (shortcut.is_empty() ? x : shortcut(a));
  }

private:
  nn::BatchNorm2d bn0;
  Activation act0;
  Conv2d conv0;
  nn::BatchNorm2d bn1;
  Activation act1;
  Conv2d conv1, shortcut{nullptr};
};

class ResNet10 : public Network {
public:
  ResNet10(at::IntArrayRef imageSize, int64_t classes)
      : stem(register_module("stem", conv(imageSize[0], 16, 3, stemStride(imageSize)))) {
    const std::vector<int64_t> widths = {16, 32, 32, 64};
    int64_t in = 16;
    for (size_t i = 0; i < widths.size(); ++i) {
      blocks.push_back(register_module(
          "block" + std::to_string(i),
          std::make_shared<PreActivationBlock>(in, widths[i], in == widths[i] ? 1 : 2)));
      in = widths[i];
    }
    bn = register_module("bn", norm2d(in, /*affine=*/true));
    logits = register_module("out", Logits(in, classes));
  }
  at::Tensor forward(at::Tensor x) override {
    x = stem(x);
    for (const auto &block : blocks)
      x = block->forward(x);
    return logits(bn(x).relu_().mean({2, 3}));
  }

private:
  Conv2d stem;
  std::vector<std::shared_ptr<PreActivationBlock>> blocks;
  nn::BatchNorm2d bn{nullptr};
  Logits logits{nullptr};
};

} // namespace

std::shared_ptr<Network> makeResNet8(at::IntArrayRef imageSize, int64_t classes) {
  return std::make_shared<ResNet8>(imageSize, classes);
}

std::shared_ptr<Network> makeResNet10(at::IntArrayRef imageSize, int64_t classes) {
  return std::make_shared<ResNet10>(imageSize, classes);
}

} // namespace bregman::train
