// RUN: %bregman-opt %s --bregman-expand-prox --split-input-file --verify-diagnostics

bregman.quantizer @Q8_quartic {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %four = arith.constant 4.0 : f32
    // expected-error @+1 {{Q8: the proximal step is known for nonnegative sums of abs and square of x - a, or of x - nearest(x); not for this term}}
    %0 = math.powf %x, %four : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// -----

bregman.quantizer @Q8_negative {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %k = arith.constant -1.0 : f32
    %0 = math.absf %x : f32
    // expected-error @+1 {{Q8: the proximal step is known}}
    %1 = arith.mulf %k, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// -----

bregman.quantizer @Q8_shifted_level {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %one = arith.constant 1.0 : f32
    %0 = bregman.nearest %x, %q : vector<2xf32>
    %1 = arith.subf %x, %0 : f32
    %2 = arith.subf %1, %one : f32
    // expected-error @+1 {{Q8: the proximal step is known}}
    %3 = math.absf %2 : f32
    bregman.yield %3 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// -----

bregman.quantizer @Q8_moves_with_x {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %0 = bregman.reduce mean per tensor %x : f32
    %1 = arith.subf %x, %0 : f32
    // expected-error @+1 {{Q8: the proximal step is known}}
    %2 = math.absf %1 : f32
    bregman.yield %2 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// -----

bregman.quantizer @no_prox {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{'bregman.proximal' op stands in a quantizer without `prox`}}
    %0 = bregman.proximal %x by %g : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
