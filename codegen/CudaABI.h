// The contract between code generated for NVIDIA GPUs and whoever launches it, included by both
// sides. See KernelABI.h for what it shares with the host's.
#pragma once

#include "codegen/KernelABI.h"

#include <cstddef>
#include <cstdint>

namespace bregman::abi::cuda {

/// Part of every cache key.
inline constexpr uint32_t version = 1;

/// The entry of a kernel's module:
///   (const Chunk *chunks, int32_t count, const float *scalars, const Draw *draw)
/// All addresses lie in device memory. Chunk c is done by block c modulo the number of blocks, so
/// that any grid does the work and gives the same bits.
inline constexpr const char *symbol = "bregman_kernel";

/// Threads of a block, for every entry.
inline constexpr int threads = 256;

/// No chunk has more elements. It is the host's bound, so that a model is cut into the same calls
/// and sums have the same bits.
inline constexpr int64_t block = abi::block;

/// What a block does at once. The addresses of every plane of every stream follow, in declared
/// order, 8 bytes each; so a chunk of a kernel takes chunkBytes(planes). A stream that is the same
/// for all elements of the chunk has the address of its one value; a reduction that of an
/// abi::Partial, which the chunk writes.
struct Chunk {
  int32_t size;
  uint32_t flags;
  uint32_t parameter; ///< which tensor, for random numbers
  uint32_t unused;
  uint64_t first; ///< the index of element 0 in its tensor, for random numbers
};

constexpr size_t chunkBytes(size_t planes) { return sizeof(Chunk) + sizeof(uint64_t) * planes; }

/// Flag: the address of every plane that has a value per element is a multiple of 16. Without it
/// elements are moved one by one.
inline constexpr uint32_t aligned = 1;

/// The present step, for kernels with `bregman.random`; others do not read it.
struct Draw {
  uint32_t seed[2];
  uint64_t step, next;
};

/// The entry of the module that narrows what chunks have left, as the host's runtime does and to
/// the same bits: (const Combination *combinations, int32_t count). Combination c is done by block
/// c modulo the number of blocks. It uses up the records.
inline constexpr const char *combineSymbol = "bregman_combine";

enum class Kind : int32_t { Sum, Mean, Min, Max, Std };

struct Combination {
  uint64_t partials; ///< address of `count` abi::Partial, one per chunk in order
  int32_t count;
  Kind kind;
  uint64_t result; ///< address of an f32
};

static_assert(sizeof(Chunk) == 24 && sizeof(Draw) == 24 && sizeof(Combination) == 24);

} // namespace bregman::abi::cuda
