// Stretches end where a segment of any stream's extent ends, so extents need not be nested.
#include "runtime/Stretches.h"

#include <algorithm>
#include <cassert>

namespace bregman {

bool isSwept(const StreamInfo &stream, Extent over) {
  return !isReduction(stream.access) && stream.extent == over;
}

namespace {

/// One tensor on its way into stretches.
class Tensor {
public:
  Tensor(const KernelShape &shape, const Segment &tensor, uint32_t index, Stretches &result)
      : shape(shape), tensor(tensor), index(index), result(result), swept(of(shape.over)) {
    assert((tensor.channels == 0 || tensor.size % tensor.channels == 0) &&
           "channels that differ in length");
  }

  void cut() {
    size_t begin = result.segments.size();
    for (int64_t from = 0, count = swept.count(); from < count;) {
      int64_t to = std::max(from + 1, endOf(swept.begin(from)));
      if (result.whole)
        to = std::min(to, from + abi::block);
      append(from, to);
      from = to;
    }
    for (Stretches::Reduction &reduction : result.reductions)
      combine(reduction, begin);
  }

private:
  Segmentation of(Extent extent) const { return {extent, tensor.size, tensor.channels}; }

  /// The first value after `position`, a weight, that does not share all that it shares.
  int64_t endOf(int64_t position) const {
    int64_t end = swept.count();
    for (const StreamInfo &stream : shape.streams) {
      if (isSwept(stream, shape.over) || tensor.size == 0)
        continue;
      Segmentation shared = of(stream.extent);
      int64_t next = shared.begin(shared.at(position) + 1);
      if (next < tensor.size)
        end = std::min(end, swept.at(next));
    }
    return end;
  }

  void append(int64_t from, int64_t to) {
    Segment &stretch = result.segments.emplace_back();
    result.firsts.push_back(from);
    result.tensors.push_back(index);
    stretch.streams.reserve(tensor.streams.size());
    stretch.size = to - from;
    stretch.parameter = tensor.parameter;
    int64_t position = std::min(swept.begin(from), std::max<int64_t>(tensor.size - 1, 0));
    size_t plane = 0;
    for (const StreamInfo &stream : shape.streams) {
      int64_t value = from;
      if (!isSwept(stream, shape.over))
        value = tensor.size == 0 ? 0 : of(stream.extent).at(position);
      for (int i = 0; i < stream.planes; ++i, ++plane)
        stretch.streams.push_back(static_cast<char *>(tensor.streams[plane]) +
                                  value * sizeOf(stream.type));
    }
  }

  /// The results of a reduction in this tensor, whose stretches begin at `begin`. A segment without
  /// weights has no records.
  void combine(Stretches::Reduction &reduction, size_t begin) {
    size_t plane = 0, stream = 0;
    while (plane + size_t(shape.streams[stream].planes) <= reduction.plane)
      plane += size_t(shape.streams[stream++].planes);
    Segmentation segmentation = of(shape.streams[stream].extent);
    auto *results = static_cast<float *>(tensor.streams[reduction.plane]);
    size_t next = begin;
    for (int64_t segment = 0; segment < segmentation.count(); ++segment) {
      size_t first = next;
      while (next < result.segments.size() && segmentation.at(result.firsts[next]) == segment)
        ++next;
      reduction.combinations.push_back({reduction.kind, first, next, results + segment});
    }
  }

  const KernelShape &shape;
  const Segment &tensor;
  uint32_t index; ///< of the tensor
  Stretches &result;
  Segmentation swept;
};

} // namespace

Stretches stretchesOf(const KernelShape &shape, std::span<const Segment> segments) {
  Stretches result;
  size_t plane = 0;
  for (const StreamInfo &stream : shape.streams)
    for (int i = 0; i < stream.planes; ++i, ++plane)
      if (isReduction(stream.access))
        result.reductions.push_back({stream.access, plane, {}});
  result.whole = !result.reductions.empty();
  for (size_t i = 0; i < segments.size(); ++i)
    Tensor(shape, segments[i], uint32_t(i), result).cut();
  return result;
}

void Stretches::reduce(HostPartition &partition) const {
  size_t chunks = partition.chunks.size();
  assert((!whole || chunks == segments.size()) && "a call for each stretch");
  partition.partials.resize(reductions.size() * chunks);
  for (size_t r = 0; r < reductions.size(); ++r) {
    const Reduction &reduction = reductions[r];
    for (size_t chunk = 0; chunk < chunks; ++chunk)
      partition.addresses[partition.chunks[chunk].streams + reduction.plane] =
          &partition.partials[r * chunks + chunk];
    for (HostPartition::Combination combination : reduction.combinations) {
      combination.begin += r * chunks;
      combination.end += r * chunks;
      partition.combinations.push_back(combination);
    }
  }
}

} // namespace bregman
