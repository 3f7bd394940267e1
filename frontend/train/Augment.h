// What a batch of training images looks like: as stored, or each image moved a little.
#pragma once

#include "frontend/train/Dataset.h"

namespace bregman::train {

/// The images at `indices`, each moved by its own draw of up to `shift` pixels in every direction;
/// what comes in from outside is `background`. The draws are a function of `seed` and `step`.
at::Tensor batchOf(const at::Tensor &images, const at::Tensor &indices, int64_t shift,
                   float background, uint64_t seed, int64_t step);

} // namespace bregman::train
