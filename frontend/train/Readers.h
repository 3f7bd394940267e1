// Readers of the two file formats: the idx pairs of MNIST and Fashion-MNIST, and digits as CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bregman::train {

/// Images as stored: one byte per pixel, row by row, image after image.
struct RawImages {
  int64_t count = 0, height = 0, width = 0;
  std::vector<uint8_t> pixels, labels;
};

/// A file of images and its file of labels (magic numbers 0x803 and 0x801, big-endian sizes).
/// Throws an Exception of kind Input that names the file, the byte and the remedy.
RawImages readIdxPair(const std::string &imagesPath, const std::string &labelsPath);

/// Lines of 64 pixels in 0..16 (8x8, row by row) and a label in 0..9.
RawImages readDigits(const std::string &path);

} // namespace bregman::train
