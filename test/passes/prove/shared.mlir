// Values that the prover cannot look into: reductions over weights, fits, learned values, states of
// the base optimizer. Each is one unknown number of a known range, and equal ones are one.
// RUN: %bregman-opt %s --bregman-prove --split-input-file --verify-diagnostics

// Learned steps (Esser et al. 2020): the levels are multiples of what is learned.
bregman.quantizer @learned_step {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor in [1.000000e-08, inf] : f32 {
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    bregman.yield %1 : f32
  }
  %levels = bregman.levels : vector<4xf32> {
    %0 = arith.constant dense<[-2.0, -1.0, 0.0, 1.0]> : vector<4xf32>
    %1 = vector.broadcast %s : f32 to vector<4xf32>
    %2 = arith.mulf %1, %0 : vector<4xf32>
    bregman.yield %2 : vector<4xf32>
  }
  %w = bregman.project "w" : f32 {
    %low = arith.constant -2.0 : f32
    %high = arith.constant 1.0 : f32
    %0 = arith.divf %x, %s : f32
    %1 = bregman.clamp %0, %low, %high : f32
    %2 = bregman.round %1 : f32
    %3 = bregman.ste %2, %1 : f32
    %4 = arith.mulf %s, %3 : f32
    bregman.yield %4 : f32
  }
  bregman.update chain
  bregman.final {
    %0 = bregman.nearest %x, %levels : vector<4xf32>
    bregman.yield %0 : f32
  }
}

// -----

// A threshold and a level that are means (Li et al. 2016).
bregman.quantizer @masked_mean {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels : vector<3xf32> {
    %c = arith.constant 0.7 : f32
    %zero = arith.constant 0.0 : f32
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    %d = arith.mulf %c, %1 : f32
    %2 = arith.cmpf ogt, %0, %d : f32
    %a = bregman.reduce mean per tensor %0 where %2 : f32
    %3 = arith.negf %a : f32
    %q = vector.from_elements %3, %zero, %a : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
  %w = bregman.project "w" : f32 {
    %c = arith.constant 0.7 : f32
    %zero = arith.constant 0.0 : f32
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    %d = arith.mulf %c, %1 : f32
    %2 = arith.cmpf ogt, %0, %d : f32
    %a = bregman.reduce mean per tensor %0 where %2 : f32
    %3 = bregman.sign %x : f32
    %4 = arith.mulf %a, %3 : f32
    %5 = arith.select %2, %4, %zero : f32
    bregman.yield %5 : f32
  }
  bregman.update straight_through
  bregman.final {
    bregman.yield %w : f32
  }
}

// -----

// The codebook is a function of what is quantized; its scale is fitted.
bregman.quantizer @fitted_codebook {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels (v = %v : f32) : vector<2xf32> {
    %0 = math.absf %v : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    %a = bregman.fit %v from (%1) rounds 10 per tensor : f32 {
    ^bb0(%b: f32):
      %2 = arith.negf %b : f32
      %3 = vector.from_elements %2, %b : vector<2xf32>
      bregman.yield %3 : vector<2xf32>
    }
    %4 = arith.negf %a : f32
    %q = vector.from_elements %4, %a : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  bregman.final {
    %0 = math.absf %x : f32
    %1 = bregman.reduce mean per tensor %0 : f32
    %a = bregman.fit %x from (%1) rounds 10 per tensor : f32 {
    ^bb0(%b: f32):
      %2 = arith.negf %b : f32
      %3 = vector.from_elements %2, %b : vector<2xf32>
      bregman.yield %3 : vector<2xf32>
    }
    %4 = arith.negf %a : f32
    %q = vector.from_elements %4, %a : vector<2xf32>
    %5 = bregman.nearest %x, %q : vector<2xf32>
    bregman.yield %5 : f32
  }
}

// -----

// Weighted by a state of the base optimizer (Hou et al. 2017).
bregman.quantizer @loss_aware {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %v = bregman.optimizer_state "v" : f32
    %d = math.sqrt %v : f32
    %0 = math.absf %x : f32
    %1 = arith.mulf %d, %0 : f32
    %2 = bregman.reduce sum per tensor %1 : f32
    %3 = bregman.reduce sum per tensor %d : f32
    %a = arith.divf %2, %3 : f32
    %4 = arith.negf %a : f32
    %q = vector.from_elements %4, %a : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  bregman.final {
    %v = bregman.optimizer_state "v" : f32
    %d = math.sqrt %v : f32
    %0 = math.absf %x : f32
    %1 = arith.mulf %d, %0 : f32
    %2 = bregman.reduce sum per tensor %1 : f32
    %3 = bregman.reduce sum per tensor %d : f32
    %a = arith.divf %2, %3 : f32
    %4 = bregman.sign %x : f32
    %5 = arith.mulf %a, %4 : f32
    bregman.yield %5 : f32
  }
}

// -----

// A weight that is trained by way of its scale alone.
bregman.quantizer @by_its_scale {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.absf %x : f32
    %a = bregman.reduce mean per channel %0 : f32
    %1 = bregman.sign %x : f32
    %2 = arith.mulf %a, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update chain
}

// -----

bregman.quantizer @Q6_of_another_mean {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %0 = math.absf %x : f32
    %a = bregman.reduce mean per tensor %0 : f32
    %1 = arith.negf %a : f32
    %q = vector.from_elements %1, %a : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  // expected-error @+1 {{Q6: final is not a level: at x = 0 it is 1, and the levels are -2, 2 at mean(abs(x) per tensor) = 2, mean(abs(x) per channel) = 1}}
  bregman.final {
    %0 = math.absf %x : f32
    %a = bregman.reduce mean per channel %0 : f32
    %1 = bregman.sign %x : f32
    %2 = arith.mulf %a, %1 : f32
    bregman.yield %2 : f32
  }
}

// -----

// No weights give a maximum below what it is taken of, so that this is not refuted by such ones.
bregman.quantizer @Q6_undecided_by_a_maximum {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  // expected-error @+2 {{Q6: neither proved nor refuted: structure gives no finite set of values for `max(abs(x) per tensor) - abs(x)`, samples gave levels only}}
  // expected-note @+1 {{`assume Q6 because "..."` takes the responsibility}}
  bregman.final {
    %zero = arith.constant 0.0 : f32
    %0 = math.absf %x : f32
    %m = bregman.reduce max per tensor %0 : f32
    %1 = arith.subf %m, %0 : f32
    %2 = arith.cmpf olt, %1, %zero : f32
    %3 = bregman.sign %x : f32
    %4 = arith.select %2, %1, %3 : f32
    bregman.yield %4 : f32
  }
}

// -----

bregman.quantizer @Q4_mean_in_a_mirror {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{Q4: a mirror map looks at one weight, but the projection reads `mean(x per tensor)`; a `state` may keep that number}}
  %w = bregman.project "w" : f32 {
    %0 = bregman.reduce mean per tensor %x : f32
    %1 = arith.subf %x, %0 : f32
    %2 = math.tanh %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update lazy_mirror
}

// -----

// A steepness that is learned, and stays above 0, is as good as a schedule.
bregman.quantizer @learned_steepness {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor in [1.000000e-01, inf] : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
}

// -----

bregman.quantizer @Q4_learned_steepness_of_any_sign {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{Q4: the projection is constant at s = 0}}
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
}

// -----

bregman.quantizer @Q13_learned_steepness {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.learn "s" per tensor in [1.000000e-01, inf] : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{Q13: agile mirror descent needs P(x) = R(c * x), c > 0 a host scalar and R free of schedules, states and learned values: `s * x` does not fit}}
  %w = bregman.project "w" : f32 {
    %0 = arith.mulf %s, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
}

// -----

bregman.quantizer @Q14_learned_threshold {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %t = bregman.learn "t" per tensor : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{Q14: the derivative of the weight in the learned value `t` is 0 everywhere, so that it is not trained}}
  %w = bregman.project "w" : f32 {
    %zero = arith.constant 0.0 : f32
    %0 = arith.cmpf ogt, %x, %t : f32
    %1 = arith.select %0, %x, %zero : f32
    bregman.yield %1 : f32
  }
  bregman.update chain
}

// -----

bregman.quantizer @Q14_learned_but_unread {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %t = bregman.learn "t" per tensor : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  // expected-error @+1 {{Q14: the weight does not depend on the learned value `t`, which therefore is not trained}}
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update straight_through
}

// -----

bregman.quantizer @Q14_detached_scale {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{Q14: the derivative of the weight in x is 0 everywhere, so that nothing is trained: it ends at the staircase `sign(x)`; `ste(sign(x), surrogate)` gives it one}}
  %w = bregman.project "w" : f32 {
    %zero = arith.constant 0.0 : f32
    %0 = math.absf %x : f32
    %a = bregman.reduce mean per channel %0 : f32
    %b = bregman.ste %a, %zero : f32
    %1 = bregman.sign %x : f32
    %2 = arith.mulf %b, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update chain
}
