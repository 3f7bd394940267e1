// All places are found from the program itself, so that an installed folder may be moved.
#include "frontend/tools/Places.h"

#include <filesystem>

using namespace bregman;

std::string tool::programPath() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

std::string tool::libraryPath(const std::string &name) {
  std::filesystem::path prefix = std::filesystem::path(programPath()).parent_path().parent_path();
  return (prefix / "lib" / name).string();
}
