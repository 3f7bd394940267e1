// The cache when other processes, the disk or the file system do what they can.
#include "CacheTest.h"

#include <csignal>
#include <functional>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

using namespace bregman;
using namespace bregman::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// Runs `body` in a child process, which exits with what it returns.
pid_t inChild(const std::function<int()> &body) {
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body());
  }
  return child;
}

int exitCodeOf(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(KernelCacheTest, ProcessesAtOnceSeeWholeEntriesOnly) {
  auto work = [&](int process) {
    KernelCache cache(options());
    for (int i = 0; i < 60; ++i) {
      std::string name = std::to_string((i + process) % 3);
      // Every process stores something else under the key; a reader must see one of them whole.
      cache.store(key(name), entry(name + char('a' + process), 30'000));
      auto found = cache.lookup(key(name), CacheParts::All);
      if (!found)
        return 1;
      bool whole = false;
      for (int other = 0; other < 4; ++other)
        whole |= found->object == entry(name + char('a' + other), 30'000).object;
      if (!whole)
        return 2;
    }
    return warnings.empty() ? 0 : 3;
  };
  std::vector<pid_t> children;
  for (int process = 0; process < 4; ++process)
    children.push_back(inChild([&, process] { return work(process); }));
  for (pid_t child : children)
    EXPECT_EQ(exitCodeOf(child), 0);
  EXPECT_EQ(list().size(), 3u);
}

TEST_F(KernelCacheTest, AWriterKilledInTheMiddleHarmsNobody) {
  std::vector<CacheEntry> entries;
  for (int i = 0; i < 4; ++i)
    entries.push_back(entry(std::to_string(i), 1 << 20));
  auto isWriting = [&] {
    std::error_code ignored; // The folder may not be there yet, and files vanish from it.
    for (std::filesystem::directory_iterator item(folder, ignored), end; !ignored && item != end;
         item.increment(ignored))
      if (item->path().filename().string().starts_with(".writing-"))
        return true;
    return false;
  };
  int unfinished = 0;
  for (int round = 0; round < 12; ++round) {
    pid_t child = inChild([&] {
      KernelCache cache(options());
      for (int i = 0;; ++i)
        cache.store(key(std::to_string(i % 4)), entries[i % 4]);
      return 0;
    });
    // In odd rounds as soon as it is seen writing, wherever it is by then; in even rounds it is
    // held fast first, so that the entry is certainly not published yet.
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (!isWriting()) {
        std::this_thread::yield();
        continue;
      }
      if (round % 2)
        break;
      int status;
      kill(child, SIGSTOP);
      ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
      if (isWriting())
        break;
      kill(child, SIGCONT);
    }
    kill(child, SIGKILL);
    EXPECT_EQ(exitCodeOf(child), -1);

    KernelCache cache(options());
    for (int i = 0; i < 4; ++i)
      if (auto found = cache.lookup(key(std::to_string(i)), CacheParts::All))
        EXPECT_TRUE(found->object == entries[i].object);
    for (const std::string &name : list())
      if (name.starts_with(".writing-")) {
        ++unfinished;
        std::filesystem::remove(folder / name);
      }
  }
  EXPECT_THAT(warnings, IsEmpty()) << "a half-written entry was taken for one";
  EXPECT_GE(unfinished, 6) << "no even round hit the middle of a store";
  KernelCache cache(options());
  cache.store(key("0"), entry("fresh"));
  expectSame(cache.lookup(key("0"), CacheParts::All), entry("fresh"));
}

TEST_F(KernelCacheTest, AFileSizeLimitLeavesNothingBehind) {
  {
    KernelCache(options()).store(key("before"), entry("before"));
  }
  pid_t child = inChild([&] {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {8192, 8192};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
      return 10;
    KernelCache cache(options());
    cache.store(key("large"), entry("large", 50'000));
    cache.store(key("larger"), entry("larger", 60'000));
    if (warnings.size() != 1 ||
        warnings[0] != "kernel cache: cannot write to " + folder.string() +
                           ": File too large; kernels that are not there stay uncached")
      return 1;
    if (cache.lookup(key("large")) || list().size() != 1)
      return 2;
    cache.store(key("small"), entry("small"));
    return cache.lookup(key("small")) && cache.lookup(key("before")) ? 0 : 3;
  });
  EXPECT_EQ(exitCodeOf(child), 0);
  EXPECT_EQ(list().size(), 2u);
}

TEST_F(KernelCacheTest, AFullDiskLeavesNothingBehind) {
  std::filesystem::create_directory(folder);
  constexpr int notAllowed = 77;
  // The small file system is mounted where only the child sees it, and goes with the child.
  pid_t child = inChild([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("bregman-test", folder.c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0)
      return notAllowed;
    KernelCache cache(options());
    cache.store(key("fits"), entry("fits", 10'000));
    cache.store(key("large"), entry("large", 200'000));
    if (warnings.size() != 1 ||
        warnings[0] != "kernel cache: cannot write to " + folder.string() +
                           ": No space left on device; kernels that are not there stay uncached")
      return 1;
    if (cache.lookup(key("large")) || list().size() != 1)
      return 2;
    auto found = cache.lookup(key("fits"), CacheParts::All);
    return found && found->object == entry("fits", 10'000).object && warnings.size() == 1 ? 0 : 3;
  });
  int code = exitCodeOf(child);
  if (code == notAllowed)
    GTEST_SKIP() << "a small file system can be mounted by root only";
  EXPECT_EQ(code, 0);
}

/// For root no folder is read-only: becomes another user for as long as it lives.
class Unprivileged {
public:
  explicit Unprivileged(const std::filesystem::path &own) {
    if (geteuid() != 0)
      return;
    active = chown(own.c_str(), nobody, nobody) == 0 && seteuid(nobody) == 0;
  }
  ~Unprivileged() {
    if (active)
      EXPECT_EQ(seteuid(0), 0);
  }

private:
  static constexpr uid_t nobody = 65534;
  bool active = false;
};

TEST_F(KernelCacheTest, AReadOnlyFolderIsStillRead) {
  Unprivileged user(root);
  KernelCache(options()).store(key("a"), entry("a"));
  ASSERT_EQ(chmod(folder.c_str(), 0500), 0);
  KernelCache cache(options());
  EXPECT_TRUE(cache.usable());
  expectSame(cache.lookup(key("a"), CacheParts::All), entry("a"));
  EXPECT_THAT(warnings, IsEmpty());
  cache.store(key("b"), entry("b"));
  cache.store(key("c"), entry("c"));
  EXPECT_THAT(warnings,
              ElementsAre("kernel cache: cannot write to " + folder.string() +
                          ": Permission denied; kernels that are not there stay uncached"));
  EXPECT_FALSE(cache.lookup(key("b")));
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
}

TEST_F(KernelCacheTest, AReadOnlyHomeIsSaidOnce) {
  Unprivileged user(root);
  ASSERT_EQ(chmod(root.c_str(), 0500), 0);
  folder = root / ".cache" / "bregman";
  KernelCache cache(options());
  EXPECT_FALSE(cache.usable());
  cache.store(key("a"), entry("a"));
  EXPECT_FALSE(cache.lookup(key("a")));
  EXPECT_THAT(warnings,
              ElementsAre("kernel cache: cannot make " + folder.string() +
                          ": Permission denied; kernels are compiled anew in every process"));
  ASSERT_EQ(chmod(root.c_str(), 0700), 0);
}

TEST_F(KernelCacheTest, AnEntryThatMayNotBeReadIsRebuilt) {
  Unprivileged user(root);
  KernelCache cache(options());
  cache.store(key("a"), entry("a"));
  ASSERT_EQ(chmod(file("a").c_str(), 0), 0);
  EXPECT_FALSE(cache.lookup(key("a")));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("will be rebuilt: Permission denied")));
  cache.store(key("a"), entry("again"));
  expectSame(cache.lookup(key("a"), CacheParts::All), entry("again"));
}

} // namespace
