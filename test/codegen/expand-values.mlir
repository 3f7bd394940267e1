// The language's own functions: comparisons and selects in an order in which NaN stays.
// RUN: %bregman-opt %s --bregman-expand-values | FileCheck %s

// CHECK-LABEL: @sign
func.func @sign(%x: f32) -> f32 {
  // CHECK: %[[BELOW:.*]] = arith.cmpf olt, %arg0
  // CHECK: %[[MINUS:.*]] = arith.select %[[BELOW]], %{{.*}}, %arg0
  // CHECK: %[[ABOVE:.*]] = arith.cmpf oge, %arg0
  // CHECK: arith.select %[[ABOVE]], %{{.*}}, %[[MINUS]]
  %0 = bregman.sign %x : f32
  return %0 : f32
}

// With a level axis as without.
// CHECK-LABEL: @sign_of_levels
func.func @sign_of_levels(%x: vector<3xf32>) -> vector<3xf32> {
  // CHECK: arith.select {{.*}} : vector<3xi1>, vector<3xf32>
  %0 = bregman.sign %x : vector<3xf32>
  return %0 : vector<3xf32>
}

// A bound that is a constant takes one instruction: NaN is the operand that min returns.
// CHECK-LABEL: @minimum_of_constant
func.func @minimum_of_constant(%x: f32) -> f32 {
  %c = arith.constant 2.0 : f32
  // CHECK: %[[C:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[LESS:.*]] = arith.cmpf olt, %[[C]], %arg0
  // CHECK-NEXT: %[[MIN:.*]] = arith.select %[[LESS]], %[[C]], %arg0
  // CHECK-NEXT: return %[[MIN]]
  %0 = arith.minimumf %x, %c : f32
  return %0 : f32
}

// CHECK-LABEL: @minimum
func.func @minimum(%x: f32, %y: f32) -> f32 {
  // CHECK-NEXT: %[[LESS:.*]] = arith.cmpf olt, %arg0, %arg1
  // CHECK-NEXT: %[[MIN:.*]] = arith.select %[[LESS]], %arg0, %arg1
  // CHECK-NEXT: %[[NAN:.*]] = arith.cmpf uno, %arg0, %arg0
  // CHECK-NEXT: arith.select %[[NAN]], %arg0, %[[MIN]]
  %0 = arith.minimumf %x, %y : f32
  return %0 : f32
}

// CHECK-LABEL: @powers
func.func @powers(%x: f32) -> (f32, f32, f32) {
  %two = arith.constant 2.0 : f32
  %minus = arith.constant -1.0 : f32
  %other = arith.constant 2.5 : f32
  // CHECK: %[[SQUARE:.*]] = arith.mulf %arg0, %arg0
  %0 = math.powf %x, %two : f32
  // CHECK: %[[INVERSE:.*]] = arith.divf %{{.*}}, %arg0
  %1 = math.powf %x, %minus : f32
  // CHECK: %[[POWER:.*]] = math.powf
  %2 = math.powf %x, %other : f32
  // CHECK: return %[[SQUARE]], %[[INVERSE]], %[[POWER]]
  return %0, %1, %2 : f32, f32, f32
}

// Sorted, with the midpoint of 0 and 1; one comparison per level.
// CHECK-LABEL: @nearest
func.func @nearest(%x: f32) -> f32 {
  %levels = arith.constant dense<[1.0, -1.0, 0.0]> : vector<3xf32>
  // CHECK-COUNT-3: arith.cmpf {{olt|oge}}, %arg0
  // CHECK-NOT: arith.cmpf
  %0 = bregman.nearest %x, %levels : vector<3xf32>
  return %0 : f32
}

// Two levels need one exponential, whatever the sign of the scale.
// CHECK-LABEL: @softmax_of_two
func.func @softmax_of_two(%x: vector<2xf32>, %c: f32) -> vector<2xf32> {
  // CHECK: %[[T:.*]] = arith.mulf %arg1, %{{.*}}
  // CHECK-NEXT: %[[ABS:.*]] = math.absf %[[T]]
  // CHECK-NEXT: %[[NEG:.*]] = arith.negf %[[ABS]]
  // CHECK-NEXT: math.exp %[[NEG]]
  // CHECK-NOT: math.exp
  // CHECK: vector.from_elements
  %0 = bregman.softmax %x scale %c : vector<2xf32>
  return %0 : vector<2xf32>
}

// The order of the sum is part of the bits: neighbours first.
// CHECK-LABEL: @sum_of_four
func.func @sum_of_four(%x: vector<4xf32>) -> f32 {
  // CHECK: %[[A:.*]] = vector.extract %arg0[0]
  // CHECK: %[[B:.*]] = vector.extract %arg0[1]
  // CHECK: %[[C:.*]] = vector.extract %arg0[2]
  // CHECK: %[[D:.*]] = vector.extract %arg0[3]
  // CHECK: %[[AB:.*]] = arith.addf %[[A]], %[[B]]
  // CHECK: %[[CD:.*]] = arith.addf %[[C]], %[[D]]
  // CHECK: arith.addf %[[AB]], %[[CD]]
  %0 = bregman.reduce sum %x : vector<4xf32>
  return %0 : f32
}

// CHECK-LABEL: @ste
func.func @ste(%v: f32, %s: f32) -> f32 {
  // CHECK-NEXT: return %arg0
  %0 = bregman.ste %v, %s : f32
  return %0 : f32
}

// Host scalars are interpreted, and stay.
// CHECK-LABEL: @host
func.func @host(%x: f64) -> f64 {
  // CHECK: bregman.sign
  %0 = bregman.sign %x : f64
  return %0 : f64
}
