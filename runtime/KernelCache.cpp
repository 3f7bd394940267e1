// The cache's folder: opening, reading, publishing. Everything goes through the descriptor of the
// folder that was checked, so that nobody can put another one in its place afterwards.
#include "runtime/KernelCache.h"

#include "runtime/CacheFolder.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bregman {

namespace {

/// A descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int value) : value(value) {}
  ~Descriptor() {
    if (value >= 0)
      close(value);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  operator int() const { return value; }
  /// Closes it now; whether that went well.
  bool finish() { return close(std::exchange(value, -1)) == 0; }

private:
  int value;
};

std::string fileName(const CacheKey &key) { return key.hex() + cacheSuffix; }

bool isZero(const CacheKey &key) { return key == CacheKey{}; }

/// Appends to `content` until it has `size` bytes or the file ends. False where reading fails.
bool readUpTo(int file, size_t size, std::string &content) {
  size_t at = content.size();
  if (size <= at)
    return true;
  content.resize(size);
  while (at < size) {
    ssize_t got = read(file, content.data() + at, size - at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      content.resize(at);
      return got == 0;
    }
    at += size_t(got);
  }
  return true;
}

} // namespace

KernelCache::KernelCache(CacheOptions given) : options(std::move(given)) {
  if (ownBuildId().empty()) {
    warn("this binary was linked without a build-id, so another build's kernels could not be told "
         "from its own; nothing is cached");
    return;
  }
  path = options.folder.empty() ? defaultCacheFolder() : options.folder;
  if (path.empty()) {
    warn("there is no home folder to keep kernels in; set BREGMAN_CACHE to a folder");
    return;
  }
  std::string problem = openCacheFolder(path, directory);
  if (!problem.empty())
    warn(problem + "; kernels are compiled anew in every process");
}

KernelCache::~KernelCache() {
  if (directory >= 0)
    close(directory);
}

void KernelCache::warn(const std::string &message) const {
  std::string line = "kernel cache: " + message;
  if (options.warn)
    options.warn(line);
  else
    std::fprintf(stderr, "warning: %s\n", line.c_str());
}

void KernelCache::disown(const CacheKey &key, const std::string &why) const {
  warn("entry " + fileName(key) + " is not used and will be rebuilt: " + why);
}

std::optional<CacheEntry> KernelCache::lookup(const CacheKey &key, CacheParts parts) const {
  if (!usable() || isZero(key))
    return std::nullopt;
  std::string name = fileName(key);
  auto rebuild = [&](const std::string &why) {
    disown(key, why);
    return std::nullopt;
  };
  Descriptor file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file < 0)
    return errno == ENOENT ? std::nullopt : rebuild(std::strerror(errno));
  struct stat status;
  if (fstat(file, &status) != 0)
    return rebuild(std::strerror(errno));
  if (!S_ISREG(status.st_mode))
    return rebuild("it is not a file");
  if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
    return rebuild("it belongs to someone else, or others may write to it");

  // A first read that mostly has the object in it already.
  constexpr size_t firstRead = 16 << 10;
  std::string content, why;
  if (!readUpTo(file, std::min<uint64_t>(uint64_t(status.st_size), firstRead), content))
    return rebuild(std::strerror(errno));
  std::optional<CacheHead> head = decodeHead(key, content, why);
  if (!head)
    return rebuild(why);
  if (uint64_t(status.st_size) != head->total)
    return rebuild("it has " + std::to_string(status.st_size) + " bytes instead of " +
                   std::to_string(head->total));
  if (!readUpTo(file, parts == CacheParts::All ? head->total : head->objects, content))
    return rebuild(std::strerror(errno));
  std::optional<CacheEntry> entry = decode(*head, content, parts, why);
  if (!entry)
    return rebuild(why);
  return entry;
}

std::string KernelCache::publish(const std::string &name, const std::string &content) const {
  // Unique among processes and threads; O_EXCL sees to what is left of a process of the same
  // number.
  static std::atomic<unsigned> counter{0};
  std::string temporary = cachePrefixOfTemporaries + std::to_string(getpid()) + "-" +
                          std::to_string(counter++) + "-" + name.substr(0, 16);
  Descriptor file(openat(directory, temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file < 0)
    return std::strerror(errno);
  auto fail = [&] {
    std::string why = std::strerror(errno);
    unlinkat(directory, temporary.c_str(), 0);
    return why;
  };
  for (size_t at = 0; at < content.size();) {
    ssize_t written = write(file, content.data() + at, content.size() - at);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return fail();
    at += size_t(written);
  }
  // Some file systems say only here that there was no room.
  if (!file.finish() || renameat(directory, temporary.c_str(), directory, name.c_str()) != 0)
    return fail();
  return {};
}

void KernelCache::store(const CacheKey &key, const CacheEntry &entry) const {
  assert(!entry.object.empty() && "a failure is never cached");
  if (!usable() || isZero(key))
    return;
  std::string problem = publish(fileName(key), encode(key, entry));
  if (!problem.empty()) {
    if (!storeFailed.exchange(true))
      warn("cannot write to " + path + ": " + problem +
           "; kernels that are not there stay uncached");
    return;
  }
  if (options.sweepEvery <= 1 || key.bytes[0] % options.sweepEvery == 0)
    sweepCacheFolder(directory, options.capacity);
}

} // namespace bregman
