// A learned value by an optimizer of its own.
// RUN: %bregman-opt %s '--bregman-derive=optimizer=sgd learned=s:momentum' | FileCheck %s
// RUN: not %bregman-opt %s '--bregman-derive=optimizer=sgd learned=t:momentum' 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not %bregman-opt %s '--bregman-derive=optimizer=sgd learned=s:adam' 2>&1 | FileCheck %s --check-prefix=NAME

// VALUE: error: quantizer `q` has no learned value `t`
// NAME: error: has no optimizer named `adam`

// CHECK-LABEL: bregman.method @q.sgd quantizer "q" optimizer "sgd"
// CHECK:      bregman.param "optimizer.lr" = 1.000000e-01 : f64
// CHECK-NOT:  bregman.param "optimizer.mu"
// CHECK:      bregman.param "s.optimizer.lr" = 2.000000e-01 : f64
// CHECK:      bregman.param "s.optimizer.mu" = 9.000000e-01 : f64
// CHECK:      bregman.stored "x" : f32
// CHECK-NEXT: bregman.stored "s" learned per channel : f32
// CHECK-NEXT: bregman.stored "s.optimizer.m" per channel : f32
// CHECK:      bregman.step (g = %g: f32, x = %x: f32, s = %s: f32, s.optimizer.m = %[[M:.*]]: f32, optimizer.lr = %[[LR:.*]]: f32, s.optimizer.mu = %[[MU:.*]]: f32, s.optimizer.lr = %[[SLR:.*]]: f32) {
// CHECK-NOT:  bregman.optimizer
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per channel : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
}
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}
bregman.optimizer @momentum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.2 : f64
  %mu = bregman.param "mu" = 0.9 : f64
  %m = bregman.state "m" : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %0 = arith.truncf %mu : f64 to f32
  %1 = arith.mulf %0, %m : f32
  %m1 = arith.addf %1, %g : f32
  %2 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %2, %m1 : f32
  bregman.descend %d, m = %m1 : f32, f32
}
