// RUN: %bregman-opt %s --bregman-change-coordinate --canonicalize | FileCheck %s

// CHECK-LABEL: bregman.quantizer @Tanh
// The schedule moves above the latent, which starts at c(0) x0.
// CHECK:      %beta = bregman.schedule "beta"
// CHECK:      %dual = bregman.latent dual of %beta (w0 = %w0: f32) : f32 {
// CHECK-NEXT:   %[[C:.*]] = arith.truncf %beta : f64 to f32
// CHECK-NEXT:   %[[Z0:.*]] = arith.mulf %[[C]], %w0 : f32
// CHECK-NEXT:   bregman.yield %[[Z0]] : f32
// CHECK:      %w = bregman.project "w" : f32 {
// CHECK-NEXT:   %[[W:.*]] = math.tanh %dual : f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
// CHECK:      bregman.final {
// CHECK-NEXT:   %[[Q:.*]] = bregman.sign %dual : f32
// CHECK-NEXT:   bregman.yield %[[Q]] : f32
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   %[[D:.*]] = bregman.base %w, %g : f32
// CHECK-NEXT:   %[[C:.*]] = arith.truncf %beta : f64 to f32
// CHECK-NEXT:   %[[CD:.*]] = arith.mulf %[[C]], %[[D]] : f32
// CHECK-NEXT:   %[[Z1:.*]] = arith.subf %dual, %[[CD]] : f32
// CHECK-NEXT:   bregman.yield dual = %[[Z1]] : f32
// CHECK:      bregman.publish {
// CHECK-NEXT:   bregman.yield %w : f32
bregman.quantizer @Tanh {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %step = bregman.counter step : f64
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.exp %step : f64
    bregman.yield %0 : f64
  }
  %w = bregman.project "w" : f32 {
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.tanh %0 : f32
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
  bregman.final {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %y1 = arith.subf %y, %d : f32
    %w1 = bregman.apply project %y1 : f32 to f32
    bregman.yield w = %w1 : f32
  }
  bregman.publish {
    bregman.yield %w : f32
  }
}

// The scale of a softmax; c multiplies on every level.
// CHECK-LABEL: bregman.quantizer @Softmax
// CHECK:      bregman.project "u" : vector<3xf32> {
// CHECK-NEXT:   %[[U:.*]] = bregman.softmax %dual : vector<3xf32>
// CHECK:      bregman.step (g = %g: f32) {
// CHECK:        %[[D:.*]] = bregman.base %u
// CHECK-NEXT:   %[[C:.*]] = arith.truncf %beta : f64 to f32
// CHECK-NEXT:   %[[CC:.*]] = vector.broadcast %[[C]] : f32 to vector<3xf32>
// CHECK-NEXT:   %[[CD:.*]] = arith.mulf %[[CC]], %[[D]] : vector<3xf32>
// CHECK-NEXT:   %[[Z1:.*]] = arith.subf %dual, %[[CD]] : vector<3xf32>
bregman.quantizer @Softmax {
  %beta = bregman.param "beta" = 2.0 : f64
  %levels = bregman.levels : vector<3xf32> {
    %q = arith.constant dense<[-1.0, 0.0, 1.0]> : vector<3xf32>
    bregman.yield %q : vector<3xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : vector<3xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<3xf32>
    %1 = arith.mulf %levels, %0 : vector<3xf32>
    bregman.yield %1 : vector<3xf32>
  }
  %u = bregman.project "u" : vector<3xf32> {
    %b = arith.truncf %beta : f64 to f32
    %0 = bregman.softmax %x scale %b : vector<3xf32>
    bregman.yield %0 : vector<3xf32>
  }
  %w = bregman.weight "w" : f32 {
    %0 = arith.mulf %levels, %u : vector<3xf32>
    %1 = bregman.reduce sum %0 : vector<3xf32>
    bregman.yield %1 : f32
  }
  bregman.update agile_mirror
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %u : vector<3xf32> to vector<3xf32>
    %c = bregman.vjp weight %u of %g : vector<3xf32>, f32
    %d = bregman.base %u, %c : vector<3xf32>
    %y1 = arith.subf %y, %d : vector<3xf32>
    %u1 = bregman.apply project %y1 : vector<3xf32> to vector<3xf32>
    bregman.yield u = %u1 : vector<3xf32>
  }
  bregman.publish {
    %0 = bregman.apply weight %u : vector<3xf32> to f32
    bregman.yield %0 : f32
  }
}

// Two readings with the factors beta and 2 in common; `softsign` keeps the rest. Readers of x find z / c.
// CHECK-LABEL: bregman.quantizer @TwoReadings
// CHECK:      %[[TWO:.*]] = arith.constant 2.000000e+00 : f64
// CHECK:      %[[C:.*]] = arith.mulf %beta, %[[TWO]] : f64
// CHECK:      bregman.latent dual of %[[C]] (w0
// CHECK:      bregman.project "w" : f32 {
// CHECK-NEXT:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[A:.*]] = math.absf %dual : f32
// CHECK-NEXT:   %[[B:.*]] = arith.addf %[[A]], %[[ONE]] : f32
// CHECK-NEXT:   arith.divf %dual, %[[B]] : f32
// CHECK:      bregman.final {
// CHECK:        %[[R:.*]] = arith.divf %{{.*}}, %[[C]] : f64
// CHECK:        %[[RR:.*]] = arith.truncf %[[R]] : f64 to f32
// CHECK:        %[[X:.*]] = arith.mulf %[[RR]], %dual : f32
// CHECK:        math.floor %[[X]] : f32
bregman.quantizer @TwoReadings {
  %beta = bregman.param "beta" = 2.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %b = arith.truncf %beta : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = arith.mulf %0, %two : f32
    %2 = arith.mulf %x, %b : f32
    %3 = arith.mulf %two, %2 : f32
    %4 = math.absf %3 : f32
    %5 = arith.addf %4, %one : f32
    %6 = arith.divf %1, %5 : f32
    bregman.yield %6 : f32
  }
  bregman.update agile_mirror
  bregman.final {
    %0 = math.floor %x : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %y1 = arith.subf %y, %d : f32
    %w1 = bregman.apply project %y1 : f32 to f32
    bregman.yield w = %w1 : f32
  }
  bregman.publish {
    bregman.yield %w : f32
  }
}

// Lazy mirror descent has no inverse and is left alone.
// CHECK-LABEL: bregman.quantizer @Lazy
// CHECK:      %x = bregman.latent (w0
// CHECK:      bregman.yield x =
bregman.quantizer @Lazy {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %0 = math.tanh %x : f32
    bregman.yield %0 : f32
  }
  bregman.update lazy_mirror
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    %x1 = arith.subf %x, %d : f32
    bregman.yield x = %x1 : f32
  }
  bregman.publish {
    %0 = bregman.apply project %x : f32 to f32
    bregman.yield %0 : f32
  }
}

// beta alone is common: of 0.5 beta one half stays. abs lets it through, and sign needs none of it.
// CHECK-LABEL: bregman.quantizer @Products
// CHECK:      bregman.project "w" : f32 {
// CHECK-NEXT:   %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:   %[[H:.*]] = arith.mulf %dual, %[[HALF]] : f32
// CHECK-NEXT:   %[[A:.*]] = math.absf %dual : f32
// CHECK-NEXT:   %[[E:.*]] = math.exp %[[A]] : f32
// CHECK-NEXT:   %[[S:.*]] = bregman.sign %dual : f32
// CHECK:      bregman.step (g = %g: f32) {
// CHECK:        %[[D:.*]] = bregman.base %w
// CHECK:        %[[C:.*]] = arith.truncf %beta : f64 to f32
// CHECK-NEXT:   %[[CD:.*]] = arith.mulf %[[C]], %[[D]] : f32
bregman.quantizer @Products {
  %step = bregman.counter step : f64
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.exp %step : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %half = arith.constant 0.5 : f64
    %product = arith.mulf %half, %beta : f64
    %b = arith.truncf %product : f64 to f32
    %0 = arith.mulf %b, %x : f32
    %1 = math.absf %x : f32
    %2 = arith.truncf %beta : f64 to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = math.exp %3 : f32
    %5 = bregman.sign %x : f32
    %6 = arith.mulf %5, %4 : f32
    %7 = arith.addf %0, %6 : f32
    bregman.yield %7 : f32
  }
  bregman.update agile_mirror
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %y1 = arith.subf %y, %d : f32
    %w1 = bregman.apply project %y1 : f32 to f32
    bregman.yield w = %w1 : f32
  }
  bregman.publish {
    bregman.yield %w : f32
  }
}

// T and x apart, and yet a function of x / T: c = 1 / T, and R has 1 for T, also in a schedule that
// follows from it.
// CHECK-LABEL: bregman.quantizer @Gathered
// CHECK:      %[[ONE:.*]] = arith.constant 1.000000e+00 : f64
// CHECK:      %[[C:.*]] = arith.divf %[[ONE]], %T : f64
// CHECK-NEXT: bregman.latent dual of %[[C]] (w0
// CHECK-NEXT:   %[[CC:.*]] = arith.truncf %[[C]] : f64 to f32
// CHECK-NEXT:   %[[Z0:.*]] = arith.mulf %[[CC]], %w0 : f32
// CHECK-NEXT:   bregman.yield %[[Z0]] : f32
// CHECK:      bregman.project "w" : f32 {
// CHECK-NEXT:   %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:   %[[A:.*]] = math.absf %dual : f32
// CHECK-NEXT:   %[[B:.*]] = arith.addf %[[A]], %[[ONE]] : f32
// CHECK-NEXT:   %[[W:.*]] = arith.divf %dual, %[[B]] : f32
// CHECK-NEXT:   bregman.yield %[[W]] : f32
bregman.quantizer @Gathered {
  %step = bregman.counter step : f64
  %T = bregman.schedule "T" : f64 {
    %minus = arith.negf %step : f64
    %0 = math.exp %minus : f64
    bregman.yield %0 : f64
  }
  %beta = bregman.schedule "beta" : f64 {
    %one = arith.constant 1.0 : f64
    %0 = arith.divf %one, %T : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %t = arith.truncf %T : f64 to f32
    %b = arith.truncf %beta : f64 to f32
    %0 = math.absf %x : f32
    %1 = arith.addf %0, %t : f32
    %2 = arith.mulf %1, %b : f32
    %3 = arith.mulf %x, %b : f32
    %4 = arith.divf %3, %2 : f32
    bregman.yield %4 : f32
  }
  bregman.update agile_mirror
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %y1 = arith.subf %y, %d : f32
    %w1 = bregman.apply project %y1 : f32 to f32
    bregman.yield w = %w1 : f32
  }
  bregman.publish {
    bregman.yield %w : f32
  }
}

// A cube lets through a third of the power.
// CHECK-LABEL: bregman.quantizer @Cube
// CHECK:      %[[THIRD:.*]] = arith.constant 0.33333333333333331 : f64
// CHECK:      %[[C:.*]] = math.powf %beta, %[[THIRD]] : f64
// CHECK-NEXT: bregman.latent dual of %[[C]] (w0
// CHECK:      bregman.step
// CHECK:        %[[CC:.*]] = arith.truncf %[[C]] : f64 to f32
// CHECK:        arith.mulf %[[CC]], %{{.*}} : f32
bregman.quantizer @Cube {
  %step = bregman.counter step : f64
  %beta = bregman.schedule "beta" : f64 {
    %0 = math.exp %step : f64
    bregman.yield %0 : f64
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    %three = arith.constant 3.0 : f32
    %b = arith.truncf %beta : f64 to f32
    %0 = math.powf %x, %three : f32
    %1 = arith.mulf %b, %0 : f32
    %2 = math.tanh %1 : f32
    bregman.yield %2 : f32
  }
  bregman.update agile_mirror
  bregman.step (g = %g : f32) {
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %y1 = arith.subf %y, %d : f32
    %w1 = bregman.apply project %y1 : f32 to f32
    bregman.yield w = %w1 : f32
  }
  bregman.publish {
    bregman.yield %w : f32
  }
}
