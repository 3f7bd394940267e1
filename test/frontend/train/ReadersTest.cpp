// The readers of data files, and what they say about bad ones.
#include "TestFiles.h"

#include "frontend/train/GzFile.h"
#include "frontend/train/Readers.h"

using namespace bregman;
using namespace bregman::testing;
using namespace bregman::train;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

static std::string bigEndian(std::vector<uint32_t> numbers) {
  std::string bytes;
  for (uint32_t n : numbers)
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes += char(n >> shift);
  return bytes;
}

class IdxFiles : public TestFolder {
protected:
  std::string images = bigEndian({0x803, 2, 1, 3}) + std::string("\x00\x01\x02\xff\x10\x20", 6);
  std::string labels = bigEndian({0x801, 2}) + std::string("\x07\x00", 2);

  RawImages readBack() const {
    return readIdxPair(writeGz("images.gz", images), writeGz("labels.gz", labels));
  }
  std::string refusal() const {
    Error error = errorOf([&] { readBack(); });
    EXPECT_EQ(error.kind, ErrorKind::Input);
    return error.message;
  }
};

TEST_F(IdxFiles, AreRead) {
  RawImages raw = readBack();
  EXPECT_EQ(raw.count, 2);
  EXPECT_EQ(raw.height, 1);
  EXPECT_EQ(raw.width, 3);
  EXPECT_THAT(raw.pixels, ElementsAre(0, 1, 2, 255, 16, 32));
  EXPECT_THAT(raw.labels, ElementsAre(7, 0));
}

TEST_F(IdxFiles, WrongMagicNumber) {
  images[3] = 1;
  EXPECT_EQ(refusal(), "'" + at("images.gz") +
                           "', byte 0: the magic number is 2049, and must be 2051; bring the data "
                           "set's own file again");
}

TEST_F(IdxFiles, DataOfAnotherSize) {
  images.pop_back();
  EXPECT_THAT(refusal(), HasSubstr("byte 16: the header announces 6 bytes of data, and 5 follow"));
  images = bigEndian({0x803, 0xffffffff, 0xffffffff, 0xffffffff});
  EXPECT_THAT(refusal(), HasSubstr("and 0 follow"));
}

TEST_F(IdxFiles, HeaderThatEndsEarly) {
  labels.resize(5);
  EXPECT_THAT(refusal(), HasSubstr("byte 5: the file ends inside its header of 8 bytes"));
}

TEST_F(IdxFiles, OtherNumberOfLabels) {
  labels = bigEndian({0x801, 1}) + "\x07";
  EXPECT_THAT(refusal(), HasSubstr("there are 1 labels for the 2 images"));
}

TEST_F(IdxFiles, LabelThatIsNoClass) {
  labels.back() = 10;
  EXPECT_THAT(refusal(), HasSubstr("byte 9: label 10 is not a class, which are 0 to 9"));
}

TEST_F(IdxFiles, NoImages) {
  images = bigEndian({0x803, 0, 28, 28});
  labels = bigEndian({0x801, 0});
  EXPECT_THAT(refusal(), HasSubstr("the file has no images"));
}

using GzFiles = TestFolder;

TEST_F(GzFiles, Missing) {
  Error error = errorOf([&] { readGzFile(at("none.gz"), "bring it"); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_EQ(error.message,
            "cannot open '" + at("none.gz") + "': No such file or directory; bring it");
}

TEST_F(GzFiles, CutOff) {
  std::string contents;
  for (int i = 0; i < 20000; ++i)
    contents += char(i * i >> 3);
  writeGz("whole.gz", contents);
  EXPECT_EQ(readGzFile(at("whole.gz"), "bring it"), contents);
  std::string whole = read("whole.gz");
  for (size_t size : {whole.size() - 1, whole.size() - 9, whole.size() / 2, size_t(12)}) {
    write("cut.gz", whole.substr(0, size));
    Error error = errorOf([&] { readGzFile(at("cut.gz"), "bring it"); });
    EXPECT_EQ(error.kind, ErrorKind::Input);
    EXPECT_THAT(error.message, HasSubstr("decompressed bytes: the file is cut off; bring it"))
        << size << " of " << whole.size();
  }
}

TEST_F(GzFiles, Damaged) {
  writeGz("whole.gz", std::string(5000, 'a') + "b");
  std::string whole = read("whole.gz");
  whole[whole.size() - 6] ^= 1; // in the checksum
  write("damaged.gz", whole);
  Error error = errorOf([&] { readGzFile(at("damaged.gz"), "bring it"); });
  EXPECT_EQ(error.kind, ErrorKind::Input);
  EXPECT_THAT(error.message, HasSubstr("incorrect data check; bring it"));
}

class Digits : public TestFolder {
protected:
  /// A line of 64 pixels and a label, with one number replaced.
  static std::string line(size_t replaced = 99, const std::string &by = "") {
    std::string text;
    for (size_t i = 0; i < 65; ++i)
      text += (i ? "," : "") + (i == replaced ? by : std::to_string(i % 10));
    return text + "\n";
  }
  std::string refusal(const std::string &contents) const {
    writeGz("digits.csv.gz", contents);
    Error error = errorOf([&] { readDigits(at("digits.csv.gz")); });
    EXPECT_EQ(error.kind, ErrorKind::Input);
    EXPECT_THAT(error.message, StartsWith("'" + at("digits.csv.gz") + "', line "));
    return error.message;
  }
};

TEST_F(Digits, AreRead) {
  std::string windows = line();
  windows.insert(windows.size() - 1, "\r");
  std::string last = line(0, "16.0");
  last.pop_back(); // no end of line
  writeGz("digits.csv.gz", line() + windows + last);
  RawImages raw = readDigits(at("digits.csv.gz"));
  EXPECT_EQ(raw.count, 3);
  EXPECT_EQ(raw.height * raw.width, 64);
  EXPECT_EQ(raw.pixels.size(), 3u * 64);
  EXPECT_EQ(raw.pixels[128], 16);
  EXPECT_THAT(raw.labels, ElementsAre(4, 4, 4));
}

TEST_F(Digits, Malformed) {
  EXPECT_THAT(refusal(line() + line(3, "17")), HasSubstr("line 2, number 4: 17 is not in 0..16"));
  EXPECT_THAT(refusal(line(64, "10")), HasSubstr("line 1, number 65: 10 is not in 0..9"));
  EXPECT_THAT(refusal(line(7, "x")), HasSubstr("line 1, number 8: a number is missing"));
  EXPECT_THAT(refusal(line(7, "1;2")), HasSubstr("number 8: a comma must follow"));
  EXPECT_THAT(refusal(line(64, "3,4")), HasSubstr("number 65: the line goes on behind the label"));
  EXPECT_THAT(refusal("1,2,3\n"), HasSubstr("line 1, number 3: a comma must follow"));
  EXPECT_THAT(refusal(line() + "\n"), HasSubstr("line 2, number 1: a number is missing"));
}
