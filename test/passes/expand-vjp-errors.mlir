// RUN: %bregman-opt %s --bregman-expand-vjp --split-input-file --verify-diagnostics

bregman.quantizer @no_derivative {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    // expected-error @+1 {{`math.cbrt` has no derivative}}
    %0 = math.cbrt %x : f32
    bregman.yield %0 : f32
  }
  bregman.update chain
  bregman.step (g = %g : f32) {
    %h = bregman.vjp project %x of %g : f32, f32
    bregman.yield x = %h : f32
  }
}

// -----

bregman.quantizer @no_weight {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{'bregman.vjp' op names a clause that the quantizer does not have}}
    %h = bregman.vjp weight %x of %g : f32, f32
    bregman.yield x = %h : f32
  }
}
