// A reduction ends a sweep: LSQ moves x and sums what its scale takes in one, moves the scale, and
// publishes in another.
// RUN: %bregman-opt %s --bregman-derive --bregman-kernels | FileCheck %s

// The scale has an optimizer of its own.
// CHECK:      bregman.param "s.optimizer.lr" = 1.000000e-01 : f64
// CHECK:      bregman.stored "x" : f32
// CHECK-NEXT: bregman.stored "s" learned per tensor : f32
// CHECK-NEXT: bregman.stored "optimizer.m" : f32
// CHECK-NEXT: bregman.stored "s.optimizer.m" per tensor : f32

// What needs no sum waits for the kernel that does.
// CHECK:      bregman.kernel @lsq.momentum.attach.0 scalars () streams (x = %x : out f32, optimizer.m = %m : out f32, w = %w : in f32, "$0" = %{{.*}} : mean f32 per tensor) {
// CHECK:      bregman.kernel @lsq.momentum.attach.1 over tensor scalars () streams (s = %s : out f32 per tensor, s.optimizer.m = %{{.*}} : out f32 per tensor, "$0" = %{{.*}} : in f32 per tensor) {
// CHECK-NOT:  bregman.kernel @lsq.momentum.attach

// CHECK:      bregman.kernel @lsq.momentum.step.0 scalars (optimizer.mu = %mu, optimizer.lr = %lr) streams (g = %g : in f32, x = %x : inout f32, s = %s : in f32 per tensor, optimizer.m = %m : inout f32, "$0" = %{{.*}} : sum f32 per tensor, "$1" = %{{.*}} : sum f32 per tensor) {
// CHECK:        bregman.yield x = %{{.*}}, optimizer.m = %{{.*}}, "$0" = %{{.*}}, "$1" = %{{.*}} : f32, f32, f32, f32
// CHECK:      bregman.kernel @lsq.momentum.step.1 over tensor scalars (s.optimizer.mu = %{{.*}}, s.optimizer.lr = %{{.*}}) streams (s = %s : inout f32 per tensor, s.optimizer.m = %{{.*}} : inout f32 per tensor, "$0" = %{{.*}} : in f32 per tensor, "$1" = %{{.*}} : in f32 per tensor) {
// CHECK:      bregman.kernel @lsq.momentum.step.2 scalars () streams (x = %x : in f32, s = %s : in f32 per tensor, w = %w : out f32) {
// CHECK-NOT:  bregman.kernel @lsq.momentum.step
// CHECK:      bregman.kernel @lsq.momentum.publish scalars () streams (x = %x : in f32, s = %s : in f32 per tensor, w = %w : out f32) {
// CHECK:      bregman.kernel @lsq.momentum.final scalars () streams (x = %x : in f32, s = %s : in f32 per tensor, w = %w : out f32) {
bregman.optimizer @momentum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
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
bregman.quantizer @lsq {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor in [1.0e-08, inf] : f32 {
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    %two = arith.constant 2.0 : f32
    %2 = arith.mulf %1, %two : f32
    %k = arith.constant 0.37796447 : f32
    %3 = arith.mulf %2, %k : f32
    bregman.yield %3 : f32
  } scaled {
    %one = arith.constant 1.0 : f32
    %n = bregman.reduce sum per tensor %one : f32
    %seven = arith.constant 7.0 : f32
    %nn = arith.mulf %n, %seven : f32
    %root = math.sqrt %nn : f32
    %0 = arith.divf %one, %root : f32
    bregman.yield %0 : f32
  }
  %levels = bregman.levels : vector<16xf32> {
    %q = arith.constant dense<[-8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : vector<16xf32>
    %sv = vector.broadcast %s : f32 to vector<16xf32>
    %0 = arith.mulf %sv, %q : vector<16xf32>
    bregman.yield %0 : vector<16xf32>
  }
  %w = bregman.project "w" : f32 {
    %low = arith.constant -8.0 : f32
    %high = arith.constant 7.0 : f32
    %0 = arith.divf %x, %s : f32
    %z = bregman.clamp %0, %low, %high : f32
    %r = bregman.round %z : f32
    %1 = bregman.ste %r, %z : f32
    %2 = arith.mulf %s, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update chain
  bregman.final {
    %0 = bregman.nearest %x, %levels : vector<16xf32>
    bregman.yield %0 : f32
  }
}
