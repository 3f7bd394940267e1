// HostTarget: the machine that code is generated for, as the back end and the cache name it.
#pragma once

#include "llvm/Support/Error.h"

#include <string>

namespace bregman {

struct HostTarget {
  std::string triple;
  std::string cpu;
  /// "+avx2,-avx512f,...": each feature by name, in alphabetical order.
  std::string features;
  /// f32 lanes of a vector: 16 with AVX-512, 8 with AVX2.
  int lanes = 0;

  /// This machine. `lanes` of 16 or 8 asks for that width, and 8 takes AVX-512's instructions away,
  /// so that both widths can be had on one machine; 0 takes the widest. Fails on a machine that is
  /// not x86-64 or has neither AVX-512 (F, BW, DQ, VL) nor AVX2 with FMA and F16C, and where the
  /// width that was asked for is missing.
  static llvm::Expected<HostTarget> host(int lanes = 0);

  /// One line that differs wherever generated code may.
  std::string describe() const;
};

} // namespace bregman
