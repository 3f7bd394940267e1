// LibTorch's side of `bregman bench`, in the library that sees LibTorch; frontend/bench loads it by
// name where it is there.
#pragma once

#include "frontend/bench/Contender.h"
#include "runtime/Result.h"

/// Adds to `out` whoever does the step of `quantizer`, with `levels` where it has a plane for each,
/// under `optimizer` by LibTorch's operations; nobody where it is not known how.
extern "C" BREGMAN_API void
bregman_torch_contenders(const char *quantizer, const char *optimizer,
                         const std::vector<float> &levels,
                         std::vector<std::unique_ptr<bregman::bench::Contender>> *out);

/// LibTorch's version, for the report.
extern "C" BREGMAN_API const char *bregman_torch_version();
