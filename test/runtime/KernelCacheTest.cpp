// What the cache gives is what was stored, or nothing, and it says so.
#include "CacheTest.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/BLAKE3.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

using namespace bregman;
using namespace bregman::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

TEST_F(KernelCacheTest, GivesBackWhatWasStored) {
  KernelCache cache(options());
  ASSERT_TRUE(cache.usable());
  EXPECT_FALSE(cache.lookup(key("a")));
  cache.store(key("a"), entry("a"));
  cache.store(key("b"), entry("b", 100'000));
  expectSame(cache.lookup(key("a"), CacheParts::All), entry("a"));
  expectSame(KernelCache(options()).lookup(key("b"), CacheParts::All), entry("b", 100'000));
  auto brief = cache.lookup(key("b"));
  ASSERT_TRUE(brief);
  EXPECT_EQ(brief->object, entry("b", 100'000).object);
  EXPECT_THAT(brief->stages, IsEmpty());
  auto all = cache.lookup(key("a"), CacheParts::All);
  EXPECT_EQ(*all->stage("kernel"), "a as IR");
  EXPECT_EQ(*all->stage("asm"), "");
  EXPECT_EQ(all->stage("ptx"), nullptr);
  EXPECT_FALSE(cache.lookup(key("c")));
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(list().size(), 2u) << "nothing else is left in the folder";
}

TEST_F(KernelCacheTest, EntriesAreReplacedAndPrivate) {
  KernelCache cache(options());
  cache.store(key("a"), entry("old"));
  cache.store(key("a"), entry("new"));
  expectSame(cache.lookup(key("a"), CacheParts::All), entry("new"));
  struct stat status;
  ASSERT_EQ(stat(file("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(KernelCacheTest, AKeyWithoutBuildIdIsNeverUsed) {
  KernelCache cache(options());
  cache.store(CacheKey{}, entry("a"));
  EXPECT_FALSE(cache.lookup(CacheKey{}));
  EXPECT_THAT(list(), IsEmpty());
}

TEST_F(KernelCacheTest, AFlippedBitIsFoundWhereverItIs) {
  KernelCache cache(options());
  CacheEntry good = entry("a", 40);
  cache.store(key("a"), good);
  const std::string content = read(file("a"));
  size_t texts = 0;
  for (const auto &stage : good.stages)
    texts += stage.second.size();
  for (size_t bit = 0; bit < content.size() * 8; ++bit) {
    overwrite(file("a"), bit / 8, char(content[bit / 8] ^ (1 << (bit % 8))));
    warnings.clear();
    ASSERT_FALSE(cache.lookup(key("a"), CacheParts::All)) << "bit " << bit;
    ASSERT_EQ(warnings.size(), 1u) << "bit " << bit;
    ASSERT_THAT(warnings[0], HasSubstr("is not used and will be rebuilt: "));
    // Without the texts, only they may be damaged.
    auto object = cache.lookup(key("a"));
    ASSERT_EQ(bool(object), bit / 8 >= content.size() - texts) << "bit " << bit;
    if (object)
      ASSERT_EQ(object->object, good.object);
    overwrite(file("a"), bit / 8, content[bit / 8]);
  }
  warnings.clear();
  cache.store(key("a"), good);
  expectSame(cache.lookup(key("a"), CacheParts::All), good);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(KernelCacheTest, AFileOfAnyOtherLengthIsRefused) {
  KernelCache cache(options());
  cache.store(key("a"), entry("a"));
  const std::string content = read(file("a"));
  for (size_t size = content.size(); size-- > 0;) {
    std::filesystem::resize_file(file("a"), size);
    ASSERT_FALSE(cache.lookup(key("a"))) << size;
  }
  EXPECT_EQ(warnings.size(), content.size());
  write(file("a"), content + "x");
  EXPECT_FALSE(cache.lookup(key("a")));
  EXPECT_THAT(warnings.back(), HasSubstr(" bytes instead of " + std::to_string(content.size())));
}

TEST_F(KernelCacheTest, ForeignEntriesAreRefused) {
  KernelCache cache(options());
  cache.store(key("a"), entry("a"));
  auto refused = [&](const std::string &why) {
    warnings.clear();
    EXPECT_FALSE(cache.lookup(key("b")));
    EXPECT_THAT(warnings, ElementsAre("kernel cache: entry " + key("b").hex() +
                                      ".kernel is not used and will be rebuilt: " + why));
    std::filesystem::remove_all(file("b"));
  };
  std::filesystem::copy_file(file("a"), file("b"));
  refused("it belongs to another kernel");
  write(file("b"), std::string(4096, 'x'));
  refused("it is not a kernel cache entry");
  std::string newer = read(file("a"));
  newer[8] = 2;
  write(file("b"), newer);
  refused("its format is of another version");
  std::filesystem::create_symlink(file("a"), file("b"));
  refused("Too many levels of symbolic links");
  std::filesystem::create_directory(file("b"));
  refused("it is not a file");
  ASSERT_EQ(mkfifo(file("b").c_str(), 0600), 0);
  refused("it is not a file");
  cache.store(key("b"), entry("b"));
  ASSERT_EQ(chmod(file("b").c_str(), 0666), 0);
  refused("it belongs to someone else, or others may write to it");
}

TEST_F(KernelCacheTest, AHeadThatLiesAboutLengthsIsRefused) {
  KernelCache cache(options());
  cache.store(key("a"), entry("a"));
  const std::string content = read(file("a"));
  constexpr size_t firstPart = 48, nameSize = 16, partSize = 56, parts = 4;
  constexpr size_t covered = firstPart + parts * partSize;
  for (uint64_t length : {uint64_t(0), uint64_t(1) << 20, uint64_t(1) << 40, ~uint64_t(0)})
    for (size_t part = 0; part < parts; ++part) {
      std::string lying = content;
      for (int i = 0; i < 8; ++i)
        lying[firstPart + part * partSize + nameSize + i] = char(length >> (8 * i));
      auto checksum = llvm::BLAKE3::hash<32>(
          llvm::ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(lying.data()), covered));
      std::copy(checksum.begin(), checksum.end(), lying.begin() + covered);
      write(file("a"), lying);
      bool same = lying == content;
      EXPECT_EQ(bool(cache.lookup(key("a"), CacheParts::All)), same) << part << " " << length;
    }
}

TEST_F(KernelCacheTest, TheFolderMustBeTheUsersOwn) {
  auto refused = [&] {
    warnings.clear();
    KernelCache cache(options());
    EXPECT_FALSE(cache.usable());
    cache.store(key("a"), entry("a"));
    EXPECT_FALSE(cache.lookup(key("a")));
    EXPECT_EQ(warnings.size(), 1u);
    return warnings.empty() ? "" : warnings[0];
  };
  std::filesystem::create_directory(folder);
  for (mode_t mode : {0770, 0707, 0777}) {
    ASSERT_EQ(chmod(folder.c_str(), mode), 0);
    EXPECT_EQ(refused(), "kernel cache: others may write to " + folder.string() +
                             " (chmod go-w makes it private); kernels are compiled anew in every "
                             "process");
  }
  EXPECT_THAT(list(), IsEmpty());
  ASSERT_EQ(chmod(folder.c_str(), 0755), 0);
  EXPECT_TRUE(KernelCache(options()).usable());
  if (geteuid() == 0) {
    ASSERT_EQ(chown(folder.c_str(), 65534, 65534), 0);
    EXPECT_THAT(refused(), HasSubstr(folder.string() + " belongs to another user"));
  }
  std::filesystem::remove_all(folder);
  write(folder, "a file");
  EXPECT_THAT(refused(), HasSubstr("cannot open " + folder.string() + ": Not a directory"));
  folder = folder / "below";
  EXPECT_THAT(refused(), HasSubstr("Not a directory"));
}

TEST_F(KernelCacheTest, FoldersOnTheWayAreMade) {
  folder = root / "a" / "b" / "c";
  KernelCache cache(options());
  EXPECT_TRUE(cache.usable());
  EXPECT_TRUE(std::filesystem::is_directory(folder));
}

/// Sets an environment variable for as long as it lives.
struct Variable {
  Variable(const char *name, const char *value) : name(name) {
    if (const char *old = std::getenv(name))
      before = old;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before ? setenv(name, before->c_str(), 1) : unsetenv(name); }
  const char *name;
  std::optional<std::string> before;
};

TEST_F(KernelCacheTest, TheEnvironmentNamesTheFolder) {
  std::string chosen = (root / "chosen").string(), xdg = (root / "xdg").string(),
              home = (root / "home").string();
  folder.clear();
  Variable homeVariable("HOME", home.c_str());
  {
    Variable cache("BREGMAN_CACHE", chosen.c_str()), other("XDG_CACHE_HOME", xdg.c_str());
    EXPECT_EQ(KernelCache(options()).folder(), chosen);
  }
  Variable none("BREGMAN_CACHE", nullptr);
  {
    Variable other("XDG_CACHE_HOME", xdg.c_str());
    EXPECT_EQ(KernelCache(options()).folder(), xdg + "/bregman");
  }
  for (const char *ignored : {(const char *)nullptr, "", "relative/path"}) {
    Variable other("XDG_CACHE_HOME", ignored);
    EXPECT_EQ(KernelCache(options()).folder(), home + "/.cache/bregman");
  }
  EXPECT_TRUE(std::filesystem::is_directory(home + "/.cache/bregman"));
}

TEST_F(KernelCacheTest, TheOldestGoWhenItIsFull) {
  CacheOptions small = options();
  small.capacity = 100 << 10;
  KernelCache cache(small);
  write(folder / "notes.txt", std::string(200 << 10, 'x'));
  for (int i = 0; i < 20; ++i) {
    std::string name = "k" + std::to_string(i);
    cache.store(key(name), entry(name, 10'000));
    // Ages that no clock's resolution blurs.
    timespec times[2] = {{0, UTIME_OMIT}, {1'000'000 + i, 0}};
    if (std::filesystem::exists(file(name)))
      ASSERT_EQ(utimensat(AT_FDCWD, file(name).c_str(), times, 0), 0);
  }
  cache.store(key("last"), entry("last", 10'000));
  EXPECT_FALSE(cache.lookup(key("k0")));
  EXPECT_FALSE(cache.lookup(key("k9")));
  EXPECT_TRUE(cache.lookup(key("k19")));
  EXPECT_TRUE(cache.lookup(key("last")));
  int64_t total = 0;
  for (const std::string &name : list())
    if (name.ends_with(".kernel"))
      total += int64_t(std::filesystem::file_size(folder / name));
  EXPECT_LE(total, small.capacity);
  EXPECT_GT(total, small.capacity / 2);
  EXPECT_TRUE(std::filesystem::exists(folder / "notes.txt")) << "not ours";
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(KernelCacheTest, WhatAKilledWriterLeftIsRemovedInTime) {
  KernelCache cache(options());
  write(folder / ".writing-1-0-old", "half");
  write(folder / ".writing-1-0-new", "half");
  timespec times[2] = {{0, UTIME_OMIT}, {time(nullptr) - 4000, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder / ".writing-1-0-old").c_str(), times, 0), 0);
  cache.store(key("a"), entry("a"));
  EXPECT_FALSE(std::filesystem::exists(folder / ".writing-1-0-old"));
  EXPECT_TRUE(std::filesystem::exists(folder / ".writing-1-0-new")) << "it may be at work";
}

TEST_F(KernelCacheTest, ThreadsUseOneCache) {
  KernelCache cache(options());
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        std::string name = std::to_string((i + thread) % 5);
        cache.store(key(name), entry(name, 20'000));
        auto found = cache.lookup(key(name), CacheParts::All);
        wrong += !found || found->object != entry(name, 20'000).object;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(list().size(), 5u);
}

} // namespace
