// RUN: %bregman-opt %s --bregman-expand-prox --canonicalize --cse | FileCheck %s

// Soft thresholding about zero; one host scalar, the product in double.
// CHECK-LABEL: bregman.quantizer @Abs
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-NEXT:   %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %[[LR:.*]] = bregman.counter lr : f64
// CHECK-NEXT:   %[[K:.*]] = arith.mulf %[[LR]], %rate : f64
// CHECK-NEXT:   %[[A:.*]] = arith.truncf %[[K]] : f64 to f32
// CHECK-NEXT:   %[[DOWN:.*]] = arith.subf %g, %[[A]] : f32
// CHECK-NEXT:   %[[MAX:.*]] = arith.maximumf %[[DOWN]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[UP:.*]] = arith.addf %g, %[[A]] : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.minimumf %[[UP]], %[[MAX]] : f32
// CHECK-NEXT:   bregman.yield x = %[[Y]] : f32
bregman.quantizer @Abs {
  %rate = bregman.param "rate" = 0.1 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %r = arith.truncf %rate : f64 to f32
    %0 = math.absf %x : f32
    %1 = arith.mulf %r, %0 : f32
    bregman.yield %1 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = bregman.counter lr : f64
    %0 = arith.truncf %lr : f64 to f32
    %1 = bregman.proximal %g by %0 : f32
    bregman.yield x = %1 : f32
  }
}

// The level nearest to the incoming x is the point. 2 |3 (x - q)| has the weight 6.
// CHECK-LABEL: bregman.quantizer @NearestLevel
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[Q:.*]] = arith.constant dense<[-1.000000e+00, 1.000000e+00]> : vector<2xf32>
// CHECK-DAG:    %[[A:.*]] = arith.constant 6.000000e-01 : f32
// CHECK:        %[[P:.*]] = bregman.nearest %g, %[[Q]] : vector<2xf32>
// CHECK-NEXT:   %[[DOWN:.*]] = arith.subf %g, %[[A]] : f32
// CHECK-NEXT:   %[[MAX:.*]] = arith.maximumf %[[P]], %[[DOWN]] : f32
// CHECK-NEXT:   %[[UP:.*]] = arith.addf %g, %[[A]] : f32
// CHECK-NEXT:   arith.minimumf %[[UP]], %[[MAX]] : f32
bregman.quantizer @NearestLevel {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    %two = arith.constant 2.0 : f32
    %three = arith.constant 3.0 : f32
    %0 = bregman.nearest %x, %q : vector<2xf32>
    %1 = arith.subf %0, %x : f32
    %2 = arith.mulf %1, %three : f32
    %3 = math.absf %2 : f32
    %4 = arith.mulf %3, %two : f32
    bregman.yield %4 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 0.1 : f64
    %0 = arith.truncf %lr : f64 to f32
    %1 = bregman.proximal %g by %0 : f32
    bregman.yield x = %1 : f32
  }
}

// rate (x - q)^2 alone: (x + k q) / (1 + k) with k = 2 lr rate.
// CHECK-LABEL: bregman.quantizer @Square
// CHECK:      bregman.step (g = %g: f32) {
// CHECK:        %[[LR:.*]] = bregman.counter lr : f64
// CHECK:        %[[Q:.*]] = bregman.nearest %g, %levels : vector<2xf32>
// CHECK:        %[[K:.*]] = arith.mulf %{{.*}}, %{{.*}} : f64
// CHECK:        %[[K32:.*]] = arith.truncf
// CHECK:        %[[KQ:.*]] = arith.mulf %[[K32]], %[[Q]] : f32
// CHECK:        %[[V:.*]] = arith.addf %g, %[[KQ]] : f32
// CHECK:        %[[S:.*]] = arith.divf %{{.*}}, %{{.*}} : f64
// CHECK:        %[[S32:.*]] = arith.truncf %[[S]] : f64 to f32
// CHECK:        %[[Y:.*]] = arith.mulf %[[V]], %[[S32]] : f32
// CHECK-NEXT:   bregman.yield x = %[[Y]] : f32
bregman.quantizer @Square {
  %rate = bregman.param "rate" = 0.1 : f64
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %r = arith.truncf %rate : f64 to f32
    %0 = bregman.nearest %x, %levels : vector<2xf32>
    %1 = arith.subf %x, %0 : f32
    %2 = arith.mulf %1, %1 : f32
    %3 = arith.mulf %r, %2 : f32
    bregman.yield %3 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = bregman.counter lr : f64
    %0 = arith.truncf %lr : f64 to f32
    %1 = bregman.proximal %g by %0 : f32
    bregman.yield x = %1 : f32
  }
}

// |x - 2| / 2 + |x + 1| / 4 + (x - 1)^2 / 2 at lr = 1, all literal: v = (x + 1) / 2, weights 1/4 at 2
// and 1/8 at -1: min(v + 3/8, max(-1, min(v + 1/8, max(2, v - 3/8)))).
// CHECK-LABEL: bregman.quantizer @SeveralPoints
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-DAG:    %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK-DAG:    %[[T2:.*]] = arith.constant -3.750000e-01 : f32
// CHECK-DAG:    %[[T1:.*]] = arith.constant 1.250000e-01 : f32
// CHECK-DAG:    %[[T0:.*]] = arith.constant 3.750000e-01 : f32
// CHECK-DAG:    %[[P2:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:    %[[P1:.*]] = arith.constant -1.000000e+00 : f32
// CHECK:        %[[A:.*]] = arith.addf %g, %[[ONE]] : f32
// CHECK-NEXT:   %[[V:.*]] = arith.mulf %[[A]], %[[HALF]] : f32
// CHECK-NEXT:   %[[B:.*]] = arith.addf %[[V]], %[[T2]] : f32
// CHECK-NEXT:   %[[C:.*]] = arith.maximumf %[[B]], %[[P2]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.addf %[[V]], %[[T1]] : f32
// CHECK-NEXT:   %[[E:.*]] = arith.minimumf %[[D]], %[[C]] : f32
// CHECK-NEXT:   %[[F:.*]] = arith.maximumf %[[E]], %[[P1]] : f32
// CHECK-NEXT:   %[[G:.*]] = arith.addf %[[V]], %[[T0]] : f32
// CHECK-NEXT:   %[[H:.*]] = arith.minimumf %[[G]], %[[F]] : f32
// CHECK-NEXT:   bregman.yield x = %[[H]] : f32
bregman.quantizer @SeveralPoints {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %half = arith.constant 0.5 : f32
    %quarter = arith.constant 0.25 : f32
    %0 = arith.subf %x, %two : f32
    %1 = math.absf %0 : f32
    %2 = arith.mulf %1, %half : f32
    %3 = arith.addf %x, %one : f32
    %4 = math.absf %3 : f32
    %5 = arith.mulf %quarter, %4 : f32
    %6 = arith.addf %2, %5 : f32
    %7 = arith.subf %one, %x : f32
    %8 = math.powf %7, %two : f32
    %9 = arith.mulf %half, %8 : f32
    %10 = arith.addf %6, %9 : f32
    bregman.yield %10 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %0 = bregman.proximal %g by %lr : f32
    bregman.yield x = %0 : f32
  }
}

// |x - b| + |x| / 2 at lr = 1, where the order of 0 and b is found out weight by weight.
// CHECK-LABEL: bregman.quantizer @PointsInAnyOrder
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[B:.*]] = arith.truncf %a : f64 to f32
// CHECK-DAG:    %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK-DAG:    %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:    %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:    %[[HALF:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:        %[[C:.*]] = arith.cmpf ole, %[[B]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[A1:.*]] = arith.select %[[C]], %[[ONE]], %[[HALF]] : f32
// CHECK-NEXT:   %[[P1:.*]] = arith.select %[[C]], %[[B]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[A2:.*]] = arith.select %[[C]], %[[HALF]], %[[ONE]] : f32
// CHECK-NEXT:   %[[P2:.*]] = arith.select %[[C]], %[[ZERO]], %[[B]] : f32
// CHECK-NEXT:   %[[MINUS:.*]] = arith.negf %[[A1]] : f32
// CHECK-NEXT:   %[[T2:.*]] = arith.subf %[[MINUS]], %[[A2]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.addf %g, %[[T2]] : f32
// CHECK-NEXT:   %[[TWICE2:.*]] = arith.mulf %[[A2]], %[[TWO]] : f32
// CHECK-NEXT:   %[[T1:.*]] = arith.addf %[[T2]], %[[TWICE2]] : f32
// CHECK-NEXT:   %[[F:.*]] = arith.maximumf %[[P2]], %[[D]] : f32
// CHECK-NEXT:   %[[H:.*]] = arith.addf %g, %[[T1]] : f32
// CHECK-NEXT:   %[[I:.*]] = arith.minimumf %[[H]], %[[F]] : f32
// CHECK-NEXT:   %[[TWICE1:.*]] = arith.mulf %[[A1]], %[[TWO]] : f32
// CHECK-NEXT:   %[[T0:.*]] = arith.addf %[[T1]], %[[TWICE1]] : f32
// CHECK-NEXT:   %[[J:.*]] = arith.maximumf %[[P1]], %[[I]] : f32
// CHECK-NEXT:   %[[K:.*]] = arith.addf %g, %[[T0]] : f32
// CHECK-NEXT:   %[[M:.*]] = arith.minimumf %[[K]], %[[J]] : f32
// CHECK-NEXT:   bregman.yield x = %[[M]] : f32
bregman.quantizer @PointsInAnyOrder {
  %a = bregman.param "a" = 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %half = arith.constant 0.5 : f32
    %b = arith.truncf %a : f64 to f32
    %0 = math.absf %x : f32
    %1 = arith.mulf %half, %0 : f32
    %2 = arith.subf %x, %b : f32
    %3 = math.absf %2 : f32
    %4 = arith.addf %3, %1 : f32
    bregman.yield %4 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// A state is a point of its own for each weight.
// CHECK-LABEL: bregman.quantizer @TowardsAState
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:        %[[D:.*]] = arith.subf %g, %[[ONE]] : f32
// CHECK-NEXT:   %[[E:.*]] = arith.maximumf %z, %[[D]] : f32
// CHECK-NEXT:   %[[F:.*]] = arith.addf %g, %[[ONE]] : f32
// CHECK-NEXT:   %[[G:.*]] = arith.minimumf %[[F]], %[[E]] : f32
// CHECK-NEXT:   bregman.yield x = %[[G]] : f32
bregman.quantizer @TowardsAState {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %z = bregman.state "z" : f32 {
    %0 = bregman.sign %x : f32
    bregman.yield %0 : f32
  }
  bregman.prox {
    %0 = arith.subf %x, %z : f32
    %1 = math.absf %0 : f32
    bregman.yield %1 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// A product of equal factors is their square: rate x^2, whichever way it is written.
// CHECK-LABEL: bregman.quantizer @ProductOfEqualFactors
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[ONE:.*]] = arith.constant 1.000000e+00 : f64
// CHECK-DAG:    %[[TWO:.*]] = arith.constant 2.000000e+00 : f64
// CHECK:        %[[LR:.*]] = bregman.counter lr : f64
// CHECK-NEXT:   %[[K:.*]] = arith.mulf %[[LR]], %rate : f64
// CHECK-NEXT:   %[[K2:.*]] = arith.mulf %[[K]], %[[TWO]] : f64
// CHECK-NEXT:   %[[BELOW:.*]] = arith.addf %[[K2]], %[[ONE]] : f64
// CHECK-NEXT:   %[[OVER:.*]] = arith.divf %[[ONE]], %[[BELOW]] : f64
// CHECK-NEXT:   %[[FACTOR:.*]] = arith.truncf %[[OVER]] : f64 to f32
// CHECK-NEXT:   %[[Y:.*]] = arith.mulf %g, %[[FACTOR]] : f32
// CHECK-NEXT:   bregman.yield x = %[[Y]] : f32
bregman.quantizer @ProductOfEqualFactors {
  %rate = bregman.param "rate" = 0.1 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %r = arith.truncf %rate : f64 to f32
    %0 = math.absf %x : f32
    %1 = math.absf %x : f32
    %2 = arith.mulf %r, %0 : f32
    %3 = arith.mulf %2, %1 : f32
    bregman.yield %3 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = bregman.counter lr : f64
    %0 = arith.truncf %lr : f64 to f32
    %1 = bregman.proximal %g by %0 : f32
    bregman.yield x = %1 : f32
  }
}

// A sum over levels has a term for each: the mean of (x - q)^2 over -1 and 3 at lr = 1 is
// (x + 2 * (-1 / 2 + 3 / 2)) / (1 + 2 * (1 / 2 + 1 / 2)).
// CHECK-LABEL: bregman.quantizer @SumOverLevels
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[PULL:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:    %[[SHRINK:.*]] = arith.constant 0.333333343 : f32
// CHECK:        %[[A:.*]] = arith.addf %g, %[[PULL]] : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.mulf %[[A]], %[[SHRINK]] : f32
// CHECK-NEXT:   bregman.yield x = %[[Y]] : f32
bregman.quantizer @SumOverLevels {
  %levels = bregman.levels : vector<2xf32> {
    %q = arith.constant dense<[-1.0, 3.0]> : vector<2xf32>
    bregman.yield %q : vector<2xf32>
  }
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %two = arith.constant dense<2.0> : vector<2xf32>
    %0 = vector.broadcast %x : f32 to vector<2xf32>
    %1 = arith.subf %0, %levels : vector<2xf32>
    %2 = math.powf %1, %two : vector<2xf32>
    %3 = bregman.reduce mean %2 : vector<2xf32>
    bregman.yield %3 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// A weight that the host does not know: soft thresholding by lr s, with s of each tensor.
// CHECK-LABEL: bregman.quantizer @WeightOfAState
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:    %[[LR:.*]] = arith.constant 5.000000e-01 : f32
// CHECK:        %[[A:.*]] = arith.mulf %s, %[[LR]] : f32
// CHECK-NEXT:   %[[DOWN:.*]] = arith.subf %g, %[[A]] : f32
// CHECK-NEXT:   %[[MAX:.*]] = arith.maximumf %[[DOWN]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[UP:.*]] = arith.addf %g, %[[A]] : f32
// CHECK-NEXT:   %[[Y:.*]] = arith.minimumf %[[UP]], %[[MAX]] : f32
// CHECK-NEXT:   bregman.yield x = %[[Y]] : f32
bregman.quantizer @WeightOfAState {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %s = bregman.state "s" per tensor : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  bregman.prox {
    %0 = math.absf %x : f32
    %1 = arith.mulf %0, %s : f32
    bregman.yield %1 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 0.5 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}

// Each level of the latent by its own term: 0.5 |x_0| + x_1^2 / 2 at lr = 1.
// CHECK-LABEL: bregman.quantizer @LatentWithLevels
// CHECK:      bregman.step (g = %g: vector<2xf32>) {
// CHECK:        %[[X0:.*]] = vector.extract %g[0] : f32 from vector<2xf32>
// CHECK:        arith.subf %[[X0]], %{{.*}} : f32
// CHECK:        %[[Y0:.*]] = arith.minimumf
// CHECK:        %[[X1:.*]] = vector.extract %g[1] : f32 from vector<2xf32>
// CHECK:        %[[Y1:.*]] = arith.mulf %[[X1]], %{{.*}} : f32
// CHECK-NEXT:   %[[Y:.*]] = vector.from_elements %[[Y0]], %[[Y1]] : vector<2xf32>
// CHECK-NEXT:   bregman.yield x = %[[Y]] : vector<2xf32>
bregman.quantizer @LatentWithLevels {
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  bregman.prox {
    %a = arith.constant dense<[0.5, 0.0]> : vector<2xf32>
    %b = arith.constant dense<[0.0, 0.5]> : vector<2xf32>
    %0 = math.absf %x : vector<2xf32>
    %1 = arith.mulf %a, %0 : vector<2xf32>
    %2 = arith.mulf %x, %x : vector<2xf32>
    %3 = arith.mulf %b, %2 : vector<2xf32>
    %4 = arith.addf %1, %3 : vector<2xf32>
    %5 = bregman.reduce sum %4 : vector<2xf32>
    bregman.yield %5 : f32
  }
  bregman.step (g = %g : vector<2xf32>) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : vector<2xf32>
    bregman.yield x = %y : vector<2xf32>
  }
}

// Points that weigh alike are put in order by themselves.
// CHECK-LABEL: bregman.quantizer @AlikeInAnyOrder
// CHECK:      bregman.step (g = %g: f32) {
// CHECK-DAG:    %[[B:.*]] = arith.truncf %a : f64 to f32
// CHECK-DAG:    %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-DAG:    %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK-DAG:    %[[MINUS_TWO:.*]] = arith.constant -2.000000e+00 : f32
// CHECK:        %[[P1:.*]] = arith.minimumf %[[B]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[P2:.*]] = arith.maximumf %[[B]], %[[ZERO]] : f32
// CHECK-NEXT:   %[[D:.*]] = arith.addf %g, %[[MINUS_TWO]] : f32
// CHECK-NEXT:   %[[E:.*]] = arith.maximumf %[[P2]], %[[D]] : f32
// CHECK-NEXT:   %[[F:.*]] = arith.minimumf %g, %[[E]] : f32
// CHECK-NEXT:   %[[G:.*]] = arith.maximumf %[[P1]], %[[F]] : f32
// CHECK-NEXT:   %[[H:.*]] = arith.addf %g, %[[TWO]] : f32
// CHECK-NEXT:   arith.minimumf %[[H]], %[[G]] : f32
bregman.quantizer @AlikeInAnyOrder {
  %a = bregman.param "a" = 1.0 : f64
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %b = arith.truncf %a : f64 to f32
    %0 = math.absf %x : f32
    %1 = arith.subf %x, %b : f32
    %2 = math.absf %1 : f32
    %3 = arith.addf %2, %0 : f32
    bregman.yield %3 : f32
  }
  bregman.step (g = %g : f32) {
    %lr = arith.constant 1.0 : f32
    %y = bregman.proximal %g by %lr : f32
    bregman.yield x = %y : f32
  }
}
