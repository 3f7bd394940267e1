// The text takes the place of the kernel in the key, the driver that of the CPU's features.
#include "frontend/CudaBinaryCache.h"

using namespace bregman;

static CacheKey keyOf(const cuda::BinaryIdentity &identity) {
  CacheKeyParts parts;
  parts.kernel = identity.ptx;
  parts.options = "cuda binary, " + identity.options;
  parts.triple = "nvptx64-nvidia-cuda";
  parts.cpu = identity.chip;
  parts.features = "driver " + std::to_string(identity.driver);
  return cacheKey(parts);
}

std::string CudaBinaryCache::find(const cuda::BinaryIdentity &identity) {
  std::optional<CacheEntry> found = cache.lookup(keyOf(identity));
  return found ? std::move(found->object) : std::string();
}

void CudaBinaryCache::keep(const cuda::BinaryIdentity &identity, const std::string &binary) {
  cache.store(keyOf(identity), {binary, {{"ptx", identity.ptx}}});
}

void CudaBinaryCache::refused(const cuda::BinaryIdentity &identity, const std::string &why) {
  // A warning is one line; what follows is the driver's log.
  cache.disown(keyOf(identity), why.substr(0, why.find('\n')));
}
