// bregman::Activation against re-implementations in plain LibTorch: forward, backward, the learned
// values' gradients.
#include "test/frontend/torch/Activations.h"

using namespace bregman;
using namespace bregman::testing;

namespace {

/// The published forward pass in LibTorch's own ops, with the straight-through estimator as its
/// papers' code writes it.
using Reference = std::function<at::Tensor(const at::Tensor &x, const at::Tensor &s)>;

at::Tensor roundUp(const at::Tensor &z) { return (z + 0.5).floor(); }
at::Tensor straightThrough(const at::Tensor &value, const at::Tensor &surrogate) {
  return surrogate + (value - surrogate).detach();
}

at::Tensor signReference(const at::Tensor &x, const at::Tensor &) {
  return straightThrough(at::where(x >= 0, 1.0, -1.0), x.clamp(-1, 1));
}
at::Tensor dorefaReference(const at::Tensor &x, const at::Tensor &) {
  at::Tensor z = 3 * x.clamp(0, 1);
  return straightThrough(roundUp(z), z) / 3;
}
at::Tensor lsqReference(const at::Tensor &x, const at::Tensor &s) {
  at::Tensor z = (x / s).clamp(0, 15);
  return s * straightThrough(roundUp(z), z);
}
at::Tensor bitnetReference(const at::Tensor &x, const at::Tensor &) {
  at::Tensor scale = x.abs().amax(-1, /*keepdim=*/true).clamp_min(1e-5) / 127;
  return straightThrough(scale * roundUp(x / scale), x);
}
at::Tensor channelReference(const at::Tensor &x, const at::Tensor &s) {
  std::vector<int64_t> shape(size_t(x.dim()), 1);
  shape[1] = -1;
  at::Tensor step = s.reshape(shape), z = (x / step).clamp(-2, 1);
  return step * straightThrough(roundUp(z), z);
}
at::Tensor maxReference(const at::Tensor &x, const at::Tensor &) {
  at::Tensor scale = x.abs().amax(-1, true) / 7;
  return scale * straightThrough(roundUp(x / scale), x / scale);
}
at::Tensor channelMeanReference(const at::Tensor &x, const at::Tensor &) {
  std::vector<int64_t> others;
  for (int64_t axis = 0; axis < x.dim(); ++axis)
    if (axis != 1)
      others.push_back(axis);
  return (x / x.abs().mean(others, true)).tanh();
}

struct Case {
  const char *name, *use;
  Reference reference;
  std::vector<int64_t> shape;
};

std::ostream &operator<<(std::ostream &stream, const Case &c) { return stream << c.name; }

class Reimplemented : public ::testing::TestWithParam<Case> {};

TEST_P(Reimplemented, HasTheSameForwardAndBackward) {
  const Case &c = GetParam();
  at::set_num_threads(1);
  torch::manual_seed(3);
  One net;
  Optimizer optimizer(*net, parse(planOf(c.use)));
  for (int batch : {0, 1, 2}) { // of another size each time
    std::vector<int64_t> shape = c.shape;
    shape[0] += 3 * batch;
    at::Tensor x = at::randn(shape).set_requires_grad(true);
    at::Tensor theirX = x.detach().clone().set_requires_grad(true);
    at::Tensor g = at::randn(shape);
    at::Tensor w = net->act(x);
    w.backward(g);
    at::Tensor s = net->act->learned("s");
    at::Tensor theirS = s.defined() ? s.detach().clone().set_requires_grad(true) : at::Tensor();
    at::Tensor theirW = c.reference(theirX, theirS);
    theirW.backward(g);
    EXPECT_LE(largestDifference(w, theirW), 2e-6);
    EXPECT_LE(largestDifference(x.grad(), theirX.grad()), 2e-5);
    if (!s.defined())
      continue;
    // LSQ's factor, of the elements that share one s.
    double elements = double(x.numel()) / double(s.numel());
    double levels = s.numel() == 1 ? 15 : 1;
    at::Tensor expected = theirS.grad() / std::sqrt(elements * levels);
    EXPECT_LE(largestDifference(s.grad(), expected), 2e-5);
    s.mutable_grad().reset();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Activations, Reimplemented,
    ::testing::Values(Case{"sign", "sign_act", signReference, {4, 37}},
                      Case{"dorefa", "dorefa_act", dorefaReference, {2, 3, 5, 7}},
                      Case{"lsq", "lsq_act by sgd", lsqReference, {8, 129}},
                      Case{"bitnet", "bitnet_act", bitnetReference, {3, 4, 33}},
                      Case{"lsqPerChannel", "lsq_channel by sgd", channelReference, {4, 6, 5, 5}},
                      Case{"lsqPerChannelOfRows", "lsq_channel by sgd", channelReference, {9, 5}},
                      Case{"maxPerToken", "token_max", maxReference, {2, 5, 19}},
                      Case{"meanPerChannel", "channel_mean", channelMeanReference, {3, 4, 6, 2}}),
    [](const auto &info) { return std::string(info.param.name); });

} // namespace
