// One loop per number of streams and width; threads take equal shares.
#include "frontend/bench/ReferenceLoop.h"

#include "runtime/Machine.h"
#include "runtime/ThreadPool.h"

#include <immintrin.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

using namespace bregman;
using namespace bregman::bench;

namespace {

/// The most arrays in place that there is a loop for.
constexpr int mostStates = 16;

/// The weights from `i` on, fewer than a vector has, and what both widths end with.
template <int States, bool Publishes, bool Streaming>
void finish(int64_t i, int64_t n, const float *g, float *const *states, float *w) {
  for (; i < n; ++i) {
    asm volatile("" ::"x"(g[i]));
    for (int s = 0; s < States; ++s) {
      float value = states[s][i];
      asm volatile("" : "+x"(value));
      states[s][i] = value;
    }
    if constexpr (Publishes)
      w[i] = states[0][i];
  }
  if constexpr (Streaming)
    _mm_sfence();
}

template <int States, bool Publishes, bool Streaming>
__attribute__((target("avx512f"))) void loop512(int64_t n, const float *g, float *const *states,
                                                float *w) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    if constexpr (Streaming) {
      _mm_prefetch(reinterpret_cast<const char *>(g + i + 256), _MM_HINT_T0);
      for (int s = 0; s < States; ++s)
        _mm_prefetch(reinterpret_cast<const char *>(states[s] + i + 256), _MM_HINT_T0);
    }
    // All loads before the first store: the arrays often lie alike in their pages, and a load after
    // a store to the same place of another page waits for it. The empty assembly hides from the
    // compiler that what is stored is what is there.
    __m512 gradient = _mm512_loadu_ps(g + i), values[States];
    for (int s = 0; s < States; ++s)
      values[s] = _mm512_loadu_ps(states[s] + i);
    asm volatile("" ::"v"(gradient));
    for (int s = 0; s < States; ++s) {
      asm volatile("" : "+v"(values[s]));
      _mm512_storeu_ps(states[s] + i, values[s]);
    }
    if constexpr (Publishes && Streaming)
      _mm512_stream_ps(w + i, values[0]);
    else if constexpr (Publishes)
      _mm512_storeu_ps(w + i, values[0]);
  }
  finish<States, Publishes, Streaming>(i, n, g, states, w);
}

template <int States, bool Publishes, bool Streaming>
__attribute__((target("avx2"))) void loop256(int64_t n, const float *g, float *const *states,
                                             float *w) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    if constexpr (Streaming) {
      if (i % 16 == 0) {
        _mm_prefetch(reinterpret_cast<const char *>(g + i + 256), _MM_HINT_T0);
        for (int s = 0; s < States; ++s)
          _mm_prefetch(reinterpret_cast<const char *>(states[s] + i + 256), _MM_HINT_T0);
      }
    }
    __m256 gradient = _mm256_loadu_ps(g + i), values[States];
    for (int s = 0; s < States; ++s)
      values[s] = _mm256_loadu_ps(states[s] + i);
    asm volatile("" ::"v"(gradient));
    for (int s = 0; s < States; ++s) {
      asm volatile("" : "+v"(values[s]));
      _mm256_storeu_ps(states[s] + i, values[s]);
    }
    if constexpr (Publishes && Streaming)
      _mm256_stream_ps(w + i, values[0]);
    else if constexpr (Publishes)
      _mm256_storeu_ps(w + i, values[0]);
  }
  finish<States, Publishes, Streaming>(i, n, g, states, w);
}

using Loop = void (*)(int64_t, const float *, float *const *, float *);

template <int States, bool Publishes> Loop choose(bool streaming) {
  if (__builtin_cpu_supports("avx512f"))
    return streaming ? loop512<States, Publishes, true> : loop512<States, Publishes, false>;
  return streaming ? loop256<States, Publishes, true> : loop256<States, Publishes, false>;
}

template <int... Counts>
Loop choose(int states, bool publishes, bool streaming, std::integer_sequence<int, Counts...>) {
  Loop loop = nullptr;
  ((states == Counts + 1 && (loop = publishes ? choose<Counts + 1, true>(streaming)
                                              : choose<Counts + 1, false>(streaming))),
   ...);
  return loop;
}

class ReferenceLoop final : public Contender {
public:
  explicit ReferenceLoop(std::shared_ptr<ModelMemory> given) : memory(std::move(given)) {
    for (const StreamInfo &stream : memory->method->step.front()->streams()) {
      if (stream.access == Access::InOut)
        states += stream.planes;
      publishes |= stream.access == Access::Out;
    }
    assert(states >= 1 && states <= mostStates && "no loop for that many arrays");
  }

  std::string name() const override { return "reference loop, no mathematics"; }
  double bytesPerWeight() const override { return 4 + 8 * states + (publishes ? 4 : 0); }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    int64_t total = std::accumulate(sizes.begin(), sizes.end(), int64_t(0));
    memory->prepare(total);
    tensors.clear();
    for (const TensorRef &tensor : memory->cut(sizes))
      tensors.push_back(arraysOf(tensor));
    // The rule of the kernels: what the arrays of a thread's share occupy.
    int64_t occupied = 4 + 4 * states + (publishes ? 4 : 0);
    loop = choose(states, publishes,
                  /*streaming=*/total * occupied / threads > secondLevelCacheBytes(),
                  std::make_integer_sequence<int, mostStates>());
    share(total, threads);
  }

  void step() override {
    ThreadPool::shared().run(int(shares.size()), [this](int thread) {
      for (const Piece &piece : shares[thread]) {
        const Tensor &tensor = tensors[piece.tensor];
        float *at[mostStates];
        for (int s = 0; s < states; ++s)
          at[s] = tensor.states[s] + piece.begin;
        loop(piece.size, tensor.gradient + piece.begin, at,
             publishes ? tensor.weight + piece.begin : nullptr);
      }
    });
  }

  void release() override {
    tensors.clear();
    memory->release();
  }

private:
  struct Tensor {
    int64_t size;
    const float *gradient;
    std::vector<float *> states; ///< what the step updates in place
    float *weight;               ///< what it only writes, if `publishes`
  };
  struct Piece {
    size_t tensor;
    int64_t begin, size;
  };

  Tensor arraysOf(const TensorRef &tensor) const {
    const Method &method = *memory->method;
    auto *weight = static_cast<float *>(tensor.weight);
    Tensor result{tensor.size, static_cast<const float *>(tensor.gradient), {}, weight};
    for (const StreamInfo &stream : method.step.front()->streams()) {
      if (stream.access != Access::InOut)
        continue;
      float *start = weight;
      for (size_t i = 0; i < method.stored.size(); ++i)
        if (method.stored[i].name == stream.name)
          start = tensor.stored[i];
      for (int plane = 0; plane < stream.planes; ++plane)
        result.states.push_back(start + plane * tensor.size);
    }
    return result;
  }

  /// Equal shares of all weights, cut at vectors.
  void share(int64_t total, int threads) {
    shares.assign(threads, {});
    int64_t before = 0;
    for (size_t t = 0; t < tensors.size(); ++t) {
      for (int thread = 0; thread < threads; ++thread) {
        auto cut = [&](int64_t edge) {
          return std::clamp<int64_t>((edge - before) / 16 * 16, 0, tensors[t].size);
        };
        int64_t begin = thread == 0 ? 0 : cut(total * thread / threads);
        int64_t end = thread + 1 == threads ? tensors[t].size : cut(total * (thread + 1) / threads);
        if (begin < end)
          shares[thread].push_back({t, begin, end - begin});
      }
      before += tensors[t].size;
    }
  }

  std::shared_ptr<ModelMemory> memory;
  int states = 0;
  bool publishes = false;
  Loop loop = nullptr;
  std::vector<Tensor> tensors;
  std::vector<std::vector<Piece>> shares;
};

} // namespace

std::unique_ptr<Contender> bregman::bench::makeReferenceLoop(std::shared_ptr<ModelMemory> memory) {
  return std::make_unique<ReferenceLoop>(std::move(memory));
}
