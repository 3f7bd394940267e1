// Rows of numbers in the format of `bregman trace`.
#pragma once

#include "runtime/Result.h"

#include <string>
#include <vector>

namespace bregman {

/// The rows of a file: commas, LF or CRLF, no header; lines that start with # and empty lines are
/// skipped; decimal, C99 hexadecimal, inf, nan, each rounded once to f32. The error names the file,
/// the line and the column.
BREGMAN_API Result<std::vector<std::vector<float>>> readRows(const std::string &path);

} // namespace bregman
