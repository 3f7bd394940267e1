// RUN: %bregman-opt %s --bregman-resolve-update --bregman-change-coordinate --split-input-file --verify-diagnostics

bregman.quantizer @Q13_shifted {
  %step = bregman.counter step : f64
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.exp %step : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %half = arith.constant 0.5 : f32
    %b = arith.truncf %beta : f64 to f32
    // expected-note @+1 {{x is read here}}
    %0 = arith.addf %x, %half : f32
    // expected-error @+1 {{Q13: agile mirror needs P(x) = R(c x) with c > 0 and R free of schedules, states and learned values, but R reads `beta`}}
    %1 = arith.mulf %b, %0 : f32
    %2 = math.tanh %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update agile_mirror
}

// -----

bregman.quantizer @Q13_outer_schedule {
  %step = bregman.counter step : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %k = arith.truncf %step : f64 to f32
    // expected-note @+1 {{x is read here}}
    %0 = math.tanh %x : f32
    // expected-error @+1 {{Q13: agile mirror needs P(x) = R(c x) with c > 0 and R free of schedules, states and learned values, but R reads `step`}}
    %1 = arith.mulf %k, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
}

// -----

// Of neither sign, it is not made part of c.
bregman.quantizer @Q13_negative {
  %step = bregman.counter step : f64
  %one = arith.constant 1.0 : f64
  %k = bregman.schedule "k" : f64 {
    %0 = arith.subf %step, %one : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %c = arith.truncf %k : f64 to f32
    // expected-error @+2 {{Q13: agile mirror needs P(x) = R(c x) with c > 0 and R free of schedules, states and learned values, but R reads `k`}}
    // expected-note @+1 {{x is read here}}
    %0 = arith.mulf %c, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
}

// -----

bregman.quantizer @constant {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.project' op Q4: does not read the latent}}
  %w = bregman.project "w" : f32 {
    %0 = arith.constant 0.5 : f32
    bregman.yield %0 : f32
  }
  bregman.update agile_mirror
}
