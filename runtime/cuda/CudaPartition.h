// The cut of a model over blocks of a GPU: one table for all tensors, in device memory.
#pragma once

#include "codegen/CudaABI.h"
#include "runtime/Memory.h"
#include "runtime/Partition.h"
#include "runtime/cuda/Device.h"

namespace bregman::cuda {

/// What a launch reads besides the tensors, as one image that is copied to the device: the scalars,
/// a Draw, the chunks, the combinations; the chunks' records follow, which have no image. The
/// addresses of records are counted from the image's start until that has a place.
class CudaPartition final : public Partition {
public:
  CudaPartition(const KernelShape &shape, std::span<const Segment> segments, size_t scalars);

  uint32_t chunks = 0, combinations = 0;
  const void *anyAddress = nullptr; ///< of a tensor: it says which device is meant

  /// Where the parts of the image begin.
  size_t drawAt = 0, chunksAt = 0, combinationsAt = 0, recordsAt = 0, total = 0;

  /// What is on the device; made by the first launch.
  struct Resident {
    std::shared_ptr<const Device> device;
    Buffer memory;
    void *stream = nullptr;    ///< which it was borrowed for
    bool current = false;      ///< the tables are those of the image
    std::vector<char> numbers; ///< the scalars and the Draw that were sent last
    bool isHalfDone = false;   ///< its records are written, and could not be combined
  };
  mutable Resident resident;
  mutable std::vector<char> image;

  /// Adds `base` to the addresses of records.
  std::vector<char> placed(uint64_t base) const;

private:
  void addChunks(const KernelShape &shape, const Segment &stretch, int64_t first);
  void layOut(size_t scalars);

  size_t planes = 0;
  std::vector<char> chunkImage;
  std::vector<abi::cuda::Combination> combinationImage;
  /// Offsets in the image of the addresses that are counted from its start.
  std::vector<size_t> relative;
};

} // namespace bregman::cuda
