// Our kernel, driven by the stepper as an optimizer drives it.
#pragma once

#include "frontend/bench/Contender.h"
#include "frontend/bench/ModelMemory.h"

namespace bregman::bench {

std::unique_ptr<Contender> makeKernelContender(std::shared_ptr<ModelMemory> memory);

/// The same on one tensor of as many weights as all tensors of the model have.
std::unique_ptr<Contender> makeFlatContender(std::shared_ptr<ModelMemory> memory);

} // namespace bregman::bench
