// What the runtime asks of the machine it runs on.
#include "runtime/Machine.h"

#include <fstream>
#include <string>
#include <unistd.h>

namespace bregman {

namespace {

/// The size that sysfs gives for the unified or data cache of `level` of the first processor, or 0.
int64_t cacheFromSysfs(int level) {
  const std::string base = "/sys/devices/system/cpu/cpu0/cache/index";
  for (int index = 0; index < 8; ++index) {
    std::string folder = base + std::to_string(index);
    std::ifstream levelFile(folder + "/level"), typeFile(folder + "/type");
    int found = 0;
    std::string type;
    if (!(levelFile >> found) || !(typeFile >> type))
      continue;
    if (found != level || type == "Instruction")
      continue;
    int64_t size = 0;
    char unit = 0;
    std::ifstream sizeFile(folder + "/size");
    if (sizeFile >> size >> unit)
      return unit == 'M' ? size << 20 : unit == 'K' ? size << 10 : size;
  }
  return 0;
}

int64_t measure() {
  int64_t size = cacheFromSysfs(2);
#ifdef _SC_LEVEL2_CACHE_SIZE
  if (size <= 0)
    size = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
  return size > 0 ? size : int64_t(1) << 20;
}

} // namespace

int64_t secondLevelCacheBytes() {
  static const int64_t bytes = measure();
  return bytes;
}

} // namespace bregman
