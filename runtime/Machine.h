// What the runtime asks of the machine it runs on.
#pragma once

#include <cstdint>

namespace bregman {

/// Bytes of the second-level data cache of one core, as the system says; 1 MiB where it does not.
/// Asked once per process.
int64_t secondLevelCacheBytes();

} // namespace bregman
