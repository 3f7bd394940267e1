// What no state waits for works on the vectors of the iteration before.
// RUN: %bregman-opt %s --split-input-file --bregman-lower-to-loops=vectors=1 | FileCheck %s
// RUN: %bregman-opt %s --split-input-file --bregman-lower-to-loops=variant=streaming | FileCheck %s --check-prefix=STREAM
// RUN: %bregman-opt %s --split-input-file --bregman-lower-to-loops | FileCheck %s --check-prefix=TWO

// CHECK-LABEL: func.func @bregman_kernel_plain(
// CHECK-SAME: %[[N:[a-z0-9_]+]]: i64
// CHECK-DAG: %[[STEP:.*]] = arith.constant 16 : i64
// CHECK-DAG: %[[LAST:.*]] = arith.addi %[[N]], %[[STEP]]
// CHECK-DAG: %[[NOTHING:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK: scf.for %[[I:.*]] = %[[ZERO:.*]] to %[[LAST]] step %[[STEP]] iter_args(%[[BEFORE:.*]] = %[[NOTHING]])
// CHECK: %[[STATE:.*]] = arith.subf
// CHECK: llvm.store %[[STATE]]
// CHECK: llvm.intr.masked.store %[[STATE]]
// One iteration behind; before the first there is nothing to store.
// CHECK: %[[J:.*]] = arith.subi %[[I]], %[[STEP]]
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[I]], %[[ZERO]]
// CHECK: %[[END:.*]] = arith.select %[[FIRST]], %[[J]], %[[N]]
// CHECK: %[[LEFT:.*]] = arith.subi %[[END]], %[[J]]
// CHECK: %[[WHOLE:.*]] = arith.cmpi sge, %[[LEFT]], %[[STEP]]
// CHECK: %[[SCALED:.*]] = arith.mulf %{{.*}}, %[[BEFORE]]
// CHECK: %[[W:.*]] = math.tanh %[[SCALED]]
// CHECK: scf.if %[[WHOLE]]
// CHECK: %[[AT:.*]] = llvm.getelementptr %{{.*}}[%[[J]]]
// CHECK: llvm.store %[[W]], %[[AT]]
// CHECK: llvm.intr.masked.store %[[W]]
// CHECK: scf.yield %[[STATE]]

// STREAM: func.func @bregman_kernel_streaming(
// STREAM: scf.for {{.*}} iter_args
// STREAM: llvm.intr.masked.load
// STREAM: "llvm.intr.prefetch"
// STREAM: %[[W:.*]] = math.tanh
// STREAM: llvm.store %[[W]], {{.*}} {alignment = 64 : i64, nontemporal}

// Two chains overlap already: two vectors are enough.
// TWO: func.func @bregman_kernel_plain(
// TWO-COUNT-2: math.tanh
// TWO-NOT: math.tanh
// TWO: return
bregman.kernel @published scalars (beta = %beta)
    streams (g = %g : in f32, x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%gi = %g, %xi = %x) : f32, f32 {
    %x1 = arith.subf %xi, %gi : f32
    %0 = arith.mulf %beta, %x1 : f32
    %w1 = math.tanh %0 : f32
    bregman.yield x = %x1, w = %w1 : f32, f32
  }
}

// -----

// A function that a state waits for stays with it, and its result is left to the second stage.
// CHECK-LABEL: func.func @bregman_kernel_plain(
// CHECK: scf.for {{.*}} iter_args(%[[U:.*]] = %{{.*}}, %[[V:.*]] = %{{.*}}) -> (vector<16xf32>, vector<16xf32>)
// CHECK: %[[E:.*]] = math.exp
// CHECK: %[[X:.*]] = arith.addf
// CHECK: %[[Q:.*]] = arith.divf %[[U]], %[[V]]
// CHECK: scf.yield %[[E]], %[[X]]
bregman.kernel @both scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %e = math.exp %xi : f32
    %x1 = arith.addf %xi, %e : f32
    %w1 = arith.divf %e, %x1 : f32
    bregman.yield x = %x1, w = %w1 : f32, f32
  }
}

// -----

// One stage: no state; a weight that is quickly made; a condition, which cannot be left behind.
// CHECK-LABEL: func.func @bregman_kernel_plain(
// CHECK-NOT: iter_args
bregman.kernel @stateless scalars () streams (x = %x : in f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %w1 = math.tanh %xi : f32
    bregman.yield w = %w1 : f32
  }
}

// -----

// CHECK-LABEL: func.func @bregman_kernel_plain(
// CHECK-NOT: iter_args
bregman.kernel @quick scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %x1 = arith.addf %xi, %xi : f32
    %w1 = arith.mulf %x1, %x1 : f32
    bregman.yield x = %x1, w = %w1 : f32, f32
  }
}

// -----

// CHECK-LABEL: func.func @bregman_kernel_plain(
// CHECK-NOT: iter_args
bregman.kernel @condition scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    %zero = arith.constant 0.0 : f32
    %c = arith.cmpf olt, %xi, %zero : f32
    %x1 = arith.select %c, %zero, %xi : f32
    %t = math.tanh %x1 : f32
    %w1 = arith.select %c, %xi, %t : f32
    bregman.yield x = %x1, w = %w1 : f32, f32
  }
}
