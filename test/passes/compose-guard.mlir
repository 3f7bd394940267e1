// RUN: %bregman-opt %s --split-input-file --bregman-compose --canonicalize --cse | FileCheck %s

// A reciprocal that one arm reads is 1 while the other arm is taken: of 1 / r with r = 0 nobody
// reads the infinity.
// CHECK-LABEL: bregman.method @guarded.sgd
// CHECK:       %[[INVERSE:.*]] = arith.divf %[[ONE:.*]], %r : f64
// CHECK-NEXT:  %[[ABOVE:.*]] = arith.cmpf ogt, %r, %[[ZERO:.*]] : f64
// CHECK-NEXT:  %[[NUMBER:.*]] = arith.select %[[ABOVE]], %[[ONE]], %[[ZERO]] : f64
// CHECK-NEXT:  %[[TAKEN:.*]] = arith.cmpf une, %[[NUMBER]], %[[ZERO]] : f64
// CHECK-NEXT:  %[[GIVEN:.*]] = arith.select %[[TAKEN]], %[[INVERSE]], %[[ONE]] : f64
// CHECK-NEXT:  bregman.yield {{.*}}one_over_r = %[[GIVEN]]{{.*}}
bregman.quantizer @guarded {
  %r = bregman.param "r" in [0.0, 1.0] = 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f64
    %zero = arith.constant 0.0 : f64
    %above = arith.cmpf ogt, %r, %zero : f64
    %0 = arith.divf %one, %r : f64
    %1 = arith.truncf %0 : f64 to f32
    %2 = arith.mulf %1, %x : f32
    %3 = bregman.sign %x : f32
    %4 = arith.select %above, %2, %3 : f32
    bregman.yield %4 : f32
  }
  bregman.update straight_through
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
  bregman.publish {
    %w1 = bregman.apply project %x : f32 to f32
    bregman.yield %w1 : f32
  }
}
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}

// -----

// Both arms read it: it is what it is.
// CHECK-LABEL: bregman.method @unguarded.sgd
// CHECK:       %[[INVERSE:.*]] = arith.divf %{{.*}}, %r : f64
// CHECK:       bregman.yield {{.*}}one_over_r = %[[INVERSE]]{{.*}}
bregman.quantizer @unguarded {
  %r = bregman.param "r" in [0.0, 1.0] = 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f64
    %zero = arith.constant 0.0 : f64
    %above = arith.cmpf ogt, %r, %zero : f64
    %0 = arith.divf %one, %r : f64
    %1 = arith.truncf %0 : f64 to f32
    %2 = arith.mulf %1, %x : f32
    %3 = arith.negf %1 : f32
    %4 = arith.select %above, %2, %3 : f32
    bregman.yield %4 : f32
  }
  bregman.update straight_through
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
  bregman.publish {
    %w1 = bregman.apply project %x : f32 to f32
    bregman.yield %w1 : f32
  }
}
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}
