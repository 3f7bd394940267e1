// What a parameter must be for Bregman to train it.
#include "frontend/torch/Checks.h"
#include "frontend/torch/Device.h"

#include <ATen/core/Tensor.h>

#include <algorithm>

namespace bregman {

static std::string quoted(const NamedParameter &parameter) { return "'" + parameter.name + "'"; }

/// The element type of `tensor`. A message calls it `subject`, says that `what` would do, and that
/// `owner` has the remedy.
static ElementType elementOf(const at::Tensor &tensor, const std::string &subject,
                             const std::string &what, const std::string &owner) {
  if (!tensor.defined())
    raise(ErrorKind::Usage, subject + " is an undefined tensor");
  if (!isTrainable(tensor.device()))
    raise(ErrorKind::Environment, subject + " is on " + tensor.device().str() + "; " + what +
                                      " on the CPU and on CUDA devices: model->to(torch::kCPU)");
  if (tensor.layout() != at::kStrided)
    raise(ErrorKind::Usage, subject + " is not a dense tensor; call to_dense() on it first");
  switch (tensor.scalar_type()) {
  case at::kFloat:
    return ElementType::F32;
  case at::kBFloat16:
    return ElementType::BF16;
  case at::kHalf:
    return ElementType::F16;
  default:
    raise(ErrorKind::Usage, subject + " has elements of type " +
                                std::string(c10::toString(tensor.scalar_type())) + "; " + what +
                                " of Float, BFloat16 and Half: " + owner + "to(torch::kFloat)");
  }
}

ElementType elementOf(const NamedParameter &parameter) {
  return elementOf(parameter.tensor, "parameter " + quoted(parameter), "trained are parameters",
                   "model->");
}

ElementType elementOfInput(const at::Tensor &x, const std::string &activation) {
  return elementOf(x, "activation '" + activation + "': x", "quantized are activations", "x.");
}

void checkPair(const NamedParameter &parameter) {
  ElementType element = elementOf(parameter);
  if (!parameter.high.defined())
    return;
  NamedParameter high{parameter.name + " of the float branch", parameter.high};
  if (elementOf(high) != element || parameter.high.sizes() != parameter.tensor.sizes() ||
      parameter.high.device() != parameter.tensor.device())
    raise(ErrorKind::Usage, "parameter " + quoted(parameter) +
                                " has another shape, type or device in the float branch; make both "
                                "networks in the same way");
  for (const at::Tensor &tensor : {parameter.tensor, parameter.high})
    if (!tensor.is_contiguous())
      raise(ErrorKind::Usage, "parameter " + quoted(parameter) +
                                  " is not contiguous; constrained training needs it so: "
                                  "contiguous()");
}

void checkStep(const NamedParameter &parameter, c10::Device device, ElementType element,
               int64_t size) {
  if (parameter.tensor.device() != device)
    raise(ErrorKind::Usage, "parameter " + quoted(parameter) + " has moved from " + device.str() +
                                " to " + parameter.tensor.device().str() +
                                " since the optimizer was made; move the model first, then make "
                                "the optimizer");
  if (elementOf(parameter) != element)
    raise(ErrorKind::Usage, "parameter " + quoted(parameter) +
                                " has changed its element type since the optimizer was made; "
                                "convert the model first, then make the optimizer");
  if (parameter.tensor.numel() != size)
    raise(ErrorKind::Usage, "parameter " + quoted(parameter) + " has " +
                                std::to_string(parameter.tensor.numel()) + " elements, and had " +
                                std::to_string(size) +
                                " when the optimizer was made; make a new optimizer");
  const at::Tensor &gradient = parameter.tensor.grad();
  if (gradient.defined() && gradient.layout() != at::kStrided)
    raise(ErrorKind::Usage, "the gradient of parameter " + quoted(parameter) +
                                " is sparse; make it dense, for example by "
                                "torch::nn::EmbeddingOptions::sparse(false)");
  // Autograd keeps to the parameter; who writes to mutable_grad() need not.
  if (gradient.defined() && (gradient.sizes() != parameter.tensor.sizes() ||
                             gradient.scalar_type() != parameter.tensor.scalar_type() ||
                             gradient.device() != parameter.tensor.device()))
    raise(ErrorKind::Usage, "the gradient of parameter " + quoted(parameter) + " is " +
                                gradient.toString() + " of " + std::to_string(gradient.numel()) +
                                " elements, which is not the parameter's shape, type or device");
  if (parameter.high.defined())
    checkStep({parameter.name + " of the float branch", parameter.high}, device, element, size);
}

at::Tensor gradientOf(const NamedParameter &parameter) {
  const at::Tensor &gradient = parameter.tensor.grad();
  return gradient.defined() ? gradient.resolve_neg().contiguous() : gradient;
}

/// The bytes from the first to behind the last element.
static std::pair<const char *, const char *> extentOf(const at::Tensor &tensor) {
  int64_t last = 0;
  for (int64_t d = 0; d < tensor.dim(); ++d)
    last += (tensor.size(d) - 1) * tensor.stride(d);
  auto *begin = static_cast<const char *>(tensor.const_data_ptr());
  return {begin, begin + (last + 1) * int64_t(tensor.element_size())};
}

void checkDisjoint(const std::vector<NamedParameter> &parameters) {
  struct Extent {
    std::pair<const char *, const char *> bytes;
    const NamedParameter *parameter;
  };
  std::vector<Extent> extents;
  for (const NamedParameter &parameter : parameters)
    for (int64_t d = 0; d < parameter.tensor.dim(); ++d)
      if (parameter.tensor.size(d) > 1 && parameter.tensor.stride(d) == 0)
        raise(ErrorKind::Usage, "parameter " + quoted(parameter) +
                                    " is expanded: several of its elements are one in memory; "
                                    "give it memory of its own: clone()");
  for (const NamedParameter &parameter : parameters)
    if (parameter.tensor.numel())
      extents.push_back({extentOf(parameter.tensor), &parameter});
  std::sort(extents.begin(), extents.end(),
            [](const Extent &a, const Extent &b) { return a.bytes < b.bytes; });
  for (size_t i = 1; i < extents.size(); ++i)
    if (extents[i].bytes.first < extents[i - 1].bytes.second)
      raise(ErrorKind::Usage,
            "parameters " + quoted(*extents[i - 1].parameter) + " and " +
                quoted(*extents[i].parameter) +
                " are different tensors in the same memory, so that one step would move it twice; "
                "register one tensor under both names, or give one of them its own: clone()");
}

} // namespace bregman
