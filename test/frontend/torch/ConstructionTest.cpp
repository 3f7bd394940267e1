// An optimizer of several lines is made whole or not at all, and so is an archive's load: what
// fails in one line leaves the parameters of all as they were. A step that fails goes on.
#include "HandMethods.h"

#include <torch/serialize.h>

#include <sstream>

using namespace bregman;
using namespace bregman::testing;

namespace {

/// The `nth` launch from now on fails, once.
struct Fault {
  int launches = 0;
  int nth = 0;
  Status launch() {
    return ++launches == nth ? Status(Error{ErrorKind::Environment, "the device is out of order"})
                             : std::nullopt;
  }
  void in(int n) { *this = {0, n}; }
};

class FaultyKernel final : public Kernel {
public:
  FaultyKernel(std::shared_ptr<const Kernel> kernel, std::shared_ptr<Fault> fault)
      : Kernel({kernel->name(), kernel->streams(), kernel->scalars()}), kernel(std::move(kernel)),
        fault(std::move(fault)) {}
  std::shared_ptr<const Partition> partition(std::span<const Segment> segments,
                                             int threads) const override {
    return kernel->partition(segments, threads);
  }
  using Kernel::launch;
  Status launch(const Partition &partition, std::span<const float> scalars, const Draw &draw,
                void *stream) const override {
    if (Status bad = fault->launch())
      return bad;
    return kernel->launch(partition, scalars, draw, stream);
  }

private:
  std::shared_ptr<const Kernel> kernel;
  std::shared_ptr<Fault> fault;
};

/// The methods by hand, with this fault.
MethodSource faulty(std::shared_ptr<Fault> fault) {
  return [fault](const std::string &quantizer, const std::string &optimizer,
                 const CompileOptions &options) -> Result<std::shared_ptr<const Method>> {
    auto method = handMethods()(quantizer, optimizer, options);
    if (!method)
      return method;
    auto with = std::make_shared<Method>(**method);
    for (KernelSequence *kernels : {&with->attach, &with->step, &with->publish, &with->final})
      for (std::shared_ptr<const Kernel> &kernel : *kernels)
        kernel = std::make_shared<FaultyKernel>(kernel, fault);
    return std::shared_ptr<const Method>(std::move(with));
  };
}

struct Task {
  std::shared_ptr<Fault> fault = std::make_shared<Fault>();
  at::Tensor a = parameter({5}), b = parameter({2, 3}).detach().t().set_requires_grad(true),
             c = parameter({4}, at::kBFloat16), d = parameter({7});
  std::unique_ptr<Optimizer> optimizer;

  void make() {
    optimizer = std::make_unique<Optimizer>(
        std::vector<NamedParameter>{{"a", a}, {"b", b}, {"c", c}, {"d", d}},
        std::vector<PlanLine>{line({"a"}, "annealed", "momentum"),
                              line({"b", "c"}, "annealed", "momentum", {{"growth", 1.1}}),
                              rest("float", "sgd")},
        faulty(fault));
  }
  void giveGradients(int k) {
    for (at::Tensor *each : {&a, &b, &c, &d})
      each->mutable_grad() = at::full_like(each->detach(), 0.1 * k + 0.05);
  }
  void step(int k) {
    giveGradients(k);
    optimizer->step();
  }
  std::vector<std::vector<float>> all() const {
    std::vector<std::vector<float>> found = {values(a), values(b), values(c), values(d)};
    if (optimizer)
      for (const at::Tensor *each : {&a, &b, &c, &d})
        for (const at::Tensor &stored : static_cast<const ParameterState &>(
                                            *optimizer->state().at(each->unsafeGetTensorImpl()))
                                            .stored)
          found.push_back(values(stored));
    return found;
  }
  std::string archive() const {
    std::stringstream stream;
    torch::save(*optimizer, stream);
    return stream.str();
  }
};

TEST(Construction, OfSeveralLinesIsWholeOrNothing) {
  Task wanted;
  wanted.make();
  const int launches = wanted.fault->launches;
  ASSERT_EQ(launches, 6) << "attach and publish of three";
  for (int nth = 1; nth <= launches; ++nth) {
    Task task;
    const auto before = task.all();
    task.fault->in(nth);
    EXPECT_EQ(messageOf([&] { task.make(); }), "the device is out of order");
    EXPECT_EQ(task.all(), before) << nth;
    task.make();
    EXPECT_EQ(task.all(), wanted.all()) << nth;
  }
}

TEST(Construction, WhatALaterLineRefusesLeavesTheEarlierOnesAlone) {
  Task task;
  const auto before = task.all();
  auto make = [&](std::vector<NamedParameter> parameters, PlanLine later) {
    return messageOf([&] {
      Optimizer(std::move(parameters), {line({"a"}, "annealed", "momentum"), std::move(later)},
                handMethods());
    });
  };
  EXPECT_EQ(make({{"a", task.a}, {"d", task.d * 2}}, rest("annealed", "momentum")),
            "parameter 'd' is computed from other tensors; only leaves can be trained");
  EXPECT_EQ(make({{"a", task.a}, {"d", task.d}}, rest("annealed", "momentum", {{"none", 1}})),
            "net.breg:3:5: error: method `annealed` by `momentum` has no parameter `none`; it has "
            "`growth`, "
            "`optimizer.lr`, `optimizer.mu`");
  EXPECT_EQ(make({{"a", task.a}, {"d", task.d}},
                 rest("annealed", "momentum", {{"optimizer.lr", INFINITY}})),
            "net.breg:3:5: error: method `annealed` by `momentum`: host scalar `lr` is inf at step "
            "0 [Q11]; bound it in "
            "the spec or change the parameters that it follows from");
  EXPECT_EQ(make({{"a", task.a}, {"h", parameter({2}, at::kHalf)}}, rest("annealed", "momentum")),
            "error: parameters of type f16 are not compiled yet");
  EXPECT_EQ(task.all(), before);
}

TEST(Construction, HardenedGivesBack) {
  Task task;
  task.make();
  task.step(0);
  const auto soft = task.all();
  for (int nth : {1, 2, 3}) {
    task.fault->in(nth);
    EXPECT_EQ(messageOf([&] { Hardened hardened(*task.optimizer); }), "the device is out of order");
    EXPECT_EQ(task.all(), soft);
  }
  {
    Hardened hardened(*task.optimizer);
    EXPECT_NE(task.all(), soft);
  }
  EXPECT_EQ(task.all(), soft);
}

TEST(FailedStep, GoesOnAndIsNotSavedHalfway) {
  Task wanted;
  wanted.make();
  wanted.step(0);
  const auto before = wanted.all();
  wanted.step(1);
  for (int nth = 1; nth <= 4; ++nth) {
    Task task;
    task.make();
    task.step(0);
    task.giveGradients(1);
    task.fault->in(nth);
    EXPECT_EQ(messageOf([&] { task.optimizer->step(); }), "the device is out of order");
    EXPECT_EQ(task.optimizer->steps(), 1);
    if (nth == 1) { // nothing has moved
      EXPECT_EQ(task.all(), before);
      EXPECT_FALSE(task.archive().empty());
    } else {
      EXPECT_EQ(messageOf([&] { task.archive(); }),
                "a step has failed when it had moved some of the parameters, so that the optimizer "
                "is between two steps; call step() first, which moves the rest, or go on from the "
                "last checkpoint");
    }
    task.optimizer->step();
    EXPECT_EQ(task.all(), wanted.all()) << nth;
    EXPECT_EQ(task.optimizer->steps(), 2);
    EXPECT_EQ(task.archive().size(), wanted.archive().size());
  }
}

/// An archive of another plan is noticed before anything of it is taken over.
TEST(Load, IsWholeOrNothing) {
  Task from, to;
  from.make();
  from.step(0);
  // Only the last group is not as it was.
  to.optimizer = std::make_unique<Optimizer>(
      std::vector<NamedParameter>{{"a", to.a}, {"b", to.b}, {"c", to.c}, {"d", to.d}},
      std::vector<PlanLine>{line({"a"}, "annealed", "momentum"),
                            line({"b", "c"}, "annealed", "momentum", {{"growth", 1.1}}),
                            rest("annealed", "momentum")},
      handMethods());
  to.step(3);
  const auto before = to.all();
  const double rate =
      static_cast<const GroupOptions &>(to.optimizer->param_groups()[0].options()).lr();
  std::stringstream stream(from.archive());
  EXPECT_EQ(messageOf([&] { torch::load(*to.optimizer, stream); }),
            "the archive does not fit: the quantizer is annealed, and was float when it was saved; "
            "make the optimizer from the same plan and module");
  EXPECT_EQ(to.all(), before);
  EXPECT_EQ(to.optimizer->steps(), 1);
  EXPECT_EQ(static_cast<const GroupOptions &>(to.optimizer->param_groups()[0].options()).lr(),
            rate);
}

TEST(Load, ThatFailsHalfwayHasToBeRepeated) {
  Task from;
  from.make();
  from.step(0);
  const std::string archive = from.archive();
  auto load = [&](Task &task) {
    std::stringstream stream(archive);
    torch::load(*task.optimizer, stream);
  };
  for (int nth : {1, 2, 3}) {
    Task to;
    to.make();
    for (auto [own, saved] :
         {std::pair{&to.a, &from.a}, {&to.b, &from.b}, {&to.c, &from.c}, {&to.d, &from.d}})
      own->detach().copy_(saved->detach());
    to.giveGradients(1);
    to.fault->in(nth);
    EXPECT_EQ(messageOf([&] { load(to); }), "the device is out of order");
    const std::string refusal =
        "loading has failed when a part of the archive was taken over, so that the optimizer is "
        "neither the one before nor the one that was saved; load an archive again";
    EXPECT_EQ(messageOf([&] { to.archive(); }), refusal);
    EXPECT_EQ(messageOf([&] { to.optimizer->step(); }), refusal);
    load(to);
    EXPECT_EQ(to.all(), from.all());
    EXPECT_FALSE(to.archive().empty());
    to.optimizer->step();
    EXPECT_EQ(to.optimizer->steps(), 2);
  }
}

} // namespace
