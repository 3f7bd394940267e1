// bregman::Activation: the module whose input a plan's `activations` lines quantize.
//
//   struct Net : torch::nn::Module {
//     torch::nn::Linear fc{784, 100};
//     bregman::Activation act;
//     Net() { register_module("fc", fc); register_module("act", act); }
//     torch::Tensor forward(torch::Tensor x) { return act(fc(x).relu()); }
//   };
//
// x comes in, w goes out. Without a line of a plan w is x. The module's name in the tree is what
// the plan's pattern matches.
#pragma once

#include "frontend/Compiler.h"
#include "frontend/torch/Exception.h"

#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>

#include <functional>

namespace bregman {

class ActivationLine;

class BREGMAN_API ActivationImpl : public torch::nn::Cloneable<ActivationImpl> {
public:
  /// A clone quantizes by the same line, with learned values of its own.
  void reset() override;
  void pretty_print(std::ostream &stream) const override;

  /// The quantized activation, in f32, bf16 or f16 as x is. Any shape that the quantizer takes, any
  /// strides, any batch size. Learned values start from the first batch that is not empty, in
  /// training mode with gradients. Throws an Exception for what can't be quantized, with the
  /// module's name.
  at::Tensor forward(const at::Tensor &x);

  /// Whether a line of a plan quantizes here.
  bool isAttached() const { return line != nullptr; }
  /// Lets x through while it is off, as for a branch in full precision.
  void setQuantizing(bool on) { quantizing = on; }
  bool isQuantizing() const { return quantizing; }
  /// The learned value `name`: one row per level, one value per tensor or channel, empty before the
  /// first batch. It is a parameter of the module too. Undefined for an unknown name.
  at::Tensor learned(const std::string &name) const;

private:
  friend class ActivationLine;
  friend class ActivationStates;

  /// What attaching changes.
  struct State {
    std::shared_ptr<ActivationLine> line;
    std::string name;
    std::vector<at::Tensor> values;
    torch::OrderedDict<std::string, at::Tensor> parameters;
  };
  State state() const { return {line, name, values, parameters_}; }
  void become(State state);

  std::shared_ptr<ActivationLine> line;
  std::string name; ///< in the tree of the module that it was attached in
  std::vector<at::Tensor> values;
  bool quantizing = true;
};

TORCH_MODULE(Activation);

/// Compiles a quantizer of activations.
using ActivationSource = std::function<Result<std::shared_ptr<const ActivationMethod>>(
    const std::string &quantizer, const CompileOptions &options)>;

/// A module of activations and every name that it has in the tree.
struct NamedActivation {
  std::vector<std::string> names;
  std::shared_ptr<ActivationImpl> module;
};

/// What a plan's `activations` lines are about: modules, and what compiles for them.
struct Activations {
  std::vector<NamedActivation> modules;
  ActivationSource source;
};

/// The modules as they are now. They become so again at its end, unless it has been told to forget.
class ActivationStates {
public:
  explicit ActivationStates(const Activations &activations);
  ~ActivationStates();
  ActivationStates(const ActivationStates &) = delete;
  ActivationStates &operator=(const ActivationStates &) = delete;
  void forget() { states.clear(); }

private:
  std::vector<std::pair<std::shared_ptr<ActivationImpl>, ActivationImpl::State>> states;
};

/// Every Activation of `module`'s tree; `program` compiles, and is kept alive.
BREGMAN_API Activations activationsOf(const torch::nn::Module &module,
                                      std::shared_ptr<const Program> program);

} // namespace bregman
