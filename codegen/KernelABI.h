// The contract between generated code and the runtime, included by both sides.
#pragma once

#include <cstdint>

namespace bregman::abi {

/// Part of every cache key: an object made for another version is never loaded.
inline constexpr uint32_t version = 1;

/// A kernel's function does `size` weights of one tensor.
///  streams: the address of every plane of every stream, in declared order.
///  scalars: the host values of this step, f32, in declared order.
/// `plain` takes any size and alignment. `streaming` takes a multiple of the vector width, and the
/// planes of the write-only f32 streams must be aligned to the vector; it prefetches what it reads
/// and bypasses the cache with what it only writes. Its stores are weakly ordered: whoever hands
/// the results to another thread fences first (the runtime does).
using Function = void (*)(int64_t size, void *const *streams, const float *scalars);

/// The symbol of the function in its object; one object holds one variant of one kernel.
inline constexpr const char *plainSymbol = "bregman_kernel_plain";
inline constexpr const char *streamingSymbol = "bregman_kernel_streaming";

} // namespace bregman::abi
