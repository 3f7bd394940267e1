// Q5 where the levels are scaled: a R(x) against {-a, a} is R(x) against {-1, 1}.
// RUN: %bregman-opt %s --bregman-prove --split-input-file --verify-diagnostics

bregman.quantizer @common_factor {
  %a = bregman.param "a" in [0.5, 2.0] = 1.0 : f64
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.truncf %a : f64 to f32
    %1 = arith.negf %0 : f32
    %q = vector.from_elements %1, %0 : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.truncf %a : f64 to f32
    %1 = math.tanh %x : f32
    %2 = arith.mulf %0, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update lazy_mirror
}

// -----

bregman.quantizer @clamp_between_the_levels {
  %a = bregman.param "a" in [0.5, 2.0] = 1.0 : f64
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.truncf %a : f64 to f32
    %1 = arith.negf %0 : f32
    %q = vector.from_elements %1, %0 : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.truncf %a : f64 to f32
    %1 = arith.negf %0 : f32
    %2 = bregman.clamp %x, %1, %0 : f32
    bregman.yield %2 : f32
  }
  bregman.update lazy_mirror
}

// -----

bregman.quantizer @beyond_the_levels {
  %a = bregman.param "a" in [0.5, 2.0] = 1.0 : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{Q5: the projection leaves the hull [-1, 1] of the levels: P(-2) = -1.92805516 at a = 2}}
  %w = bregman.project "w" : f32 {
    %0 = arith.truncf %a : f64 to f32
    %1 = math.tanh %x : f32
    %2 = arith.mulf %0, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update lazy_mirror
}

// -----

// erf and atan, which the language has for weights too; the arctangent does not reach.
bregman.quantizer @erf {
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.erf %x : f32
    bregman.yield %0 : f32
  }
  bregman.update agile_mirror
}
bregman.quantizer @atan {
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-2.0, 2.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-warning @+1 {{Q5: the projection does not reach the level -2: it tends to -1.57079633, a gap of 0.429}}
  %w = bregman.project "w" : f32 {
    %0 = math.atan %x : f32
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
}
