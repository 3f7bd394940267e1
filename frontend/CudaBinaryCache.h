// What the driver has compiled, in the cache of kernels: entries of their own, by the same rules.
#pragma once

#include "runtime/KernelCache.h"
#include "runtime/cuda/CudaBinaries.h"

namespace bregman {

class CudaBinaryCache final : public cuda::CudaBinaries {
public:
  /// `cache` lives as long as the process does.
  explicit CudaBinaryCache(const KernelCache &cache) : cache(cache) {}

  std::string find(const cuda::BinaryIdentity &identity) override;
  void keep(const cuda::BinaryIdentity &identity, const std::string &binary) override;
  void refused(const cuda::BinaryIdentity &identity, const std::string &why) override;

private:
  const KernelCache &cache;
};

} // namespace bregman
