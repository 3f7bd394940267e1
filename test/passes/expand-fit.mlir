// RUN: %bregman-opt %s --bregman-expand-fit --canonicalize | FileCheck %s

// One unknown: the sums of q v and of q q, with q the slope of the level that was taken.
// CHECK-LABEL: func.func @one(
// CHECK-SAME:      %[[V:.*]]: f32, %[[E:.*]]: f32, %[[A0:.*]]: f32)
// CHECK:         %[[NEAREST:.*]] = bregman.nearest %[[V]], %{{.*}} : vector<3xf32>
// CHECK:         %[[CHOSEN:.*]] = bregman.hardmax
// CHECK:         %[[Q:.*]] = bregman.reduce sum %{{.*}} : vector<3xf32>
// CHECK:         %[[QV:.*]] = arith.mulf %[[Q]], %[[V]] : f32
// CHECK:         %[[WQV:.*]] = arith.mulf %[[E]], %[[QV]] : f32
// CHECK:         %[[R:.*]] = bregman.reduce sum per tensor %[[WQV]] : f32
// CHECK:         %[[QQ:.*]] = arith.mulf %[[Q]], %[[Q]] : f32
// CHECK:         %[[WQQ:.*]] = arith.mulf %[[E]], %[[QQ]] : f32
// CHECK:         %[[M:.*]] = bregman.reduce sum per tensor %[[WQQ]] : f32
// CHECK:         %[[REGULAR:.*]] = arith.cmpf ogt, %[[M]], %{{.*}} : f32
// CHECK:         %[[A:.*]] = arith.divf %[[R]], %[[M]] : f32
// CHECK:         %[[KEPT:.*]] = arith.select %[[REGULAR]], %[[A]], %[[A0]] : f32
// CHECK-NEXT:    return %[[KEPT]] : f32
func.func @one(%v: f32, %e: f32, %a0: f32) -> f32 {
  %a = bregman.fit %v weighted %e from (%a0) rounds 1 per tensor : f32 {
  ^bb0(%b: f32):
    %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
    %0 = vector.broadcast %b : f32 to vector<3xf32>
    %1 = arith.mulf %0, %q : vector<3xf32>
    bregman.yield %1 : vector<3xf32>
  }
  return %a : f32
}

// Two unknowns and two rounds: five sums each, and the second round starts from the first one's.
// CHECK-LABEL: func.func @two(
// CHECK-COUNT-2: bregman.reduce sum per channel
// CHECK-COUNT-3: bregman.reduce sum per channel
// CHECK:         %[[FIRST:.*]] = arith.select
// CHECK:         %[[SECOND:.*]] = arith.select
// CHECK-COUNT-5: bregman.reduce sum per channel
// CHECK-NOT:     bregman.reduce sum per
// CHECK:         arith.select %{{.*}}, %{{.*}}, %[[FIRST]] : f32
// CHECK:         arith.select %{{.*}}, %{{.*}}, %[[SECOND]] : f32
func.func @two(%v: f32, %a0: f32, %b0: f32) -> (f32, f32) {
  %0:2 = bregman.fit %v from (%a0, %b0) rounds 2 per channel : f32, f32 {
  ^bb0(%a: f32, %b: f32):
    %1 = arith.addf %a, %b : f32
    %2 = arith.subf %a, %b : f32
    %3 = arith.negf %2 : f32
    %4 = arith.negf %1 : f32
    %5 = vector.from_elements %4, %3, %2, %1 : vector<4xf32>
    bregman.yield %5 : vector<4xf32>
  }
  return %0#0, %0#1 : f32, f32
}

// Each level its own unknown: a sum of squares and one of products for each, and nothing mixed.
// CHECK-LABEL: func.func @levels(
// CHECK-COUNT-6: bregman.reduce sum per tensor
// CHECK-NOT:     bregman.reduce sum per
// CHECK:         %[[Q:.*]] = vector.from_elements %{{.*}}, %{{.*}}, %{{.*}} : vector<3xf32>
// CHECK-NEXT:    return %[[Q]] : vector<3xf32>
func.func @levels(%v: f32, %a0: vector<3xf32>) -> vector<3xf32> {
  %a = bregman.fit %v from (%a0) rounds 1 per tensor : vector<3xf32> {
  ^bb0(%b: vector<3xf32>):
    bregman.yield %b : vector<3xf32>
  }
  return %a : vector<3xf32>
}
