// What a loop over the weights of a tensor may be: its width and its variant.
#pragma once

#include <cstdint>

namespace bregman {

/// See codegen/KernelABI.h for what each promises.
enum class LoopVariant : uint8_t { Plain, Streaming };

struct LoopOptions {
  /// f32 lanes of a vector: 16 or 8.
  int lanes = 16;
  LoopVariant variant = LoopVariant::Plain;
  /// Vectors of one iteration; 0 takes what measured best.
  int vectors = 0;
};

} // namespace bregman
