// What semantic analysis says of values that many weights share, of states, of learned values and
// of codebooks that are functions: whole messages.
#include "SemaTestBase.h"

#include <gtest/gtest.h>

using namespace bregman::spec;

TEST(SemaSharedErrors, ReductionsOverWeights) {
  EXPECT_EQ(semaMessages(R"breg(quantizer q(n = 0) {
  let a = mean(abs(x), x per tensor)
  let b = mean(abs(x) where x per channel)
  let c = sum(x per run)
  let d = sum(x where x > 0)
  let e = tanh(x per tensor)
  let f = sum(x > 0 per tensor)
  let h = sum(x per group(n))
  let i = sum(x per group(4)) + sum(x per group(8))
  let j = sum(x per group(step))
  schedule k = mean(x per tensor)
  levels {-1, 1}
  let m = mean(x where {1, x} > 0 per tensor)
  final sign(x)
}
)breg"),
            R"text(t.breg:2:11: error: Q3: 'mean' takes 1 argument, got 2
   2 |   let a = mean(abs(x), x per tensor)
     |           ^~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:3:29: error: Q3: 'where' takes a condition; this is a number per weight
   3 |   let b = mean(abs(x) where x per channel)
     |                             ^
t.breg:4:21: error: Q3: 'sum' is per tensor, channel or group; no value is computed over all tensors
   4 |   let c = sum(x per run)
     |                     ^~~
t.breg:5:11: error: Q3: 'where' chooses weights; say of what: sum(... where ... per tensor)
   5 |   let d = sum(x where x > 0)
     |           ^~~~~~~~~~~~~~~~~~
t.breg:6:22: error: Q3: 'where' and 'per' belong to sum, mean, min, max and std, not to 'tanh'
   6 |   let e = tanh(x per tensor)
     |                      ^~~~~~
t.breg:7:15: error: Q3: an argument of 'sum' is a number, not a condition
   7 |   let f = sum(x > 0 per tensor)
     |               ^~~~~
t.breg:8:27: error: Q3: the length of a group is 1 or more
   8 |   let h = sum(x per group(n))
     |                           ^
t.breg:9:33: error: Q3: a value per group(8) does not fit to one per group(4)
   9 |   let i = sum(x per group(4)) + sum(x per group(8))
     |                                 ^~~~~~~~~~~~~~~~~~~
t.breg:9:11: note: which is here
   9 |   let i = sum(x per group(4)) + sum(x per group(8))
     |           ^~~~~~~~~~~~~~~~~~~
t.breg:10:27: error: Q3: the length of a group is made of numbers and parameters alone
  10 |   let j = sum(x per group(step))
     |                           ^~~~
t.breg:11:16: error: Q3: a schedule is a number of the host, known once per step; this is a number per tensor
  11 |   schedule k = mean(x per tensor)
     |                ^~~~~~~~~~~~~~~~~~
t.breg:13:24: error: Q3: 'where' takes a condition without a level axis; this is a condition per weight with a level axis of 2
  13 |   let m = mean(x where {1, x} > 0 per tensor)
     |                        ^~~~~~~~~~
)text");
}

TEST(SemaSharedErrors, StatesAndWhatEveryGivesThem) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q {
  levels {-1, 1}
  state a per tensor = abs(x)
  state b per run = mean(x per tensor)
  state c[level] per run = 1
  state d per token = 0
  state e = w0 + g
  state f per channel = 0
  state p per run = 0
  state l = levels
  state v[level] = 0
  project w = tanh(x)
  update chain
  every step { f' = x  p' = x  v' = x * {1, 2, 3} z' = x }
  every 2 epochs { a' = 1 f' = f + p' p' = 2 }
  final sign(x)
}
quantizer r {
  state never = 0
  state only = 0
  every step only' = 0
}
optimizer o {
  state p per run = 1
  state q per tensor = 1
  state l[level] = 0
  state i = g
  p' = mean(x per tensor)
  q' = g
  descend p * q * i * l * optimizer.v
}
)breg"),
      R"text(t.breg:3:24: error: Q3: the initial value of 'a' is per tensor; this is a number per weight
   3 |   state a per tensor = abs(x)
     |                        ^~~~~~
note: a reduction narrows it: mean(... per tensor)
t.breg:4:21: error: Q3: the initial value of a state is a number of the host, known once per step; this is a number per tensor
   4 |   state b per run = mean(x per tensor)
     |                     ^~~~~~~~~~~~~~~~~~
t.breg:5:9: error: Q3: a state per run is one number and has no level axis
   5 |   state c[level] per run = 1
     |         ^
t.breg:6:15: error: Q3: 'd' is not per token: those come and go
   6 |   state d per token = 0
     |               ^~~~~
t.breg:7:18: error: Q16: 'g' and 'grad' belong to 'update gradient'
   7 |   state e = w0 + g
     |                  ^
t.breg:7:13: error: 'w0' is known at attach only; keep it in 'latent'
   7 |   state e = w0 + g
     |             ^~
t.breg:10:13: error: Q3: the initial value of a state has no level axis; this is a number per run with a level axis of 2
  10 |   state l = levels
     |             ^~~~~~
t.breg:14:21: error: Q3: the new f is per channel; this is a number per weight
  14 |   every step { f' = x  p' = x  v' = x * {1, 2, 3} z' = x }
     |                     ^
note: a reduction narrows it: mean(... per channel)
t.breg:14:29: error: Q3: the new p is a number of the host, known once per step; this is a number per weight
  14 |   every step { f' = x  p' = x  v' = x * {1, 2, 3} z' = x }
     |                             ^
t.breg:14:37: error: Q3: the new v is a number per weight with a level axis of 2; this is a number per weight with a level axis of 3
  14 |   every step { f' = x  p' = x  v' = x * {1, 2, 3} z' = x }
     |                                     ^~~~~~~~~~~~~
t.breg:14:51: error: Q2: 'z' is no state; 'every' changes x and states
  14 |   every step { f' = x  p' = x  v' = x * {1, 2, 3} z' = x }
     |                                                   ^~
t.breg:15:36: error: Q2: 'p'' is read before it is written
  15 |   every 2 epochs { a' = 1 f' = f + p' p' = 2 }
     |                                    ^~
t.breg:7:9: warning: Q15: the state 'e' is never written
   7 |   state e = w0 + g
     |         ^
t.breg:9:9: warning: Q15: the state 'p' is never read
   9 |   state p per run = 0
     |         ^
t.breg:11:9: warning: Q15: the state 'v' is never read
  11 |   state v[level] = 0
     |         ^
t.breg:19:9: warning: Q15: the state 'never' is never written
  19 |   state never = 0
     |         ^~~~~
t.breg:20:9: warning: Q15: the state 'only' is never read
  20 |   state only = 0
     |         ^~~~
t.breg:26:9: error: Q3: a state of an optimizer has a level axis where the latent has one; leave '[level]' out
  26 |   state l[level] = 0
     |         ^
t.breg:27:13: error: Q3: the initial value of a state is a number of the host, known once per step; this is a number per weight
  27 |   state i = g
     |             ^
t.breg:28:8: error: Q3: the new value of a state per run is a number of the host, known once per step; this is a number per tensor
  28 |   p' = mean(x per tensor)
     |        ^~~~~~~~~~~~~~~~~~
t.breg:29:8: error: Q3: the new q is per tensor; this is a number per weight
  29 |   q' = g
     |        ^
note: a reduction narrows it: mean(... per tensor)
t.breg:30:27: error: Q2: 'optimizer.v' belongs to quantizers; here it is 'v'
  30 |   descend p * q * i * l * optimizer.v
     |                           ^~~~~~~~~~~
)text");
}

TEST(SemaSharedErrors, LearnedValues) {
  EXPECT_EQ(
      semaMessages(R"breg(quantizer q(top = 1) {
  levels {-1, 1}
  learn a per run = 1
  learn b per tensor = x
  learn c per tensor in [1, 0] = 1
  learn d per tensor in [0, top] = 1
  learn e per tensor = 1 scaled x
  learn f per tensor = lr + w
  learn h per tensor = 1
  learn s = {1, 2}
  learn t per tensor = 1 scaled lr * g
  project w = h * tanh(x)
  update gradient grad(h) + grad(t) + grad(x)
  final sign(x)
}
)breg"),
      R"text(t.breg:3:15: error: Q3: a learned value is per tensor, channel, group or weight; nothing is trained for all tensors at once
   3 |   learn a per run = 1
     |               ^~~
t.breg:4:24: error: Q3: the initial value of 'b' is per tensor; this is a number per weight
   4 |   learn b per tensor = x
     |                        ^
note: a reduction narrows it: mean(... per tensor)
t.breg:5:25: error: this range is empty
   5 |   learn c per tensor in [1, 0] = 1
     |                         ^~~~~~
t.breg:6:29: error: a bound is made of numbers alone
   6 |   learn d per tensor in [0, top] = 1
     |                             ^~~
t.breg:7:33: error: Q3: what the gradient of 'e' is multiplied with is per tensor; this is a number per weight
   7 |   learn e per tensor = 1 scaled x
     |                                 ^
note: a reduction narrows it: mean(... per tensor)
t.breg:8:29: error: Q2: 'w' is used before its 'project' or 'weight' clause
   8 |   learn f per tensor = lr + w
     |                             ^
t.breg:10:13: error: Q3: the initial value of 's' has no level axis; this is a number per run with a level axis of 2
  10 |   learn s = {1, 2}
     |             ^~~~~~
t.breg:11:33: error: Q3: what the gradient of 't' is multiplied with is per tensor; this is a number per weight
  11 |   learn t per tensor = 1 scaled lr * g
     |                                 ^~~~~~
note: a reduction narrows it: mean(... per tensor)
t.breg:13:44: error: Q16: 'grad' takes the name of the target of 'project', of a learned value, or w
  13 |   update gradient grad(h) + grad(t) + grad(x)
     |                                            ^
)text");
}

TEST(SemaSharedErrors, CodebooksAsFunctions) {
  EXPECT_EQ(semaMessages(R"breg(quantizer a {
  let c = 2
  levels(v) {-c, c} where c = mean(abs(v) per tensor)
  final nearest(x)
}
quantizer b {
  levels(x) {-1, 1} where tanh = 1
  final nearest(x)
}
quantizer c {
  levels(v) {-a, a} where a = mean(abs(v) per tensor)
  let y = levels + v + a
  final nearest(y)
}
quantizer d {
  levels(v) a where a = mean(abs(v) per tensor)
  final nearest(x)
}
quantizer e {
  levels(v) {-a, a} where a = {1, 2}
  final nearest(x)
}
quantizer f {
  levels(v) a * {-1, 1} where a[level] = mean(abs(v) per tensor)
  final nearest(x)
}
quantizer h(r = 0) {
  levels(v) {-a * a, a ^ 2} where a = fit(v per tensor) from 1 rounds 3
  final nearest(x)
}
quantizer i(r = 0) {
  levels(v) {-a, a} where a = fit(v weighted x > 0 per run) from v rounds r
  final nearest(x)
}
quantizer j {
  levels(v) {-a, b} where a = fit(v per tensor) from 1 rounds 3, b = fit(v per tensor) from 1 rounds 3
  final nearest(x)
}
quantizer k {
  levels(v) {-a, a} where a = fit(v per tensor) from abs(v) rounds step
  final nearest(x)
}
quantizer m {
  levels(v) {-a, a} where a[level] = fit(v per tensor) from {1, 2} rounds 1
  final nearest(x)
}
quantizer n {
  levels {-g, lr + w0}
  final nearest(x)
}
quantizer o {
  levels {-w, w}
  project w = nearest(x)
  update chain
  final nearest(x)
}
quantizer p {
  project w = tanh(x)
  update chain
  levels {-w, w}
  final nearest(x)
}
)breg"),
            R"text(t.breg:3:27: error: Q2: 'c' is declared twice
   3 |   levels(v) {-c, c} where c = mean(abs(v) per tensor)
     |                           ^
t.breg:2:7: note: first here
   2 |   let c = 2
     |       ^
t.breg:7:10: error: Q2: 'x' is a name of the language and cannot be declared
   7 |   levels(x) {-1, 1} where tanh = 1
     |          ^
t.breg:7:27: error: Q2: 'tanh' is a function of the language and cannot be declared
   7 |   levels(x) {-1, 1} where tanh = 1
     |                           ^~~~
t.breg:12:11: error: Q2: the levels are those of a value here; nearest, lower and upper look them up
  12 |   let y = levels + v + a
     |           ^~~~~~
t.breg:11:10: note: they are a function of this
  11 |   levels(v) {-a, a} where a = mean(abs(v) per tensor)
     |          ^
t.breg:12:20: error: Q2: 'v' is not declared
  12 |   let y = levels + v + a
     |                    ^
t.breg:12:24: error: Q2: 'a' is not declared
  12 |   let y = levels + v + a
     |                        ^
t.breg:16:13: error: Q3: 'levels' is a value with a level axis, such as {-1, 1}; this is a number per tensor
  16 |   levels(v) a where a = mean(abs(v) per tensor)
     |             ^
t.breg:20:31: error: Q3: 'a' has no level axis; this is a number per run with a level axis of 2
  20 |   levels(v) {-a, a} where a = {1, 2}
     |                               ^~~~~~
t.breg:24:42: error: Q3: 'a[level]' has a level axis; this is a number per tensor
  24 |   levels(v) a * {-1, 1} where a[level] = mean(abs(v) per tensor)
     |                                          ^~~~~~~~~~~~~~~~~~~~~~~
t.breg:28:14: error: the levels are affine in the unknowns of 'fit'; this is not
  28 |   levels(v) {-a * a, a ^ 2} where a = fit(v per tensor) from 1 rounds 3
     |              ^~~~~~
t.breg:28:39: note: they are found here
  28 |   levels(v) {-a * a, a ^ 2} where a = fit(v per tensor) from 1 rounds 3
     |                                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
t.breg:32:56: error: Q3: 'fit' is per tensor, channel or group
  32 |   levels(v) {-a, a} where a = fit(v weighted x > 0 per run) from v rounds r
     |                                                        ^~~
t.breg:32:46: error: Q3: the weight of 'fit' is a number, not a condition
  32 |   levels(v) {-a, a} where a = fit(v weighted x > 0 per run) from v rounds r
     |                                              ^~~~~
t.breg:32:75: error: 'rounds' is an integer from 1 to 32
  32 |   levels(v) {-a, a} where a = fit(v weighted x > 0 per run) from v rounds r
     |                                                                           ^
t.breg:36:70: error: one 'fit' finds all unknowns of the levels
  36 |   levels(v) {-a, b} where a = fit(v per tensor) from 1 rounds 3, b = fit(v per tensor) from 1 rounds 3
     |                                                                      ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
note: write (a, b) = fit(...) from (a0, b0)
t.breg:40:54: error: Q3: the start of 'a' is per tensor; this is a number per weight
  40 |   levels(v) {-a, a} where a = fit(v per tensor) from abs(v) rounds step
     |                                                      ^~~~~~
note: a reduction narrows it: mean(... per tensor)
t.breg:40:68: error: Q3: 'rounds' is made of numbers and parameters alone
  40 |   levels(v) {-a, a} where a = fit(v per tensor) from abs(v) rounds step
     |                                                                    ^~~~
t.breg:44:14: error: Q3: an element of a set has no level axis; this is a number per tensor with a level axis of 2
  44 |   levels(v) {-a, a} where a[level] = fit(v per tensor) from {1, 2} rounds 1
     |              ^~
t.breg:44:18: error: Q3: an element of a set has no level axis; this is a number per tensor with a level axis of 2
  44 |   levels(v) {-a, a} where a[level] = fit(v per tensor) from {1, 2} rounds 1
     |                  ^
t.breg:48:15: error: Q16: 'lr' may not enter 'levels': the learning rate of the step after is not known when it is published
  48 |   levels {-g, lr + w0}
     |               ^~
t.breg:48:12: error: Q16: 'g' and 'grad' belong to 'update gradient'
  48 |   levels {-g, lr + w0}
     |            ^
t.breg:48:20: error: 'w0' is known at attach only; keep it in 'latent'
  48 |   levels {-g, lr + w0}
     |                    ^~
t.breg:52:12: error: Q2: 'w' is used before its 'project' or 'weight' clause
  52 |   levels {-w, w}
     |            ^
t.breg:52:15: error: Q2: 'w' is used before its 'project' or 'weight' clause
  52 |   levels {-w, w}
     |               ^
t.breg:60:15: error: Q16: the levels are those of what is projected, not of the result
  60 |   levels {-w, w}
     |               ^
)text");
}

TEST(SemaSharedErrors, InversePenaltyHighAndTokens) {
  EXPECT_EQ(semaMessages(R"breg(quantizer a {
  levels {-1, 1}
  let z = inverse(w0)
  latent x = z
  project w = tanh(inverse(x)) + random(2)
  update chain
  every step x' = inverse(x)
  final sign(x) * inverse(x)
}
quantizer b {
  levels {-1, 1}
  latent x = inverse(w0)
  final sign(x)
}
quantizer c {
  levels {-1, 1}
  latent x = inverse(w0)
  project u = softmax(x * {1, 2})
  weight w = sum(levels * u)
  update chain
  final sign(x)
}
quantizer d {
  levels {-1, 1}
  project w = tanh(x) 
  update chain
  penalty g * w0
  high lr * x
  final sign(x)
}
quantizer e {
  levels {-1, 1}
  let s = max(abs(x) per token)
  project w = tanh(x / s) 
  update straight_through
}
quantizer f {
  project w = tanh(x)
  levels {-1, 1} 
  weight w = w
  update chain
}
)breg"),
            R"text(t.breg:5:34: error: Q3: 'random' takes no argument, got 1
   5 |   project w = tanh(inverse(x)) + random(2)
     |                                  ^~~~~~~~~
t.breg:7:19: error: Q16: 'inverse' belongs to 'latent'
   7 |   every step x' = inverse(x)
     |                   ^~~~~~~~~~
t.breg:8:19: error: Q16: 'inverse' belongs to 'latent'
   8 |   final sign(x) * inverse(x)
     |                   ^~~~~~~~~~
t.breg:12:14: error: Q16: 'inverse' is that of a 'project', and there is none
  12 |   latent x = inverse(w0)
     |              ^~~~~~~~~~~
t.breg:18:15: error: Q3: its inverse is as wide as x, a number per weight; this is a number per weight with a level axis of 2
  18 |   project u = softmax(x * {1, 2})
     |               ^~~~~~~~~~~~~~~~~~~
t.breg:17:3: note: it is inverted here
  17 |   latent x = inverse(w0)
     |   ^~~~~~~~~~~~~~~~~~~~~~
t.breg:27:11: error: Q16: 'g' and 'grad' belong to 'update gradient'
  27 |   penalty g * w0
     |           ^
t.breg:27:15: error: 'w0' is known at attach only; keep it in 'latent'
  27 |   penalty g * w0
     |               ^~
t.breg:28:8: error: Q16: 'lr' may not enter 'high': the learning rate of the step after is not known when it is published
  28 |   high lr * x
     |        ^~
t.breg:33:26: error: Q17: 'per token' is of activations, whose quantizers have 'let', 'schedule', 'learn', 'levels', 'project w' and 'update chain' only
  33 |   let s = max(abs(x) per token)
     |                          ^~~~~
t.breg:35:3: note: this is another clause
  35 |   update straight_through
     |   ^~~~~~
t.breg:39:3: error: Q16: 'levels' needs a 'final', which gives each weight its level
  39 |   levels {-1, 1} 
     |   ^~~~~~
t.breg:40:3: error: Q16: 'weight' needs a target of 'project' other than w
  40 |   weight w = w
     |   ^~~~~~
)text");
}

TEST(SemaSharedErrors, EachUnknownOfAFitHasAStart) {
  EXPECT_EQ(semaMessages(R"breg(quantizer a {
  levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1) rounds 2
  final nearest(x)
}
quantizer b {
  levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1, 2, y) rounds 2
  final nearest(x)
}
)breg"),
            R"text(t.breg:2:68: error: Q2: 'fit' needs a start for each of its 2 unknowns; here is 1
   2 |   levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1) rounds 2
     |                                                                    ^
t.breg:2:36: note: these are unknown
   2 |   levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1) rounds 2
     |                                    ^~~~
t.breg:6:68: error: Q2: 'fit' needs a start for each of its 2 unknowns; here are 3
   6 |   levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1, 2, y) rounds 2
     |                                                                    ^~~~~~~
t.breg:6:36: note: these are unknown
   6 |   levels(v) {-a - b, a + b} where (a, b) = fit(v per tensor) from (1, 2, y) rounds 2
     |                                    ^~~~
)text");
}
