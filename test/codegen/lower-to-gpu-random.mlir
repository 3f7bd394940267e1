// Philox on one counter at a time. The chunk says which tensor and where in it, the step is read
// once.
// RUN: %bregman-opt %s --bregman-lower-to-gpu --mlir-use-nameloc-as-prefix | FileCheck %s

// CHECK: scf.for %c =
// CHECK: %[[FIRST:.*]] = llvm.getelementptr %chunk[16]
// CHECK: llvm.load %[[FIRST]] {alignment = 8 : i64} : !llvm.ptr<1> -> i64
// CHECK: %[[TENSOR:.*]] = llvm.getelementptr %chunk[8]
// CHECK: llvm.load %[[TENSOR]] {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: llvm.getelementptr %draw[8]
// CHECK: llvm.getelementptr %draw[16]
// CHECK: llvm.getelementptr %draw[0]
// CHECK: llvm.getelementptr %draw[4]
// CHECK: scf.for %i =
// Two products in each of ten rounds, for each of four elements.
// CHECK-COUNT-80: arith.mului_extended %{{.*}}, %{{.*}} : i32
// CHECK-NOT: arith.mului_extended
bregman.kernel @k scalars () streams (x = %x : out f32) {
  bregman.sweep () {
    %0 = bregman.random : f32
    bregman.yield x = %0 : f32
  }
}
