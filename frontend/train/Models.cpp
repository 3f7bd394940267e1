// LeNet-300-100 and LeNet-5 as in Ajanthan et al. 2019 (arXiv:1812.04353), a small perceptron, and
// every network by its name.
#include "frontend/train/Models.h"

#include "frontend/torch/Activation.h"
#include "frontend/train/ModelParts.h"
#include "frontend/train/ResNets.h"

#include <torch/nn/functional/activation.h>
#include <torch/nn/functional/pooling.h>
#include <torch/nn/init.h>

namespace bregman::train {

namespace {

/// Fully connected layers, each with BatchNorm, ReLU and a place to quantize, then logits.
class Perceptron : public Network {
public:
  Perceptron(int64_t in, const std::vector<int64_t> &widths, int64_t classes) {
    for (int64_t width : widths) {
      std::string index = std::to_string(layers.size() + 1);
      layers.push_back(register_module("fc" + index, linear(in, width)));
      norms.push_back(register_module("bn" + index, norm(width)));
      activations.push_back(register_module("act" + index, Activation()));
      in = width;
    }
    logits = register_module("out", Logits(in, classes));
  }
  at::Tensor forward(at::Tensor x) override {
    x = x.flatten(1);
    for (size_t i = 0; i < layers.size(); ++i)
      x = activations[i](norms[i](layers[i](x)).relu_());
    return logits(x);
  }

private:
  std::vector<Linear> layers;
  std::vector<nn::BatchNorm1d> norms;
  std::vector<Activation> activations;
  Logits logits{nullptr};
};

class LeNet5 : public Network {
public:
  explicit LeNet5(int64_t classes)
      : conv1(register_module("conv1", Conv2d(nn::Conv2dOptions(1, 20, 5).bias(false)))),
        bn1(register_module("bn1", norm2d(20))), act1(register_module("act1", Activation())),
        conv2(register_module("conv2", Conv2d(nn::Conv2dOptions(20, 50, 5).bias(false)))),
        bn2(register_module("bn2", norm2d(50))), act2(register_module("act2", Activation())),
        fc1(register_module("fc1", linear(800, 500))), bn3(register_module("bn3", norm(500))),
        act3(register_module("act3", Activation())),
        logits(register_module("out", Logits(500, classes))) {}
  at::Tensor forward(at::Tensor x) override {
    x = at::max_pool2d(act1(bn1(conv1(x)).relu_()), 2);
    x = at::max_pool2d(act2(bn2(conv2(x)).relu_()), 2);
    return logits(act3(bn3(fc1(x.flatten(1))).relu_()));
  }

private:
  Conv2d conv1;
  nn::BatchNorm2d bn1;
  Activation act1;
  Conv2d conv2;
  nn::BatchNorm2d bn2;
  Activation act2;
  Linear fc1;
  nn::BatchNorm1d bn3;
  Activation act3;
  Logits logits;
};

} // namespace

std::vector<std::string> modelNames() {
  return {"mlp", "lenet300", "lenet5", "resnet8", "resnet10"};
}

static std::shared_ptr<Network> makeEmpty(const std::string &name, at::IntArrayRef size,
                                          int64_t classes) {
  int64_t pixels = size[0] * size[1] * size[2];
  if (name == "lenet300")
    return std::make_shared<Perceptron>(pixels, std::vector<int64_t>{300, 100}, classes);
  if (name == "mlp")
    return std::make_shared<Perceptron>(pixels, std::vector<int64_t>{256, 128}, classes);
  if (name == "resnet8")
    return makeResNet8(size, classes);
  if (name == "resnet10")
    return makeResNet10(size, classes);
  if (name != "lenet5")
    raise(ErrorKind::Usage, "there is no model '" + name +
                                "'; there are mlp, lenet300, lenet5, resnet8 and resnet10");
  if (size[0] != 1 || size[1] != 28 || size[2] != 28)
    raise(ErrorKind::Usage, "lenet5 takes images of 28x28 pixels, and these have " +
                                std::to_string(size[1]) + "x" + std::to_string(size[2]) +
                                "; use --model mlp, lenet300, resnet8 or resnet10");
  return std::make_shared<LeNet5>(classes);
}

std::shared_ptr<Network> makeModel(const std::string &name, at::IntArrayRef imageSize,
                                   int64_t classes) {
  std::shared_ptr<Network> network = makeEmpty(name, imageSize, classes);
  for (at::Tensor &parameter : network->parameters())
    if (parameter.dim() >= 2)
      nn::init::xavier_uniform_(parameter);
  return network;
}

} // namespace bregman::train
