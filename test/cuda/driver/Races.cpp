// Races, by what barriers order. The schedule is random, but a race is found in any order.
#include "test/cuda/driver/Races.h"

namespace bregman::standin {

static bool sameThread(const Stamp &a, const Stamp &b) {
  return a.block == b.block && a.thread == b.thread;
}

/// Whether what happened at `before` is ordered before `now`, which comes later in this schedule.
static bool ordered(const Stamp &before, const Stamp &now) {
  if (before.launch != now.launch || sameThread(before, now))
    return true;
  if (before.block != now.block)
    return false;
  if (before.phase < now.phase)
    return true;
  return before.thread / 32 == now.thread / 32 && before.warpPhase < now.warpPhase;
}

Conflict Trace::read(const Stamp &now, bool cached) {
  if (cached && writer.launch == now.launch)
    return Conflict::ConstantCache;
  if (!ordered(writer, now))
    return Conflict::ReadAfterWrite;
  if (cached)
    cachedIn = now.launch;
  bool sameLaunch = reader.launch == now.launch;
  manyBlocksRead = sameLaunch && (manyBlocksRead || reader.block != now.block);
  bool together = sameLaunch && reader.block == now.block && reader.phase == now.phase;
  manyReaders = together && (manyReaders || reader.thread != now.thread);
  reader = now;
  return Conflict::None;
}

Conflict Trace::write(const Stamp &now) {
  if (cachedIn == now.launch)
    return Conflict::ConstantCache;
  if (!ordered(writer, now))
    return Conflict::WriteWrite;
  if (reader.launch == now.launch) {
    bool together = reader.block == now.block && reader.phase == now.phase;
    // Lanes of one warp that have met since are ordered; more than one reader is not told apart.
    if (manyBlocksRead || (together && manyReaders && reader.warpPhase == now.warpPhase) ||
        !ordered(reader, now))
      return Conflict::WriteAfterRead;
  }
  writer = now;
  return Conflict::None;
}

} // namespace bregman::standin
