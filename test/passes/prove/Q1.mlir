// Q1: two or more finite levels, no two identical for all admissible values.
// RUN: %bregman-opt %s --bregman-prove --split-input-file --verify-diagnostics

bregman.quantizer @sound {
  %levels = bregman.levels : vector<3xf32> {
    %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.final {
    %0 = bregman.nearest %x, %levels : vector<3xf32>
    bregman.yield %0 : f32
  }
}

// -----

bregman.quantizer @one {
  // expected-error @+1 {{Q1: the codebook has one level, 1; it needs two or more}}
  %levels = bregman.levels : vector<1xf32> {
    %q = arith.constant dense<[1.0]> : vector<1xf32>
    bregman.yield %q : vector<1xf32>
  }
}

// -----

bregman.quantizer @duplicate {
  // expected-error @+1 {{Q1: two levels are one: level 1, 0.5, and level 2, 0.5}}
  %levels = bregman.levels : vector<3xf32> {
    %q = arith.constant dense<[-1.0, 0.5, 0.5]> : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
}

// -----

bregman.quantizer @decreasing {
  // expected-error @+1 {{Q1: constant levels increase as written: level 0, 1, stands before level 1, -1}}
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[1.0, -1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
}

// -----

bregman.quantizer @infinite {
  // expected-error @+1 {{Q1: level 1 is inf, which is not finite}}
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[1.0, 0x7F800000]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
}

// -----

// -a and a are one for a = 0 only; with a fixed at 0 they are one for good.
bregman.quantizer @apart {
  %a = bregman.param "a" in [0.0, 1.0] = 0.5 : f64
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.truncf %a : f64 to f32
    %1 = arith.negf %0 : f32
    %q = vector.from_elements %1, %0 : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
}
bregman.quantizer @merged {
  %a = bregman.param "a" = 0.0 : f64
  // expected-error @+1 {{Q1: two levels are one: level 0, -0, and level 1, 0}}
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.truncf %a : f64 to f32
    %1 = arith.negf %0 : f32
    %q = vector.from_elements %1, %0 : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
}
