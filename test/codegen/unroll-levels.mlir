// A stream with a level axis is one plane per level, and so is every value.
// RUN: %bregman-opt %s --bregman-unroll-levels | FileCheck %s

// CHECK: bregman.kernel @k scalars (s = %[[S:.*]]) streams (g = %[[G:.*]] : in bf16,
// CHECK-SAME: "x[0]" = %[[X0:.*]] : inout f32, "x[1]" = %[[X1:.*]] : inout f32, w = %{{.*}} : out bf16)
bregman.kernel @k scalars (s = %s)
    streams (g = %g : in bf16, x = %x : inout vector<2xf32>, w = %w : out bf16) {
  // CHECK: bregman.sweep (%[[GI:.*]] = %[[G]], %[[A:.*]] = %[[X0]], %[[B:.*]] = %[[X1]]) : f32, f32, f32
  bregman.sweep (%gi = %g, %xi = %x) : f32, vector<2xf32> {
    // CHECK-DAG: %[[Q0:.*]] = arith.constant -1.0
    // CHECK-DAG: %[[Q1:.*]] = arith.constant 1.0
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    // CHECK: %[[H0:.*]] = arith.mulf %[[Q0]], %[[GI]]
    // CHECK: %[[H1:.*]] = arith.mulf %[[Q1]], %[[GI]]
    %gs = vector.broadcast %gi : f32 to vector<2xf32>
    %h = arith.mulf %q, %gs : vector<2xf32>
    // CHECK: %[[N0:.*]] = arith.subf %[[A]], %[[H0]]
    // CHECK: %[[N1:.*]] = arith.subf %[[B]], %[[H1]]
    %x1 = arith.subf %xi, %h : vector<2xf32>
    // A condition without a level axis selects every level.
    // CHECK: %[[C:.*]] = arith.cmpf ogt, %[[S]], %[[GI]]
    // CHECK: %[[M0:.*]] = arith.select %[[C]], %[[N0]], %[[A]]
    // CHECK: %[[M1:.*]] = arith.select %[[C]], %[[N1]], %[[B]]
    %c = arith.cmpf ogt, %s, %gi : f32
    %x2 = arith.select %c, %x1, %xi : vector<2xf32>
    // CHECK: %[[W:.*]] = arith.addf %[[M0]], %[[M1]]
    %u0 = vector.extract %x2[0] : f32 from vector<2xf32>
    %u1 = vector.extract %x2[1] : f32 from vector<2xf32>
    %w1 = arith.addf %u0, %u1 : f32
    // CHECK: bregman.yield "x[0]" = %[[M0]], "x[1]" = %[[M1]], w = %[[W]] : f32, f32, f32
    bregman.yield x = %x2, w = %w1 : vector<2xf32>, f32
  }
}

// A reduction is one for each plane, under the same condition.
// CHECK: bregman.kernel @r {{.*}} "$0[0]" = %{{.*}} : mean f32 per tensor, "$0[1]" = %{{.*}} : mean f32 per tensor, "$1" = %{{.*}} : sum f32 per tensor
bregman.kernel @r scalars () streams (x = %x : in vector<2xf32>, "$0" = %m : mean vector<2xf32> per tensor,
                                      "$1" = %n : sum f32 per tensor) {
  // CHECK: bregman.sweep (%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}})
  bregman.sweep (%xi = %x) : vector<2xf32> {
    %0 = vector.extract %xi[0] : f32 from vector<2xf32>
    // CHECK: %[[C:.*]] = arith.cmpf
    %c = arith.cmpf oeq, %0, %0 : f32
    // CHECK: bregman.yield "$0[0]" = %[[A]], "$0[1]" = %[[B]], "$0[0].where" = %[[C]], "$0[1].where" = %[[C]], "$1" = %[[A]], "$1.where" = %[[C]]
    bregman.yield "$0" = %xi, "$0.where" = %c, "$1" = %0, "$1.where" = %c : vector<2xf32>, i1, f32, i1
  }
}
