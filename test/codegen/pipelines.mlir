// From a kernel with a level axis to the LLVM dialect, by the pipelines that the back end runs.
// RUN: %bregman-opt %s --bregman-loops-pipeline='lanes=8 variant=streaming' | FileCheck %s --check-prefix=LOOPS
// RUN: %bregman-opt %s --bregman-loops-pipeline='lanes=8 variant=streaming' --bregman-llvm-pipeline | FileCheck %s --check-prefix=LLVM

// LOOPS: bregman.name = "x[1]"
// LOOPS: scf.for
// LOOPS: math.exp {{.*}} : vector<8xf32>
// LOOPS-NOT: math.exp
// LOOPS-NOT: bregman.sweep

// LLVM: llvm.func @bregman_kernel_streaming
// LLVM: llvm.cond_br
// LLVM: llvm.call_intrinsic "llvm.x86.avx2.permps"
// LLVM-NOT: math.
// LLVM-NOT: unrealized_conversion_cast
bregman.kernel @softmax scalars (beta = %beta) streams (x = %x : in vector<2xf32>, w = %w : out f32) {
  bregman.sweep (%xi = %x) : vector<2xf32> {
    %u = bregman.softmax %xi scale %beta : vector<2xf32>
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %qu = arith.mulf %q, %u : vector<2xf32>
    %w1 = bregman.reduce sum %qu : vector<2xf32>
    bregman.yield w = %w1 : f32
  }
}
