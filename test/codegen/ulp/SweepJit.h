// Compiles one function at one width through the passes of the code generator, and runs it.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <string>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace bregman::ulp {

/// A width of the code, and the least machine that runs it.
struct Width {
  /// f32 values at once: 16 with AVX-512, 8 with AVX2, or 1.
  int lanes;
  llvm::StringRef name;
  /// Scalars and 8 lanes are compiled for a machine without AVX-512, whatever this one is.
  llvm::StringRef cpu;
};

inline constexpr int widthCount = 3;
extern const Width widths[widthCount];

/// Whether this machine can run the code of a width.
bool canRun(const Width &width);

/// y[i] = f(x[i], z[i]) for `size` values, a multiple of 16.
using SweepFunction = void (*)(const float *x, const float *z, float *y, int64_t size);

/// Generated code has no type in front of it for the undefined-behaviour sanitizer to find.
[[clang::no_sanitize("function")]] inline void callSwept(SweepFunction code, const float *x,
                                                         const float *z, float *y, size_t size) {
  code(x, z, y, static_cast<int64_t>(size));
}

class SweepJit {
public:
  /// `body` is a Function's; fails with MLIR's or LLVM's message.
  static llvm::Expected<SweepJit> compile(llvm::StringRef body, const Width &width);
  /// The assembly of the same code.
  static llvm::Expected<std::string> assembly(llvm::StringRef body, const Width &width);

  SweepJit(SweepJit &&) noexcept;
  ~SweepJit();

  SweepFunction function() const { return run; }

private:
  SweepJit(std::unique_ptr<llvm::orc::LLJIT> jit, SweepFunction run);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  SweepFunction run;
};

} // namespace bregman::ulp
