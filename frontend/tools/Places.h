// Where the program, its libraries and the library of specs lie, in a build and when installed.
#pragma once

#include <string>

namespace bregman::tool {

std::string programPath();
/// `<prefix>/lib/NAME`, the prefix being the parent of the program's folder.
std::string libraryPath(const std::string &name);

} // namespace bregman::tool
