// Blocks go over chunks, threads over elements: 16 bytes at once where the chunk is aligned and the
// elements are there, else one by one.
// RUN: %bregman-opt %s --bregman-lower-to-gpu --mlir-use-nameloc-as-prefix | FileCheck %s

// CHECK: llvm.func @bregman_kernel(%chunks: !llvm.ptr<1> {bregman.name = "chunks"}, %count: i32 {bregman.name = "count"}, %scalars: !llvm.ptr<1> {bregman.name = "scalars"}, %draw: !llvm.ptr<1> {bregman.name = "draw"}) attributes {nvvm.kernel, nvvm.maxntid = array<i32: 256>}
// CHECK-DAG: %thread = nvvm.read.ptx.sreg.tid.x : i32
// CHECK-DAG: %block = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-DAG: %blocks = nvvm.read.ptx.sreg.nctaid.x : i32
// Scalars, and what follows from them alone, stand in front of all loops.
// CHECK: %lr = llvm.load %{{.*}} {alignment = 4 : i64, bregman.name = "lr"} : !llvm.ptr<1> -> f32
// CHECK: %[[NEG:.*]] = arith.negf %lr : f32
// CHECK: scf.for %c = %block to %count step %blocks : i32 {
// 24 bytes and three addresses.
// CHECK: %[[BYTES:.*]] = arith.constant 48 : i64
// CHECK: %chunk = llvm.getelementptr %chunks
// CHECK: %size = llvm.load {{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: %aligned = arith.cmpi ne
// CHECK: %g = llvm.load {{.*}} {alignment = 8 : i64, bregman.name = "g"} : !llvm.ptr<1> -> !llvm.ptr<1>
// CHECK: %x = llvm.load {{.*}} {alignment = 8 : i64, bregman.name = "x"} : !llvm.ptr<1> -> !llvm.ptr<1>
// CHECK: %w = llvm.load {{.*}} {alignment = 8 : i64, bregman.name = "w"} : !llvm.ptr<1> -> !llvm.ptr<1>
// CHECK: scf.for %i = %{{.*}} to %size step %{{.*}} : i32 {
// CHECK: %[[WHOLE:.*]] = arith.andi %aligned, %{{.*}} : i1
// CHECK: scf.if %[[WHOLE]] -> (f32, f32, f32, f32, f32, f32, f32, f32) {
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK: } else {
// CHECK-COUNT-8: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// The body stands once for each element.
// CHECK-COUNT-4: arith.mulf %[[NEG]], %{{.*}} : f32
// CHECK-NOT: arith.mulf
// CHECK: scf.if %[[WHOLE]] {
// CHECK-COUNT-2: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
// CHECK: } else {
// CHECK-COUNT-8: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK-NOT: nvvm.barrier
// CHECK: llvm.return
bregman.kernel @k scalars (lr = %lr) streams (g = %g : in f32, x = %x : inout f32, w = %w : out f32) {
  %n = arith.negf %lr : f32
  bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
    %0 = arith.mulf %n, %gi : f32
    %1 = arith.addf %xi, %0 : f32
    bregman.yield x = %1, w = %1 : f32, f32
  }
}
