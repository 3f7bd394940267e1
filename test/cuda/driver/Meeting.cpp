// What leaves the straight line: branches, exits, barriers, and lanes that exchange values.
#include "test/cuda/driver/Block.h"
#include "test/cuda/driver/Codes.h"
#include "test/cuda/driver/Lanes.h"

namespace bregman::standin {

void Block::leap(Warp &warp, const Instruction &in, int32_t pc, uint32_t here, uint32_t active) {
  if (in.flow == Flow::Trap && active)
    fail(codes::LaunchFailed, in, "trap");
  if (in.flow == Flow::Branch && in.mode && active && active != here)
    fail(codes::LaunchFailed, in, "lanes part at a branch that is said to be uniform");
  for (uint32_t left = here; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    bool takes = active >> lane & 1;
    if (takes && in.flow == Flow::Branch)
      warp.at[lane] = in.target;
    else
      warp.at[lane] = takes ? pc : pc + 1;
  }
  if (in.flow == Flow::Branch || !active)
    return;
  if (in.flow == Flow::Exit)
    warp.living &= ~active;
  else
    meet(warp, in, pc, active);
  // Who waits for a lane that has gone waits in vain; that is found where nothing else can run.
}

void Block::meet(Warp &warp, const Instruction &in, int32_t pc, uint32_t active) {
  warp.waiting |= active;
  uint32_t present = 0;
  for (uint32_t left = warp.waiting; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    present |= warp.at[lane] == pc ? 1u << lane : 0;
  }
  if (in.flow == Flow::Barrier) {
    warp.atBarrier = present == warp.living;
    return;
  }
  const uint32_t *masks = warp.row(in.from[4]);
  uint32_t members = masks[std::countr_zero(active)];
  for (uint32_t left = active; left; left &= left - 1) {
    int lane = std::countr_zero(left);
    if (!(masks[lane] >> lane & 1))
      fail(codes::LaunchFailed, in,
           "lane " + std::to_string(lane) + " is not in the mask that it names");
    if (masks[lane] != members)
      fail(codes::LaunchFailed, in, "lanes name different masks");
  }
  if (members & ~warp.living)
    fail(codes::LaunchFailed, in, "the mask names lanes that have exited");
  if ((present & members) != members)
    return;
  exchange(warp, in, members);
  warp.waiting &= ~members;
  for (uint32_t left = members; left; left &= left - 1)
    warp.at[std::countr_zero(left)] = pc + 1;
}

void Block::exchange(Warp &warp, const Instruction &in, uint32_t members) {
  if (in.flow == Flow::WarpBarrier) {
    ++warp.phase;
    return;
  }
  uint32_t *to = warp.row(in.to[0]);
  const uint32_t *a = warp.row(in.from[0]);
  if (in.flow == Flow::Vote) {
    uint32_t holds = 0;
    for (int lane = 0; lane < Warp::lanes; ++lane)
      holds |= uint32_t(a[lane] != 0) << lane;
    holds = (in.sat ? ~holds : holds) & members;
    const uint32_t results[] = {holds == members, holds != 0, holds == members || holds == 0,
                                holds};
    forLanes(members, [&](int lane) { to[lane] = results[in.mode]; });
    return;
  }
  uint32_t *inRange = warp.row(in.to[1]);
  const uint32_t *b = warp.row(in.from[1]), *c = warp.row(in.from[2]);
  std::array<uint32_t, Warp::lanes> values{};
  for (int lane = 0; lane < Warp::lanes; ++lane) {
    if (!(members >> lane & 1))
      continue;
    int by = int(b[lane] & 31), clamp = int(c[lane] & 31), segment = int(c[lane] >> 8 & 31);
    int low = lane & segment, high = low | (clamp & ~segment);
    int from = in.mode == 0   ? lane - by
               : in.mode == 1 ? lane + by
               : in.mode == 2 ? lane ^ by
                              : low | (by & ~segment);
    bool valid = in.mode == 0 ? from >= high : from <= high;
    if (!valid)
      from = lane;
    if (!(members >> from & 1))
      fail(codes::LaunchFailed, in,
           "lane " + std::to_string(lane) + " reads lane " + std::to_string(from) +
               ", which the mask leaves out");
    values[lane] = a[from];
    inRange[lane] = valid;
  }
  forLanes(members, [&](int lane) { to[lane] = values[lane]; });
}

} // namespace bregman::standin
