// RUN: %bregman-opt %s --bregman-simplify | FileCheck %s

// CHECK-LABEL: func.func @folds
// CHECK-SAME: (%[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[X]], %[[Y]]
// CHECK-NEXT: return %[[SUM]]
func.func @folds(%x: f32, %y: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %0 = arith.mulf %x, %one : f32
  %unused = math.exp %0 : f32
  %1 = arith.addf %0, %y : f32
  return %1 : f32
}

// x + 0 is not x where x is -0.
// CHECK-LABEL: func.func @signedZero
// CHECK: arith.addf
func.func @signedZero(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %0 = arith.addf %x, %zero : f32
  return %0 : f32
}

// Each keeps its place.
// CHECK-LABEL: func.func @constants
// CHECK-COUNT-2: arith.constant 2.0
func.func @constants(%x: f32) -> f32 {
  %a = arith.constant 2.0 : f32
  %0 = arith.mulf %x, %a : f32
  %b = arith.constant 2.0 : f32
  %1 = math.powf %0, %b : f32
  return %1 : f32
}
