// Quantizers of activations beside the library's: other extents, schedules, other derivatives.
#pragma once

inline const char *const activationSpecs = R"(
quantizer bitnet_through_scale {
  let       s = max(max(abs(x) per token), 1e-5) / 127
  levels    s * [-128 .. 127]
  project   w = s * ste(round(x / s), x / s)
  update    chain
}
quantizer groups {
  let       s = max(abs(x) per group(4)) * 0.25
  levels    s * [-4 .. 4]
  project   w = ste(s * round(x / s), x)
  update    chain
}
quantizer channel_mean {
  levels    {-1, 1}
  project   w = tanh(x / mean(abs(x) per channel))
  update    chain
}
quantizer lsq_channel {
  learn     s per channel in [1e-8, inf] = 2 * mean(abs(x) per channel)
            scaled 1 / sqrt(sum(1 per channel))
  let       z = clamp(x / s, -2, 1)
  levels    s * [-2 .. 1]
  project   w = s * ste(round(z), z)
  update    chain
}
quantizer eased(bits in [1, 8] = 2) {
  let       n = 2 ^ bits - 1
  learn     s per channel in [1e-8, inf] = 2 * mean(abs(x) per channel) / sqrt(n)
            scaled 1 / sqrt(sum(1 per channel) * n)
  let       z = clamp(x / s, 0, n)
  levels    s * [0 .. n]
  schedule  k = min(epoch / 2, 1)
  project   w = (1 - k) * x + k * s * ste(round(z), z)
  update    chain
}
)";
