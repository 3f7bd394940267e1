// What the tests of the kernel cache share: a folder of their own, entries, and what was warned of.
#pragma once

#include "runtime/KernelCache.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace bregman::testing {

class KernelCacheTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "bregman-cache-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root = pattern;
    folder = root / "cache";
  }
  void TearDown() override {
    std::filesystem::permissions(root, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(root);
  }

  CacheOptions options() {
    CacheOptions result;
    result.folder = folder.string();
    result.sweepEvery = 1;
    result.warn = [this](const std::string &line) {
      std::lock_guard<std::mutex> lock(mutex);
      warnings.push_back(line);
    };
    return result;
  }

  static CacheKey key(const std::string &kernel) {
    return cacheKey({kernel, "plain", "x86_64-linux", "znver5", "+avx512f", 16});
  }
  static CacheEntry entry(const std::string &text, size_t size = 100) {
    std::string object;
    while (object.size() < size)
      object += text + '\0';
    return {object, {{"kernel", text + " as IR"}, {"asm", ""}, {"llvm", text + " as LLVM IR"}}};
  }
  std::filesystem::path file(const std::string &kernel) const {
    return folder / (key(kernel).hex() + ".kernel");
  }
  static std::string read(const std::filesystem::path &path) {
    std::ifstream stream(path, std::ios::binary);
    std::stringstream content;
    content << stream.rdbuf();
    return content.str();
  }
  static void write(const std::filesystem::path &path, const std::string &content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }
  /// Changes one byte where it lies, which is cheaper than a new file by far.
  static void overwrite(const std::filesystem::path &path, size_t at, char byte) {
    std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(std::streamoff(at)).put(byte);
  }
  /// The names in the folder.
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    for (const auto &item : std::filesystem::directory_iterator(folder))
      names.push_back(item.path().filename().string());
    return names;
  }

  std::filesystem::path root, folder;
  std::mutex mutex;
  std::vector<std::string> warnings;
};

inline void expectSame(const std::optional<CacheEntry> &got, const CacheEntry &want) {
  ASSERT_TRUE(got);
  EXPECT_EQ(got->object, want.object);
  EXPECT_EQ(got->stages, want.stages);
}

} // namespace bregman::testing
