// The file of a checkpoint: whole, damaged, and the one before it.
#include "TestFiles.h"

#include "frontend/train/Checkpoint.h"

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;
using ::testing::HasSubstr;

class Checkpoint : public TestFolder {
protected:
  std::string refusal() const {
    Error error = errorOf([&] { readCheckpoint(checkpointPath(path.string())); });
    EXPECT_EQ(error.kind, ErrorKind::Input);
    return error.message;
  }
};

TEST_F(Checkpoint, RoundTrip) {
  CheckpointFile file{"{\"step\": 3}", std::string("\0binary\xff", 8)};
  writeCheckpoint(path.string(), file);
  CheckpointFile back = readCheckpoint(checkpointPath(path.string()));
  EXPECT_EQ(back.header, file.header);
  EXPECT_EQ(back.payload, file.payload);
  EXPECT_FALSE(std::filesystem::exists(previousCheckpointPath(path.string())));
}

TEST_F(Checkpoint, KeepsTheOneBefore) {
  for (std::string step : {"1", "2", "3"})
    writeCheckpoint(path.string(), {step, "payload " + step});
  EXPECT_EQ(readCheckpoint(checkpointPath(path.string())).header, "3");
  EXPECT_EQ(readCheckpoint(previousCheckpointPath(path.string())).header, "2");
  size_t files = 0;
  for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(path))
    ++files;
  EXPECT_EQ(files, 2u) << "no file is left over";
}

TEST_F(Checkpoint, HalfWrittenNewOneIsNoMatter) {
  writeCheckpoint(path.string(), {"1", "payload"});
  write("checkpoint.bregman.new", "half of");
  EXPECT_EQ(readCheckpoint(checkpointPath(path.string())).header, "1");
  writeCheckpoint(path.string(), {"2", "payload"});
  EXPECT_EQ(readCheckpoint(checkpointPath(path.string())).header, "2");
}

TEST_F(Checkpoint, EveryFlippedBitIsFound) {
  writeCheckpoint(path.string(), {"{\"step\": 3}", "some payload"});
  std::string whole = read("checkpoint.bregman");
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] ^= char(1 << bit % 8);
    write("checkpoint.bregman", damaged);
    EXPECT_THROW(readCheckpoint(checkpointPath(path.string())), Exception) << "bit " << bit;
  }
}

TEST_F(Checkpoint, EveryCutIsFound) {
  writeCheckpoint(path.string(), {"{\"step\": 3}", "some payload"});
  std::string whole = read("checkpoint.bregman");
  for (size_t size = 0; size < whole.size(); ++size) {
    write("checkpoint.bregman", whole.substr(0, size));
    EXPECT_THROW(readCheckpoint(checkpointPath(path.string())), Exception) << size << " bytes";
  }
  write("checkpoint.bregman", whole + "x");
  EXPECT_THAT(refusal(), HasSubstr("is cut off"));
}

TEST_F(Checkpoint, SaysWhatIsWrong) {
  std::string name = checkpointPath(path.string());
  EXPECT_EQ(refusal(), "cannot open the checkpoint '" + name + "': No such file or directory");
  write("checkpoint.bregman", "PK\x03\x04 something else altogether, long enough");
  EXPECT_EQ(refusal(), "the checkpoint '" + name + "' is not a checkpoint of Bregman");
  writeCheckpoint(path.string(), {"1", "payload"});
  writeCheckpoint(path.string(), {"2", "payload"});
  std::string damaged = read("checkpoint.bregman");
  damaged.back() ^= 1;
  write("checkpoint.bregman", damaged);
  EXPECT_EQ(refusal(), "the checkpoint '" + name +
                           "' is damaged: its checksum does not fit\nnote: the one before it is '" +
                           previousCheckpointPath(path.string()) +
                           "'; move it to this name to go on from there");
}

TEST_F(Checkpoint, FolderThatIsNotThere) {
  Error error = errorOf([&] { writeCheckpoint(at("none"), {"1", "payload"}); });
  EXPECT_EQ(error.kind, ErrorKind::Environment);
  EXPECT_EQ(error.message,
            "cannot write '" + at("none") + "/checkpoint.bregman.new': No such file or directory");
}

TEST_F(Checkpoint, FullDisk) {
  // /dev/full takes no byte; the run's folder is a link to where writing fails.
  if (!std::filesystem::exists("/dev/full"))
    GTEST_SKIP() << "this system has no /dev/full";
  writeCheckpoint(path.string(), {"1", "payload"});
  std::filesystem::create_symlink("/dev/full", at("checkpoint.bregman.new"));
  Error error = errorOf([&] { writeCheckpoint(path.string(), {"2", "payload"}); });
  EXPECT_EQ(error.kind, ErrorKind::Environment);
  EXPECT_THAT(error.message, HasSubstr("No space left on device"));
  EXPECT_EQ(readCheckpoint(checkpointPath(path.string())).header, "1") << "nothing is lost";
}
