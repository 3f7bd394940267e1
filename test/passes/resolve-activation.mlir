// RUN: %bregman-opt %s --bregman-resolve-activation | FileCheck %s

// The gradient of a learned value is scaled; nothing moves.
// CHECK-LABEL: bregman.quantizer @lsq
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   %[[H:.*]] = bregman.vjp project %x of %g : f32, f32
// CHECK-NEXT:   %[[DS:.*]] = bregman.vjp project %x of %g wrt %s : f32, f32, f32
// CHECK-NEXT:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[N:.*]] = bregman.reduce sum per tensor %[[ONE]] : f32
// CHECK-NEXT:   %[[SCALED:.*]] = arith.mulf %[[DS]], %[[N]] : f32
// CHECK-NEXT:   bregman.yield x = %[[H]], s = %[[SCALED]] : f32, f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   %[[W:.*]] = bregman.apply project %x : f32 to f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
bregman.quantizer @lsq {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  } scaled {
    %one = arith.constant 1.0 : f32
    %n = bregman.reduce sum per tensor %one : f32
    bregman.yield %n : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
}

// Without a projection the activation passes.
// CHECK-LABEL: bregman.quantizer @float
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   bregman.yield x = %g : f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   bregman.yield %x : f32
bregman.quantizer @float {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
}
