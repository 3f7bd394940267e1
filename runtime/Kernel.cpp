// What all kernels share.
#include "runtime/Kernel.h"

#include <utility>

namespace bregman {

int sizeOf(ElementType type) { return type == ElementType::F32 ? 4 : 2; }

Kernel::Kernel(KernelSignature signature) : signature(std::move(signature)) {}
Kernel::~Kernel() = default;

Status Kernel::launch(std::span<const Segment> segments, std::span<const float> scalars,
                      int threads, const Draw &draw) const {
  return launch(*partition(segments, threads), scalars, draw);
}

} // namespace bregman
