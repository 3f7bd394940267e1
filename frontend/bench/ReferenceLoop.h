// The loop that a kernel is compared with: the same streams, the same stores, the same prefetch,
// no mathematics. Hand-written with intrinsics, it shares nothing with generated code.
#pragma once

#include "frontend/bench/Contender.h"
#include "frontend/bench/ModelMemory.h"

namespace bregman::bench {

/// The loop of `memory`'s method on its memory: what the step only reads is read, what it updates
/// in place is written back as it was, and where there is an array that it only writes, that is
/// written: past the cache, and with prefetch of what is read, where the model does not fit into
/// it. Up to 16 arrays in place.
std::unique_ptr<Contender> makeReferenceLoop(std::shared_ptr<ModelMemory> memory);

} // namespace bregman::bench
