// RUN: %bregman-opt %s --bregman-form-kernels --canonicalize | FileCheck %s
// RUN: %bregman-opt %s --bregman-form-kernels=element=bf16 --canonicalize | FileCheck %s --check-prefix=BF16

// The step publishes in the same sweep, from the new latent.
// CHECK-LABEL: bregman.method @q.momentum
// CHECK:      bregman.kernel @q.momentum.attach scalars () streams (x = %x : out f32, optimizer.m = %m : out f32, w = %w : in f32) {
// CHECK-NEXT:   bregman.sweep (%wi = %w) : f32 {
// CHECK-NEXT:     %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:     bregman.yield x = %wi, optimizer.m = %[[ZERO]] : f32, f32
// CHECK:      bregman.kernel @q.momentum.step scalars (optimizer.lr = %lr, beta.next = %beta.next) streams (g = %g : in f32, x = %x : inout f32, optimizer.m = %m : inout f32, w = %w : out f32) {
// CHECK-NEXT:   bregman.sweep (%gi = %g, %xi = %x, %mi = %m) : f32, f32, f32 {
// CHECK-NEXT:     %[[M1:.*]] = arith.addf %mi, %gi : f32
// CHECK-NEXT:     %[[D:.*]] = arith.mulf %lr, %[[M1]] : f32
// CHECK-NEXT:     %[[X1:.*]] = arith.subf %xi, %[[D]] : f32
// CHECK-NEXT:     %[[Y:.*]] = arith.mulf %beta.next, %[[X1]] : f32
// CHECK-NEXT:     %[[W1:.*]] = math.tanh %[[Y]] : f32
// CHECK-NEXT:     bregman.yield x = %[[X1]], optimizer.m = %[[M1]], w = %[[W1]] : f32, f32, f32
// CHECK:      bregman.kernel @q.momentum.publish scalars (beta.next = %beta.next) streams (x = %x : in f32, w = %w : out f32) {
// CHECK:      bregman.kernel @q.momentum.final scalars () streams (x = %x : in f32, w = %w : out f32) {
// BF16: @q.momentum.attach {{.*}} streams (x = %x : out f32, optimizer.m = %m : out f32, w = %w : in bf16)
// BF16: @q.momentum.step {{.*}} streams (g = %g : in bf16, x = %x : inout f32, optimizer.m = %m : inout f32, w = %w : out bf16)
bregman.method @q.momentum quantizer "q" optimizer "momentum" schedules ["beta"] {
  %lr = bregman.param "optimizer.lr" = 0.1 : f64
  %next = bregman.counter step next : f64
  bregman.stored "x" : f32
  bregman.stored "optimizer.m" : f32
  bregman.host {
    bregman.yield optimizer.lr = %lr, beta.next = %next : f64, f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %zero = arith.constant 0.0 : f32
    bregman.yield x = %w0, optimizer.m = %zero : f32, f32
  }
  bregman.step (g = %g : f32, x = %x : f32, optimizer.m = %m : f32, optimizer.lr = %rate : f32) {
    %m1 = arith.addf %m, %g : f32
    %d = arith.mulf %rate, %m1 : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1, optimizer.m = %m1 : f32, f32
  }
  bregman.publish (x = %x : f32, beta.next = %beta : f32) {
    %0 = arith.mulf %beta, %x : f32
    %w = math.tanh %0 : f32
    bregman.yield %w : f32
  }
  bregman.final (x = %x : f32) {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
}

// The parameter itself is the latent: attach has nothing to do, and nothing is published.
// CHECK-LABEL: bregman.method @float.sgd
// CHECK-NOT:  @float.sgd.attach
// CHECK:      bregman.kernel @float.sgd.step scalars (optimizer.lr = %lr) streams (g = %g : in f32, w = %w : inout f32) {
// CHECK-NEXT:   bregman.sweep (%gi = %g, %wi = %w) : f32, f32 {
// CHECK-NEXT:     %[[D:.*]] = arith.mulf %lr, %gi : f32
// CHECK-NEXT:     %[[W1:.*]] = arith.subf %wi, %[[D]] : f32
// CHECK-NEXT:     bregman.yield w = %[[W1]] : f32
// CHECK-NOT:  @float.sgd.publish
// CHECK:      bregman.kernel @float.sgd.final scalars () streams (w = %w : inout f32) {
// By bf16 the latent keeps its 32 bits.
// BF16:      bregman.kernel @float.sgd.attach scalars () streams (x = %x : out f32, w = %w : in bf16)
// BF16:      bregman.kernel @float.sgd.step {{.*}} streams (g = %g : in bf16, x = %x : inout f32, w = %w : out bf16) {
// BF16:        bregman.yield x = %[[X1:.*]], w = %[[X1]] : f32, f32
// BF16:      bregman.kernel @float.sgd.publish
bregman.method @float.sgd quantizer "float" optimizer "sgd" schedules [] {
  %lr = bregman.param "optimizer.lr" = 0.1 : f64
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield optimizer.lr = %lr : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32, optimizer.lr = %rate : f32) {
    %d = arith.mulf %rate, %g : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
  bregman.final (x = %x : f32) {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
}
