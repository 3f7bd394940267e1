// One launch: every thread goes through its share's calls.
#include "runtime/HostKernel.h"

#include "runtime/Combine.h"
#include "runtime/ThreadPool.h"

#include <atomic>
#include <cassert>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bregman {

namespace {

/// Fewer results of reductions than this are done by one thread.
constexpr size_t worthSharing = 4096;

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

HostKernel::HostKernel(KernelSignature signature, HostCode code, CutPolicy policy)
    : Kernel(std::move(signature)), code(std::move(code)), policy(policy) {
  assert(this->code.plain && "a kernel without code");
}

std::shared_ptr<const Partition> HostKernel::partition(std::span<const Segment> segments,
                                                       int threads) const {
  return std::make_shared<const HostPartition>(
      cut(shapeOf(*this), segments, threads, code.streaming != nullptr, policy));
}

/// What is only read may lie anywhere; where the others lie has decided the cut.
bool HostKernel::move(const Partition &opaque, std::span<const Segment> before,
                      std::span<const Segment> after) const {
  const auto &partition = static_cast<const HostPartition &>(opaque);
  if (partition.tensors.size() != partition.chunks.size())
    return false;
  size_t plane = 0;
  std::vector<size_t> read;
  for (const StreamInfo &stream : streams())
    for (int i = 0; i < stream.planes; ++i, ++plane) {
      if (stream.access == Access::In)
        read.push_back(plane);
      else
        for (size_t tensor = 0; tensor < after.size(); ++tensor)
          if (before[tensor].streams[plane] != after[tensor].streams[plane])
            return false;
    }
  for (size_t chunk = 0; chunk < partition.chunks.size(); ++chunk)
    for (size_t moved : read) {
      void *&address = partition.addresses[partition.chunks[chunk].streams + moved];
      size_t tensor = partition.tensors[chunk];
      auto *from = static_cast<char *>(before[tensor].streams[moved]);
      address =
          static_cast<char *>(after[tensor].streams[moved]) + (static_cast<char *>(address) - from);
    }
  return true;
}

void HostKernel::runChunk(const HostPartition &partition, size_t index,
                          std::span<const float> scalars) const {
  const HostPartition::Chunk &chunk = partition.chunks[index];
  callKernel(chunk.streaming ? code.streaming : code.plain, chunk.size,
             partition.addresses.data() + chunk.streams, scalars.data());
}

void HostKernel::runRandomly(const HostPartition &partition, size_t index,
                             std::span<const float> scalars, const Draw &draw) const {
  const HostPartition::Chunk &chunk = partition.chunks[index];
  const HostPartition::Place &place = partition.places[index];
  abi::Random random{{uint32_t(draw.seed), uint32_t(draw.seed >> 32)},
                     place.parameter,
                     0,
                     draw.step,
                     draw.next,
                     uint64_t(place.first)};
  auto first = partition.addresses.begin() + ptrdiff_t(chunk.streams);
  std::vector<void *> addresses(first, first + ptrdiff_t(partition.planes));
  addresses.push_back(&random);
  callKernel(chunk.streaming ? code.streaming : code.plain, chunk.size, addresses.data(),
             scalars.data());
}

Status HostKernel::launch(const Partition &opaque, std::span<const float> scalars, const Draw &draw,
                          void *) const {
  assert(scalars.size() == Kernel::scalars().size() && "one value per scalar");
  const auto &partition = static_cast<const HostPartition &>(opaque);
  auto runShare = [&](int index) {
    const HostPartition::Share &share = partition.shares[index];
    for (size_t i = share.begin; i < share.end; ++i)
      if (random())
        runRandomly(partition, i, scalars, draw);
      else
        runChunk(partition, i, scalars);
    if (share.streams)
      drainStreamingStores();
  };
  int shares = int(partition.shares.size());
  ThreadPool::shared().run(shares, runShare);
  size_t results = partition.combinations.size();
  if (results == 0)
    return std::nullopt;
  if (results < worthSharing)
    shares = 1;
  ThreadPool::shared().run(shares, [&](int index) {
    size_t end = results * size_t(index + 1) / size_t(shares);
    for (size_t i = results * size_t(index) / size_t(shares); i < end; ++i)
      combine(partition.combinations[i], partition.partials);
  });
  return std::nullopt;
}

} // namespace bregman
