// What the verifiers of clauses, optimizers, plans and values say.
// RUN: %bregman-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'bregman.quantizer' op Q2: has two `project` clauses}}
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  %v = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  bregman.update chain
}

// -----

// expected-error @+1 {{'bregman.quantizer' op Q16: has `project` but no `update`}}
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
}

// -----

// expected-error @+1 {{'bregman.quantizer' op Q16: has `update` but no `project`}}
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.update chain
}

// -----

// expected-error @+1 {{'bregman.quantizer' op Q16: has `weight` but no `project`}}
bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.weight "w" : f32 {
    bregman.yield %x : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.schedule' op computes host scalars only, got 'f32'}}
  %k = bregman.schedule "k" : f64 {
    // expected-note @+1 {{computed here}}
    %0 = arith.constant 1.0 : f32
    %1 = arith.extf %0 : f32 to f64
    bregman.yield %1 : f64
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.penalty' op expects its region to yield one value, got 0}}
  bregman.penalty {
    bregman.yield
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.penalty' op expects its region to yield 'f32', got 'i1'}}
  bregman.penalty {
    %c = arith.constant true
    // expected-note @+1 {{yielded here}}
    bregman.yield %c : i1
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.state' op per run expects f64, got 'f32'}}
  %s = bregman.state "s" per run : f32 {
    bregman.yield %x : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.state' op expects f32, got 'f64'}}
  %s = bregman.state "s" per tensor : f64 {
    %0 = arith.constant 1.0 : f64
    bregman.yield %0 : f64
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.levels' op expects one argument at most, what is quantized}}
  %l = bregman.levels (v = %v : f32, u = %u : f32) : vector<2xf32> {
    %0 = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.levels' op names two arguments "v"}}
  %l = bregman.levels (v = %v : f32, v = %u : f32) : vector<2xf32> {
    %0 = arith.constant dense<[-1.0, 1.0]> : vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
}

// -----

bregman.quantizer @q {
  // expected-error @+1 {{'bregman.latent' op expects one argument, w0 : f32}}
  %x = bregman.latent (w0 = %w0 : f64) : f32 {
    %0 = arith.truncf %w0 : f64 to f32
    bregman.yield %0 : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %u = bregman.project "u" : f32 {
    bregman.yield %x : f32
  }
  // expected-error @+1 {{'bregman.weight' op expects the weight to be f32, got 'vector<2xf32>'}}
  %w = bregman.weight "w" : vector<2xf32> {
    %0 = vector.broadcast %u : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  bregman.update chain
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  // expected-error @+1 {{'bregman.update' op gradient expects a region}}
  bregman.update gradient
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  // expected-error @+1 {{'bregman.update' op expects a region for gradient only}}
  bregman.update chain {
  ^bb0(%g : f32):
    bregman.yield %g : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %one = arith.constant 1.0 : f64
  // expected-error @+1 {{'bregman.every' op expects its region to yield new values by name}}
  bregman.every %one step {
    bregman.yield %x : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.freeze' op computes host scalars only, got 'f32'}}
  bregman.freeze {
    // expected-note @+1 {{computed here}}
    %0 = arith.constant 1.0 : f32
    %1 = arith.cmpf oeq, %0, %0 : f32
    bregman.yield %1 : i1
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op expects its region to yield new values by name}}
  bregman.step (g = %g : f32) {
    bregman.yield %g : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.publish' op expects to yield the weight, or `w` and `w.high`, one number each}}
  bregman.publish {
    bregman.yield w = %x : f32
  }
}

// -----

bregman.quantizer @q {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.prox' op expects its region to yield one value, got 2}}
  bregman.prox {
    bregman.yield a = %x, b = %x : f32, f32
  }
}

// -----

// expected-error @+1 {{'bregman.optimizer' op expects its body to end with bregman.descend}}
bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  bregman.yield
}

// -----

// expected-error @+1 {{'bregman.optimizer' op expects two arguments, g and x}}
bregman.optimizer @o (g = %g : f32) {
  bregman.descend %g : f32
}

// -----

// expected-error @+1 {{'bregman.optimizer' op expects f32 arguments, got 'f64'}}
bregman.optimizer @o (g = %g : f64, x = %x : f32) {
  bregman.descend %x : f32
}

// -----

bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  // expected-error @+1 {{'bregman.descend' op gives a value to `m`, which is no state of the optimizer}}
  bregman.descend %g, m = %g : f32, f32
}

// -----

bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  %p = bregman.state "p" per run : f64 {
    %0 = arith.constant 1.0 : f64
    bregman.yield %0 : f64
  }
  // expected-error @+1 {{'bregman.descend' op gives 'f32' to `p`, which is 'f64'}}
  bregman.descend %g, p = %g : f32, f32
}

// -----

bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  %v = bregman.state "v" per tensor : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  %1 = bregman.reduce sum per channel %g : f32
  // expected-error @+1 {{'bregman.descend' op gives `v`, which is per tensor, a value per channel}}
  bregman.descend %g, v = %1 : f32, f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error @+1 {{'bregman.reduce' op expects a level axis to narrow, or `per` and what it narrows to}}
  %0 = bregman.reduce sum %x : f32
  return %0 : f32
}

// -----

func.func @f(%x: vector<2xf32>, %c: i1) -> f32 {
  // expected-error @+1 {{'bregman.reduce' op expects `where` with `per` only}}
  %0 = bregman.reduce sum %x where %c : vector<2xf32>
  return %0 : f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error @+1 {{'bregman.reduce' op cannot narrow to the run: what is kept is known per weight}}
  %0 = bregman.reduce sum per run %x : f32
  return %0 : f32
}

// -----

func.func @f(%v: f32) -> f32 {
  // expected-error @+1 {{'bregman.fit' op expects one round or more, got 0}}
  %a = bregman.fit %v from (%v) rounds 0 per tensor : f32 {
  ^bb0(%b: f32):
    %0 = vector.broadcast %b : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  return %a : f32
}

// -----

func.func @f(%v: f32) -> f32 {
  // expected-error @+1 {{'bregman.fit' op expects an argument for each unknown}}
  %a = bregman.fit %v from (%v) rounds 1 per tensor : f32 {
  ^bb0(%b: f32, %c: f32):
    %0 = vector.broadcast %b : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  return %a : f32
}

// -----

func.func @f(%v: f32) -> f32 {
  // expected-error @+1 {{'bregman.fit' op expects its region to yield the levels}}
  %a = bregman.fit %v from (%v) rounds 1 per tensor : f32 {
  ^bb0(%b: f32):
    bregman.yield %b : f32
  }
  return %a : f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error @+1 {{custom op 'bregman.reduce' expected run, tensor, channel, group(n) or token, got row}}
  %0 = bregman.reduce sum per row %x : f32
  return %0 : f32
}

// -----

func.func @f(%x: f32) -> f32 {
  // expected-error @+1 {{custom op 'bregman.reduce' expected a group of one weight or more, got 0}}
  %0 = bregman.reduce sum per group(0) %x : f32
  return %0 : f32
}

// -----

bregman.plan @p {
  // expected-error @+1 {{'bregman.subject_to' op expects a period of one or more, got 0}}
  bregman.subject_to every 0 epoch (high = %h : vector<[1]xf32>, low = %l : vector<[1]xf32>) {
    bregman.yield %h : vector<[1]xf32>
  } numbers {
    %one = arith.constant 1.0 : f64
    bregman.yield bound = %one, multiplier = %one, rate = %one : f64, f64, f64
  }
}

// -----

bregman.plan @p {
  // expected-error @+1 {{'bregman.subject_to' op expects two arguments, high and low}}
  bregman.subject_to every 1 epoch (high = %h : vector<[1]xf32>) {
    bregman.yield %h : vector<[1]xf32>
  } numbers {
    %one = arith.constant 1.0 : f64
    bregman.yield bound = %one, multiplier = %one, rate = %one : f64, f64, f64
  }
}

// -----

bregman.plan @p {
  // expected-error @+1 {{'bregman.subject_to' op expects its region to yield one value}}
  bregman.subject_to every 1 epoch (high = %h : vector<[1]xf32>, low = %l : vector<[1]xf32>) {
    bregman.yield
  } numbers {
    %one = arith.constant 1.0 : f64
    bregman.yield bound = %one, multiplier = %one, rate = %one : f64, f64, f64
  }
}

// -----

bregman.plan @p {
  // expected-error @+1 {{'bregman.subject_to' op expects its numbers to be bound, multiplier and rate}}
  bregman.subject_to every 1 epoch (high = %h : vector<[1]xf32>, low = %l : vector<[1]xf32>) {
    bregman.yield %h : vector<[1]xf32>
  } numbers {
    %one = arith.constant 1.0 : f64
    bregman.yield bound = %one, rate = %one : f64, f64
  }
}

// -----

bregman.quantizer @q {
  // expected-error @+1 {{'bregman.counter' op is of the whole run; only `t` is of a learned value}}
  %step = bregman.counter step of "s" : f64
}

// -----

bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  // expected-error @+1 {{'bregman.counter' op is of a learned value in a method alone}}
  %t = bregman.counter t of "s" : f64
  bregman.descend %g : f32
}
