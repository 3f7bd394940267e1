// Loss and accuracy of a network on a split.
#include "frontend/train/Evaluate.h"

#include "frontend/torch/Exception.h"
#include "frontend/train/DeviceChoice.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <c10/core/GradMode.h>
#include <torch/nn/modules/batchnorm.h>

namespace bregman::train {

Evaluation evaluate(Network &network, const Split &split) {
  c10::AutoGradMode noGrad(false);
  bool training = network.is_training();
  network.eval();
  c10::Device device = deviceOf(network);
  double loss = 0;
  int64_t right = 0, batch = 1000;
  for (int64_t begin = 0; begin < split.size(); begin += batch) {
    int64_t end = std::min(begin + batch, split.size());
    at::Tensor labels = split.labels.slice(0, begin, end).to(device);
    at::Tensor logits = network.forward(split.images.slice(0, begin, end).to(device));
    loss += at::cross_entropy_loss(logits, labels).item<double>() * double(end - begin);
    right += logits.argmax(1).eq(labels).sum().item<int64_t>();
  }
  network.train(training);
  return {loss / double(split.size()), double(right) / double(split.size())};
}

template <typename F> static void eachNorm(Network &network, F f) {
  for (const auto &module : network.modules())
    if (auto *norm = module->as<torch::nn::BatchNorm1dImpl>())
      f(*norm);
    else if (auto *norm2d = module->as<torch::nn::BatchNorm2dImpl>())
      f(*norm2d);
}

void recalibrate(Network &network, const Split &train, int64_t batches) {
  c10::AutoGradMode noGrad(false);
  bool training = network.is_training();
  std::vector<std::optional<double>> momentum;
  eachNorm(network, [&](auto &norm) {
    momentum.push_back(norm.options.momentum());
    norm.options.momentum(std::nullopt); // the plain average over all batches
    norm.reset_running_stats();
  });
  network.train();
  const int64_t batch = 500;
  c10::Device device = deviceOf(network);
  for (int64_t i = 0; i < batches && (i == 0 || (i + 1) * batch <= train.size()); ++i)
    network.forward(
        train.images.slice(0, i * batch, std::min((i + 1) * batch, train.size())).to(device));
  network.train(training);
  size_t next = 0;
  eachNorm(network, [&](auto &norm) { norm.options.momentum(momentum[next++]); });
}

/// A learned value of an activation is empty before its first batch.
static void copyInto(std::vector<at::Tensor> to, const std::vector<at::Tensor> &from) {
  bool fits = to.size() == from.size();
  auto isSized = [](const at::Tensor &tensor) { return tensor.numel() > 0; };
  for (size_t i = 0; fits && i < to.size(); ++i)
    fits = to[i].sizes() == from[i].sizes() || !isSized(to[i]) || !isSized(from[i]);
  if (!fits)
    raise(ErrorKind::Input, "the checkpoint's weights are not those of this network");
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i].sizes() == from[i].sizes())
      to[i].detach().copy_(from[i]);
    else
      to[i].set_data(from[i].detach().to(to[i].options(), /*non_blocking=*/false, /*copy=*/true));
}

void apply(const Snapshot &snapshot, bool hard, Network &network) {
  copyInto(network.parameters(), hard ? snapshot.hard : snapshot.soft);
  copyInto(network.buffers(), hard ? snapshot.hardBuffers : snapshot.buffers);
}

} // namespace bregman::train
