// What many weights share stands in front of the loop; sums go through it in 16 accumulators.
// RUN: %bregman-opt %s --bregman-lower-to-loops=vectors=1 | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: %bregman-opt %s --bregman-lower-to-loops='lanes=8 vectors=1' | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: %bregman-opt %s --bregman-lower-to-loops='variant=streaming' | FileCheck %s --check-prefix=STREAM

// CHECK: %[[RECORD:.*]] = llvm.load {{.*}} {alignment = 8 : i64, bregman.name = "$0"}
// CHECK: %[[S:.*]] = llvm.load {{.*}} {alignment = 8 : i64, bregman.name = "s"}
// CHECK: %[[VALUE:.*]] = llvm.load %[[S]] {alignment = 4 : i64, bregman.name = "s.value"} : !llvm.ptr -> f32
// WIDE: %[[SPREAD:.*]] = vector.broadcast %[[VALUE]] : f32 to vector<16xf32>
// CHECK: math.exp
// WIDE: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (vector<16xf64>, vector<16xi32>)
// NARROW: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf64>, vector<8xf64>, vector<8xi32>)
// STREAM: scf.for
// STREAM-NOT: scf.if
// CHECK-NOT: math.exp
// Whole vectors under the condition alone, others where there are elements too.
// WIDE: scf.if
// WIDE: arith.select %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi1>, vector<16xf32>
// WIDE: arith.extf {{.*}} : vector<16xf32> to vector<16xf64>
// WIDE: else
// WIDE: arith.andi
// After the loop by halves.
// WIDE: vector.shuffle {{.*}}[8, 9, 10, 11, 12, 13, 14, 15]
// CHECK: vector.shuffle {{.*}}[4, 5, 6, 7]
// CHECK: vector.shuffle {{.*}}[1]
// CHECK: llvm.store {{.*}}, %{{.*}} {alignment = 8 : i64} : f64, !llvm.ptr
bregman.kernel @k scalars () streams (x = %x : in f32, "$0" = %r : mean f32 per channel, s = %s : in f32 per channel) {
  bregman.sweep (%xi = %x, %si = %s) : f32, f32 {
    %e = math.exp %si : f32
    %0 = arith.mulf %e, %xi : f32
    %c = arith.cmpf ogt, %xi, %e : f32
    bregman.yield "$0" = %0, "$0.where" = %c : f32, i1
  }
}
