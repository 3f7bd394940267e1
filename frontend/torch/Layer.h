// Modules that a plan's constraints can name: LibTorch's, which remember what goes through them.
//
//   bregman::Conv2d conv1{torch::nn::Conv2dOptions(1, 20, 5)};   // instead of torch::nn::Conv2d
//   TORCH_MODULE_IMPL(Block, bregman::Layer<BlockImpl>);         // a module of your own: BlockImpl
//
// Names, parameters and results stay those of the module that is wrapped.
#pragma once

#include "frontend/torch/Exception.h"

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

namespace bregman {

/// What `bregman::Constrained` sees of a Layer.
class BREGMAN_API Watched {
public:
  virtual ~Watched();
  /// forward, without being remembered.
  virtual at::Tensor apply(const at::Tensor &input) = 0;

  /// What the last forward was given and gave since it is watched; undefined before it. Throws an
  /// Exception where the input has been changed in place since.
  const at::Tensor &input() const;
  const at::Tensor &output() const { return lastOutput; }
  void watch(bool on);
  void forget();

protected:
  at::Tensor remember(const at::Tensor &input, at::Tensor output);

private:
  bool watching = false;
  uint32_t inputVersion = 0;
  at::Tensor lastInput, lastOutput;
};

/// A module of one tensor to one tensor.
template <typename Impl> class Layer : public Impl, public Watched {
public:
  using Impl::Impl;
  at::Tensor forward(const at::Tensor &input) { return remember(input, Impl::forward(input)); }
  at::Tensor apply(const at::Tensor &input) override { return Impl::forward(input); }
};

using LinearImpl = Layer<torch::nn::LinearImpl>;
using Conv1dImpl = Layer<torch::nn::Conv1dImpl>;
using Conv2dImpl = Layer<torch::nn::Conv2dImpl>;
using Conv3dImpl = Layer<torch::nn::Conv3dImpl>;
TORCH_MODULE(Linear);
TORCH_MODULE(Conv1d);
TORCH_MODULE(Conv2d);
TORCH_MODULE(Conv3d);

} // namespace bregman
