// ThreadPool: the workers of one process. A launch is one fork and one join; between launches the
// workers spin for some microseconds and then sleep, because a step is followed by a network's
// forward and backward pass, and whoever spins through that steals the cores from it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace bregman {

class ThreadPool {
public:
  /// The pool of the process, made at the first call; it grows to what is asked of it and is never
  /// destroyed. A child made by fork() gets a fresh one.
  static ThreadPool &shared();

  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  using Body = void (*)(void *context, int share);

  /// Calls body(context, i) once for every i in [0, shares) and returns when all are done. The
  /// caller does share 0, and after it every share whose worker has not woken by then, so a machine
  /// that is busy elsewhere slows a launch down but never stalls it. Where the pool is in use by
  /// another thread, or no worker can be made, the caller does everything. `body` must not throw.
  void run(int shares, Body body, void *context);

  /// The same for a callable.
  template <typename Callable> void run(int shares, Callable &&callable) {
    using Pointer = std::remove_reference_t<Callable> *;
    run(
        shares, [](void *context, int share) { (*static_cast<Pointer>(context))(share); },
        const_cast<void *>(static_cast<const void *>(&callable)));
  }

  /// The workers that exist now.
  int workers() const { return int(slots.size()); }

private:
  enum State : uint32_t { Idle, Posted, Taken, Stop };

  /// One worker's mailbox, on a cache line of its own. Whoever moves it from Posted has the share:
  /// the worker (to Taken) or the caller, who takes the share back (to Idle).
  struct alignas(64) Slot {
    std::atomic<uint32_t> state{Idle};
    std::thread thread;
  };

  /// Makes workers until there are `count`; gives how many of those there are.
  int grow(int count);
  void work(Slot &slot, int share);

  /// Set for a whole launch; a second caller, or a body that calls run itself, works alone.
  std::atomic_flag busy;
  std::vector<std::unique_ptr<Slot>> slots;
  Body body = nullptr;
  void *context = nullptr;
  alignas(64) std::atomic<uint32_t> remaining{0};
};

} // namespace bregman
