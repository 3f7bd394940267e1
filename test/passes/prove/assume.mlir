// `assume` accepts what is undecided, never what is refuted.
// RUN: %bregman-opt %s --bregman-prove=remarks --split-input-file --verify-diagnostics

// tanh of x^3 / 3 - c x^2 + c^2 x with c = log(2): the slope (x - c)^2 is 0 at a number without an
// end, where intervals see no sign.
bregman.quantizer @undecided {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+2 {{Q4: neither proved nor refuted: structure gives no direction, the derivative's sign between -inf and inf stays open}}
  // expected-note @+1 {{`assume Q4 because "..."` takes the responsibility}}
  %w = bregman.project "w" : f32 {
    %c = arith.constant 0.693147182 : f32
    %third = arith.constant 0.333333343 : f32
    %two = arith.constant 2.0 : f32
    %three = arith.constant 3.0 : f32
    %0 = math.powf %x, %three : f32
    %1 = arith.mulf %third, %0 : f32
    %2 = math.powf %x, %two : f32
    %3 = arith.mulf %c, %2 : f32
    %4 = arith.mulf %c, %c : f32
    %5 = arith.mulf %4, %x : f32
    %6 = arith.subf %1, %3 : f32
    %8 = arith.addf %6, %5 : f32
    %7 = math.tanh %8 : f32
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
    %c = arith.constant 0.693147182 : f32
    %third = arith.constant 0.333333343 : f32
    %two = arith.constant 2.0 : f32
    %three = arith.constant 3.0 : f32
    %0 = math.powf %x, %three : f32
    %1 = arith.mulf %third, %0 : f32
    %2 = math.powf %x, %two : f32
    %3 = arith.mulf %c, %2 : f32
    %4 = arith.mulf %c, %c : f32
    %5 = arith.mulf %4, %x : f32
    %6 = arith.subf %1, %3 : f32
    %8 = arith.addf %6, %5 : f32
    %7 = math.tanh %8 : f32
    bregman.yield %7 : f32
  }
  bregman.update lazy_mirror
  bregman.assume "Q4" because "the slope is a square"
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
