// RUN: %bregman-opt %s --bregman-expand-inverse --split-input-file --verify-diagnostics

bregman.quantizer @nothing_to_invert {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    // expected-error @+1 {{'bregman.inverse' op Q16: inverts `project`, and there is none}}
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
}

// -----

bregman.quantizer @over_levels {
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %q = vector.broadcast %w0 : f32 to vector<2xf32>
    // expected-error @+1 {{Q7: over levels the inverse of softmax is known, and up to a constant; this projection is another one}}
    %0 = bregman.inverse project %q : vector<2xf32> to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  %u = bregman.project "u" : vector<2xf32> {
    %0 = bregman.sparsemax %x : vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  %w = bregman.weight "w" : f32 {
    %0 = bregman.reduce sum %u : vector<2xf32>
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
}

// -----

bregman.quantizer @learned {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    // expected-error @+1 {{'bregman.inverse' op Q7: inverts a projection that reads what is known only when the latent is}}
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  // expected-note @+1 {{this}}
  %s = bregman.learn "s" per tensor : f32 {
    %0 = bregman.reduce max per tensor %x : f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    %1 = arith.mulf %s, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update chain
}
