// Small residual networks, whose layers are named as the library's plans name them.
#pragma once

#include "frontend/train/Models.h"

namespace bregman::train {

/// ProxQuant's ResNet for small images (Bai et al. 2019, arXiv:1810.00861; He et al. 2016,
/// arXiv:1512.03385, section 4.2) of one block a stage: BatchNorm with scale and shift behind each
/// convolution, `downsample` where a block changes the shape, logits `fc`.
std::shared_ptr<Network> makeResNet8(at::IntArrayRef imageSize, int64_t classes);

/// The pre-activation ResNet of Hounie et al. 2023 (arXiv:2210.15623; He et al. 2016,
/// arXiv:1603.05027) of four blocks, `block0` to `block3`, each with `conv0`, `conv1` and, where it
/// changes the shape, `shortcut`; the logits are `out`.
std::shared_ptr<Network> makeResNet10(at::IntArrayRef imageSize, int64_t classes);

} // namespace bregman::train
