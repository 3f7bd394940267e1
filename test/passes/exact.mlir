// Simplification keeps every bit: only what is exact is folded, and nothing is reassociated.
// RUN: %bregman-opt %s --canonicalize --cse | FileCheck %s

// x + 0 is not x at -0, x * 0 not 0 at infinity, x - x not 0 at NaN; x * 1, x - 0, x + (-0), x / 1 are x.
// CHECK-LABEL: func.func @Folds
// CHECK-DAG:  %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:      %[[A:.*]] = arith.addf %arg0, %[[ZERO]] : f32
// CHECK-NEXT: %[[B:.*]] = arith.mulf %arg0, %[[ZERO]] : f32
// CHECK-NEXT: %[[C:.*]] = arith.subf %arg0, %arg0 : f32
// CHECK-NEXT: return %[[A]], %[[B]], %[[C]], %arg0, %arg0, %arg0, %arg0
func.func @Folds(%x: f32) -> (f32, f32, f32, f32, f32, f32, f32) {
  %zero = arith.constant 0.0 : f32
  %minus = arith.constant -0.0 : f32
  %one = arith.constant 1.0 : f32
  %a = arith.addf %x, %zero : f32
  %b = arith.mulf %x, %zero : f32
  %c = arith.subf %x, %x : f32
  %d = arith.mulf %x, %one : f32
  %e = arith.subf %x, %zero : f32
  %f = arith.addf %x, %minus : f32
  %g = arith.divf %x, %one : f32
  return %a, %b, %c, %d, %e, %f, %g : f32, f32, f32, f32, f32, f32, f32
}

// CHECK-LABEL: func.func @Order
// CHECK:      %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-NEXT: %[[A:.*]] = arith.addf %arg0, %[[TWO]] : f32
// CHECK-NEXT: %[[B:.*]] = arith.addf %[[A]], %[[TWO]] : f32
// CHECK-NEXT: %[[C:.*]] = arith.mulf %[[B]], %[[TWO]] : f32
// CHECK-NEXT: %[[D:.*]] = arith.divf %[[C]], %[[TWO]] : f32
func.func @Order(%x: f32) -> f32 {
  %two = arith.constant 2.0 : f32
  %a = arith.addf %x, %two : f32
  %b = arith.addf %a, %two : f32
  %c = arith.mulf %b, %two : f32
  %d = arith.divf %c, %two : f32
  return %d : f32
}
