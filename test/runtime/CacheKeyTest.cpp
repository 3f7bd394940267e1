// The key changes with everything that decides what code comes out.
#include "runtime/CacheKey.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

using namespace bregman;

namespace {

TEST(CacheKey, EveryPartCounts) {
  const CacheKeyParts base = {"kernel", "plain", "x86_64", "znver5", "+avx2", 16};
  std::vector<CacheKeyParts> changed(7, base);
  changed[1].kernel = "kernel2";
  changed[2].options = "streaming";
  changed[3].triple = "aarch64";
  changed[4].cpu = "cascadelake";
  changed[5].features = "+avx512f";
  changed[6].lanes = 8;
  std::set<std::string> keys;
  for (const CacheKeyParts &parts : changed)
    keys.insert(cacheKey(parts).hex());
  EXPECT_EQ(keys.size(), 7u);
  EXPECT_EQ(cacheKey(base), cacheKey(base));
}

TEST(CacheKey, PartsDoNotRunTogether) {
  EXPECT_NE(cacheKey({"ab", "c", "", "", "", 8}), cacheKey({"a", "bc", "", "", "", 8}));
  EXPECT_NE(cacheKey({"", "x", "", "", "", 8}), cacheKey({"x", "", "", "", "", 8}));
}

TEST(CacheKey, HexIsALowerCaseName) {
  CacheKey key;
  key.bytes[0] = 0xab;
  key.bytes[31] = 0x01;
  EXPECT_EQ(key.hex(), "ab" + std::string(60, '0') + "01");
}

TEST(CacheKey, BuildIdIsThatOfThisBinary) {
  ASSERT_GE(ownBuildId().size(), 8u);
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(self)), {});
  EXPECT_NE(content.find(ownBuildId()), std::string::npos);
}

} // namespace
