// The idx files of MNIST and Fashion-MNIST.
#include "frontend/train/Readers.h"

#include "frontend/torch/Exception.h"
#include "frontend/train/GzFile.h"

#include <algorithm>

namespace bregman::train {

static const char *const remedy = "bring the data set's own file again";

namespace {

/// One idx file: its sizes and the bytes behind them.
struct Idx {
  std::vector<int64_t> sizes;
  std::string bytes;
};

[[noreturn]] void refuse(const std::string &path, size_t byte, const std::string &why) {
  raise(ErrorKind::Input,
        "'" + path + "', byte " + std::to_string(byte) + ": " + why + "; " + remedy);
}

uint32_t bigEndian(const std::string &bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value = value << 8 | uint8_t(bytes[at + i]);
  return value;
}

Idx readIdx(const std::string &path, size_t dimensions) {
  std::string contents = readGzFile(path, remedy);
  size_t header = 4 + 4 * dimensions;
  if (contents.size() < header)
    refuse(path, contents.size(),
           "the file ends inside its header of " + std::to_string(header) + " bytes");
  uint32_t magic = bigEndian(contents, 0), expected = 0x800 + uint32_t(dimensions);
  if (magic != expected)
    refuse(path, 0,
           "the magic number is " + std::to_string(magic) + ", and must be " +
               std::to_string(expected));
  Idx idx;
  // In double too, so that sizes that overflow are seen.
  double total = 1;
  for (size_t d = 0; d < dimensions; ++d) {
    idx.sizes.push_back(bigEndian(contents, 4 + 4 * d));
    total *= double(idx.sizes.back());
  }
  if (total != double(contents.size() - header))
    refuse(path, header,
           "the header announces " + std::to_string(int64_t(std::min(total, 9e18))) +
               " bytes of data, and " + std::to_string(contents.size() - header) + " follow");
  idx.bytes = contents.substr(header);
  return idx;
}

} // namespace

RawImages readIdxPair(const std::string &imagesPath, const std::string &labelsPath) {
  Idx images = readIdx(imagesPath, 3), labels = readIdx(labelsPath, 1);
  RawImages raw{images.sizes[0], images.sizes[1], images.sizes[2], {}, {}};
  if (labels.sizes[0] != raw.count)
    refuse(labelsPath, 4,
           "there are " + std::to_string(labels.sizes[0]) + " labels for the " +
               std::to_string(raw.count) + " images of '" + imagesPath + "'");
  if (raw.count == 0 || raw.height == 0 || raw.width == 0)
    refuse(imagesPath, 4, "the file has no images");
  for (size_t i = 0; i < labels.bytes.size(); ++i)
    if (uint8_t(labels.bytes[i]) > 9)
      refuse(labelsPath, 8 + i,
             "label " + std::to_string(uint8_t(labels.bytes[i])) +
                 " is not a class, which are 0 to 9");
  raw.pixels.assign(images.bytes.begin(), images.bytes.end());
  raw.labels.assign(labels.bytes.begin(), labels.bytes.end());
  return raw;
}

} // namespace bregman::train
