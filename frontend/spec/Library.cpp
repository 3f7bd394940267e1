// Where the library is, and what is in it.
#include "frontend/spec/Library.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>

using namespace bregman::spec;
namespace fs = std::filesystem;

/// The file that this code was loaded from: the shared library, or the program.
static fs::path thisFile() {
  Dl_info info;
  std::error_code error;
  fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (!dladdr(reinterpret_cast<void *>(&thisFile), &info) || !info.dli_fname)
    return self;
  // Of a program dladdr gives the name that it was called by, which may be relative to a path.
  fs::path found = fs::canonical(info.dli_fname, error);
  return error || !found.has_extension() ? self : found;
}

Library Library::standard() {
  if (const char *set = std::getenv("BREGMAN_SPECS"))
    return Library(set);
  // <prefix>/lib/libbregman.so and <prefix>/bin/bregman; a build has programs one folder deeper.
  fs::path folder = thisFile().parent_path();
  for (int up = 0; up < 3 && folder.has_parent_path(); ++up) {
    folder = folder.parent_path();
    std::error_code error;
    if (fs::path specs = folder / "share" / "bregman" / "specs"; fs::is_directory(specs, error))
      return Library(specs.string());
  }
  return Library("");
}

std::string Library::fileOf(const std::string &name) const {
  std::error_code error;
  fs::path file = fs::path(path) / (name + ".breg");
  return !path.empty() && fs::is_regular_file(file, error) ? file.string() : "";
}

std::vector<std::string> Library::names() const {
  std::vector<std::string> result;
  std::error_code error;
  if (!path.empty())
    for (const fs::directory_entry &entry : fs::directory_iterator(path, error))
      if (entry.path().extension() == ".breg")
        result.push_back(entry.path().stem().string());
  std::sort(result.begin(), result.end());
  return result;
}
