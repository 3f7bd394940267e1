// One run in a folder at a time.
#include "TestFiles.h"

#include "frontend/train/RunLock.h"

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;

using RunLocks = TestFolder;

TEST_F(RunLocks, OneAtATime) {
  {
    RunLock first(path.string());
    Error error = errorOf([&] { RunLock second(path.string()); });
    EXPECT_EQ(error.kind, ErrorKind::Environment);
    EXPECT_EQ(error.message, "another run is going on in '" + path.string() +
                                 "'; wait for its end, stop it, or choose another --out");
  }
  RunLock again(path.string());
  EXPECT_TRUE(std::filesystem::is_empty(path)) << "nothing is left behind";
}

TEST_F(RunLocks, NoFolder) {
  EXPECT_EQ(errorOf([&] { RunLock lock(at("none")); }).message,
            "cannot open the folder '" + at("none") + "': No such file or directory");
}
