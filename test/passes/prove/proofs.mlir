// How each rule was proved, as remarks.
// RUN: %bregman-opt %s --bregman-prove=remarks --verify-diagnostics

// expected-remark @+8 {{Q1: structure: no two levels are one}}
// expected-remark @+7 {{Q4: structure: composed of nondecreasing functions}}
// expected-remark @+6 {{Q5: structure: the limits are the outermost levels}}
// expected-remark @+5 {{Q6: structure: a level in each case}}
// expected-remark @+4 {{Q7: strictly increasing: structure}}
// expected-remark @+3 {{Q9: samples: the weight tends to final}}
// expected-remark @+2 {{Q12: samples: finite in f32 up to 2^60, and where all weights are equal}}
// expected-remark @+1 {{Q13: structure: P(x) = R(c x)}}
bregman.quantizer @md_tanh {
  %step = bregman.counter step : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %beta = bregman.schedule "beta" : f64 {
    %one = arith.constant 1.0 : f64
    %0 = arith.addf %step, %one : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
  bregman.final {
    %0 = bregman.sign %w : f32
    bregman.yield %0 : f32
  }
}
