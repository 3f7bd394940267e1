// One launch: every thread goes through its share's calls.
#include "runtime/HostKernel.h"

#include "runtime/ThreadPool.h"

#include <atomic>
#include <cassert>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bregman {

namespace {

/// Non-temporal stores are weakly ordered even against a release: without this the thread that
/// waits for the launch could read what was there before.
void drainStreamingStores() {
#if defined(__x86_64__)
  _mm_sfence();
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

} // namespace

HostKernel::HostKernel(std::string name, std::vector<StreamInfo> streams,
                       std::vector<std::string> scalars, HostCode code, CutPolicy policy)
    : kernelName(std::move(name)), streamInfos(std::move(streams)), scalarNames(std::move(scalars)),
      code(std::move(code)), policy(policy) {
  assert(this->code.plain && "a kernel without code");
}

std::shared_ptr<const Partition> HostKernel::partition(std::span<const Segment> segments,
                                                       int threads) const {
  return std::make_shared<const HostPartition>(
      cut(streamInfos, segments, threads, code.streaming != nullptr, policy));
}

void HostKernel::launch(const Partition &opaque, std::span<const float> scalars) const {
  assert(scalars.size() == scalarNames.size() && "one value per scalar");
  const auto &partition = static_cast<const HostPartition &>(opaque);
  auto runShare = [&](int index) {
    const HostPartition::Share &share = partition.shares[index];
    for (size_t i = share.begin; i < share.end; ++i) {
      const HostPartition::Chunk &chunk = partition.chunks[i];
      callKernel(chunk.streaming ? code.streaming : code.plain, chunk.size,
                 partition.addresses.data() + chunk.streams, scalars.data());
    }
    if (share.streams)
      drainStreamingStores();
  };
  ThreadPool::shared().run(int(partition.shares.size()), runShare);
}

} // namespace bregman
