// Where the kernel cache lives, and how it is kept small. Private to the cache.
#pragma once

#include <cstdint>
#include <string>

namespace bregman {

/// What an entry's file name ends with, after the key.
inline constexpr const char *cacheSuffix = ".kernel";
/// What the name of a file begins with that is still being written.
inline constexpr const char *cachePrefixOfTemporaries = ".writing-";

/// $BREGMAN_CACHE, else $XDG_CACHE_HOME/bregman, else ~/.cache/bregman; empty where there is no
/// home.
std::string defaultCacheFolder();

/// Makes the folder where it is missing and opens it. Otherwise returns what is wrong with it, and
/// `directory` stays -1.
std::string openCacheFolder(const std::string &path, int &directory);

/// Removes the oldest entries until the rest takes at most nine tenths of `capacity`, if all take
/// more than it; and files that a killed writer left more than an hour ago. Files of other names
/// are left alone. Other processes may do the same at the same time.
void sweepCacheFolder(int directory, int64_t capacity);

} // namespace bregman
