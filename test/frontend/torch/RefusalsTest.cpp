// What the optimizer refuses: one clear message each, before anything is touched.
#include "HandMethods.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

using namespace bregman;
using namespace bregman::testing;

static std::string refusal(std::vector<NamedParameter> parameters,
                           std::vector<PlanLine> lines = {rest("annealed", "momentum")}) {
  return messageOf([&] { Optimizer(parameters, lines, handMethods()); });
}

TEST(Refusals, OtherDevice) {
  at::Tensor meta = at::empty({3}, at::TensorOptions().device(at::kMeta)).set_requires_grad(true);
  EXPECT_EQ(refusal({{"fc.weight", meta}}),
            "parameter 'fc.weight' is on meta; trained are parameters on the CPU and on CUDA "
            "devices: model->to(torch::kCPU)");
}

TEST(Refusals, OtherElementType) {
  EXPECT_EQ(refusal({{"fc.weight", parameter({3}, at::kDouble)}}),
            "parameter 'fc.weight' has elements of type Double; trained are parameters of Float, "
            "BFloat16 and Half: model->to(torch::kFloat)");
}

TEST(Refusals, WhatTheCompilerRefuses) {
  EXPECT_EQ(refusal({{"fc.weight", parameter({3}, at::kHalf)}}),
            "error: parameters of type f16 are not compiled yet");
}

TEST(Refusals, OverlappingMemory) {
  at::Tensor whole = parameter({8}).detach();
  at::Tensor left = whole.slice(0, 0, 5).set_requires_grad(true);
  at::Tensor right = whole.slice(0, 4, 8).set_requires_grad(true);
  std::vector<float> before = values(whole);
  EXPECT_EQ(refusal({{"left", left}, {"right", right}}),
            "parameters 'left' and 'right' are different tensors in the same memory, so that one "
            "step would move it twice; register one tensor under both names, or give one of them "
            "its own: clone()");
  EXPECT_EQ(values(whole), before);
}

TEST(Refusals, PartsOfOneMemoryAreFine) {
  at::Tensor whole = parameter({8}).detach();
  at::Tensor left = whole.slice(0, 0, 3).set_requires_grad(true);
  at::Tensor right = whole.slice(0, 3, 8).set_requires_grad(true); // not aligned to a vector
  Optimizer optimizer({{"left", left}, {"right", right}}, {rest("annealed", "momentum")},
                      handMethods());
  giveGradient(left);
  giveGradient(right);
  optimizer.step();
  EXPECT_EQ(optimizer.steps(), 1);
}

TEST(Refusals, NotALeaf) {
  at::Tensor computed = parameter({3}).mul(2);
  EXPECT_EQ(refusal({{"p", computed}}),
            "parameter 'p' is computed from other tensors; only leaves can be trained");
}

TEST(Refusals, UnknownArgument) {
  EXPECT_THAT(refusal({{"p", parameter({3})}}, {rest("float", "sgd", {{"optimizer.mu", 1}})}),
              ::testing::HasSubstr("has no parameter `optimizer.mu`"));
}

TEST(Refusals, SparseGradient) {
  at::Tensor first = parameter({2}), p = parameter({3, 2});
  Optimizer optimizer({{"first", first}, {"p", p}},
                      {line({"first"}, "float", "sgd"), rest("float", "sgd")}, handMethods());
  giveGradient(first);
  p.mutable_grad() = at::zeros({3, 2}).to_sparse();
  std::vector<float> before = values(first);
  EXPECT_THAT(messageOf([&] { optimizer.step(); }),
              ::testing::StartsWith("the gradient of parameter 'p' is sparse; make it dense"));
  EXPECT_EQ(values(first), before) << "no group is stepped alone";
}

TEST(Refusals, TypeChangedBehindTheOptimizer) {
  at::Tensor p = parameter({3});
  Optimizer optimizer({{"p", p}}, {rest("float", "sgd")}, handMethods());
  p.set_data(p.detach().to(at::kBFloat16));
  EXPECT_EQ(messageOf([&] { optimizer.step(); }),
            "parameter 'p' has changed its element type since the optimizer was made; convert the "
            "model first, then make the optimizer");
}

TEST(Refusals, ExpandedParameter) {
  EXPECT_EQ(refusal({{"p", parameter({1}).detach().expand({5}).set_requires_grad(true)}}),
            "parameter 'p' is expanded: several of its elements are one in memory; give it memory "
            "of its own: clone()");
}

TEST(Refusals, SizeChangedBehindTheOptimizer) {
  at::Tensor p = parameter({3});
  Optimizer optimizer({{"p", p}}, {rest("annealed", "momentum")}, handMethods());
  p.set_data(at::zeros({9}));
  const std::string expected = "parameter 'p' has 9 elements, and had 3 when the optimizer was "
                               "made; make a new optimizer";
  EXPECT_EQ(messageOf([&] { optimizer.step(); }), expected);
  EXPECT_EQ(messageOf([&] { optimizer.finalize(); }), expected);
}

TEST(Refusals, GradientOfAnotherShape) {
  at::Tensor p = parameter({3});
  Optimizer optimizer({{"p", p}}, {rest("annealed", "momentum")}, handMethods());
  p.mutable_grad() = at::zeros({2});
  EXPECT_EQ(messageOf([&] { optimizer.step(); }),
            "the gradient of parameter 'p' is CPUFloatType of 2 elements, which is not the "
            "parameter's shape, type or device");
}

TEST(Refusals, GroupAddedToAPlan) {
  at::Tensor p = parameter({3}), q = parameter({3});
  Optimizer optimizer({{"p", p}}, {line({"p"}, "float", "sgd")}, handMethods());
  optimizer.add_param_group(torch::optim::OptimizerParamGroup({q}));
  EXPECT_EQ(messageOf([&] { optimizer.step(); }),
            "group 1 was added to an optimizer that follows a plan, so that nothing says how to "
            "train it; make a second optimizer for it");
}

TEST(Refusals, ParameterAddedToAGroup) {
  at::Tensor p = parameter({3}), q = parameter({3});
  Optimizer optimizer({{"p", p}}, {rest("float", "sgd")}, handMethods());
  optimizer.add_parameters({q});
  EXPECT_EQ(messageOf([&] { optimizer.step(); }),
            "the parameters of group 0 have changed since it was made; add new ones by "
            "add_param_group");
}

TEST(Refusals, KindIsTheExitCode) {
  try {
    Optimizer optimizer({{"p", parameter({3})}}, {line({"q"}, "float", "sgd")}, handMethods());
    FAIL();
  } catch (const std::runtime_error &error) {
    auto *exception = dynamic_cast<const Exception *>(&error);
    ASSERT_TRUE(exception);
    EXPECT_EQ(exception->kind(), ErrorKind::SpecRefused);
  }
}
