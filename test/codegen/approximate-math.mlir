// Sums and products of f32 may be contracted, quotients and tanh be the machine's, exp and sigmoid go by
// a power of two; f64 and all other functions stay.
// RUN: %bregman-opt %s --bregman-approximate-math | FileCheck %s
// What is marked is no longer expanded, and comes to LLVM with its marks.
// RUN: %bregman-opt %s --bregman-approximate-math --bregman-nvvm-pipeline | FileCheck --check-prefix=LLVM %s

// CHECK-LABEL: func @some
// CHECK: arith.subf %{{.*}}, %{{.*}} fastmath<contract> : f32
// CHECK: arith.divf %{{.*}}, %{{.*}} fastmath<afn> : f32
// CHECK: math.tanh %{{.*}} fastmath<afn> : f32
// CHECK: math.log %{{[^ ]*}} : f32
// CHECK: math.sqrt %{{[^ ]*}} : f32
// LLVM-LABEL: llvm.func @some
// LLVM: llvm.fsub %{{.*}} {fastmathFlags = #llvm.fastmath<contract>} : f32
// LLVM: llvm.fdiv %{{.*}} {fastmathFlags = #llvm.fastmath<afn>} : f32
// LLVM: llvm.intr.tanh(%{{.*}}) {fastmathFlags = #llvm.fastmath<afn>} : (f32) -> f32
// LLVM-NOT: llvm.intr.log
func.func @some(%x: f32, %y: f32) -> f32 {
  %0 = arith.subf %x, %y : f32
  %1 = arith.divf %0, %y : f32
  %2 = math.tanh %1 : f32
  %3 = math.log %2 : f32
  %4 = math.sqrt %3 : f32
  return %4 : f32
}

// CHECK-LABEL: func @sigmoid
// CHECK: %[[FACTOR:.*]] = arith.constant 1.44269502 : f32
// CHECK: arith.mulf %{{.*}}, %[[FACTOR]] : f32
// CHECK: math.exp2 %{{.*}} fastmath<afn> : f32
// CHECK: arith.addf %{{.*}}, %{{.*}} : f32
// CHECK: arith.divf %{{.*}}, %{{.*}} fastmath<afn> : f32
func.func @sigmoid(%x: f32) -> f32 {
  %0 = bregman.sigmoid %x : f32
  return %0 : f32
}

// CHECK-LABEL: func @exact
// CHECK-NOT: fastmath
func.func @exact(%x: f64, %y: f64) -> f64 {
  %0 = arith.addf %x, %y : f64
  %1 = arith.divf %0, %y : f64
  return %1 : f64
}
