// RUN: %bregman-opt %s --bregman-expand-inverse | FileCheck %s

// The schedule that P reads moves above the latent.
// CHECK-LABEL: bregman.quantizer @Closed
// CHECK:      %beta = bregman.schedule "beta"
// CHECK:      %x = bregman.latent (w0 = %w0: f32) : f32 {
// CHECK:        %[[B:.*]] = arith.truncf %beta : f64 to f32
// CHECK-NEXT:   %[[A:.*]] = math.atanh %w0 : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.divf %[[A]], %[[B]] : f32
// CHECK:        %[[X:.*]] = bregman.clamp %[[Y]],
// CHECK:        %[[BOTTOM:.*]] = math.tanh
// CHECK:        %[[TOP:.*]] = math.tanh
// CHECK:        %[[INSIDE:.*]] = arith.andi
// CHECK-NEXT:   %[[X0:.*]] = arith.select %[[INSIDE]], %[[X]], %{{.*}} : f32
// CHECK-NEXT:   bregman.yield %[[X0]] : f32
bregman.quantizer @Closed {
  %step = bregman.counter step : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %beta = bregman.schedule "beta" : f64 {
    %one = arith.constant 1.0 : f64
    %0 = arith.addf %step, %one : f64
    bregman.yield %0 : f64
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
}

// x occurs twice and nothing solves for it: P(0), 32 halvings and the two ends.
// CHECK-LABEL: bregman.quantizer @Bisected
// CHECK-COUNT-35: math.tanh
// CHECK-NOT:      math.tanh
// CHECK:      bregman.project "w"
bregman.quantizer @Bisected {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    %1 = arith.addf %x, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update lazy_mirror
}

// x occurs twice, and |w| = |x| / (1 + |x|) is linear in |x|. Next to a bound x stays finite.
// CHECK-LABEL: bregman.quantizer @Solved
// CHECK:        %[[SIZE:.*]] = math.absf %w0 : f32
// CHECK:        %[[LEFT:.*]] = arith.subf %{{.*}}, %[[SIZE]] : f32
// CHECK-NEXT:   %[[X:.*]] = arith.divf %w0, %[[LEFT]] : f32
// CHECK:        %[[FINITE:.*]] = bregman.clamp %[[X]],
// CHECK:        arith.select %{{.*}}, %[[FINITE]], %{{.*}} : f32
// CHECK-NOT:    unrealized_conversion_cast
// CHECK:      bregman.project "w"
bregman.quantizer @Solved {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f32
    %0 = math.absf %x : f32
    %1 = arith.addf %one, %0 : f32
    %2 = arith.divf %x, %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update lazy_mirror
}

// log(1 - |w|) of a small w is 2 atanh(w / (2 - |w|)), with the digits of w.
// CHECK-LABEL: bregman.quantizer @SharpLogarithm
// CHECK:        %[[NEAR:.*]] = arith.divf
// CHECK-NEXT:   math.atanh %[[NEAR]]
// CHECK:        math.log
// CHECK:      bregman.project "w"
bregman.quantizer @SharpLogarithm {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f32
    %0 = math.absf %x : f32
    %1 = arith.negf %0 : f32
    %2 = math.exp %1 : f32
    %3 = arith.subf %one, %2 : f32
    %4 = bregman.sgn %x : f32
    %5 = arith.mulf %4, %3 : f32
    bregman.yield %5 : f32
  }
  bregman.update lazy_mirror
}

// The bounds are the levels: what the projection reaches far out is 0 where a power overflows.
// CHECK-LABEL: bregman.quantizer @OntoTheLevels
// CHECK:      %[[LEVELS:.*]] = bregman.levels
// CHECK:      bregman.latent
// CHECK-COUNT-66: math.powf
// CHECK-NOT:      math.powf
// CHECK-DAG:    %[[BOTTOM:.*]] = bregman.reduce min %[[LEVELS]]
// CHECK-DAG:    %[[TOP:.*]] = bregman.reduce max %[[LEVELS]]
// CHECK:        arith.cmpf ogt, %w0, %[[BOTTOM]]
// CHECK:        arith.cmpf olt, %w0, %[[TOP]]
// CHECK:      bregman.project "w"
bregman.quantizer @OntoTheLevels {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    %0 = bregman.inverse project %w0 : f32 to f32
    bregman.yield %0 : f32
  }
  %levels = bregman.levels : vector<2xf32> {
    %0 = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f32
    %p = arith.constant 2.5 : f32
    %q = arith.constant 0.4 : f32
    %0 = math.absf %x : f32
    %1 = math.powf %0, %p : f32
    %2 = arith.addf %one, %1 : f32
    %3 = math.powf %2, %q : f32
    %4 = arith.divf %x, %3 : f32
    bregman.yield %4 : f32
  }
  bregman.update lazy_mirror
}

// Over levels softmax has one up to a constant, of which 0 is taken.
// CHECK-LABEL: bregman.quantizer @OverLevels
// CHECK:      bregman.latent
// CHECK:        %[[LOG:.*]] = math.log %[[U:.*]] : vector<2xf32>
// CHECK:        %[[X:.*]] = arith.{{(divf|mulf)}} %[[LOG]], %{{.*}} : vector<2xf32>
// CHECK-NEXT:   bregman.yield %[[X]]
// CHECK:      bregman.project "u"
bregman.quantizer @OverLevels {
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = math.exp %w0 : f32
    %1 = vector.broadcast %0 : f32 to vector<2xf32>
    %2 = bregman.inverse project %1 : vector<2xf32> to vector<2xf32>
    bregman.yield %2 : vector<2xf32>
  }
  %u = bregman.project "u" : vector<2xf32> {
    %c = arith.constant dense<3.0> : vector<2xf32>
    %0 = arith.mulf %c, %x : vector<2xf32>
    %1 = bregman.softmax %0 : vector<2xf32>
    bregman.yield %1 : vector<2xf32>
  }
  %w = bregman.weight "w" : f32 {
    %0 = bregman.reduce sum %u : vector<2xf32>
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
}
