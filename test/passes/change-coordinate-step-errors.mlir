// A step that another hand has written.
// RUN: %bregman-opt %s --bregman-change-coordinate --verify-diagnostics

bregman.quantizer @does_not_apply {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update agile_mirror
  // expected-error @+1 {{'bregman.step' op is not one of agile mirror descent: it has to move P^-1(u) and to apply P}}
  bregman.step (g = %g : f32) {
    %0 = arith.subf %x, %g : f32
    bregman.yield w = %0 : f32
  }
}
