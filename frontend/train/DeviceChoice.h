// Where a run trains: `--device cpu`, `cuda` or `cuda:1`.
#pragma once

#include "frontend/train/Models.h"

#include <c10/core/Device.h>

#include <string>

namespace bregman::train {

/// Whether `--device` can have that value on some machine.
bool isDeviceName(const std::string &name);

/// The device. Throws an Exception where this machine, or this LibTorch, does not have it, and
/// where arithmetic is to be `fast` on the CPU.
c10::Device chooseDevice(const std::string &name, bool fast);

/// The device on which a network lies.
c10::Device deviceOf(const Network &network);

/// A copy of a tensor in the host's memory: what a checkpoint has, wherever the run trains.
at::Tensor hostCopy(const at::Tensor &tensor);

} // namespace bregman::train
