// The pool runs every share exactly once, from any number of callers, also after a fork.
#include "runtime/ThreadPool.h"

#include <chrono>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

using bregman::ThreadPool;

namespace {

/// How often each share ran.
std::vector<int> countShares(ThreadPool &pool, int shares) {
  std::vector<int> counts(shares);
  pool.run(shares, [&](int share) { ++counts[share]; });
  return counts;
}

TEST(ThreadPool, RunsEveryShareOnce) {
  ThreadPool pool;
  for (int round = 0; round < 200; ++round)
    for (int shares : {0, 1, 2, 3, 7})
      ASSERT_EQ(countShares(pool, shares), std::vector<int>(shares, 1)) << round;
  EXPECT_EQ(pool.workers(), 6);
}

TEST(ThreadPool, SleepingWorkersWakeUp) {
  ThreadPool pool;
  for (int round = 0; round < 10; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_EQ(countShares(pool, 4), std::vector<int>(4, 1));
  }
}

TEST(ThreadPool, WorkersDoShareTheWork) {
  // Share 0 waits for share 1: only a second thread gets it done.
  ThreadPool pool;
  std::atomic<bool> reached{false};
  pool.run(2, [&](int share) {
    if (share == 1)
      reached = true;
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!reached && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    EXPECT_TRUE(reached);
  });
}

TEST(ThreadPool, CallersAtOnceAndNestedCallsGetTheirResults) {
  ThreadPool pool;
  std::vector<std::thread> callers;
  std::atomic<int> failures{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round)
        failures += countShares(pool, 3) != std::vector<int>(3, 1);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(failures, 0);

  std::atomic<int> inner{0};
  pool.run(3, [&](int) { pool.run(3, [&](int) { ++inner; }); });
  EXPECT_EQ(inner, 9);
}

TEST(ThreadPool, IdleWorkersUseNoProcessorTime) {
  ThreadPool pool;
  countShares(pool, 4);
  timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  double seconds =
      double(after.tv_sec - before.tv_sec) + 1e-9 * double(after.tv_nsec - before.tv_nsec);
  EXPECT_LT(seconds, 0.05) << "three workers spinning would have used 0.2 s to 0.6 s";
}

TEST(ThreadPool, ChildOfAForkHasWorkersOfItsOwn) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the thread sanitizer ends a child that starts threads";
#endif
  ThreadPool *mine = &ThreadPool::shared();
  ASSERT_EQ(countShares(*mine, 3), std::vector<int>(3, 1));
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20); // A child that hangs is killed, and the parent sees it.
    ThreadPool &pool = ThreadPool::shared();
    bool good = &pool != mine && countShares(pool, 3) == std::vector<int>(3, 1);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(mine, &ThreadPool::shared());
}

} // namespace
