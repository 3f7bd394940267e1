// A network, its optimizer and the stream of batches.
#include "frontend/train/Session.h"

#include "frontend/train/Augment.h"
#include "frontend/train/Shuffle.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include <chrono>
#include <cmath>

namespace bregman::train {

using Clock = std::chrono::steady_clock;

static double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

OptimizerOptions optimizerOptions(const RunOptions &options, const Dataset &data) {
  int64_t perEpoch = data.train.size() / options.batch;
  return OptimizerOptions()
      .stepsPerEpoch(perEpoch)
      .steps(std::max<int64_t>(1, std::llround(options.epochs * double(perEpoch))))
      .epochs(options.epochs)
      .seed(options.seed)
      .threads(options.threads)
      .fast(options.fast);
}

Session::Session(const RunOptions &options, const Dataset &data,
                 const std::function<MethodChoice(const Network &)> &choose)
    : data(data), seed(options.seed), device(chooseDevice(options.device, options.fast)),
      recalibrateBatches(options.recalibrate), batch(options.batch), shift(options.shift) {
  if (batch > data.train.size())
    raise(ErrorKind::Usage, "--batch " + std::to_string(batch) + " is more than the " +
                                std::to_string(data.train.size()) + " training images");
  int64_t height = data.train.images.size(2), width = data.train.images.size(3);
  if (shift >= std::min(height, width))
    raise(ErrorKind::Usage, "--shift " + std::to_string(shift) +
                                " moves everything out of images of " + std::to_string(height) +
                                "x" + std::to_string(width) + " pixels");
  OptimizerOptions run = optimizerOptions(options, data);
  perEpoch = run.stepsPerEpoch();
  total = run.steps();
  // Weights are drawn on the host, so that a seed means the same ones everywhere.
  torch::manual_seed(seed);
  net = makeModel(options.model, data.train.images.sizes().slice(1), data.classes);
  net->to(device);
  choice = choose(*net);
  if (choice.constrained) {
    high = makeModel(options.model, data.train.images.sizes().slice(1), data.classes);
    high->to(device);
    training =
        std::make_unique<Constrained>(*high, *net, *choice.constrained, compilerOf(choice.program),
                                      run, activationsOf(*net, choice.program));
    return;
  }
  opt = std::make_unique<Optimizer>(parametersOf(*net), choice.lines, compilerOf(choice.program),
                                    run, activationsOf(*net, choice.program));
}

std::span<const Multiplier> Session::multipliers() const {
  return training ? std::span<const Multiplier>(training->multipliers())
                  : std::span<const Multiplier>();
}

/// The gradients of the loss, of the branches' Lagrangian in constrained training; the value of the
/// objective.
at::Tensor Session::backward(at::Tensor images, const at::Tensor &labels) {
  at::Tensor low = net->forward(images), output = low, other;
  if (training) {
    other = high->forward(std::move(images));
    output = training->branch(other, low);
  }
  at::Tensor objective = at::cross_entropy_loss(output, labels);
  (training ? training->loss(objective, other, low) : objective).backward();
  return objective;
}

/// The pass over the training set, as stored, that moves the multipliers.
void Session::moveMultipliers() {
  const int64_t batchOfPass = 1000;
  DualAscent pass(*training);
  for (int64_t begin = 0; begin < data.train.size(); begin += batchOfPass) {
    at::Tensor images =
        data.train.images.slice(0, begin, std::min(begin + batchOfPass, data.train.size()))
            .to(device);
    at::Tensor low = net->forward(images);
    pass.add(high->forward(images), low);
  }
  pass.finish();
}

double Session::step() {
  Clock::time_point began = Clock::now();
  if (int64_t epoch = done / perEpoch; epoch != orderEpoch) {
    order = at::tensor(permutation(data.train.size(), seed, uint64_t(epoch)));
    orderEpoch = epoch;
  }
  int64_t begin = done % perEpoch * batch;
  at::Tensor indices = order.slice(0, begin, begin + batch);
  optimizer().zero_grad();
  at::Tensor images = batchOf(data.train.images, indices, shift, data.background, seed, done);
  at::Tensor labels = data.train.labels.index_select(0, indices);
  at::Tensor loss = backward(images.to(device), labels.to(device));
  Clock::time_point beforeStep = Clock::now();
  optimizer().step();
  spent.optimizer += since(beforeStep);
  ++done;
  double value = loss.item<double>();
  if (training && training->due())
    moveMultipliers();
  spent.all += since(began);
  ++spent.steps;
  return value;
}

static std::vector<at::Tensor> copies(const std::vector<at::Tensor> &tensors) {
  std::vector<at::Tensor> result;
  for (const at::Tensor &tensor : tensors)
    result.push_back(hostCopy(tensor));
  return result;
}

Snapshot Session::snapshot() {
  Snapshot now;
  now.soft = copies(net->parameters());
  now.buffers = copies(net->buffers());
  {
    Hardened hardened(optimizer());
    now.hard = copies(net->parameters());
    if (recalibrateBatches && done > 0) // learned values of activations start with the first step
      recalibrate(*net, data.train, recalibrateBatches);
    now.hardBuffers = copies(net->buffers());
  }
  apply(now, /*hard=*/false, *net);
  return now;
}

void Session::save(torch::serialize::OutputArchive &archive) const {
  if (!training)
    return opt->save(archive);
  training->save(archive);
  torch::serialize::OutputArchive branch(archive.compilation_unit());
  high->save(branch);
  archive.write("high", branch);
}

void Session::restore(torch::serialize::InputArchive &archive, const Snapshot &at, int64_t step) {
  // First the weights, which some methods train in place, then the latents of the others.
  apply(at, /*hard=*/false, *net);
  if (training) {
    torch::serialize::InputArchive branch;
    archive.read("high", branch);
    high->load(branch); // on the host, as all of a checkpoint is
    high->to(device);
    training->load(archive);
  } else {
    opt->load(archive);
  }
  done = step;
}

} // namespace bregman::train
