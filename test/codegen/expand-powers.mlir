// Powers by a constant exponent cost what the exponent needs. The first case is the example in the
// description of the pass.
// RUN: %bregman-opt %s --bregman-expand-functions --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @powers
// CHECK-SAME: %[[X:.*]]: vector<8xf32>
// CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<8xf32>
// CHECK-DAG: %[[INF:.*]] = arith.constant dense<0x7F800000> : vector<8xf32>
// CHECK-DAG: %[[MINUS_INF:.*]] = arith.constant dense<0xFF800000> : vector<8xf32>
// CHECK: %[[IS:.*]] = arith.cmpf oeq, %[[X]], %[[MINUS_INF]] : vector<8xf32>
// CHECK: %[[SUM:.*]] = arith.addf %[[X]], %[[ZERO]] : vector<8xf32>
// CHECK: %[[ROOT:.*]] = math.sqrt %[[SUM]] : vector<8xf32>
// CHECK: %[[HALF:.*]] = arith.select %[[IS]], %[[INF]], %[[ROOT]] : vector<8xi1>, vector<8xf32>
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]] : vector<8xf32>
// CHECK: return %[[HALF]], %[[SQUARE]]
func.func @powers(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  %half = arith.constant dense<0.5> : vector<8xf32>
  %two = arith.constant dense<2.0> : vector<8xf32>
  %0 = math.powf %x, %half : vector<8xf32>
  %1 = math.powf %x, %two : vector<8xf32>
  return %0, %1 : vector<8xf32>, vector<8xf32>
}

// -----

// CHECK-LABEL: func.func @trivial
// CHECK-SAME: %[[X:.*]]: f32
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[RECIPROCAL:.*]] = arith.divf %[[ONE]], %[[X]] : f32
// CHECK: return %[[ONE]], %[[X]], %[[RECIPROCAL]]
func.func @trivial(%x: f32) -> (f32, f32, f32) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %minus_one = arith.constant -1.0 : f32
  %0 = math.powf %x, %zero : f32
  %1 = math.powf %x, %one : f32
  %2 = math.powf %x, %minus_one : f32
  return %0, %1, %2 : f32, f32, f32
}

// -----

// A scalar constant is seen through its broadcast.
// CHECK-LABEL: func.func @broadcast
// CHECK-SAME: %[[X:.*]]: vector<16xf32>
// CHECK-NEXT: %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]] : vector<16xf32>
// CHECK-NEXT: return %[[SQUARE]]
func.func @broadcast(%x: vector<16xf32>) -> vector<16xf32> {
  %two = arith.constant 2.0 : f32
  %two16 = vector.broadcast %two : f32 to vector<16xf32>
  %0 = math.powf %x, %two16 : vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

// An odd exponent takes the sign of x, any other leaves it or is NaN below zero.
// CHECK-LABEL: func.func @odd
// CHECK: %[[Y:.*]] = math.copysign
// CHECK-NEXT: return %[[Y]]
func.func @odd(%x: f32) -> f32 {
  %seven = arith.constant 7.0 : f32
  %0 = math.powf %x, %seven : f32
  return %0 : f32
}

// -----

// CHECK-LABEL: func.func @even
// CHECK-NOT: math.copysign
// CHECK-NOT: 0x7FC00000
// CHECK: return
func.func @even(%x: f32) -> f32 {
  %six = arith.constant 6.0 : f32
  %0 = math.powf %x, %six : f32
  return %0 : f32
}

// -----

// CHECK-LABEL: func.func @fraction
// CHECK-SAME: %[[X:.*]]: f32
// CHECK: %[[NAN:.*]] = arith.constant 0x7FC00000 : f32
// CHECK: %[[Y:.*]] = arith.select %{{.*}}, %[[NAN]],
// CHECK-NEXT: return %[[Y]]
func.func @fraction(%x: f32) -> f32 {
  %y = arith.constant 1.5 : f32
  %0 = math.powf %x, %y : f32
  return %0 : f32
}
