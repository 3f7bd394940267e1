// What the verifiers of methods and kernels say.
// RUN: %bregman-opt %s --split-input-file --verify-diagnostics

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  // expected-error @+1 {{'bregman.host' op yields a second value named "x"}}
  bregman.host {
    %0 = arith.constant 1.0 : f64
    bregman.yield x = %0 : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  // expected-error @+1 {{'bregman.host' op expects its region to yield host scalars by name}}
  bregman.host {
    %0 = arith.constant 1.0 : f64
    bregman.yield %0 : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  // expected-error @+1 {{'bregman.attach' op expects a value for each of the 1 stored values}}
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  // expected-error @+1 {{'bregman.attach' op expects its region to yield stored values by name}}
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op yields `y` as 'f32', which is not stored so}}
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield y = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op takes `y`, which is neither stored nor a host scalar}}
  bregman.step (g = %g : f32, y = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op names two arguments "g"}}
  bregman.step (g = %g : f32, g = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  // expected-error @+1 {{'bregman.step' op takes `x` as 'f64', which is 'f32'}}
  bregman.step (g = %g : f32, x = %x : f64) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

// expected-error @+1 {{'bregman.method' op expects host, attach, step and publish}}
bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
}

// -----

// expected-error @+1 {{'bregman.method' op stores `x` twice}}
bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  // expected-error @+1 {{'bregman.state' op of a method is per run; what is per weight is `bregman.stored`}}
  %s = bregman.state "s" : f32 {
    %0 = arith.constant 1.0 : f32
    bregman.yield %0 : f32
  }
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  %s = bregman.state "s" per run : f64 {
    %0 = arith.constant 1.0 : f64
    bregman.yield %0 : f64
  }
  // expected-error @+1 {{'bregman.host' op expects `s.new`, the state's next value}}
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    %0 = arith.constant 1.0 : f64
    bregman.yield d = %0 : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %g : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
  // expected-error @+1 {{'bregman.every_block' op expects its region to yield new values by name}}
  bregman.every_block "d" (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : inout f32, w = %w : out f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield x = %xi, w = %xi : f32, f32
  }
  // expected-error @+1 {{'bregman.sweep' op writes "w", which an earlier sweep writes too}}
  bregman.sweep (%xj = %x) : f32 {
    bregman.yield w = %xj : f32
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `x` is declared `inout` but is never written}}
bregman.kernel @k scalars () streams (x = %x : inout f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `x` is declared `in` but is written}}
bregman.kernel @k scalars () streams (x = %x : in f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield x = %xi : f32
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `s` narrows, but to no extent}}
bregman.kernel @k scalars () streams (x = %x : in f32, s = %s : sum f32) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield s = %xi : f32
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `s` narrows, but the kernel is not over weights}}
bregman.kernel @k over tensor scalars () streams (x = %x : in f32 per tensor, s = %s : sum f32 per tensor) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield s = %xi : f32
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `s` is written, but is not what the kernel goes over}}
bregman.kernel @k scalars () streams (x = %x : in f32, s = %s : out f32 per tensor) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield s = %xi : f32
  }
}

// -----

// expected-error @+1 {{'bregman.kernel' op stream `x` has a value per weight, but the kernel is over an extent}}
bregman.kernel @k over tensor scalars () streams (x = %x : in f32, s = %s : out f32 per tensor) {
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield s = %xi : f32
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : in f32, w = %w : out f32) {
  // expected-error @+1 {{'bregman.sweep' op expects its region to yield streams by name}}
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield %xi : f32
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : in f32, w = %w : out f32) {
  // expected-error @+1 {{'bregman.sweep' op reads stream `w`, which is write-only}}
  bregman.sweep (%xi = %w) : f32 {
    bregman.yield w = %xi : f32
  }
}

// -----

bregman.kernel @k scalars (a = %a) streams (w = %w : out f32) {
  // expected-error @+1 {{'bregman.sweep' op reads a value that is no stream of its kernel}}
  bregman.sweep (%xi = %a) : f32 {
    bregman.yield w = %xi : f32
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : in f32) {
  // expected-error @+1 {{'bregman.sweep' op writes `y`, which is no stream of its kernel}}
  bregman.sweep (%xi = %x) : f32 {
    bregman.yield y = %xi : f32
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : in f32, w = %w : out f32) {
  // expected-error @+1 {{'bregman.sweep' op yields `w.where`, which is the condition of a reduction}}
  bregman.sweep (%xi = %x) : f32 {
    %c = arith.cmpf oeq, %xi, %xi : f32
    bregman.yield w = %xi, w.where = %c : f32, i1
  }
}

// -----

bregman.kernel @k scalars () streams (x = %x : in f32, w = %w : out f32) {
  // expected-error @+1 {{'bregman.sweep' op writes 'vector<2xf32>' to stream `w` of 'f32'}}
  bregman.sweep (%xi = %x) : f32 {
    %v = vector.broadcast %xi : f32 to vector<2xf32>
    bregman.yield w = %v : vector<2xf32>
  }
}

// -----

// expected-error @+1 {{custom op 'bregman.kernel' expected in, out, inout or a reduction, got near}}
bregman.kernel @k scalars () streams (x = %x : near f32) {
}
