// What the driver has compiled is kept between processes: for one text, chip and driver, and only
// as long as it is whole and the driver takes it.
#include "test/cuda/Scenario.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace bregman;
using namespace bregman::testing;
namespace fs = std::filesystem;

namespace {

const numeric::Pair pair = {"twn", "momentum"};
const std::vector<Shape> shapes = {{5}, {300, 3, 1}};

/// An empty cache of this process alone, set before anything is compiled.
struct OwnCache {
  OwnCache() { ::setenv("BREGMAN_CACHE", folder.c_str(), 1); }
  ~OwnCache() { fs::remove_all(folder); }
  const std::string folder =
      fs::temp_directory_path() / ("bregman-binaries-" + std::to_string(::getpid()));
} cache;

int64_t linked() { return standinCalls("cuLinkComplete"); }

class CudaBinariesKept : public ::testing::Test {
protected:
  void SetUp() override {
    if (!standinCalls)
      GTEST_SKIP() << "the driver is a real one";
  }

  /// One life, which has the host's bits; how many binaries were made in it.
  static int64_t lived() {
    int64_t before = linked();
    auto wanted = live(pair, "host", shapes), actual = live(pair, "cuda", shapes);
    EXPECT_TRUE(wanted && actual) << actual.error().message;
    if (wanted && actual) {
      EXPECT_EQ(difference(*actual, *wanted), "");
    }
    EXPECT_EQ(standinLive(), 0);
    return linked() - before;
  }

  /// The entries of the cache that hold binaries.
  static std::vector<fs::path> entries() {
    std::vector<fs::path> found;
    for (const auto &entry : fs::directory_iterator(cache.folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string content(std::istreambuf_iterator<char>(file), {});
      if (content.find("\177ELF of the stand-in") != content.npos)
        found.push_back(entry.path());
    }
    return found;
  }
};

TEST_F(CudaBinariesKept, ASecondProcessCompilesNothing) {
  lived();
  EXPECT_EQ(lived(), 0);
}

TEST_F(CudaBinariesKept, WhatSpillsIsMadeAgainWithAllRegisters) {
  auto forget = [] {
    for (const fs::path &entry : entries())
      fs::remove(entry);
  };
  lived();
  forget();
  const int64_t all = lived();
  EXPECT_GT(all, 3);
  forget();
  standinSpill(8);
  EXPECT_EQ(lived(), 2 * all);
  EXPECT_EQ(lived(), 0) << "what is kept is what does not spill";
  standinSpill(0);
}

TEST_F(CudaBinariesKept, WithoutTheCacheEachIsMade) {
  int64_t before = linked();
  ASSERT_TRUE(live(pair, "cuda", shapes, /*cache=*/false));
  int64_t all = linked() - before;
  EXPECT_GT(all, 3); // attach, a step, its reductions, finalize
  ASSERT_TRUE(live(pair, "cuda", shapes, /*cache=*/false));
  EXPECT_EQ(linked() - before, 2 * all);
}

TEST_F(CudaBinariesKept, DamagedEntriesAreSaidAndMadeAgain) {
  lived();
  std::vector<fs::path> all = entries();
  ASSERT_FALSE(all.empty());
  // In the middle lies what was compiled, or its text.
  for (const fs::path &path : all) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    auto at = std::streamoff(fs::file_size(path) / 4);
    file.seekg(at);
    char byte = char(file.get());
    file.seekp(at);
    file.put(char(byte ^ 1));
  }
  ::testing::internal::CaptureStderr();
  int64_t made = lived();
  std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_GT(made, 0);
  EXPECT_NE(said.find("is not used and will be rebuilt: "), said.npos) << said;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(lived(), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(CudaBinariesKept, WhatTheDriverRefusesIsMadeAgain) {
  lived();
  constexpr int invalidImage = 200, noBinary = 209;
  for (int code : {invalidImage, noBinary}) {
    standinFail("cuModuleLoadDataEx", 2, code);
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(lived(), 1);
    std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find(" is not used and will be rebuilt: CUDA: k"), said.npos) << said;
    EXPECT_NE(said.find("cuModuleLoadDataEx gives CUDA_ERROR_"), said.npos) << said;
    EXPECT_EQ(lived(), 0);
  }
}

TEST_F(CudaBinariesKept, AFailureIsNotKept) {
  constexpr int outOfMemory = 2;
  standinFail("cuModuleLoadDataEx", 1, outOfMemory);
  auto result = live(pair, "cuda", shapes);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("cuModuleLoadDataEx gives CUDA_ERROR_OUT_OF_MEMORY"),
            std::string::npos)
      << result.error().message;
  EXPECT_EQ(standinLive(), 0);
  lived();
  EXPECT_EQ(lived(), 0);
}

} // namespace
