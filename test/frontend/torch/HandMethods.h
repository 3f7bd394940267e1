// Methods written by hand in plain C++: what the optimizer does around a method is tested without a
// compiler. Kernels check that they are given what their streams declare.
#pragma once

#include "frontend/torch/Optimizer.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

namespace bregman::testing {

/// One sweep of a kernel over one tensor.
using Body = std::function<void(int64_t size, void *const *streams, std::span<const float>)>;

class HandKernel final : public Kernel {
public:
  HandKernel(KernelSignature signature, Body body)
      : Kernel(std::move(signature)), body(std::move(body)) {}

  std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                             int) const override {
    auto kept = std::make_shared<std::vector<Segment>>(segments.begin(), segments.end());
    for (const Segment &segment : *kept) {
      EXPECT_EQ(segment.streams.size(), streams().size());
      EXPECT_GT(segment.size, 0) << "an empty tensor is not for kernels";
    }
    // Only this class looks inside.
    return {kept, reinterpret_cast<const Partition *>(kept.get())};
  }
  using Kernel::launch;
  Status launch(const Partition &partition, std::span<const float> scalars, const Draw &,
                void *) const override {
    for (const Segment &segment : *reinterpret_cast<const std::vector<Segment> *>(&partition))
      body(segment.size, segment.streams.data(), scalars);
    return std::nullopt;
  }

private:
  Body body;
};

/// An element of a parameter or gradient as f32, and back.
struct Element {
  ElementType type;
  float get(const void *array, int64_t i) const {
    return type == ElementType::F32 ? static_cast<const float *>(array)[i]
                                    : float(static_cast<const at::BFloat16 *>(array)[i]);
  }
  void set(void *array, int64_t i, float value) const {
    if (type == ElementType::F32)
      static_cast<float *>(array)[i] = value;
    else
      static_cast<at::BFloat16 *>(array)[i] = at::BFloat16(value);
  }
};

inline KernelSequence makeKernel(std::string name, std::vector<StreamInfo> streams,
                                 std::vector<std::string> scalars, Body body) {
  return {std::make_shared<HandKernel>(
      KernelSignature{std::move(name), std::move(streams), std::move(scalars)}, std::move(body))};
}

inline ParameterInfo number(std::string name, double value) {
  double infinity = std::numeric_limits<double>::infinity();
  return {std::move(name), value, -infinity, infinity};
}

/// w' = w - lr g: the weight is the latent.
inline std::shared_ptr<const Method> floatBySgd(ElementType type) {
  Element element{type};
  auto method = std::make_shared<Method>();
  method->quantizer = "float";
  method->optimizer = "sgd";
  method->element = type;
  method->latentIsWeight = true;
  method->parameters = {number("optimizer.lr", 0.1)};
  method->host.inputs = {"optimizer.lr"};
  method->host.code = {{HostProgram::Op::Input, 0}};
  method->host.outputs = {{"lr", 0}};
  method->step =
      makeKernel("float.sgd.step", {{"g", Access::In, type}, {"w", Access::InOut, type}}, {"lr"},
                 [=](int64_t size, void *const *s, std::span<const float> k) {
                   for (int64_t i = 0; i < size; ++i)
                     element.set(s[1], i, element.get(s[1], i) - k[0] * element.get(s[0], i));
                 });
  return method;
}

/// m' = mu m + g, x' = x - lr m', w = tanh(beta x) with beta = min(growth ^ step, 1e6); finally
/// sign(x).
inline std::shared_ptr<const Method> tanhByMomentum(ElementType type) {
  Element element{type};
  auto method = std::make_shared<Method>();
  method->quantizer = "annealed";
  method->optimizer = "momentum";
  method->element = type;
  method->stored = {{"x"}, {"optimizer.m"}};
  method->parameters = {number("growth", 1.01), number("optimizer.lr", 0.1),
                        number("optimizer.mu", 0.9)};
  method->schedules = {"beta"};
  using Op = HostProgram::Op;
  method->host.inputs = {"step", "step.next", "growth", "optimizer.lr", "optimizer.mu"};
  for (int32_t i = 0; i < 5; ++i)
    method->host.code.push_back({Op::Input, i});
  method->host.code.push_back({Op::Constant, -1, -1, -1, 1e6});
  for (int32_t step : {0, 1}) {
    method->host.code.push_back({Op::Pow, 2, step});
    method->host.code.push_back({Op::Min, int32_t(method->host.code.size()) - 1, 5});
  }
  method->host.outputs = {{"beta", 7}, {"beta.next", 9}, {"lr", 3}, {"mu", 4}};

  StreamInfo w{"w", Access::Out, type};
  method->attach = makeKernel(
      "attach", {{"w", Access::In, type}, {"x", Access::Out}, {"optimizer.m", Access::Out}}, {},
      [=](int64_t size, void *const *s, std::span<const float>) {
        for (int64_t i = 0; i < size; ++i) {
          static_cast<float *>(s[1])[i] = element.get(s[0], i);
          static_cast<float *>(s[2])[i] = 0;
        }
      });
  method->step = makeKernel(
      "step", {{"g", Access::In, type}, {"x", Access::InOut}, {"optimizer.m", Access::InOut}, w},
      {"lr", "mu", "beta.next"}, [=](int64_t size, void *const *s, std::span<const float> k) {
        auto *x = static_cast<float *>(s[1]), *m = static_cast<float *>(s[2]);
        for (int64_t i = 0; i < size; ++i) {
          m[i] = k[1] * m[i] + element.get(s[0], i);
          x[i] = x[i] - k[0] * m[i];
          element.set(s[3], i, std::tanh(k[2] * x[i]));
        }
      });
  method->publish =
      makeKernel("publish", {{"x", Access::In}, w}, {"beta.next"},
                 [=](int64_t size, void *const *s, std::span<const float> k) {
                   for (int64_t i = 0; i < size; ++i)
                     element.set(s[1], i, std::tanh(k[0] * static_cast<float *>(s[0])[i]));
                 });
  method->final = makeKernel("final", {{"x", Access::In}, w}, {},
                             [=](int64_t size, void *const *s, std::span<const float>) {
                               for (int64_t i = 0; i < size; ++i)
                                 element.set(s[1], i, static_cast<float *>(s[0])[i] < 0 ? -1 : 1);
                             });
  return method;
}

/// The "compiler" of these methods.
inline MethodSource handMethods() {
  return [](const std::string &quantizer, const std::string &,
            const CompileOptions &options) -> Result<std::shared_ptr<const Method>> {
    ElementType element = options.element;
    if (element == ElementType::F16)
      return Error{ErrorKind::SpecRefused, "error: parameters of type f16 are not compiled yet"};
    return quantizer == "float" ? floatBySgd(element) : tanhByMomentum(element);
  };
}

/// A plan line with constant arguments.
inline PlanLine line(std::vector<std::string> patterns, std::string quantizer,
                     std::string optimizer,
                     std::vector<std::pair<std::string, double>> arguments = {}) {
  PlanLine line;
  line.patterns = std::move(patterns);
  line.quantizer = std::move(quantizer);
  line.optimizer = std::move(optimizer);
  for (const auto &[name, value] : arguments) {
    line.arguments.outputs.push_back({name, int32_t(line.arguments.code.size())});
    line.arguments.code.push_back({HostProgram::Op::Constant, -1, -1, -1, value});
  }
  line.location = "net.breg:3:5";
  return line;
}

/// A plan line for everything that is left.
inline PlanLine rest(std::string quantizer, std::string optimizer,
                     std::vector<std::pair<std::string, double>> arguments = {}) {
  return line({}, std::move(quantizer), std::move(optimizer), std::move(arguments));
}

/// A trainable tensor, filled with small numbers of both signs.
inline at::Tensor parameter(at::IntArrayRef sizes, at::ScalarType type = at::kFloat) {
  int64_t size = 1;
  for (int64_t s : sizes)
    size *= s;
  at::Tensor values = at::arange(size, at::kFloat).mul(0.37).sin().mul(0.5).reshape(sizes);
  return values.to(type).set_requires_grad(true);
}

inline std::vector<float> values(const at::Tensor &tensor) {
  at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  const float *p = flat.const_data_ptr<float>();
  return {p, p + flat.numel()};
}

/// A gradient that depends on where the parameter is, so that errors do not cancel.
inline void giveGradient(at::Tensor &parameter, double by = 0.3) {
  parameter.mutable_grad() = parameter.detach().mul(by).add(0.05);
}

template <typename F> std::string messageOf(F f) {
  try {
    f();
  } catch (const Exception &error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

} // namespace bregman::testing
