// Where the data sets lie.
#pragma once

#include <string>

namespace bregman::train {

/// The folder that has `file` of the data set `name`: under `dataDir` where that is given, else
/// under BREGMAN_DATA, ../shared/data from here and from the source tree, and what Bregman ships.
/// Throws an Exception of kind Input that lists where it was looked for.
std::string findDataFolder(const std::string &name, const std::string &dataDir,
                           const std::string &file);

} // namespace bregman::train
