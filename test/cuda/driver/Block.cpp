// The schedule: any warp may run on for any time between two barriers.
#include "test/cuda/driver/Block.h"

#include "test/cuda/driver/Codes.h"

#include <algorithm>
#include <bit>

namespace bregman::standin {

Block::Block(Launch &launch) : launch(launch) {
  warps.resize((launch.threads + Warp::lanes - 1) / Warp::lanes);
  for (size_t i = 0; i < warps.size(); ++i) {
    Warp &warp = warps[i];
    warp.block = this;
    warp.index = int(i);
    warp.rows.resize(size_t(launch.entry.rows) * Warp::lanes);
    for (const Constant &constant : launch.entry.constants)
      for (int lane = 0; lane < Warp::lanes; ++lane) {
        uint32_t *row = warp.row(constant.row);
        if (constant.bits == 64) {
          row[2 * lane] = uint32_t(constant.value);
          row[2 * lane + 1] = uint32_t(constant.value >> 32);
        } else {
          row[lane] = uint32_t(constant.value);
        }
      }
  }
}

void Block::start(uint32_t block) {
  index = block;
  phase = 0;
  size_t bytes = launch.entry.sharedBytes;
  shared.assign(bytes, 0xff);
  sharedKnown.assign(bytes, false);
  sharedTraces.assign(bytes, Trace());
  for (Warp &warp : warps) {
    uint32_t first = uint32_t(warp.index) * Warp::lanes;
    uint32_t count = std::min<uint32_t>(Warp::lanes, launch.threads - first);
    warp.living = count == 32 ? ~0u : (1u << count) - 1;
    warp.waiting = 0;
    warp.atBarrier = false;
    warp.phase = 0;
    warp.at.fill(0);
    for (auto [row, special] : launch.entry.specials)
      for (int lane = 0; lane < Warp::lanes; ++lane) {
        const uint32_t values[] = {first + uint32_t(lane), launch.threads,       index, launch.grid,
                                   uint32_t(lane),         uint32_t(warp.index), 0,     1};
        warp.row(row)[lane] = values[int(special)];
      }
  }
}

void Block::run(uint32_t block) {
  start(block);
  std::vector<Warp *> ready;
  while (true) {
    ready.clear();
    bool done = true;
    for (Warp &warp : warps) {
      done &= warp.living == 0;
      if (warp.living && !warp.atBarrier)
        ready.push_back(&warp);
    }
    if (done)
      return;
    if (ready.empty()) {
      release();
      continue;
    }
    uint64_t random = launch.random();
    advance(*ready[random % ready.size()], int(1 + (random >> 32) % 96));
  }
}

/// Every warp that lives has come to a barrier: it must be the same one.
void Block::release() {
  int32_t where = -1;
  for (Warp &warp : warps) {
    if (!warp.living)
      continue;
    int32_t pc = warp.at[std::countr_zero(warp.living)];
    if (where >= 0 && pc != where)
      fail(codes::LaunchFailed, launch.entry.code[pc],
           "some warps of a block wait at this barrier, others at the one of line " +
               std::to_string(launch.entry.code[where].line));
    where = pc;
  }
  for (Warp &warp : warps) {
    warp.atBarrier = false;
    warp.waiting = 0;
    for (int32_t &at : warp.at)
      at = where + 1;
  }
  ++phase;
}

void Block::advance(Warp &warp, int quota) {
  const std::vector<Instruction> &code = launch.entry.code;
  while (quota > 0) {
    uint32_t runnable = warp.living & ~warp.waiting;
    if (!runnable) {
      if (warp.living && !warp.atBarrier) {
        int32_t first = warp.at[std::countr_zero(warp.living)];
        const Instruction &in = code[first];
        bool together = in.flow == Flow::Barrier;
        for (int lane = 0; lane < Warp::lanes; ++lane)
          together &= !(warp.living >> lane & 1) || warp.at[lane] == first;
        // The others have exited meanwhile.
        warp.atBarrier = together;
        if (!together)
          fail(codes::LaunchFailed, in,
               "lanes of a warp wait here for lanes that wait elsewhere or are gone");
      }
      return;
    }
    // The lanes that are furthest behind go on together, up to where the next ones stand.
    int32_t pc = INT32_MAX, limit = INT32_MAX;
    uint32_t here = 0;
    for (uint32_t left = runnable; left; left &= left - 1) {
      int lane = std::countr_zero(left);
      int32_t at = warp.at[lane];
      if (at < pc) {
        limit = pc;
        pc = at;
        here = 0;
      } else if (at > pc) {
        limit = std::min(limit, at);
      }
      here |= at == pc ? 1u << lane : 0;
    }
    int32_t from = pc;
    bool leapt = false;
    for (; quota > 0 && pc < limit && !leapt; --quota) {
      if (pc >= int32_t(code.size()))
        throw Fault{codes::IllegalInstruction, "a thread runs past the end of the code"};
      if (launch.budget-- == 0)
        throw Fault{codes::LaunchTimeout, "the kernel runs on and on"};
      const Instruction &in = code[pc];
      uint32_t active = here;
      if (in.guard >= 0) {
        const uint32_t *guard = warp.row(uint32_t(in.guard));
        for (uint32_t left = here; left; left &= left - 1) {
          int lane = std::countr_zero(left);
          if ((guard[lane] != 0) == in.guardNegated)
            active &= ~(1u << lane);
        }
      }
      if (in.flow == Flow::Straight) {
        if (active)
          in.run(warp, in, active);
        ++pc;
      } else {
        leap(warp, in, pc, here, active);
        leapt = true;
      }
    }
    if (!leapt && pc != from)
      for (uint32_t left = here; left; left &= left - 1)
        warp.at[std::countr_zero(left)] = pc;
  }
}

void Block::fail(int code, const Instruction &in, const std::string &what) const {
  std::string place = in.place ? " (line " + std::to_string(in.place) + " of its source)" : "";
  throw Fault{code, "kernel `" + launch.entry.name + "`, line " + std::to_string(in.line) +
                        " of the PTX" + place + ", block " + std::to_string(index) + ": " + what};
}

} // namespace bregman::standin
