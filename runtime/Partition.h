// The static cut of a model's tensors over threads, as a flat list of calls. Making it costs some
// microseconds; it stays good as long as the addresses do.
#pragma once

#include "codegen/KernelABI.h"
#include "runtime/Kernel.h"

#include <cstddef>

namespace bregman {

/// What every kind of kernel derives its own partition from.
class Partition {
public:
  virtual ~Partition();
};

/// What of a kernel decides it too.
struct KernelShape {
  std::span<const StreamInfo> streams;
  Extent over = {};    ///< whose values it goes over
  bool random = false; ///< its calls have to know where they lie
};

inline KernelShape shapeOf(const Kernel &kernel) {
  return {kernel.streams(), kernel.over(), kernel.random()};
}

/// What decides how a model is cut. Zero means: what this machine has.
struct CutPolicy {
  /// f32 lanes of the machine code's vectors.
  int lanes = 16;
  /// A launch that touches more bytes per thread than this leaves nothing useful in the cache: it
  /// uses the streaming code where there is one. By default the second-level cache of a core.
  int64_t cacheBytes = 0;
  /// No thread gets fewer bytes than this; waking one for less takes longer than it saves.
  int64_t bytesPerThread = int64_t(1) << 20;
};

/// Tensors below this size always use the plain code: the first non-temporal stores of a call cost
/// more than they save.
inline constexpr int64_t smallestStreamed = 4096;

class HostPartition final : public Partition {
public:
  /// One call of a kernel's function.
  struct Chunk {
    int64_t size;
    size_t streams; ///< where its addresses begin in `addresses`
    bool streaming;
  };
  /// The chunks [begin, end) of one thread.
  struct Share {
    size_t begin, end;
    bool streams; ///< some chunk streams: a fence must follow
  };

  /// Where a chunk lies, for the random numbers of its weights.
  struct Place {
    int64_t first;
    uint32_t parameter;
  };
  /// One number that is narrowed from the records [begin, end) of `partials`.
  struct Combination {
    Access kind;
    size_t begin, end;
    float *result;
  };

  std::vector<Chunk> chunks;
  std::vector<Share> shares;
  mutable std::vector<void *> addresses;
  /// The tensor of each chunk, where streams have extents: there a new cut would take long.
  std::vector<uint32_t> tensors;
  std::vector<Place> places; ///< one per chunk, where the kernel draws random numbers
  size_t planes = 0;         ///< addresses of a chunk
  /// What the chunks leave: for each plane that is a reduction one record per chunk, in order.
  mutable std::vector<abi::Partial> partials;
  std::vector<Combination> combinations;
};

/// Cuts `segments` into contiguous shares of equal weight count, at most `threads` of them. Inside
/// a tensor the cuts lie at multiples of 64 weights from where its write-only streams are aligned,
/// so that no two threads write one cache line of an aligned tensor. `canStream` says whether there
/// is streaming code; what it may not do (heads, tails, small tensors, tensors whose write-only
/// streams cannot be aligned together) is cut off as plain chunks.
///
/// Where streams have extents, no chunk has weights of two of their segments. A kernel that reduces
/// gets chunks of at most abi::block weights, counted from the segment's first, whatever the
/// threads: they decide the bits.
HostPartition cut(const KernelShape &shape, std::span<const Segment> segments, int threads,
                  bool canStream, const CutPolicy &policy);

} // namespace bregman
