// Constrained training: two weights and two gradients. The latent moves by the one at the float
// branch's weight, what is learned by both.
// RUN: %bregman-opt %s '--bregman-derive=constrained=true' | FileCheck %s
// RUN: %bregman-opt %s '--bregman-derive=constrained=true' --bregman-kernels | FileCheck %s --check-prefix=KERNEL

// CHECK:      bregman.stored "x" : f32
// CHECK-NEXT: bregman.stored "s" learned per tensor : f32
// CHECK:      bregman.step (g = %[[G:.*]]: f32, x = %[[X:.*]]: f32, s = %[[S:.*]]: f32, g.high = %[[H:.*]]: f32, optimizer.lr = %[[LR:.*]]: f32, s.optimizer.lr = %[[SLR:.*]]: f32) {
// d tanh(x): (1 - t) (1 + t) times the float branch's gradient; g has no part in it.
// CHECK:        %[[T:.*]] = math.tanh %[[X]] : f32
// CHECK:        %[[SLOPE:.*]] = arith.mulf
// CHECK:        %[[J:.*]] = arith.mulf %[[H]], %[[SLOPE]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.mulf %[[LR]], %[[J]] : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %[[X]], %[[D]] : f32
// CHECK-NEXT:   %[[GX:.*]] = arith.mulf %[[G]], %[[X]] : f32
// CHECK-NEXT:   %[[DS:.*]] = bregman.reduce sum per tensor %[[GX]] : f32
// CHECK:        bregman.yield x = %[[X1]], s =
// CHECK:      bregman.publish (x = %[[X:.*]]: f32, s = %[[S:.*]]: f32) {
// CHECK-NEXT:   %[[W:.*]] = arith.mulf %[[S]], %[[X]] : f32
// CHECK-NEXT:   %[[HIGH:.*]] = math.tanh %[[X]] : f32
// CHECK-NEXT:   bregman.yield w = %[[W]], w.high = %[[HIGH]] : f32, f32

// The weight is another value than the latent in one branch at least, so that x is stored.
// KERNEL: bregman.kernel @q.o.attach{{.*}} streams (x = %{{.*}} : out f32
// KERNEL: bregman.kernel @q.o.step{{.*}}g.high = %{{.*}} : in f32
// KERNEL: w.high = %{{.*}} : out f32
// KERNEL: bregman.kernel @q.o.publish{{.*}} w = %{{.*}} : out f32, w.high = %{{.*}} : out f32
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    bregman.yield %0 : f32
  }
  bregman.high {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
}
bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}
