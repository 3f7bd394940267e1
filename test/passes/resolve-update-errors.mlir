// RUN: %bregman-opt %s --bregman-resolve-update --split-input-file --verify-diagnostics

// expected-error @+1 {{'bregman.quantizer' op Q16: has no `latent`}}
bregman.quantizer @no_latent {
}

// -----

bregman.quantizer @no_weight {
  // expected-error @+1 {{Q16: the target has a level axis, but no `weight` follows that makes one number of it}}
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
}

// -----

bregman.quantizer @shapes_differ {
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  %w = bregman.project "w" : f32 {
    %0 = bregman.reduce max %x : vector<2xf32>
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{'bregman.update' op Q3: hands on a gradient of type 'f32' to a latent of type 'vector<2xf32>'}}
  bregman.update straight_through
}

// -----

bregman.quantizer @agile_prox {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{'bregman.prox' op Q8: does not go with `update agile mirror`}}
  bregman.prox {
    %0 = math.absf %x : f32
    bregman.yield %0 : f32
  }
  bregman.update agile_mirror
}

// -----

bregman.quantizer @every_other {
  %one = arith.constant 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.every' op gives a new value to `z`, which is neither `x` nor a state of the quantizer}}
  bregman.every %one step {
    bregman.yield z = %x : f32
  }
}

// -----

// expected-error @+1 {{'bregman.quantizer' op is resolved already: it has step or publish}}
bregman.quantizer @twice {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}

// -----

bregman.quantizer @wide_state {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %one = arith.constant 1.0 : f64
  %s = bregman.state "s" : f32 {
    bregman.yield %x : f32
  }
  // expected-error @+1 {{'bregman.every' op Q3: gives `s`, which is 'f32', a value of type 'vector<2xf32>'}}
  bregman.every %one step {
    %0 = vector.broadcast %x : f32 to vector<2xf32>
    bregman.yield s = %0 : vector<2xf32>
  }
}
