// Who has touched a byte during a launch, and whether what touches it now is ordered after that.
#pragma once

#include <cstdint>
#include <vector>

namespace bregman::standin {

/// A thread at a time: barriers of its block and of its warp order what lies between them.
struct Stamp {
  uint32_t launch = 0, block = 0;
  uint16_t thread = 0;
  uint32_t phase = 0, warpPhase = 0;
};

enum class Conflict : uint8_t { None, WriteWrite, ReadAfterWrite, WriteAfterRead, ConstantCache };

/// One per some bytes of an allocation.
class Trace {
public:
  /// `cached` by ld.global.nc, which may give what was there before the launch.
  Conflict read(const Stamp &now, bool cached);
  Conflict write(const Stamp &now);

private:
  Stamp writer, reader;
  uint32_t cachedIn = 0;       ///< the launch that last read by the constant cache
  bool manyReaders = false;    ///< in the reader's block and phase
  bool manyBlocksRead = false; ///< in the reader's launch
};

using Traces = std::vector<Trace>;

} // namespace bregman::standin
