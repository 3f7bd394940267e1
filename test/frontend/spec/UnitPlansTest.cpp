// Plans of a file: activations and constraints, optimizers that have what is read, structural
// arguments.
#include "UnitMessages.h"

using namespace bregman::spec;

TEST(Unit, ConstrainedTrainingAndActivations) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer q {}
quantizer signs {
  levels {-1, 1}
  project w = ste(sign(x), x)
  update chain
}
quantizer lazy {
  levels {-1, 1}
  project w = tanh(x)
  update lazy mirror
  final sign(x)
}
plan {
  "a" : signs by sgd
  activations "b" : lazy
  minimize high
  minimize low
  subject to "c" (high - low) ^ 2 <= high multiplier 1 rate 1 every epoch
  subject to output 1 <= 1 multiplier -1 rate step every 0 steps
  subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
  subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
  subject to output high * random() <= 1 multiplier 1 rate 1 every step
  subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
}
)breg"),
      R"text(t.breg:14:9: error: Q16: 'signs' has no 'final', so it is for lines that begin with 'activations'
  14 |   "a" : signs by sgd
     |         ^~~~~
t.breg:2:11: note: declared here
   2 | quantizer signs {
     |           ^~~~~
t.breg:15:21: error: Q17: 'lazy' does not quantize activations: those have 'let', 'schedule', 'learn', 'levels', 'project w' and 'update chain' only
  15 |   activations "b" : lazy
     |                     ^~~~
t.breg:10:3: note: this is another clause
  10 |   update lazy mirror
     |   ^~~~~~
t.breg:17:3: error: Q2: 'minimize' stands twice
  17 |   minimize low
     |   ^~~~~~~~~~~~
t.breg:16:3: note: first here
  16 |   minimize high
     |   ^~~~~~~~~~~~~
t.breg:18:38: error: Q3: the bound of a constraint is a number of the host, known once per step; this is a number per weight with a class axis
  18 |   subject to "c" (high - low) ^ 2 <= high multiplier 1 rate 1 every epoch
     |                                      ^~~~
t.breg:19:21: error: a constraint is one on 'high' and 'low'; this reads neither
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                     ^
t.breg:19:39: error: a multiplier is 0 or more
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                                       ^~
t.breg:19:58: error: a period is a positive integer
  19 |   subject to output 1 <= 1 multiplier -1 rate step every 0 steps
     |                                                          ^
t.breg:20:35: error: Q3: in a constraint 'mean' is over the class axis; what is left is averaged
  20 |   subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
     |                                   ^~~~~~
t.breg:20:60: error: Q3: in a constraint 'mean' is over the class axis; what is left is averaged
  20 |   subject to output mean(high per tensor) + mean(low where low > 0) <= 1 multiplier 1 rate 1 every step
     |                                                            ^~~~~~~
t.breg:21:28: error: Q3: a level axis of 2 does not fit to a class axis
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                            ^~~~~~
t.breg:21:21: note: which is here
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                     ^~~~
t.breg:21:37: error: Q2: 'x' is not declared
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                                     ^
t.breg:21:62: error: the rate of a multiplier is 0 or more
  21 |   subject to output high * {1, 2} + x <= 1 multiplier 1 rate 0 - 1 every step
     |                                                              ^~~~~
t.breg:22:21: error: a constraint is of 'high' and 'low' alone; 'random' belongs to quantizers and optimizers
  22 |   subject to output high * random() <= 1 multiplier 1 rate 1 every step
     |                     ^~~~~~~~~~~~~~~
t.breg:23:21: error: Q2: 'optimizer.v' belongs to quantizers
  23 |   subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
     |                     ^~~~~~~~~~~
t.breg:23:43: error: Q3: an argument of 'nearest' has no level axis; this is a number per weight with a class axis
  23 |   subject to output optimizer.v + nearest(high, {-1, 1}) <= 1 multiplier 1 rate 1 every step
     |                                           ^~~~
)text");
}

TEST(Unit, ALineWithoutAnOptimizerTrainsNothing) {
  EXPECT_EQ(
      checkMessages(R"breg(plan {
  "a"             : md_tanh_s
  activations "b" : dorefa_act
  else            : float by sgd
}
)breg"),
      R"text(t.breg:2:21: warning: no optimizer is given by 'by', so that nothing trains the parameters of this line
   2 |   "a"             : md_tanh_s
     |                     ^~~~~~~~~
)text");
}

TEST(Unit, AProximalStepAsksForTheLearningRate) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer shrunk {
  levels {-1, 1}
  prox 0.1 * abs(x - nearest(x))
  final sign(x)
}
optimizer bare { descend 0.1 * g }
plan {
  "a" : shrunk by sgd
  else : shrunk by bare
}
)breg"),
      R"text(t.breg:9:20: error: Q10: 'shrunk' reads lr, but 'bare' has no parameter of that name
   9 |   else : shrunk by bare
     |                    ^~~~
t.breg:1:11: note: declared here
   1 | quantizer shrunk {
     |           ^~~~~~
)text");
}

TEST(Unit, TheOptimizerHasWhatTheQuantizerReads) {
  EXPECT_EQ(
      checkMessages(R"breg(quantizer curved {
  let d = sqrt(optimizer.v) + optimizer.m
  levels {-1, 1}
  project w = d * x
  update straight_through
  every step x' = x * (1 - lr)
  final sign(x)
}
optimizer bare { descend 0.1 * g }
plan {
  "a" : curved by bare
  "b" : curved
  "c" : curved by adam
  "d" : curved by rmsprop
}
)breg"),
      R"text(t.breg:11:19: error: Q10: 'curved' reads optimizer.m, but 'bare' has no state of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:11:19: error: Q10: 'curved' reads optimizer.v, but 'bare' has no state of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:11:19: error: Q10: 'curved' reads lr, but 'bare' has no parameter of that name
  11 |   "a" : curved by bare
     |                   ^~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads optimizer.m, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads optimizer.v, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:12:9: error: Q10: 'curved' reads lr, but no optimizer is given by 'by'
  12 |   "b" : curved
     |         ^~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
t.breg:14:19: error: Q10: 'curved' reads optimizer.m, but 'rmsprop' has no state of that name
  14 |   "d" : curved by rmsprop
     |                   ^~~~~~~
t.breg:1:11: note: declared here
   1 | quantizer curved {
     |           ^~~~~~
)text");
}

TEST(Unit, PlansOfActivationsAndConstraints) {
  EXPECT_EQ(checkMessages(R"breg(quantizer signs {
  levels {-1, 1}
  project w = ste(sign(x), x)
  update chain
}
plan {
  else                : float by sgd
  activations "*"     : signs
  activations "a.b?"  : float
  minimize high
  subject to "*.conv" abs(high - low) <= 1 / (1 + epoch) multiplier 0 rate 0.01 every 2 epochs
  subject to output   -sum(softmax(high) * log(softmax(low))) <= 0.7 multiplier 1 rate 0.01 every epoch
}
)breg"),
            "");
}

TEST(Unit, StructuralArguments) {
  EXPECT_EQ(checkMessages(R"breg(quantizer q(n in [1, 4] = 1) {
  levels [-n .. n]
  project w = clamp(x, -n, n)
  update lazy mirror
  final nearest(x)
}
plan {
  "a" : q(n = epoch)
  "b" : q(n = 9)
  "c" : q(n = 1.5)
}
)breg"),
            R"text(t.breg:8:15: error: 'n' is compiled in and therefore is made of numbers alone
   8 |   "a" : q(n = epoch)
     |               ^~~~~
t.breg:9:15: error: 'n' lies outside of its range
   9 |   "b" : q(n = 9)
     |               ^
t.breg:1:13: note: declared here
   1 | quantizer q(n in [1, 4] = 1) {
     |             ^
t.breg:10:15: error: 'n' is compiled in and therefore an integer
  10 |   "c" : q(n = 1.5)
     |               ^~~
)text");
}
