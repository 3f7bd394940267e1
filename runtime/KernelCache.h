// KernelCache: compiled kernels on disk. It may forget, and it may refuse to work, but it does not
// lie: what it gives is what was stored under that very key, or nothing.
//
// One entry is one file, written under a name of its own and then renamed, so a reader sees all of
// it or none, whichever processes come and die meanwhile. It is not fsync'ed: after a power failure
// a file may be damaged, which its checksums show. Only what was compiled is ever stored; a failure
// never is.
#pragma once

#include "runtime/CacheEntry.h"
#include "runtime/CacheKey.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace bregman {

struct CacheOptions {
  /// The folder; empty: $BREGMAN_CACHE, else $XDG_CACHE_HOME/bregman, else ~/.cache/bregman.
  std::string folder;
  /// What all entries together may take. When it is found to be more, the oldest go.
  int64_t capacity = int64_t(256) << 20;
  /// One in so many stores looks at how much there is: reading a full folder takes milliseconds.
  int sweepEvery = 8;
  /// Told, in one line, whatever a person should know. By default a line on stderr.
  std::function<void(const std::string &)> warn;
};

class KernelCache {
public:
  /// Opens the folder, and makes it (mode 0700) where it is missing. A folder that belongs to
  /// someone else, or that others may write to, or that cannot be made, is said and not used: then
  /// every lookup misses and nothing is stored.
  explicit KernelCache(CacheOptions options = {});
  ~KernelCache();
  KernelCache(const KernelCache &) = delete;
  KernelCache &operator=(const KernelCache &) = delete;

  /// Whether there is a folder to work in.
  bool usable() const { return directory >= 0; }
  /// The folder's path; empty where none could be named.
  const std::string &folder() const { return path; }

  /// What is stored under `key`. A damaged or foreign entry is said, and is a miss: compile and
  /// store again, which replaces it. With CacheParts::Object, which takes some microseconds, the
  /// stages' texts are neither read nor checked. Any thread may call it.
  std::optional<CacheEntry> lookup(const CacheKey &key,
                                   CacheParts parts = CacheParts::Object) const;

  /// Stores `entry`, in place of what is there. Failing (a full disk, a folder that may not be
  /// written) is said once, leaves nothing behind and harms nobody. Any thread may call it.
  void store(const CacheKey &key, const CacheEntry &entry) const;

  /// Says that what lookup() gave was no good after all, and is made again.
  void disown(const CacheKey &key, const std::string &why) const;

private:
  void warn(const std::string &message) const;
  /// Why it could not be done; empty where it was.
  std::string publish(const std::string &name, const std::string &content) const;

  CacheOptions options;
  std::string path;
  int directory = -1;
  mutable std::atomic<bool> storeFailed{false};
};

} // namespace bregman
