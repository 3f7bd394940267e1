// What tests may ask.
#include "test/cuda/driver/Standin.h"

#include "test/cuda/driver/State.h"

#include <utility>

using namespace bregman::standin;

static State &locked(std::unique_lock<std::recursive_mutex> &lock) {
  State &state = State::get();
  lock = std::unique_lock(state.mutex);
  return state;
}

BREGMAN_EXPORT void standinFail(const char *function, int nth, int code) {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).fail(function, nth, code);
}

BREGMAN_EXPORT bool standinClear() {
  std::unique_lock<std::recursive_mutex> lock;
  State &state = locked(lock);
  bool some = !state.planned.empty();
  state.planned.clear();
  return some;
}

BREGMAN_EXPORT int64_t standinCalls(const char *function) {
  std::unique_lock<std::recursive_mutex> lock;
  State &state = locked(lock);
  int64_t all = 0;
  for (const auto &[name, count] : state.calls)
    all += !function || name == function ? count : 0;
  return all;
}

BREGMAN_EXPORT const char *standinFunction(int index) {
  std::unique_lock<std::recursive_mutex> lock;
  for (const auto &[name, count] : locked(lock).calls)
    if (index-- == 0)
      return name.c_str();
  return nullptr;
}

BREGMAN_EXPORT const char *standinLog() {
  std::unique_lock<std::recursive_mutex> lock;
  State &state = locked(lock);
  state.shownLog = std::exchange(state.log, {});
  return state.shownLog.c_str();
}

BREGMAN_EXPORT int64_t standinLive() {
  std::unique_lock<std::recursive_mutex> lock;
  State &state = locked(lock);
  int64_t contexts = 0;
  for (const auto &context : state.contexts)
    contexts += context->retained;
  return contexts + int64_t(state.memory.count() + state.modules.size() + state.linkers.size() +
                            state.streams.size() + state.graphs.size() + state.executables.size());
}

BREGMAN_EXPORT void standinMemory(uint64_t bytes) {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).memory.capacity = bytes;
}

BREGMAN_EXPORT void standinApproximate(bool taken) {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).approximate = taken;
}

BREGMAN_EXPORT void standinSpill(int bytes) {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).spilled = bytes;
}

BREGMAN_EXPORT void standinSeed(uint64_t seed) {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).random.seed(seed);
}

BREGMAN_EXPORT int standinMutate(const char *from, const char *to, int nth) {
  std::unique_lock<std::recursive_mutex> lock;
  State &state = locked(lock);
  int seen = state.mutation.seen;
  state.mutation = {from ? from : "", to ? to : "", nth};
  return seen;
}

BREGMAN_EXPORT void standinReset() {
  std::unique_lock<std::recursive_mutex> lock;
  locked(lock).reset();
}
