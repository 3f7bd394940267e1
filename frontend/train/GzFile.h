// Whole files through zlib.
#pragma once

#include <string>

namespace bregman::train {

/// The decompressed contents; a file that is not compressed is taken as it is. Throws an Exception
/// of kind Input that names the file, what is wrong with it and `remedy`.
std::string readGzFile(const std::string &path, const std::string &remedy);

} // namespace bregman::train
