// RUN: %bregman-opt %s --bregman-compose --split-input-file --verify-diagnostics

// expected-error @+1 {{has 0 quantizers; `bregman-select` leaves the one to take}}
module {
  bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
    bregman.descend %g : f32
  }
}

// -----

// expected-error @+1 {{'bregman.quantizer' op has no step; `bregman-resolve-update` writes it}}
bregman.quantizer @unresolved {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_lr {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{Q10: quantizer `reads_lr` reads `lr`, but optimizer `plain` has no parameter of that name}}
    %lr = bregman.counter lr : f64
    %0 = arith.truncf %lr : f64 to f32
    %d = bregman.base %x, %g : f32
    %1 = arith.mulf %0, %d : f32
    bregman.yield x = %1 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @symbolic {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.prox {
    %0 = math.absf %x : f32
    bregman.yield %0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{'bregman.proximal' op is still symbolic; `bregman-expand-prox` expands it}}
    %0 = bregman.proximal %x by %d : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_v {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{Q10: quantizer `reads_v` reads `optimizer.v`, but optimizer `plain` has no state of that name}}
    %v = bregman.optimizer_state "v" : f32
    %0 = arith.mulf %v, %d : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @fits {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    // expected-error @+1 {{'bregman.fit' op is still symbolic; `bregman-expand-fit` expands it}}
    %a = bregman.fit %x from (%d) rounds 1 per tensor : f32 {
    ^bb0(%b: f32):
      %q = vector.broadcast %b : f32 to vector<2xf32>
      bregman.yield %q : vector<2xf32>
    }
    bregman.yield x = %a : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @yields_nothing {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op expects to yield `x`}}
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    bregman.yield y = %d : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_levels {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  // expected-error @+1 {{'bregman.levels' op depend on what is quantized; look one up by `nearest`}}
  %q = bregman.levels (v = %v : f32) : vector<2xf32> {
    %0 = vector.broadcast %v : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  bregman.step (g = %g : f32) {
    %d = bregman.base %x, %g : f32
    bregman.yield x = %d : f32
  }
  bregman.publish {
    %0 = bregman.reduce max %q : vector<2xf32>
    bregman.yield %0 : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @inverts {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  bregman.update agile_mirror
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{'bregman.inverse' op is still symbolic; `bregman-change-coordinate` does away with it}}
    %y = bregman.inverse project %w : f32 to f32
    %d = bregman.base %w, %g : f32
    %0 = arith.subf %y, %d : f32
    bregman.yield x = %0 : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @derives {
  %x = bregman.latent (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
  %w = bregman.project "w" : f32 {
    bregman.yield %x : f32
  }
  bregman.update chain
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{'bregman.vjp' op is still symbolic; `bregman-expand-vjp` expands it}}
    %h = bregman.vjp project %x of %g : f32, f32
    %d = bregman.base %x, %h : f32
    bregman.yield x = %d : f32
  }
  bregman.publish {
    bregman.yield %x : f32
  }
}
bregman.optimizer @plain (g = %g : f32, x = %x : f32) {
  bregman.descend %g : f32
}

// -----

bregman.quantizer @reads_wide {
  %x = bregman.latent (w0 = %w0 : f32) : vector<2xf32> {
    %0 = vector.broadcast %w0 : f32 to vector<2xf32>
    bregman.yield %0 : vector<2xf32>
  }
  bregman.step (g = %g : f32) {
    // expected-error @+1 {{Q3: `optimizer.v` has a level axis, as the latent has}}
    %v = bregman.optimizer_state "v" : f32
    %0 = vector.broadcast %v : f32 to vector<2xf32>
    %1 = vector.broadcast %g : f32 to vector<2xf32>
    %d = bregman.base %x, %1 : vector<2xf32>
    bregman.yield x = %d : vector<2xf32>
  }
  bregman.publish {
    %0 = bregman.reduce max %x : vector<2xf32>
    bregman.yield %0 : f32
  }
}
bregman.optimizer @tracking (g = %g : f32, x = %x : f32) {
  %v = bregman.state "v" : f32 {
    %0 = arith.constant 0.0 : f32
    bregman.yield %0 : f32
  }
  bregman.descend %g, v = %g : f32, f32
}
