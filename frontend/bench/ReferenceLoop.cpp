// One loop per number of streams and width; threads take equal shares.
#include "frontend/bench/ReferenceLoop.h"

#include "runtime/Machine.h"
#include "runtime/ThreadPool.h"

#include <immintrin.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

using namespace bregman;
using namespace bregman::bench;

namespace {

/// 64-byte aligned floats, touched once.
struct Buffer {
  explicit Buffer(int64_t size)
      : data(static_cast<float *>(std::aligned_alloc(64, (size * 4 + 63) / 64 * 64))) {
    for (int64_t i = 0; i < size; ++i)
      data[i] = 1e-3f * float(i % 1000) - 0.5f;
  }
  Buffer(Buffer &&other) : data(other.data) { other.data = nullptr; }
  ~Buffer() { std::free(data); }
  float *data;
};

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
    __m512 sum = _mm512_loadu_ps(g + i);
    for (int s = 0; s < States; ++s) {
      sum = _mm512_add_ps(sum, _mm512_loadu_ps(states[s] + i));
      _mm512_storeu_ps(states[s] + i, sum);
    }
    if constexpr (Publishes && Streaming)
      _mm512_stream_ps(w + i, sum);
    else if constexpr (Publishes)
      _mm512_storeu_ps(w + i, sum);
  }
  for (; i < n; ++i) {
    float sum = g[i];
    for (int s = 0; s < States; ++s)
      states[s][i] = sum += states[s][i];
    if constexpr (Publishes)
      w[i] = sum;
  }
  if constexpr (Streaming)
    _mm_sfence();
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
    __m256 sum = _mm256_loadu_ps(g + i);
    for (int s = 0; s < States; ++s) {
      sum = _mm256_add_ps(sum, _mm256_loadu_ps(states[s] + i));
      _mm256_storeu_ps(states[s] + i, sum);
    }
    if constexpr (Publishes && Streaming)
      _mm256_stream_ps(w + i, sum);
    else if constexpr (Publishes)
      _mm256_storeu_ps(w + i, sum);
  }
  for (; i < n; ++i) {
    float sum = g[i];
    for (int s = 0; s < States; ++s)
      states[s][i] = sum += states[s][i];
    if constexpr (Publishes)
      w[i] = sum;
  }
  if constexpr (Streaming)
    _mm_sfence();
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
  ReferenceLoop(int states, bool publishes) : states(states), publishes(publishes) {}

  std::string name() const override { return "reference loop, no mathematics"; }
  double bytesPerWeight() const override { return 4 + 8 * states + (publishes ? 4 : 0); }

  void prepare(const std::vector<int64_t> &sizes, int threads) override {
    tensors.clear();
    int64_t total = 0;
    for (int64_t size : sizes) {
      Tensor tensor{size, {}};
      for (int stream = 0; stream < 1 + states + publishes; ++stream)
        tensor.buffers.emplace_back(size);
      tensors.push_back(std::move(tensor));
      total += size;
    }
    loop =
        choose(states, publishes, /*streaming=*/total * bytesPerWeight() > secondLevelCacheBytes(),
               std::make_integer_sequence<int, mostStates>());
    share(total, threads);
  }

  void step() override {
    ThreadPool::shared().run(int(shares.size()), [this](int thread) {
      for (const Piece &piece : shares[thread]) {
        Tensor &tensor = tensors[piece.tensor];
        float *at[mostStates];
        for (int s = 0; s < states; ++s)
          at[s] = tensor.buffers[1 + s].data + piece.begin;
        loop(piece.size, tensor.buffers[0].data + piece.begin, at,
             publishes ? tensor.buffers.back().data + piece.begin : nullptr);
      }
    });
  }

  void release() override { tensors.clear(); }

private:
  struct Tensor {
    int64_t size;
    std::vector<Buffer> buffers;
  };
  struct Piece {
    size_t tensor;
    int64_t begin, size;
  };

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

  int states;
  bool publishes;
  Loop loop = nullptr;
  std::vector<Tensor> tensors;
  std::vector<std::vector<Piece>> shares;
};

} // namespace

std::unique_ptr<Contender> bregman::bench::makeReferenceLoop(int states, bool publishes) {
  assert(states >= 1 && states <= mostStates && "no loop for that many arrays");
  return std::make_unique<ReferenceLoop>(states, publishes);
}
