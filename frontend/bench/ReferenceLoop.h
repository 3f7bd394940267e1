// The loop that a kernel is compared with: the same streams, the same stores, the same prefetch,
// no mathematics. Hand-written with intrinsics, it shares nothing with generated code.
#pragma once

#include "frontend/bench/Contender.h"

namespace bregman::bench {

/// The most arrays in place that there is a loop for.
inline constexpr int mostStates = 12;

/// A loop over one gradient that is read, `states` arrays (1 to mostStates) that are read and
/// written in place, and, where `publishes`, one weight array that is only written: past the cache,
/// and with prefetch of what is read, where the model does not fit into it.
std::unique_ptr<Contender> makeReferenceLoop(int states, bool publishes);

} // namespace bregman::bench
