// One kernel as a loop: plain with its one body, streaming around the cache.
// RUN: %bregman-opt %s --bregman-lower-to-loops=vectors=1 | FileCheck %s --check-prefixes=CHECK,PLAIN
// RUN: %bregman-opt %s --bregman-lower-to-loops=variant=streaming | FileCheck %s --check-prefixes=CHECK,STREAM
// RUN: %bregman-opt %s --bregman-lower-to-loops=lanes=8 | FileCheck %s --check-prefix=AVX2
// RUN: %bregman-opt %s --bregman-lower-to-loops | FileCheck %s --check-prefix=FOUR

// PLAIN: func.func @bregman_kernel_plain(%[[N:.*]]: i64 {{.*}}, %[[STREAMS:.*]]: !llvm.ptr {{.*}}, %[[SCALARS:.*]]: !llvm.ptr
// STREAM: func.func @bregman_kernel_streaming(%[[N:.*]]: i64 {{.*}}, %[[STREAMS:.*]]: !llvm.ptr {{.*}}, %[[SCALARS:.*]]: !llvm.ptr
bregman.kernel @k scalars (a = %a, unused = %unused, b = %b)
    streams (g = %g : in f32, x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
    // Addresses and scalars once; what nothing reads is not loaded.
    // CHECK: %[[G:.*]] = llvm.load %{{.*}} {alignment = 8 : i64, bregman.name = "g"}
    // CHECK: llvm.getelementptr %[[STREAMS]][1]
    // CHECK: %[[X:.*]] = llvm.load %{{.*}} {alignment = 8 : i64, bregman.name = "x"}
    // CHECK: %[[W:.*]] = llvm.load %{{.*}} {alignment = 8 : i64, bregman.name = "w"}
    // CHECK: %[[A:.*]] = vector.broadcast %{{.*}} : f32 to vector<16xf32>
    // CHECK-NOT: "unused"
    // CHECK: llvm.getelementptr %[[SCALARS]][2]
    // CHECK: %[[B:.*]] = vector.broadcast %{{.*}} : f32 to vector<16xf32>
    // The same for every weight: in front of the loop.
    // CHECK-DAG: %[[TWO:.*]] = arith.constant dense<2.000000e+00> : vector<16xf32>
    // CHECK: %[[AB:.*]] = arith.mulf %[[A]], %[[B]] : vector<16xf32>
    // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[N]] step
    %two = arith.constant 2.0 : f32
    %ab = arith.mulf %a, %b : f32

    // PLAIN: %[[LEFT:.*]] = arith.subi %[[N]], %[[I]]
    // PLAIN: %[[WHOLE:.*]] = arith.cmpi sge, %[[LEFT]]
    // PLAIN: %[[READ:.*]]:2 = scf.if %[[WHOLE]]
    // PLAIN: llvm.load {{.*}} {alignment = 4 : i64, bregman.name = "g.lanes"}
    // PLAIN: else
    // PLAIN: %[[MASK:.*]] = arith.cmpi slt
    // PLAIN: llvm.intr.masked.load %{{.*}}, %[[MASK]] {alignment = 4 : i32
    // PLAIN: arith.mulf %[[AB]], %[[READ]]#0
    // STREAM: %[[GL:.*]] = llvm.load {{.*}} {alignment = 4 : i64, bregman.name = "g.lanes"}
    // STREAM: %[[XL:.*]] = llvm.load {{.*}} {alignment = 4 : i64, bregman.name = "x.lanes"}
    // STREAM-COUNT-2: "llvm.intr.prefetch"
    // STREAM: arith.mulf %[[AB]], %[[GL]]
    %d = arith.mulf %ab, %gi : f32
    %x1 = arith.subf %xi, %d : f32
    %w1 = arith.mulf %two, %x1 : f32

    // x is read too: no way around the cache.
    // PLAIN: scf.if %[[WHOLE]]
    // PLAIN: llvm.store {{.*}} {alignment = 4 : i64}
    // PLAIN: llvm.intr.masked.store
    // STREAM: llvm.store {{.*}} {alignment = 4 : i64}
    // STREAM: llvm.store {{.*}} {alignment = 64 : i64, nontemporal}
    bregman.yield x = %x1, w = %w1 : f32, f32
  }
}

// AVX2: scf.for
// AVX2-COUNT-2: arith.subf {{.*}} : vector<8xf32>
// AVX2-NOT: vector<16

// FOUR: scf.for
// FOUR-COUNT-4: arith.subf {{.*}} : vector<16xf32>
// FOUR-NOT: arith.subf {{.*}} : vector<16xf32>
