// RUN: %bregman-opt %s --bregman-resolve-activation --split-input-file --verify-diagnostics

// expected-error @+1 {{'bregman.quantizer' op Q16: has no `latent`}}
bregman.quantizer @no_latent {
}

// -----

bregman.quantizer @has_final {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.final' op Q17: is no clause of what quantizes activations}}
  bregman.final {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
}

// -----

bregman.quantizer @not_by_chain {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{'bregman.update' op Q17: is no clause of what quantizes activations}}
  bregman.update straight_through
}

// -----

bregman.quantizer @has_levels {
  // expected-error @+1 {{Q3: an activation has no level axis}}
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
}

// -----

bregman.quantizer @learns_for_nothing {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.learn' op Q14: nothing that is trained reads `s`}}
  %s = bregman.learn "s" per tensor : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
}
