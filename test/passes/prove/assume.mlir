// `assume` accepts what is undecided, never what is refuted.
// RUN: %bregman-opt %s --bregman-prove=remarks --split-input-file --verify-diagnostics

// tanh(2 x) written in two ways, which meet at 1/2 by an identity that the prover does not know.
bregman.quantizer @undecided {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+2 {{Q4: neither proved nor refuted: structure gives no direction, the two sides of x = 0.5 could not be shown to meet}}
  // expected-note @+1 {{`assume Q4 because "..."` takes the responsibility}}
  %w = bregman.project "w" : f32 {
    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %low = arith.cmpf olt, %x, %half : f32
    %0 = arith.mulf %two, %x : f32
    %1 = math.tanh %0 : f32
    %2 = math.tanh %x : f32
    %3 = arith.mulf %two, %2 : f32
    %4 = arith.mulf %2, %2 : f32
    %5 = arith.addf %one, %4 : f32
    %6 = arith.divf %3, %5 : f32
    %7 = arith.select %low, %1, %6 : f32
    bregman.yield %7 : f32
  }
  bregman.update lazy_mirror
}

// -----

// expected-remark @+3 {{Q4 is assumed: structure gives no direction}}
// expected-remark @+2 {{Q5: no levels are declared}}
// expected-remark @+1 {{Q12: samples: finite in f32}}
bregman.quantizer @assumed {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %low = arith.cmpf olt, %x, %half : f32
    %0 = arith.mulf %two, %x : f32
    %1 = math.tanh %0 : f32
    %2 = math.tanh %x : f32
    %3 = arith.mulf %two, %2 : f32
    %4 = arith.mulf %2, %2 : f32
    %5 = arith.addf %one, %4 : f32
    %6 = arith.divf %3, %5 : f32
    %7 = arith.select %low, %1, %6 : f32
    bregman.yield %7 : f32
  }
  bregman.update lazy_mirror
  bregman.assume "Q4" because "both arms are tanh(2 x)"
}

// -----

bregman.quantizer @refuted {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{Q4: the projection is not monotone: P(-2) = 0.96402758 > P(2) = -0.96402758}}
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    %1 = arith.negf %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
  // expected-note @+1 {{what is refuted cannot be assumed}}
  bregman.assume "Q4" because "it looked right"
}
