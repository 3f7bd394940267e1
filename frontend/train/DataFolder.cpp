// Where the data sets lie.
#include "frontend/train/DataFolder.h"

#include "frontend/torch/Exception.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace fs = std::filesystem;

namespace bregman::train {

/// share/bregman/data of the installation that this library belongs to.
static fs::path installedData() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void *>(&installedData), &info) || !info.dli_fname)
    return {};
  std::error_code ignored;
  fs::path library = fs::weakly_canonical(info.dli_fname, ignored);
  return library.parent_path().parent_path() / "share" / "bregman" / "data";
}

std::string findDataFolder(const std::string &name, const std::string &dataDir,
                           const std::string &file) {
  std::vector<fs::path> roots;
  if (!dataDir.empty()) {
    roots = {dataDir};
  } else {
    if (const char *variable = std::getenv("BREGMAN_DATA"); variable && *variable)
      roots.push_back(variable);
    roots.push_back(fs::path("..") / "shared" / "data");
    roots.push_back(fs::path(BREGMAN_SOURCE_DIR) / ".." / "shared" / "data");
    roots.push_back(fs::path(BREGMAN_SOURCE_DIR) / "examples" / "data");
    roots.push_back(installedData());
  }
  std::string looked;
  for (const fs::path &root : roots) {
    if (root.empty())
      continue;
    std::error_code ignored;
    if (fs::exists(root / name / file, ignored))
      return (root / name).lexically_normal().string();
    // --data-dir may also name the data set's own folder.
    if (!dataDir.empty() && fs::exists(root / file, ignored))
      return root.lexically_normal().string();
    looked += "\n  " + (root / name).lexically_normal().string();
  }
  raise(ErrorKind::Input, "found no " + file + " of the data set " + name + "; looked in" + looked +
                              "\nnote: put the files there, or name their folder by --data-dir or "
                              "BREGMAN_DATA");
}

} // namespace bregman::train
