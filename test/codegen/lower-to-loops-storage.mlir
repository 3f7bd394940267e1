// Narrow streams are moved as their bits; bf16 is arithmetic on integers, f16 the machine's conversion.
// RUN: %bregman-opt %s --bregman-lower-to-loops=variant=streaming | FileCheck %s

bregman.kernel @k scalars () streams (g = %g : in bf16, h = %h : in f16, w = %w : out bf16, v = %v : out f16) {
  bregman.sweep (%gi = %g, %hi = %h) : f32, f32 {
    // CHECK: %[[G:.*]] = llvm.load {{.*}} {alignment = 2 : i64{{.*}} -> vector<16xi16>
    // CHECK: %[[H:.*]] = llvm.load {{.*}} {alignment = 2 : i64{{.*}} -> vector<16xi16>
    // CHECK: %[[WIDE:.*]] = arith.extui %[[G]]
    // CHECK: %[[HIGH:.*]] = arith.shli %[[WIDE]]
    // CHECK: arith.bitcast %[[HIGH]] : vector<16xi32> to vector<16xf32>
    // CHECK: %[[HALF:.*]] = arith.bitcast %[[H]] : vector<16xi16> to vector<16xf16>
    // CHECK: arith.extf %[[HALF]]
    // CHECK: arith.cmpf uno
    // CHECK: arith.trunci {{.*}} to vector<16xi16>
    // CHECK: arith.truncf {{.*}} to vector<16xf16>
    // Only f32 goes around the cache: the runtime aligns no other stream.
    // CHECK-NOT: nontemporal
    bregman.yield w = %gi, v = %hi : f32, f32
  }
}
