// Where a stream is narrower than f32 a thread has eight elements, so that 16 bytes of it are moved
// at once, and twice 16 of an f32 stream. One at a time, a narrow element is two bytes.
// RUN: %bregman-opt %s --split-input-file --bregman-lower-to-gpu | FileCheck %s

// CHECK: attributes {nvvm.kernel, nvvm.maxntid = array<i32: 256>, nvvm.minctasm = 2 : i32}
// CHECK: scf.if {{.*}} -> (i16, i16, i16, i16, i16, i16, i16, i16, f32, f32, f32, f32, f32, f32, f32, f32) {
// CHECK-COUNT-1: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xi16>
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK: } else {
// CHECK: llvm.load %{{.*}} {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// bf16 is the upper half of an f32.
// CHECK-COUNT-8: arith.shli %{{.*}}, %{{.*}} : i32
// CHECK-COUNT-8: arith.truncf %{{.*}} : f32 to f16
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<8xi16>, !llvm.ptr<1>
// CHECK: } else {
// CHECK-COUNT-8: llvm.store %{{.*}}, %{{.*}} {alignment = 2 : i64} : i16, !llvm.ptr<1>
bregman.kernel @k scalars () streams (g = %g : in bf16, x = %x : in f32, w = %w : out f16) {
  bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
    %0 = arith.addf %gi, %xi : f32
    bregman.yield w = %0 : f32
  }
}

// -----
// Nine streams of eight elements each leave little of 128 registers: one block has more.
// CHECK: llvm.func @bregman_kernel
// CHECK-SAME: nvvm.minctasm = 1 : i32
bregman.kernel @many scalars () streams (g = %g : in f16, a = %a : in f32, b = %b : in f32, c = %c : in f32, d = %d : in f32,
    e = %e : in f32, f = %f : in f32, h = %h : in f32, i = %i : in f32, w = %w : out f16) {
  bregman.sweep (%gi = %g, %ai = %a, %bi = %b, %ci = %c, %di = %d, %ei = %e, %fi = %f, %hi = %h, %ii = %i)
      : f32, f32, f32, f32, f32, f32, f32, f32, f32 {
    %0 = arith.addf %gi, %ai : f32
    %1 = arith.addf %0, %bi : f32
    %2 = arith.addf %1, %ci : f32
    %3 = arith.addf %2, %di : f32
    %4 = arith.addf %3, %ei : f32
    %5 = arith.addf %4, %fi : f32
    %6 = arith.addf %5, %hi : f32
    %7 = arith.addf %6, %ii : f32
    bregman.yield w = %7 : f32
  }
}
