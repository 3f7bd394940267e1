// Bregman without LibTorch: compile a spec, and train a few weights on a loss of your own.
//   step SPEC
// The loss is |w - target|^2 / 2, so that dL/dw = w - target, and the best 1-bit weights are the
// target's signs.
#include "frontend/Compiler.h"
#include "runtime/Stepper.h"

#include <cstdio>
#include <cstdlib>

using namespace bregman;

static void check(const Status &status) {
  if (status) {
    std::fprintf(stderr, "%s\n", status->message.c_str());
    std::exit(static_cast<int>(status->kind));
  }
}

template <typename T> static T take(Result<T> result) {
  if (!result)
    check(result.error());
  return std::move(*result);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: step SPEC\n");
    return static_cast<int>(ErrorKind::Usage);
  }
  auto program = take(Program::load(argv[1]));
  auto method = take(program.compile(program.quantizers().front(), "adam"));
  auto stepper = take(Stepper::create(method, Timing()));
  check(stepper.set("optimizer.lr", 0.01));

  std::vector<float> target = {0.7f, -0.2f, -1.5f, 0.1f, 0.9f};
  std::vector<float> w = {0.1f, 0.2f, 0.3f, -0.4f, -0.5f};
  std::vector<float> g(w.size());
  TensorRef tensor{static_cast<int64_t>(w.size()), w.data(), g.data(), {}};
  std::vector<std::vector<float>> stored;
  for (const StoredInfo &info : method->stored)
    stored.emplace_back(info.planes * w.size());
  for (std::vector<float> &values : stored)
    tensor.stored.push_back(values.data());

  check(stepper.attach({&tensor, 1}));
  for (int k = 0; k < 400; ++k) {
    for (size_t i = 0; i < w.size(); ++i)
      g[i] = w[i] - target[i];
    check(stepper.advance({&tensor, 1}));
  }
  check(stepper.finalize({&tensor, 1}));
  for (float weight : w)
    std::printf("%+g ", weight);
  std::printf("\n");
}
