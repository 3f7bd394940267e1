// Where reductions over weights and slower blocks stand in a method of two levels.
// RUN: %bregman-opt %s --bregman-reduce-two-levels --split-input-file | FileCheck %s

// A block that keeps the parity is written again with the rest.
// CHECK-LABEL: bregman.method @Block
// CHECK:      bregman.stored "x" parity -1 : f32
// CHECK:      bregman.every_block "every.0.due" (x = %x: f32) {
// CHECK:        %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:        %[[X:.*]] = arith.mulf %x, %[[HALF]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X]] : f32
bregman.method @Block quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    %one = arith.constant 1.0 : f64
    bregman.yield every.0.due = %one : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %g : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    %2 = arith.subf %x, %1 : vector<2xf32>
    bregman.yield x = %2 : vector<2xf32>
  }
  bregman.every_block "every.0.due" (x = %x : vector<2xf32>) {
    %half = arith.constant dense<0.5> : vector<2xf32>
    %0 = arith.mulf %x, %half : vector<2xf32>
    bregman.yield x = %0 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// -----

// A block that breaks it leaves everything as it is.
// CHECK-LABEL: bregman.method @Broken
// CHECK:      bregman.stored "x" : vector<2xf32>
// CHECK:      bregman.every_block "every.0.due" (x = %x: vector<2xf32>) {
bregman.method @Broken quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    %one = arith.constant 1.0 : f64
    bregman.yield every.0.due = %one : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %g : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    %2 = arith.subf %x, %1 : vector<2xf32>
    bregman.yield x = %2 : vector<2xf32>
  }
  bregman.every_block "every.0.due" (x = %x : vector<2xf32>) {
    %half = arith.constant dense<0.5> : vector<2xf32>
    %0 = arith.addf %x, %half : vector<2xf32>
    bregman.yield x = %0 : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %w = bregman.reduce sum %0 : vector<2xf32>
    bregman.yield %w : f32
  }
}

// -----

// A sum over the weights of products is no dot product of levels.
// CHECK-LABEL: bregman.method @OverWeights
// CHECK:      bregman.stored "x" : vector<2xf32>
// CHECK:        bregman.reduce sum per tensor %{{.*}} : vector<2xf32>
bregman.method @OverWeights quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : vector<2xf32>
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    %1 = arith.mulf %q, %0 : vector<2xf32>
    bregman.yield x = %1 : vector<2xf32>
  }
  bregman.step (g = %g : f32, x = %x : vector<2xf32>) {
    bregman.yield x = %x : vector<2xf32>
  }
  bregman.publish (x = %x : vector<2xf32>) {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %u = bregman.softmax %x : vector<2xf32>
    %0 = arith.mulf %q, %u : vector<2xf32>
    %1 = bregman.reduce sum per tensor %0 : vector<2xf32>
    %w = bregman.reduce max %1 : vector<2xf32>
    bregman.yield %w : f32
  }
}
