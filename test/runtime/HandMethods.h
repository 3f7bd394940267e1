// Methods put together by hand, and tensors for them.
#pragma once

#include "runtime/HostKernel.h"
#include "runtime/Stepper.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace bregman::testing {

using Op = HostProgram::Op;

inline constexpr double inf = std::numeric_limits<double>::infinity();

inline float *plane(void *const *streams, int index) {
  return static_cast<float *>(streams[index]);
}

// md_tanh_s by momentum: streams in the order of the kernels below.
inline void attachCode(int64_t size, void *const *s, const float *) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = plane(s, 0)[i], plane(s, 2)[i] = 0;
}
inline void stepCode(int64_t size, void *const *s, const float *scalar) {
  for (int64_t i = 0; i < size; ++i) {
    float &x = plane(s, 1)[i], &m = plane(s, 2)[i];
    m = scalar[1] * m + plane(s, 0)[i];
    x -= scalar[0] * m;
    plane(s, 3)[i] = std::tanh(scalar[2] * x);
  }
}
inline void publishCode(int64_t size, void *const *s, const float *scalar) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = std::tanh(scalar[0] * plane(s, 0)[i]);
}
inline void finalCode(int64_t size, void *const *s, const float *) {
  for (int64_t i = 0; i < size; ++i)
    plane(s, 1)[i] = plane(s, 0)[i] < 0 ? -1 : 1;
}

inline KernelSequence kernel(std::string name, std::vector<StreamInfo> streams,
                             std::vector<std::string> scalars, bregman::abi::Function code,
                             Extent over = {}) {
  return {std::make_shared<HostKernel>(
      KernelSignature{std::move(name), std::move(streams), std::move(scalars), over},
      HostCode{code, nullptr, nullptr})};
}

/// md_tanh_s with beta = growth ^ step, by momentum; `lr` is divided by t, so that resets show.
inline Method tanhMethod() {
  Method m;
  m.quantizer = "md_tanh_s";
  m.optimizer = "momentum";
  m.stored = {{"x"}, {"optimizer.m"}};
  m.parameters = {{"growth", 2, 1, 4}, {"optimizer.lr", 0.5, -inf, inf}, {"optimizer.mu", 0, 0, 1}};
  m.schedules = {"beta"};
  m.host.inputs = {"step", "step.next", "t", "growth", "optimizer.lr", "optimizer.mu"};
  m.host.code = {{Op::Input, 0}, {Op::Input, 1},  {Op::Input, 2},  {Op::Input, 3}, {Op::Input, 4},
                 {Op::Input, 5}, {Op::Pow, 3, 0}, {Op::Pow, 3, 1}, {Op::Div, 4, 2}};
  m.host.outputs = {{"beta", 6}, {"beta.next", 7}, {"lr", 8}, {"mu", 5}};
  m.attach =
      kernel("attach", {{"w"}, {"x", Access::Out}, {"optimizer.m", Access::Out}}, {}, attachCode);
  m.step = kernel("step",
                  {{"g"}, {"x", Access::InOut}, {"optimizer.m", Access::InOut}, {"w", Access::Out}},
                  {"lr", "mu", "beta.next"}, stepCode);
  m.publish = kernel("publish", {{"x"}, {"w", Access::Out}}, {"beta.next"}, publishCode);
  m.final = kernel("final", {{"x"}, {"w", Access::Out}}, {}, finalCode);
  return m;
}

inline Stepper make(Method method, Timing timing = {.steps = 20}, int threads = 1) {
  auto stepper =
      Stepper::create(std::make_shared<const Method>(std::move(method)), timing, threads);
  EXPECT_TRUE(bool(stepper)) << (stepper ? "" : stepper.error().message);
  return std::move(*stepper);
}

/// Why a method is refused, or "accepted".
inline std::string refusal(Method method, Timing timing = {.steps = 20}) {
  auto stepper = Stepper::create(std::make_shared<const Method>(std::move(method)), timing);
  return stepper ? "accepted" : stepper.error().message;
}

/// A tensor with its arrays.
struct Tensor {
  explicit Tensor(std::vector<float> w0)
      : w(std::move(w0)), g(w.size()), x(w.size()), m(w.size()) {}
  TensorRef ref(bool gradient = true) {
    return {int64_t(w.size()), w.data(), gradient ? g.data() : nullptr, {x.data(), m.data()}};
  }
  std::vector<float> w, g, x, m;
};

} // namespace bregman::testing

#define ASSERT_DONE(status)                                                                        \
  if (Status s = (status))                                                                         \
  FAIL() << s->message
