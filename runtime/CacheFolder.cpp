// The kernel cache's folder.
#include "runtime/CacheFolder.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace bregman {

namespace {

constexpr int64_t abandonedAfterSeconds = 3600;

/// The value of an environment variable that is an absolute path, else empty. The XDG rules say to
/// ignore relative ones; for a program that changes its folder they would be several caches.
std::string absolutePath(const char *variable) {
  const char *value = std::getenv(variable);
  return value && value[0] == '/' ? value : "";
}

/// mkdir -p; what is missing is private to the user.
bool makeFolders(const std::string &path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST)
    return true;
  if (errno != ENOENT)
    return false;
  size_t slash = path.find_last_of('/');
  if (slash == std::string::npos || slash == 0)
    return false;
  return makeFolders(path.substr(0, slash)) && (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
}

struct File {
  std::string name;
  int64_t size;
  timespec modified;
};

bool older(const File &a, const File &b) {
  if (a.modified.tv_sec != b.modified.tv_sec)
    return a.modified.tv_sec < b.modified.tv_sec;
  if (a.modified.tv_nsec != b.modified.tv_nsec)
    return a.modified.tv_nsec < b.modified.tv_nsec;
  return a.name < b.name;
}

} // namespace

std::string defaultCacheFolder() {
  if (const char *chosen = std::getenv("BREGMAN_CACHE"); chosen && *chosen)
    return chosen;
  if (std::string cache = absolutePath("XDG_CACHE_HOME"); !cache.empty())
    return cache + "/bregman";
  std::string home = absolutePath("HOME");
  if (home.empty()) {
    passwd entry, *found = nullptr;
    char buffer[4096];
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found &&
        found->pw_dir[0] == '/')
      home = found->pw_dir;
  }
  return home.empty() ? "" : home + "/.cache/bregman";
}

std::string openCacheFolder(const std::string &path, int &directory) {
  std::string folder = path;
  while (folder.size() > 1 && folder.back() == '/')
    folder.pop_back();
  auto systemError = [&](const char *what) {
    return std::string("cannot ") + what + " " + folder + ": " + std::strerror(errno);
  };
  int opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0 && errno == ENOENT) {
    if (!makeFolders(folder))
      return systemError("make");
    opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (opened < 0)
    return systemError("open");
  struct stat status;
  std::string problem;
  if (fstat(opened, &status) != 0)
    problem = systemError("look at");
  else if (status.st_uid != geteuid())
    problem = folder + " belongs to another user";
  else if (status.st_mode & (S_IWGRP | S_IWOTH))
    problem = "others may write to " + folder + " (chmod go-w makes it private)";
  if (!problem.empty()) {
    close(opened);
    return problem;
  }
  directory = opened;
  return {};
}

void sweepCacheFolder(int directory, int64_t capacity) {
  // A descriptor of its own: fdopendir takes it over, and its position is not shared.
  int own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0)
    return;
  std::unique_ptr<DIR, int (*)(DIR *)> listing(fdopendir(own), closedir);
  if (!listing) {
    close(own);
    return;
  }
  std::vector<File> entries;
  int64_t total = 0;
  time_t now = time(nullptr);
  while (const dirent *item = readdir(listing.get())) {
    std::string_view name = item->d_name;
    bool temporary = name.starts_with(cachePrefixOfTemporaries);
    struct stat status;
    if ((!temporary && !name.ends_with(cacheSuffix)) ||
        fstatat(directory, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
      continue;
    if (temporary) {
      if (now - status.st_mtim.tv_sec > abandonedAfterSeconds)
        unlinkat(directory, item->d_name, 0);
      continue;
    }
    entries.push_back({std::string(name), int64_t(status.st_blocks) * 512, status.st_mtim});
    total += entries.back().size;
  }
  if (total <= capacity)
    return;
  std::sort(entries.begin(), entries.end(), older);
  for (const File &entry : entries) {
    if (total <= capacity - capacity / 10)
      break;
    // Where another process was faster the result is the same.
    unlinkat(directory, entry.name.c_str(), 0);
    total -= entry.size;
  }
}

} // namespace bregman
