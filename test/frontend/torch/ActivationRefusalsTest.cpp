// What activations refuse, each with one message.
#include "test/frontend/torch/ActivationTask.h"

#include <torch/autograd.h>

using namespace bregman;
using namespace bregman::testing;

namespace {

TEST(ActivationsRefuse, PatternsWithoutAModule) {
  Task task;
  auto refusal = [&](const std::string &line) {
    return messageOf(
        [&] { Optimizer(*task.net, parse("plan {\n  " + line + "\n  else : float by sgd\n}\n")); });
  };
  EXPECT_EQ(refusal("activations \"relu*\" : sign_act"),
            "net.breg:2:3: error: pattern \"relu*\" matches no activation [Q10]\n"
            "note: the activations are act1, act2");
  EXPECT_EQ(refusal("activations \"act*\" : sign_act activations \"act2\" : dorefa_act"),
            "net.breg:2:33: error: pattern \"act2\" matches no activation that is not taken yet "
            "[Q10]\nnet.breg:2:3: note: act2 is taken by an earlier pattern; move the narrower "
            "pattern up or remove it");
  One none;
  torch::nn::Linear alone(2, 2);
  EXPECT_EQ(messageOf([&] {
              Optimizer(*alone, parse("plan {\n  activations \"a\" : sign_act\n"
                                      "  else : float by sgd\n}\n"));
            }),
            "net.breg:2:3: error: pattern \"a\" matches no activation [Q10]\n"
            "note: the module has no bregman::Activation");
  EXPECT_EQ(refusal("\"act1/s\" : lsq by sgd activations \"*\" : lsq_act by sgd"),
            "net.breg:2:3: error: act1/s is a learned value, which can't be quantized by `lsq` "
            "[Q10]; write `float by ...` for it");
}

TEST(ActivationsRefuse, WhatCanNotBeQuantized) {
  auto refusal = [](const char *use, const at::Tensor &x) {
    Asked act(use);
    return messageOf([&] { act(x); });
  };
  EXPECT_EQ(refusal("sign_act", at::Tensor()), "activation 'act': x is an undefined tensor");
  EXPECT_EQ(refusal("sign_act", at::rand({3}).to(at::kDouble)),
            "activation 'act': x has elements of type Double; quantized are activations of Float, "
            "BFloat16 and Half: x.to(torch::kFloat)");
  EXPECT_EQ(refusal("sign_act", at::empty({3}, at::kMeta)),
            "activation 'act': x is on meta; quantized are activations on the CPU and on CUDA "
            "devices: model->to(torch::kCPU)");
  EXPECT_EQ(refusal("sign_act", at::rand({3}).to_sparse()),
            "activation 'act': x is not a dense tensor; call to_dense() on it first");
  EXPECT_EQ(refusal("channel_mean", at::rand({3})),
            "activation 'act': `channel_mean` has values per channel, which is axis 1, and x has "
            "one axis; give it a batch: x.unsqueeze(0)");
}

TEST(ActivationsRefuse, LearnedValuesThatDoNotFit) {
  Asked act("lsq_channel by sgd");
  act.net->eval();
  EXPECT_EQ(messageOf([&] { act(at::rand({2, 4})); }),
            "activation 'act': its learned value `s` starts from the first batch of training, and "
            "there was none; run one forward pass in training mode with gradients");
  act.net->train();
  act(at::rand({2, 4}));
  EXPECT_EQ(messageOf([&] { act(at::rand({2, 5})); }),
            "activation 'act': its learned value `s` is of 4 channels, and x has 5; use another "
            "Activation for another number of channels");
  act.net->to(at::kDouble);
  EXPECT_EQ(
      messageOf([&] { act(at::rand({2, 4})); }),
      "activation 'act': its learned value `s` is CPUDoubleType on cpu, and stays a contiguous "
      "float on cpu, where x is; convert the model first, then make the optimizer");
}

TEST(ActivationsRefuse, ToLearnPerGroup) {
  EXPECT_EQ(messageOf([&] {
              One net;
              Optimizer(*net,
                        parse("quantizer q {\n  learn s per group(4) = 1\n  levels s * {-1, 1}\n"
                              "  project w = s * tanh(x)\n  update chain\n}\nplan {\n"
                              "  activations \"act\" : q by sgd\n  else : float by sgd\n}\n"));
            }),
            "net.breg:2:3: error: quantizer `q` learns `s` per group, of which every batch may "
            "have another "
            "number [Q3]; learn it per tensor or per channel\n");
}

TEST(ActivationsRefuse, RowsThatCross) {
  EXPECT_EQ(messageOf([&] {
              One net;
              Optimizer(
                  *net,
                  parse("quantizer q {\n  levels {-1, 1}\n"
                        "  project w = x / (mean(abs(x) per token) + mean(abs(x) per channel))"
                        "\n  update chain\n}\nplan {\n  activations \"act\" : q\n"
                        "  else : float by sgd\n}\n"));
            }),
            "net.breg:3:61: error: Q3: channels and tokens cross each other; quantize in two "
            "'activations', one after the other\n"
            "   3 |   project w = x / (mean(abs(x) per token) + mean(abs(x) per channel))\n"
            "     |                                                             ^~~~~~~\n"
            "net.breg:3:36: note: here are tokens\n"
            "   3 |   project w = x / (mean(abs(x) per token) + mean(abs(x) per channel))\n"
            "     |                                    ^~~~~\n");
}

TEST(ActivationsRefuse, TokensOfWeights) {
  auto program = parse("plan { else : float by sgd }");
  const std::string refusal =
      "error: quantizer `bitnet_act` has values per token, which weights do "
      "not have; use it in an `activations` line\n";
  for (bool reference : {false, true}) {
    auto run = program->run("bitnet_act", "sgd", Timing(), reference);
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().message, refusal);
  }
}

TEST(ActivationsRefuse, SecondDerivatives) {
  Asked act("sign_act");
  at::Tensor x = at::rand({3}).set_requires_grad(true);
  at::Tensor w = act(x);
  at::Tensor first = torch::autograd::grad({w.sum()}, {x}, {}, true, /*create_graph=*/true)[0];
  EXPECT_TRUE(first.equal(at::ones({3})));
  EXPECT_EQ(messageOf([&] { first.sum().backward(); }),
            "activation 'act': a quantized activation can be differentiated once; take "
            "create_graph away, or setQuantizing(false) while second derivatives are needed");
}

TEST(ActivationsRefuse, InPlaceChangesBeforeBackward) {
  Asked act("sign_act");
  at::Tensor x = at::rand({3}).set_requires_grad(true).mul(1);
  at::Tensor w = act(x);
  x.add_(1);
  EXPECT_THROW(w.sum().backward(), c10::Error);
}

// A line that can't be followed leaves the modules of the others as they were.

} // namespace
