// The cut of a model over threads.
#include "runtime/Partition.h"

#include "runtime/Machine.h"
#include "runtime/Stretches.h"

#include <algorithm>
#include <cassert>

namespace bregman {

Partition::~Partition() = default;

namespace {

/// Weights between two possible cuts: 64 bytes of the smallest element that there could be.
constexpr int64_t grain = 64;

class Cutter {
public:
  /// With `whole` each of the segments is one call.
  Cutter(const KernelShape &shape, std::span<const Segment> segments,
         std::span<const int64_t> firsts, std::span<const uint32_t> tensors, bool whole,
         const CutPolicy &policy)
      : shape(shape), segments(segments), firsts(firsts), tensors(tensors), whole(whole),
        policy(policy) {
    for (const StreamInfo &stream : shape.streams) {
      bool swept = isSwept(stream, shape.over);
      strides.push_back(swept ? sizeOf(stream.type) : 0);
      planes += stream.planes;
      bytesPerWeight += int64_t(stream.planes) * strides.back();
    }
    for (const Segment &segment : segments)
      total += segment.size;
    result.planes = size_t(planes);
    result.chunks.reserve(segments.size());
    result.addresses.reserve(segments.size() * result.planes);
  }

  HostPartition cut(int threads, bool canStream) {
    int64_t bytes = total * bytesPerWeight;
    int64_t worthwhile = policy.bytesPerThread > 0 ? bytes / policy.bytesPerThread : total;
    int64_t shares = std::clamp<int64_t>(worthwhile, 1, std::max(threads, 1));
    int64_t cache = policy.cacheBytes > 0 ? policy.cacheBytes : secondLevelCacheBytes();
    streaming = canStream && bytes / shares > cache;

    result.shares.push_back({0, 0, false});
    int64_t start = 0; // weights before the present segment
    int64_t share = 0;
    for (size_t index = 0; index < segments.size(); ++index) {
      const Segment &segment = segments[index];
      origin = firsts.empty() ? 0 : firsts[index];
      present = index;
      assert((segment.size == 0 || int(segment.streams.size()) == planes) &&
             "one address per plane of every stream");
      int64_t head = headOf(segment);
      int64_t from = 0;
      // The shares that end inside this segment.
      for (; share + 1 < shares; ++share) {
        int64_t end = boundary(share + 1, shares) - start;
        if (end >= segment.size || (whole && end > 0))
          break;
        int64_t to = whole ? 0 : std::max(from, roundDown(end, std::max<int64_t>(head, 0)));
        append(segment, from, to, head);
        from = to;
        endShare();
      }
      append(segment, from, segment.size, head);
      start += segment.size;
    }
    result.shares.back().end = result.chunks.size();
    return std::move(result);
  }

private:
  /// Weights before share `index`. In 128 bits, as total * index could overflow.
  int64_t boundary(int64_t index, int64_t shares) const {
    return int64_t(__int128(total) * index / shares);
  }

  static int64_t roundDown(int64_t position, int64_t head) {
    return position <= head ? 0 : head + (position - head) / grain * grain;
  }

  void endShare() {
    size_t end = result.chunks.size();
    result.shares.back().end = end;
    result.shares.push_back({end, end, false});
  }

  /// Weights before the first one from which the segment may stream, or -1 where it may not.
  int64_t headOf(const Segment &segment) const {
    if (!streaming || segment.size < smallestStreamed)
      return -1;
    uintptr_t vector = uintptr_t(policy.lanes) * sizeof(float);
    int64_t head = 0;
    bool first = true;
    size_t plane = 0;
    for (const StreamInfo &stream : shape.streams) {
      for (int i = 0; i < stream.planes; ++i, ++plane) {
        if (stream.access != Access::Out || stream.type != ElementType::F32)
          continue;
        uintptr_t past = reinterpret_cast<uintptr_t>(segment.streams[plane]) % vector;
        if (past % sizeof(float) != 0)
          return -1;
        int64_t mine = int64_t((vector - past) % vector / sizeof(float));
        if (!first && mine != head)
          return -1;
        head = mine;
        first = false;
      }
    }
    return head;
  }

  /// The weights [from, to) of a segment, as up to three calls.
  void append(const Segment &segment, int64_t from, int64_t to, int64_t head) {
    if (head < 0 || whole) {
      add(segment, from, to, head == 0 && to % policy.lanes == 0);
      return;
    }
    int64_t body = std::min(to, std::max(from, head));
    int64_t tail = body + (to - body) / policy.lanes * policy.lanes;
    add(segment, from, body, false);
    add(segment, body, tail, true);
    add(segment, tail, to, false);
  }

  void add(const Segment &segment, int64_t from, int64_t to, bool stream) {
    if (from >= to)
      return;
    result.chunks.push_back({to - from, result.addresses.size(), stream});
    result.shares.back().streams |= stream;
    if (!tensors.empty())
      result.tensors.push_back(tensors[present]);
    if (shape.random)
      result.places.push_back({origin + from, segment.parameter});
    size_t plane = 0;
    for (size_t stream = 0; stream < strides.size(); ++stream)
      for (int i = 0; i < shape.streams[stream].planes; ++i, ++plane)
        result.addresses.push_back(static_cast<char *>(segment.streams[plane]) +
                                   from * strides[stream]);
  }

  const KernelShape &shape;
  std::span<const Segment> segments;
  std::span<const int64_t> firsts;   ///< of each segment's weights in its tensor, or none
  std::span<const uint32_t> tensors; ///< which one each segment is of, or none
  size_t present = 0;                ///< segment
  bool whole;
  const CutPolicy &policy;
  std::vector<int64_t> strides; ///< bytes from one value to the next, for each stream
  int planes = 0;
  int64_t bytesPerWeight = 0, total = 0, origin = 0;
  bool streaming = false;
  HostPartition result;
};

} // namespace

HostPartition cut(const KernelShape &shape, std::span<const Segment> segments, int threads,
                  bool canStream, const CutPolicy &policy) {
  bool flat = std::all_of(shape.streams.begin(), shape.streams.end(),
                          [](auto &stream) { return stream.extent == Extent(); });
  if (flat)
    return Cutter(shape, segments, {}, {}, false, policy).cut(threads, canStream);
  Stretches stretches = stretchesOf(shape, segments);
  HostPartition result = Cutter(shape, stretches.segments, stretches.firsts, stretches.tensors,
                                stretches.whole, policy)
                             .cut(threads, canStream);
  stretches.reduce(result);
  return result;
}

} // namespace bregman
