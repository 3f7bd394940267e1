// What is stored beside the latent: learned values, states of quantizers, states per run, and what
// a quantizer reads of its optimizer.
// RUN: %bregman-opt %s --split-input-file --bregman-derive | FileCheck %s
// RUN: %bregman-opt %s --split-input-file --bregman-derive --bregman-kernels | FileCheck %s --check-prefix=KERNEL

// A state per run is the host region's: read as it is, and as it will be.
// CHECK-LABEL: bregman.method @q.decaying
// CHECK:      %[[P:.*]] = bregman.state "optimizer.p" per run : f64 {
// CHECK-NEXT:   arith.constant 1.000000e+00 : f64
// CHECK:      bregman.host {
// CHECK-NEXT:   %[[P1:.*]] = arith.mulf %[[P]], %mu : f64
// CHECK-NEXT:   bregman.yield p_times_mu = %[[P1]], optimizer.p.new = %[[P1]] : f64, f64
// CHECK:      bregman.step (g = %g: f32, x = %x: f32, p_times_mu = %[[K:.*]]: f32) {
// CHECK-NEXT:   %[[D:.*]] = arith.mulf %[[K]], %g : f32
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
}
bregman.optimizer @decaying (g = %g : f32, x = %x : f32) {
  %mu = bregman.param "mu" = 0.9 : f64
  %p = bregman.state "p" per run : f64 {
    %one = arith.constant 1.0 : f64
    bregman.yield %one : f64
  }
  %p1 = arith.mulf %p, %mu : f64
  %0 = arith.truncf %p1 : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d, p = %p1 : f32, f64
}

// -----

// The block is due in the step that completes ten; then the weight is published anew.
// CHECK-LABEL: bregman.method @every_ten.sgd
// CHECK:      bregman.stored "x" : f32
// CHECK-NEXT: bregman.stored "a" per tensor : f32
// CHECK:      bregman.host {
// CHECK:        bregman.yield {{.*}}every.0.due = %
// CHECK:      bregman.step (g = %g: f32, x = %x: f32
// CHECK-NOT:    a =
// CHECK:        bregman.yield x = %{{.*}} : f32
// CHECK:      bregman.every_block "every.0.due" (x = %x: f32) {
// CHECK-NEXT:   %[[ABS:.*]] = math.absf %x : f32
// CHECK-NEXT:   %[[MEAN:.*]] = bregman.reduce mean per tensor %[[ABS]] : f32
// CHECK-NEXT:   bregman.yield a = %[[MEAN]] : f32
// CHECK:      bregman.publish (x = %x: f32, a = %a: f32) {
// KERNEL:     bregman.kernel @every_ten.sgd.step scalars
// KERNEL:     bregman.kernel @every_ten.sgd.every.0.0 scalars () streams (x = %x : in f32, "$0" = %{{.*}} : mean f32 per tensor)
// KERNEL:     bregman.kernel @every_ten.sgd.every.0.1 over tensor scalars () streams (a = %a : out f32 per tensor, "$0" = %{{.*}} : in f32 per tensor)
// KERNEL:     bregman.kernel @every_ten.sgd.publish
bregman.quantizer @every_ten {
  %ten = arith.constant 10.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %a = bregman.state "a" per tensor : f32 {
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    bregman.yield %1 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.sign %x : f32
    %1 = arith.mulf %a, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update straight_through
  bregman.every %ten step {
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    bregman.yield a = %1 : f32
  }
}
bregman.optimizer @sgd (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %0 = arith.truncf %lr : f64 to f32
  %d = arith.mulf %0, %g : f32
  bregman.descend %d : f32
}

// -----

// The newest v: in the step what the optimizer has left, elsewhere what is stored. What is published
// draws the random numbers of the next step.
// CHECK-LABEL: bregman.method @reads_v.tracking
// CHECK:      bregman.step (g = %g: f32, x = %x: f32, optimizer.v = %v: f32) {
// CHECK-NEXT:   %[[V1:.*]] = arith.addf %v, %g : f32
// CHECK-NEXT:   %[[X1:.*]] = arith.subf %x, %g : f32
// CHECK-NEXT:   %[[X2:.*]] = arith.mulf %[[X1]], %[[V1]] : f32
// CHECK-NEXT:   bregman.yield x = %[[X2]], optimizer.v = %[[V1]] : f32, f32
// CHECK:      bregman.publish (x = %x: f32, optimizer.v = %v: f32) {
// CHECK-NEXT:   %[[R:.*]] = bregman.random next : f32
// CHECK-NEXT:   %[[S:.*]] = arith.addf %[[R]], %v : f32
bregman.quantizer @reads_v {
  %one = arith.constant 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.random : f32
    %1 = bregman.optimizer_state "v" : f32
    %2 = arith.addf %0, %1 : f32
    %3 = arith.mulf %2, %x : f32
    bregman.yield %3 : f32
  }
  bregman.update straight_through
  bregman.every %one step {
    %0 = bregman.optimizer_state "v" : f32
    %1 = arith.mulf %x, %0 : f32
    bregman.yield x = %1 : f32
  }
}
bregman.optimizer @tracking (g = %g : f32, x = %x : f32) {
  %v = bregman.state "v" : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %v1 = arith.addf %v, %g : f32
  bregman.descend %g, v = %v1 : f32, f32
}

// -----

// An optimizer's reductions go over what it moves: of the latent over its weights, of what is
// learned per channel over the channels, each of them counted once.
// CHECK-LABEL: bregman.method @scaled.lengths
// CHECK:      bregman.stored "x" : f32
// CHECK-NEXT: bregman.stored "s" learned per channel : f32
// CHECK-NEXT: bregman.stored "optimizer.v" per tensor : f32
// CHECK-NEXT: bregman.stored "s.optimizer.v" per tensor : f32
// CHECK:      bregman.step (
// CHECK:        %[[V:.*]] = bregman.reduce sum per tensor %{{.*}} : f32
// CHECK:        %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[COUNT:.*]] = bregman.reduce sum per channel %[[ONE]] : f32
// CHECK-NEXT:   %[[SHARE:.*]] = arith.divf %[[ONE]], %[[COUNT]] : f32
// CHECK-NEXT:   %[[OWN:.*]] = arith.mulf %{{.*}}, %[[SHARE]] : f32
// CHECK-NEXT:   %[[SV:.*]] = bregman.reduce sum per tensor %[[OWN]] : f32
// CHECK:        bregman.yield {{.*}}optimizer.v = %[[V]], s.optimizer.v = %[[SV]]
bregman.quantizer @scaled {
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
bregman.optimizer @lengths (g = %g : f32, x = %x : f32) {
  %v = bregman.state "v" per tensor : f32 {
    %zero = arith.constant 0.0 : f32
    bregman.yield %zero : f32
  }
  %v1 = bregman.reduce sum per tensor %g : f32
  %d = arith.mulf %v1, %g : f32
  bregman.descend %d, v = %v1 : f32, f32
}
