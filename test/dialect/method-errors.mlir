// What the verifiers of methods and optimizers say of values that many weights share.
// RUN: %bregman-opt %s --split-input-file --verify-diagnostics

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.stored "a" per tensor : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    %a = bregman.reduce mean per tensor %w0 : f32
    bregman.yield x = %w0, a = %a : f32, f32
  }
  // expected-error @+1 {{'bregman.step' op yields `a`, which is stored per tensor, per channel}}
  bregman.step (g = %g : f32, x = %x : f32, a = %a : f32) {
    %0 = bregman.reduce mean per channel %g : f32
    %1 = arith.addf %a, %0 : f32
    bregman.yield x = %x, a = %1 : f32, f32
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
  bregman.step (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  // expected-error @+1 {{'bregman.every_block' op is due by `every.0.due`, which the host region does not yield}}
  bregman.every_block "every.0.due" (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  %p = bregman.state "p" per run : f64 {
    %one = arith.constant 1.0 : f64
    bregman.yield %one : f64
  }
  // expected-error @+1 {{'bregman.host' op expects `p.new`, the state's next value}}
  bregman.host {
    bregman.yield p = %p : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  // expected-error @+1 {{'bregman.state' op of a method is per run; what is per weight is `bregman.stored`}}
  %a = bregman.state "a" : f32 {
    %one = arith.constant 1.0 : f32
    bregman.yield %one : f32
  }
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.optimizer @o (g = %g : f32, x = %x : f32) {
  %p = bregman.state "p" per run : f64 {
    %one = arith.constant 1.0 : f64
    bregman.yield %one : f64
  }
  // expected-error @+1 {{'bregman.descend' op gives 'f32' to `p`, which is 'f64'}}
  bregman.descend %g, p = %g : f32, f32
}

// -----

// A value that reads itself is for the parser to refuse, after the verifier has looked at it.
bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    // expected-error @+1 {{operand #1 does not dominate this use}}
    %0 = arith.addf %w0, %0 : f32 // expected-note {{operand defined here (op in the same block)}}
    bregman.yield x = %0 : f32
  }
  bregman.step (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

// expected-error @+1 {{'bregman.method' op takes `beta` as positive, which the host region does not yield}}
bregman.method @q.o quantizer "q" optimizer "o" schedules [] positive ["beta"] {
  bregman.stored "x" : f32
  bregman.host {
    bregman.yield
  }
  bregman.attach (w0 = %w0 : f32) {
    bregman.yield x = %w0 : f32
  }
  bregman.step (x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}

// -----

bregman.quantizer @q {
  %beta = bregman.param "beta" = 1.0 : f64
  // expected-error @+1 {{'bregman.latent' op is scaled `of` a number only as the dual coordinate}}
  %x = bregman.latent of %beta (w0 = %w0 : f32) : f32 {
    bregman.yield %w0 : f32
  }
}

// -----

bregman.method @q.o quantizer "q" optimizer "o" schedules [] {
  bregman.stored "x" : f32
  bregman.stored "s" per tensor : f32
  // expected-error @+1 {{'bregman.counter' op is of `s`, which is not learned}}
  %t = bregman.counter t of "s" : f64
  bregman.host {
    bregman.yield t = %t : f64
  }
  bregman.attach (w0 = %w0 : f32) {
    %s = bregman.reduce mean per tensor %w0 : f32
    bregman.yield x = %w0, s = %s : f32, f32
  }
  bregman.step (g = %g : f32, x = %x : f32) {
    bregman.yield x = %x : f32
  }
  bregman.publish (x = %x : f32) {
    bregman.yield %x : f32
  }
}
