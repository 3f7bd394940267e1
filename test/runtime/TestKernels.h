// Kernels written by hand behind the ABI of generated code: they check what the runtime promises
// them, and count their calls.
#pragma once

#include "runtime/HostKernel.h"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bregman::testing {

constexpr int lanes = 16;

inline std::atomic<int> plainCalls, streamingCalls;

/// Momentum with softsign(beta x): m' = mu m + g, x' = x - lr m', w = beta x' / (1 + |beta x'|).
/// Streams g x m w, scalars lr mu beta.
inline float momentumStep(float g, float &x, float &m, const float *scalars) {
  m = scalars[1] * m + g;
  x = x - scalars[0] * m;
  float z = scalars[2] * x;
  return z / (1 + std::fabs(z));
}

inline void momentumPlain(int64_t size, void *const *streams, const float *scalars) {
  ++plainCalls;
  auto *g = static_cast<const float *>(streams[0]);
  auto *x = static_cast<float *>(streams[1]), *m = static_cast<float *>(streams[2]),
       *w = static_cast<float *>(streams[3]);
  for (int64_t i = 0; i < size; ++i)
    w[i] = momentumStep(g[i], x[i], m[i], scalars);
}

inline void momentumStreaming(int64_t size, void *const *streams, const float *scalars) {
  ++streamingCalls;
  EXPECT_EQ(size % lanes, 0) << "streaming code takes whole vectors";
  EXPECT_EQ(reinterpret_cast<uintptr_t>(streams[3]) % (lanes * sizeof(float)), 0u)
      << "its write-only stream is aligned";
  auto *g = static_cast<const float *>(streams[0]);
  auto *x = static_cast<float *>(streams[1]), *m = static_cast<float *>(streams[2]),
       *w = static_cast<float *>(streams[3]);
  for (int64_t i = 0; i < size; ++i) {
    float value = momentumStep(g[i], x[i], m[i], scalars);
#if defined(__x86_64__)
    int bits;
    std::memcpy(&bits, &value, sizeof bits);
    _mm_stream_si32(reinterpret_cast<int *>(w + i), bits);
#else
    w[i] = value;
#endif
  }
}

inline std::vector<StreamInfo> momentumStreams() {
  return {{"g", Access::In}, {"x", Access::InOut}, {"m", Access::InOut}, {"w", Access::Out}};
}

inline HostKernel momentumKernel(CutPolicy policy, bool streaming = true) {
  return HostKernel({"momentum", momentumStreams(), {"lr", "mu", "beta"}},
                    {momentumPlain, streaming ? momentumStreaming : nullptr, nullptr}, policy);
}

/// A model's arrays, each tensor at its own misalignment, with guard values around every tensor.
struct Model {
  Model(std::vector<int64_t> sizes, unsigned seed, bool aligned = false) : sizes(std::move(sizes)) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (int stream = 0; stream < 4; ++stream) {
      size_t at = 0;
      for (size_t i = 0; i < this->sizes.size(); ++i) {
        at = (at + 63) / 64 * 64 + 64 + (aligned ? 0 : (3 + 5 * i + 7 * stream) % 16);
        offsets[stream].push_back(at);
        at += this->sizes[i];
      }
      length[stream] = at + 64;
      memory[stream].assign(length[stream] + 16, guard);
      base[stream] = memory[stream].data();
      while (reinterpret_cast<uintptr_t>(base[stream]) % 64 != 0)
        ++base[stream];
      for (size_t i = 0; i < this->sizes.size(); ++i)
        for (int64_t j = 0; j < this->sizes[i]; ++j)
          base[stream][offsets[stream][i] + j] = normal(random);
    }
  }

  std::vector<Segment> segments() const {
    std::vector<Segment> result;
    for (size_t i = 0; i < sizes.size(); ++i) {
      Segment &segment = result.emplace_back();
      segment.size = sizes[i];
      for (int stream = 0; stream < 4; ++stream)
        segment.streams.push_back(base[stream] + offsets[stream][i]);
    }
    return result;
  }

  /// The bits of everything, guards included.
  std::vector<uint32_t> bits() const {
    std::vector<uint32_t> result;
    for (int stream = 0; stream < 4; ++stream) {
      size_t at = result.size();
      result.resize(at + length[stream]);
      std::memcpy(&result[at], base[stream], length[stream] * sizeof(float));
    }
    return result;
  }

  static constexpr float guard = -12345.5f;
  Model(const Model &) = delete;
  std::vector<int64_t> sizes;
  std::vector<size_t> offsets[4];
  size_t length[4];
  std::vector<float> memory[4];
  float *base[4];
};

} // namespace bregman::testing
