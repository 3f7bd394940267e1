// The contract between generated code and the runtime, included by both sides.
#pragma once

#include <cstdint>

namespace bregman::abi {

/// Part of every cache key: an object made for another version is never loaded.
inline constexpr uint32_t version = 2;

/// A kernel's function does `size` weights of one tensor, or values of one extent.
///  streams: the address of every plane of every stream, in declared order; then, where the kernel
///    has `bregman.random`, that of a Random.
///  scalars: the host values of this step, f32, in declared order.
/// A stream that is the same for all that the call goes over has the address of its one value; a
/// reduction that of a Partial, which the call writes.
/// `plain` takes any size and alignment. `streaming` takes a multiple of the vector width, and the
/// planes of the write-only f32 streams must be aligned to the vector; it prefetches what it reads
/// and bypasses the cache with what it only writes. Its stores are weakly ordered: whoever hands
/// the results to another thread fences first (the runtime does).
using Function = void (*)(int64_t size, void *const *streams, const float *scalars);

/// The symbol of the function in its object; one object holds one variant of one kernel.
inline constexpr const char *plainSymbol = "bregman_kernel_plain";
inline constexpr const char *streamingSymbol = "bregman_kernel_streaming";

/// No call of a kernel that reduces does more weights. Where calls begin decides the bits of a sum;
/// how many there are decides how it can be shared among threads.
inline constexpr int64_t block = 4096;

/// Sums have this many accumulators whatever the machine's vectors are: element i of a call goes to
/// accumulator i mod 16, and at the end the upper half is added to the lower until one is left. So
/// every width and variant gives the same bits.
inline constexpr int accumulators = 16;

/// What one call found of a reduction: of the elements that its condition holds for, or all. The
/// least or the greatest one stands in `sum`.
struct Partial {
  double sum, sumOfSquares, count;
};

/// Where the numbers of a call come from. Element i has the counter (index, step, parameter) with
/// index = first + i; `next` is the step that `bregman.random next` is of.
struct Random {
  uint32_t seed[2];
  uint32_t parameter, unused;
  uint64_t step, next;
  uint64_t first;
};

} // namespace bregman::abi
