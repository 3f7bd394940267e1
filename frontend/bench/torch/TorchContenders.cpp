// The step as one writes it with LibTorch's operations: in place, into tensors that are there
// already, so that it never allocates. In two forms: the optimizer of single operations, and
// LibTorch's fused one; the projection follows either. Weight decay is 0, and unlike our kernels,
// which take it as an argument, nothing is computed for it.
#include "frontend/bench/torch/TorchContenders.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/headeronly/version.h>

#include <cmath>
#include <map>

using namespace bregman::bench;

namespace {

constexpr Numbers numbers;
constexpr double lr = numbers.lr, mu = numbers.mu, beta1 = numbers.beta1, beta2 = numbers.beta2,
                 eps = numbers.eps, beta = numbers.beta;

/// What LibTorch keeps of one tensor of a model. Where the latent has levels, `x` and the states
/// have them in front: LibTorch sweeps that faster than levels at the end.
struct Weights {
  at::Tensor w, g;        ///< what the network sees, and the gradient with respect to it
  at::Tensor x, m, v, xg; ///< latent, the optimizer's states, the gradient that it is given
  at::Tensor a, b;        ///< room for intermediate values, of x's shape
  at::Tensor counter;     ///< LibTorch's count of steps
};

enum class Projection { None, Tanh, ShiftedTanh, Softmax };
enum class Rule { Momentum, Adam };

class TorchContender final : public Contender {
public:
  TorchContender(Projection projection, Rule rule, std::vector<float> levels, bool fused)
      : projection(projection), rule(rule), levels(std::move(levels)), fused(fused) {}

  std::string name() const override { return fused ? "LibTorch, fused" : "LibTorch"; }
  bool keepsThreadsAwake() const override { return true; }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    at::NoGradGuard noGradients;
    at::set_num_threads(threads);
    steps = 0;
    column = at::tensor(levels).unsqueeze(1);
    for (int64_t size : sizes)
      add(at::rand({size}).sub_(0.5).mul_(0.2), at::rand({size}).sub_(0.5).mul_(2e-3));
  }

  void step() override {
    at::NoGradGuard noGradients;
    ++steps;
    if (projection == Projection::Softmax)
      for (Weights &t : tensors)
        at::mul_out(t.xg, t.g.unsqueeze(0), column);
    if (fused)
      fusedUpdate();
    else
      for (Weights &t : tensors)
        update(t);
    for (Weights &t : tensors)
      project(t);
  }

  void release() override {
    tensors.clear();
    for (auto *list : {&xs, &gradients, &ms, &vs, &counters})
      list->clear();
  }

  std::vector<float> weightsAfter(const Trial &trial) override {
    at::NoGradGuard noGradients;
    prepare({}, /*threads=*/1);
    at::Tensor start = at::tensor(trial.weights);
    add(start, at::zeros_like(start));
    for (const std::vector<float> &gradient : trial.gradients) {
      tensors.front().g.copy_(at::tensor(gradient));
      step();
    }
    const at::Tensor &w = tensors.front().w;
    std::vector<float> weights(w.data_ptr<float>(), w.data_ptr<float>() + w.numel());
    release();
    return weights;
  }

private:
  /// One tensor that starts at these weights.
  void add(const at::Tensor &start, const at::Tensor &gradient) {
    Weights &t = tensors.emplace_back();
    t.g = gradient;
    bool lifted = projection == Projection::Softmax;
    t.x = lifted ? start.unsqueeze(0).mul(column) : start;
    t.xg = lifted ? at::zeros_like(t.x) : t.g;
    t.w = projection == Projection::None ? t.x : at::zeros_like(start);
    for (at::Tensor *like : {&t.m, &t.v, &t.a, &t.b})
      *like = at::zeros_like(t.x);
    t.counter = at::zeros({});
    xs.push_back(t.x);
    gradients.push_back(t.xg);
    ms.push_back(t.m);
    vs.push_back(t.v);
    counters.push_back(t.counter);
  }

  /// The operations of torch::optim::SGD and Adam.
  void update(Weights &t) const {
    if (rule == Rule::Momentum) {
      t.m.mul_(mu).add_(t.xg);
      t.x.add_(t.m, -lr);
      return;
    }
    t.m.lerp_(t.xg, 1 - beta1);
    t.v.mul_(beta2).addcmul_(t.xg, t.xg, 1 - beta2);
    at::sqrt_out(t.a, t.v);
    t.a.div_(std::sqrt(1 - std::pow(beta2, steps))).add_(eps);
    t.x.addcdiv_(t.m, t.a, -lr / (1 - std::pow(beta1, steps)));
  }

  /// One call for all tensors, as torch.optim's fused=True makes it.
  void fusedUpdate() {
    if (rule == Rule::Momentum) {
      at::_fused_sgd_(xs, gradients, ms, /*weight_decay=*/0, mu, lr, /*dampening=*/0,
                      /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/steps == 1);
      return;
    }
    for (at::Tensor &counter : counters)
      counter.add_(1);
    at::_fused_adam_(xs, gradients, ms, vs, {}, counters, lr, beta1, beta2, /*weight_decay=*/0, eps,
                     /*amsgrad=*/false, /*maximize=*/false);
  }

  void project(Weights &t) const {
    switch (projection) {
    case Projection::None:
      return;
    case Projection::Tanh:
      at::mul_out(t.w, t.x, at::scalar_tensor(beta));
      t.w.tanh_();
      return;
    case Projection::ShiftedTanh:
      at::add_out(t.w, t.x, at::scalar_tensor(0.5));
      t.w.mul_(beta).tanh_();
      at::sub_out(t.a, t.x, at::scalar_tensor(0.5));
      t.a.mul_(beta).tanh_();
      t.w.add_(t.a).mul_(0.5);
      return;
    case Projection::Softmax:
      at::mul_out(t.a, t.x, at::scalar_tensor(beta));
      at::softmax_out(t.b, t.a, 0);
      t.b.mul_(column);
      at::sum_out(t.w, t.b, 0);
      return;
    }
  }

  Projection projection;
  Rule rule;
  std::vector<float> levels;
  bool fused;
  int64_t steps = 0;
  at::Tensor column; ///< the levels, for tensors that have them in front
  std::vector<Weights> tensors;
  std::vector<at::Tensor> xs, gradients, ms, vs, counters; ///< what the fused calls take
};

} // namespace

void bregman_torch_contenders(const char *quantizer, const char *optimizer,
                              const std::vector<float> &levels,
                              std::vector<std::unique_ptr<Contender>> *out) {
  static const std::map<std::string, Projection> projections = {
      {"float", Projection::None},
      {"md_tanh_s", Projection::Tanh},
      {"md_ternary_s", Projection::ShiftedTanh},
      {"md_softmax_s", Projection::Softmax},
  };
  static const std::map<std::string, Rule> rules = {{"momentum", Rule::Momentum},
                                                    {"adam", Rule::Adam}};
  auto projection = projections.find(quantizer);
  auto rule = rules.find(optimizer);
  if (projection == projections.end() || rule == rules.end())
    return;
  for (bool fused : {false, true})
    out->push_back(
        std::make_unique<TorchContender>(projection->second, rule->second, levels, fused));
}

const char *bregman_torch_version() { return TORCH_VERSION; }
