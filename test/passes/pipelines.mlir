// The whole road, md_tanh_s by momentum, as appendix B.2 of the language has it.
// RUN: %bregman-opt %s --bregman-derive --bregman-kernels | FileCheck %s

// CHECK:      bregman.method @md_tanh_s.momentum quantizer "md_tanh_s" optimizer "momentum" schedules ["beta"] positive ["beta", "beta.next"] {
// CHECK:      bregman.kernel @md_tanh_s.momentum.step scalars (optimizer.mu = %mu, optimizer.weight_decay = %weight_decay, optimizer.lr = %lr, beta.next = %beta.next) streams (g = %g : in f32, x = %x : inout f32, optimizer.m = %m : inout f32, w = %w : out f32) {
// CHECK-NEXT:   bregman.sweep (%gi = %g, %xi = %x, %mi = %m) : f32, f32, f32 {
// CHECK-NEXT:     %0 = arith.mulf %mu, %mi : f32
// CHECK-NEXT:     %1 = arith.addf %0, %gi : f32
// CHECK-NEXT:     %2 = arith.mulf %weight_decay, %xi : f32
// CHECK-NEXT:     %3 = arith.addf %1, %2 : f32
// CHECK-NEXT:     %4 = arith.mulf %lr, %3 : f32
// CHECK-NEXT:     %5 = arith.subf %xi, %4 : f32
// CHECK-NEXT:     %6 = arith.mulf %beta.next, %5 : f32
// CHECK-NEXT:     %7 = math.tanh %6 : f32
// CHECK-NEXT:     bregman.yield x = %5, optimizer.m = %3, w = %7 : f32, f32, f32
bregman.quantizer @md_tanh_s {
  %growth = bregman.param "growth" in [1.0, 2.0] = 1.02 : f64
  %period = bregman.param "period" = 200.0 : f64
  %step   = bregman.counter step : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %beta = bregman.schedule "beta" : f64 {
    %cap = arith.constant 1.0e+35 : f64
    %0 = arith.divf %step, %period : f64
    %1 = math.ceil %0 : f64
    %2 = math.powf %growth, %1 : f64
    %3 = arith.minimumf %2, %cap : f64
    bregman.yield %3 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
  bregman.final {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
}
bregman.optimizer @momentum (g = %g : f32, x = %x : f32) {
  %lr = bregman.param "lr" = 0.1 : f64
  %mu = bregman.param "mu" = 0.9 : f64
  %weight_decay = bregman.param "weight_decay" = 0.0 : f64
  %m  = bregman.state "m" : f32 {
    %z = arith.constant 0.0 : f32
    bregman.yield %z : f32
  }
  %0  = arith.truncf %mu : f64 to f32
  %1  = arith.mulf %0, %m : f32
  %2 = arith.addf %1, %g : f32
  %3  = arith.truncf %weight_decay : f64 to f32
  %4 = arith.mulf %3, %x : f32
  %m1 = arith.addf %2, %4 : f32
  %5  = arith.truncf %lr : f64 to f32
  %d  = arith.mulf %5, %m1 : f32
  bregman.descend %d, m = %m1 : f32, f32
}
