// RUN: %bregman-opt %s --bregman-expand-vjp --cse | FileCheck %s

// The value of tanh serves its derivative: one tanh, in the step too.
// CHECK-LABEL: bregman.quantizer @Tanh
// CHECK:      bregman.step (g = %g: f32) {
// CHECK:        %[[B:.*]] = arith.truncf %beta
// CHECK-NEXT:   %[[Y:.*]] = arith.mulf %[[B]], %x : f32
// CHECK-NEXT:   %[[W:.*]] = math.tanh %[[Y]] : f32
// CHECK-NOT:    math.tanh
// CHECK:        %[[H:.*]] = arith.mulf %{{.*}}, %[[B]] : f32
// CHECK-NEXT:   bregman.base %x, %[[H]] : f32
bregman.quantizer @Tanh {
  %beta = bregman.param "beta" = 2.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update chain
  bregman.step (g = %g : f32) {
    %h = bregman.vjp project %x of %g : f32, f32
    %d = bregman.base %x, %h : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
}

// dL/du of w = sum(levels * u): nothing of the weight itself is left.
// CHECK-LABEL: bregman.quantizer @Weight
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   %[[G:.*]] = vector.broadcast %g : f32 to vector<3xf32>
// CHECK-NEXT:   %[[C:.*]] = arith.mulf %[[G]], %levels : vector<3xf32>
// CHECK-NEXT:   bregman.base %x, %[[C]] : vector<3xf32>
bregman.quantizer @Weight {
  %levels = bregman.levels : vector<3xf32> {
    %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : vector<3xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  %u = bregman.project "u" : vector<3xf32> {
    %0 = bregman.softmax %x : vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  %w = bregman.weight "w" : f32 {
    %0 = arith.mulf %levels, %u : vector<3xf32>
    %1 = bregman.reduce sum %0 : vector<3xf32>
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
  bregman.step (g = %g : f32) {
    %c = bregman.vjp weight %u of %g : vector<3xf32>, f32
    %d = bregman.base %x, %c : vector<3xf32>
    %x1 = arith.subf %x, %d : vector<3xf32>
    bregman.yield x = %x1 : vector<3xf32>
  }
}

// The value of `ste` is not computed, only its surrogate's derivative; a staircase alone gives zero.
// CHECK-LABEL: bregman.quantizer @Ste
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NOT:    bregman.sign
// CHECK:        bregman.base
// CHECK-LABEL: bregman.quantizer @Staircase
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   bregman.base %x, %[[ZERO]] : f32
bregman.quantizer @Ste {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %low = arith.constant -1.0 : f32
    %high = arith.constant 1.0 : f32
    %0 = bregman.sign %x : f32
    %1 = bregman.clamp %x, %low, %high : f32
    %2 = bregman.ste %0, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update chain
  bregman.step (g = %g : f32) {
    %h = bregman.vjp project %x of %g : f32, f32
    %d = bregman.base %x, %h : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
}
bregman.quantizer @Staircase {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
  bregman.step (g = %g : f32) {
    %h = bregman.vjp project %x of %g : f32, f32
    %d = bregman.base %x, %h : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
}
