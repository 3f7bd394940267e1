// What is reduced goes through shared memory to 16 threads of one warp for each reduction, which are
// its accumulators.
// RUN: %bregman-opt %s --bregman-lower-to-gpu --cse --mlir-use-nameloc-as-prefix | FileCheck %s
// RUN: %bregman-opt %s --bregman-gpu-pipeline --bregman-nvvm-pipeline | FileCheck %s --check-prefix=LLVM

// A row more than a tile of 1024 elements, twice.
// CHECK: llvm.mlir.global internal @bregman_shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<8320 x i8>
// CHECK: llvm.func @bregman_kernel
// CHECK: scf.for %c =
// What the channel shares is read once, and what follows from it is computed in front of the loop.
// CHECK: llvm.load {{.*}}bregman.name = "s.value"} : !llvm.ptr<1> -> f32
// CHECK: math.exp
// Every thread comes through every tile.
// CHECK: scf.for %tile = %[[ZERO:.*]] to %size step %{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (f64, f64, i32, f32) : i32 {
// CHECK-NOT: math.exp
// CHECK-COUNT-4: arith.addi %{{.*}}, %{{.*}} : i32
// CHECK-COUNT-2: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// The deviation's, in f64.
// CHECK: arith.cmpi ult
// CHECK: scf.if {{.*}} -> (f64, f64) {
// CHECK: scf.for {{.*}} -> (f64, f64)
// CHECK: arith.extf %{{.*}} : f32 to f64
// CHECK: arith.addf {{.*}} : f64
// CHECK: arith.mulf {{.*}} : f64
// CHECK: arith.addf {{.*}} : f64
// The greatest, in f32, by the second warp.
// CHECK: arith.constant 32 : i32
// CHECK: scf.if {{.*}} -> (f32) {
// CHECK: arith.cmpf ogt
// CHECK: nvvm.barrier0
// CHECK: scf.yield
// Each thread's count, each accumulator, then one thread of a reduction.
// CHECK: llvm.store %{{.*}} : i32, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: llvm.store %{{.*}} : f64, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK-COUNT-16: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> f64
// CHECK-COUNT-3: llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : f64, !llvm.ptr<1>
// CHECK: nvvm.barrier0
// CHECK: llvm.return
// LLVM-NOT: scf.
// LLVM-COUNT-5: nvvm.barrier0
// LLVM-NOT: nvvm.barrier0
bregman.kernel @k scalars () streams (x = %x : in f32, "$0" = %r : std f32 per channel, "$1" = %m : max f32 per channel, s = %s : in f32 per channel) {
  bregman.sweep (%xi = %x, %si = %s) : f32, f32 {
    %e = math.exp %si : f32
    %0 = arith.mulf %e, %xi : f32
    %c = arith.cmpf ogt, %xi, %e : f32
    bregman.yield "$0" = %0, "$0.where" = %c, "$1" = %0 : f32, i1, f32
  }
}
