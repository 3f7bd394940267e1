// Chunks have at most abi::block weights, where the host's calls of a reduction have them too.
#include "runtime/cuda/CudaPartition.h"

#include "runtime/Stretches.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace bregman::cuda {

namespace {

constexpr size_t roundUp(size_t size) { return (size + 15) / 16 * 16; }

template <class T> void append(std::vector<char> &bytes, const T &value) {
  auto *from = reinterpret_cast<const char *>(&value);
  bytes.insert(bytes.end(), from, from + sizeof value);
}

abi::cuda::Kind kindOf(Access access) {
  switch (access) {
  case Access::Mean:
    return abi::cuda::Kind::Mean;
  case Access::Min:
    return abi::cuda::Kind::Min;
  case Access::Max:
    return abi::cuda::Kind::Max;
  case Access::Std:
    return abi::cuda::Kind::Std;
  default:
    assert(access == Access::Sum && "no reduction");
    return abi::cuda::Kind::Sum;
  }
}

} // namespace

CudaPartition::CudaPartition(const KernelShape &shape, std::span<const Segment> segments,
                             size_t scalars) {
  for (const StreamInfo &stream : shape.streams)
    planes += size_t(stream.planes);
  // Of no weights there may be no gradient; a reduction of them has a result all the same.
  for (bool empty : {false, true})
    for (const Segment &segment : segments)
      if (!anyAddress && (segment.size == 0) == empty)
        for (void *address : segment.streams)
          anyAddress = anyAddress ? anyAddress : address;
  Stretches stretches = stretchesOf(shape, segments);
  for (size_t i = 0; i < stretches.segments.size(); ++i)
    addChunks(shape, stretches.segments[i], stretches.firsts[i]);

  assert((!stretches.whole || chunks == stretches.segments.size()) && "a chunk for each stretch");
  for (size_t r = 0; r < stretches.reductions.size(); ++r)
    for (const HostPartition::Combination &made : stretches.reductions[r].combinations)
      combinationImage.push_back({(r * chunks + made.begin) * sizeof(abi::Partial),
                                  int32_t(made.end - made.begin), kindOf(made.kind),
                                  addressOf(made.result)});
  combinations = uint32_t(combinationImage.size());
  layOut(scalars);

  for (size_t r = 0; r < stretches.reductions.size(); ++r)
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
      size_t at = chunksAt + chunk * abi::cuda::chunkBytes(planes) + sizeof(abi::cuda::Chunk) +
                  8 * stretches.reductions[r].plane;
      uint64_t record = recordsAt + (r * chunks + chunk) * sizeof(abi::Partial);
      std::memcpy(image.data() + at, &record, 8);
      relative.push_back(at);
    }
  total = recordsAt + stretches.reductions.size() * chunks * sizeof(abi::Partial);
}

/// Splits what shares all its values into chunks.
void CudaPartition::addChunks(const KernelShape &shape, const Segment &stretch, int64_t first) {
  for (int64_t from = 0; from < stretch.size; from += abi::cuda::block) {
    abi::cuda::Chunk chunk{};
    chunk.size = int32_t(std::min(stretch.size - from, abi::cuda::block));
    chunk.parameter = stretch.parameter;
    chunk.first = uint64_t(first + from);
    std::vector<uint64_t> addresses;
    bool aligned = true;
    for (const StreamInfo &stream : shape.streams) {
      bool swept = isSwept(stream, shape.over);
      for (int plane = 0; plane < stream.planes; ++plane) {
        addresses.push_back(addressOf(stretch.streams[addresses.size()]) +
                            (swept ? uint64_t(from * sizeOf(stream.type)) : 0));
        aligned &= !swept || addresses.back() % 16 == 0;
      }
    }
    chunk.flags = aligned ? abi::cuda::aligned : 0;
    append(chunkImage, chunk);
    for (uint64_t address : addresses)
      append(chunkImage, address);
    ++chunks;
  }
}

void CudaPartition::layOut(size_t scalars) {
  drawAt = roundUp(scalars * sizeof(float));
  chunksAt = roundUp(drawAt + sizeof(abi::cuda::Draw));
  combinationsAt = roundUp(chunksAt + chunkImage.size());
  size_t combinationBytes = combinationImage.size() * sizeof(abi::cuda::Combination);
  recordsAt = roundUp(combinationsAt + combinationBytes);
  image.assign(recordsAt, 0);
  std::copy(chunkImage.begin(), chunkImage.end(), image.begin() + ptrdiff_t(chunksAt));
  for (size_t i = 0; i < combinationImage.size(); ++i) {
    combinationImage[i].partials += recordsAt;
    relative.push_back(combinationsAt + i * sizeof(abi::cuda::Combination) +
                       offsetof(abi::cuda::Combination, partials));
  }
  if (combinationBytes)
    std::memcpy(image.data() + combinationsAt, combinationImage.data(), combinationBytes);
  chunkImage.clear();
}

std::vector<char> CudaPartition::placed(uint64_t base) const {
  std::vector<char> result = image;
  for (size_t at : relative) {
    uint64_t address;
    std::memcpy(&address, result.data() + at, 8);
    address += base;
    std::memcpy(result.data() + at, &address, 8);
  }
  return result;
}

} // namespace bregman::cuda
