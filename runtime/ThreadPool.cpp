// The fork-join protocol. The job (body, context) is written before a slot becomes Posted and stays
// until `remaining` is 0; a worker reads it only after it has moved its slot to Taken, so one that
// wakes late, when its share was taken back, touches nothing.
#include "runtime/ThreadPool.h"

#include <chrono>
#include <csignal>
#include <pthread.h>
#include <system_error>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bregman {

namespace {

/// Long enough to meet the next launch of the same step (another method's tensors), far below a
/// scheduler's slice.
constexpr std::chrono::nanoseconds spinTime = std::chrono::microseconds(3);

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits while `value` is `old`: a short spin, then asleep.
uint32_t waitWhile(std::atomic<uint32_t> &value, uint32_t old) {
  auto end = std::chrono::steady_clock::now() + spinTime;
  do {
    for (int i = 0; i < 16; ++i) {
      uint32_t now = value.load(std::memory_order_acquire);
      if (now != old)
        return now;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  for (;;) {
    uint32_t now = value.load(std::memory_order_acquire);
    if (now != old)
      return now;
    value.wait(old, std::memory_order_acquire);
  }
}

std::atomic<ThreadPool *> processPool{nullptr};
/// The pool of the parent process: kept in sight, so that no leak checker calls it lost.
std::atomic<ThreadPool *> inheritedPool{nullptr};

/// The child of a fork has none of its parent's workers, and may have inherited a pool in
/// mid-launch: it forgets that pool, on purpose without destroying it.
void forgetInChild() { inheritedPool.store(processPool.exchange(nullptr)); }

} // namespace

ThreadPool &ThreadPool::shared() {
  if (ThreadPool *pool = processPool.load(std::memory_order_acquire))
    return *pool;
  static const int registered = pthread_atfork(nullptr, nullptr, forgetInChild);
  (void)registered;
  auto fresh = std::make_unique<ThreadPool>();
  ThreadPool *expected = nullptr;
  if (processPool.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel))
    return *fresh.release();
  return *expected;
}

ThreadPool::ThreadPool() = default;

ThreadPool::~ThreadPool() {
  for (auto &slot : slots) {
    slot->state.store(Stop, std::memory_order_release);
    slot->state.notify_one();
  }
  for (auto &slot : slots)
    slot->thread.join();
}

int ThreadPool::grow(int count) {
  if (int(slots.size()) >= count)
    return count;
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (int(slots.size()) < count) {
      auto slot = std::make_unique<Slot>();
      int share = int(slots.size()) + 1;
      slot->thread = std::thread([this, &slot = *slot, share] { work(slot, share); });
      slots.push_back(std::move(slot));
    }
  } catch (const std::system_error &) {
    // No more threads are to be had: the caller does what has no worker.
    count = int(slots.size());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return count;
}

void ThreadPool::work(Slot &slot, int share) {
  for (;;) {
    uint32_t state = waitWhile(slot.state, Idle);
    if (state == Stop)
      return;
    if (!slot.state.compare_exchange_strong(state, Taken, std::memory_order_acq_rel))
      continue;
    body(context, share);
    // Idle before the count goes down: when the caller sees 0 it may post the next job.
    slot.state.store(Idle, std::memory_order_release);
    if (remaining.fetch_sub(1, std::memory_order_acq_rel) == 1)
      remaining.notify_one();
  }
}

void ThreadPool::run(int shares, Body jobBody, void *jobContext) {
  if (shares <= 1 || busy.test_and_set(std::memory_order_acquire)) {
    for (int share = 0; share < shares; ++share)
      jobBody(jobContext, share);
    return;
  }
  int posted = grow(shares - 1);
  body = jobBody;
  context = jobContext;
  remaining.store(posted, std::memory_order_relaxed);
  for (int i = 0; i < posted; ++i) {
    slots[i]->state.store(Posted, std::memory_order_release);
    slots[i]->state.notify_one();
  }

  jobBody(jobContext, 0);
  for (int share = posted + 1; share < shares; ++share)
    jobBody(jobContext, share);
  for (int i = 0; i < posted; ++i) {
    uint32_t state = Posted;
    if (!slots[i]->state.compare_exchange_strong(state, Idle, std::memory_order_acq_rel))
      continue;
    jobBody(jobContext, i + 1);
    remaining.fetch_sub(1, std::memory_order_acq_rel);
  }
  for (uint32_t left; (left = remaining.load(std::memory_order_acquire)) != 0;)
    waitWhile(remaining, left);
  busy.clear(std::memory_order_release);
}

} // namespace bregman
