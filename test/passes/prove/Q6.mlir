// Q6 where states are: final is a state with only levels, or levels scaled by a state.
// RUN: %bregman-opt %s --bregman-prove --split-input-file --verify-diagnostics

bregman.quantizer @state_of_levels {
  %one = arith.constant 1.0 : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %z = bregman.state "z" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.every %one epoch {
    %0 = bregman.nearest %x, %levels : vector<2xf32>
    bregman.yield z = %0 : f32
  }
  bregman.final {
    bregman.yield %z : f32
  }
}

// -----

bregman.quantizer @state_that_leaves_the_levels {
  %one = arith.constant 1.0 : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %z = bregman.state "z" : f32 {
    %0 = bregman.nearest %x, %levels : vector<2xf32>
    bregman.yield %0 : f32
  }
  bregman.every %one epoch {
    bregman.yield z = %x : f32
  }
  // expected-error @+1 {{Q6: final is not a level: at x = 0 it is 1, and the levels are -2, 2 at z = 1}}
  bregman.final {
    bregman.yield %z : f32
  }
}

// -----

bregman.quantizer @scale_in_a_state {
  %a = bregman.state "a" : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.negf %a : f32
    %q = vector.from_elements %0, %a : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.final {
    %0 = bregman.sign %x : f32
    %1 = arith.mulf %a, %0 : f32
    bregman.yield %1 : f32
  }
}
