// bregman::Optimizer: a plan of quantizers and base optimizers as a torch::optim::Optimizer.
//
//   auto program = bregman::load("net.breg");
//   bregman::Optimizer optimizer(*net, program, bregman::OptimizerOptions().stepsPerEpoch(500));
//   ... loss.backward(); optimizer.step();
//   optimizer.finalize();
//
// Between steps every parameter holds w, the weight that the network multiplies with; what is
// trained (the latent, the optimizer's states) lies in the optimizer.
#pragma once

#include "frontend/Compiler.h"
#include "frontend/torch/Activation.h"
#include "frontend/torch/Exception.h"
#include "frontend/torch/Options.h"

#include <functional>

namespace torch::nn {
class Module;
} // namespace torch::nn

namespace bregman {

class KeptValues;
class ParameterGroup;
struct Assignment;
struct Member;
struct RunClock;

/// A parameter and the name by which plans and messages know it.
struct NamedParameter {
  std::string name;
  at::Tensor tensor;
  /// Constrained training: the same parameter in the network of the float branch. `tensor`, in
  /// the low branch, is a constant for the latent, which moves by this one's gradient.
  at::Tensor high = {};
  /// Stays float whatever quantizer its line names.
  bool isFloat = false;
};

/// Compiles a quantizer under an optimizer for parameters of one element type.
using MethodSource = std::function<Result<std::shared_ptr<const Method>>(
    const std::string &quantizer, const std::string &optimizer, const CompileOptions &options)>;

/// Every parameter of the module but the learned values of its activations, which are no weights.
BREGMAN_API std::vector<NamedParameter> parametersOf(const torch::nn::Module &module);

/// A spec file, parsed and checked. Throws an Exception with every diagnostic of the file.
BREGMAN_API std::shared_ptr<const Program> load(const std::string &path);

/// What compiles for an Optimizer: the program, which it keeps alive.
BREGMAN_API MethodSource compilerOf(std::shared_ptr<const Program> program);

/// What the compiler warns of, to LibTorch's handler of warnings; each text once in a process.
BREGMAN_API void warn(const Program &program);

/// How a program and one of its plans are given, for messages: a library's options, a command's
/// flags.
struct PlanRemedies {
  std::string program = "the program";
  std::string withoutPlan = "add one, or say what every parameter gets: "
                            "OptimizerOptions().use(\"md_tanh_s by adam(lr = 1e-3)\")";
  std::string choice = "OptimizerOptions().plan(...)";
};

/// The plan of this name; it may be empty where the program has one plan. Throws an Exception of
/// kind Usage where there is none or a choice is left.
BREGMAN_API Plan choosePlan(const Program &program, const std::string &name,
                            const PlanRemedies &remedies = {});

/// The lines that `options` ask for: of `use` where there is one, else of the plan. Throws an
/// Exception of kind Usage where that leaves a choice, and for a plan of constrained training.
BREGMAN_API std::vector<PlanLine> planLines(const Program &program,
                                            const OptimizerOptions &options);

/// What LibTorch sees in `state()` for a parameter: the tensors that the optimizer works on.
class BREGMAN_API ParameterState
    : public torch::optim::OptimizerCloneableParamState<ParameterState> {
public:
  /// "x" the latent, "s" a learned value, "optimizer.m" a state; in the order of `stored`.
  std::vector<std::string> names;
  /// One row per level, one value per weight or per segment.
  std::vector<at::Tensor> stored;

  /// Undefined where nothing is stored under that name.
  at::Tensor get(const std::string &name) const;
};

class BREGMAN_API Optimizer : public torch::optim::Optimizer {
public:
  /// Every parameter of `module` by the program's plan, or by `options.use()`. What the compiler
  /// warns of goes to LibTorch's warnings, once; Program::warnings() has it too.
  Optimizer(const torch::nn::Module &module, std::shared_ptr<const Program> program,
            OptimizerOptions options = {});
  /// Every parameter of `module` by one use of the library: `md_tanh_s by adam(lr = 1e-3)`.
  Optimizer(const torch::nn::Module &module, const std::string &use, OptimizerOptions options = {});
  /// The lines and the compilers given; what the others come to. The activations' modules quantize
  /// from here on, also once the optimizer is gone, and count its steps. Where it throws, modules
  /// and parameters are as before.
  Optimizer(std::vector<NamedParameter> parameters, std::vector<PlanLine> lines,
            MethodSource source, OptimizerOptions options = {}, Activations activations = {});
  ~Optimizer() override;

  /// One step of every group. The closure, where given, is run first with gradients enabled. Where
  /// it throws the step is not counted, and can be taken again: nothing has moved, unless a device
  /// has failed in the midst of it. Then the next one moves what has not moved yet.
  torch::Tensor step(LossClosure closure = nullptr) override;

  /// A step by a CUDA graph. While a graph is captured, step() leaves its kernels in it, and does
  /// and counts nothing. A replay is then
  ///
  ///   optimizer.replay([&] { graph.replay(); });
  ///
  /// on the current stream: before it the graph is given the numbers of the step (schedules,
  /// learning rate, random numbers), after it comes what no graph can hold (blocks `every N steps`,
  /// resets, a freeze), and the step is counted. The graph refers to the optimizer's memory.
  void replay(const std::function<void()> &launch);

  /// The loss scale from now on, for whoever adapts it; 0: the loss is not scaled.
  void setLossScale(double scale);
  /// Whether the last step was left out: the loss is scaled and a gradient was not finite. Such a
  /// step moves nothing and counts for nothing.
  bool stepWasSkipped() const { return skipped; }

  /// Everything that a run needs to go on to the same bits, the module's own values aside: save
  /// and load the module as well. After a load the parameters hold w again. Saving throws while a
  /// part of the parameters is a step ahead.
  void save(torch::serialize::OutputArchive &archive) const override;
  void load(torch::serialize::InputArchive &archive) override;

  /// Puts the final levels into the parameters: the network is then the low-bit one. Call it once
  /// training is over; `Hardened` does it for a while.
  void finalize();

  /// The number of completed steps.
  int64_t steps() const;
  /// The parameters that have final levels, in the order of the groups.
  std::vector<NamedParameter> quantized() const;
  /// The learned values as the plan names them, "conv1.weight/s" or "act1/s": one row per level,
  /// one value per segment. The tensors are those that are trained; an activation's are empty
  /// before its first batch.
  std::vector<NamedParameter> learned() const;
  /// Of each of `quantized()`, which weights have one set of levels: `Run` where the spec gives all
  /// weights the same ones.
  std::vector<Extent> codebooks() const;
  /// Every schedule's value at the present step, as "quantizer.schedule".
  std::vector<std::pair<std::string, double>> schedules() const;

private:
  using Groups = std::vector<std::unique_ptr<ParameterGroup>>;
  std::unique_ptr<ParameterGroup> prepare(std::vector<Member> members, const PlanLine &line) const;
  void prepareActivations(Groups &made, const Activations &activations, const Assignment &assigned,
                          size_t first);
  void attach(Groups made);
  void fillGroups();
  void adopt();
  bool captures() const;
  void finishStep(const std::vector<GroupOptions *> &groupOptions);
  bool isBetweenSteps() const;
  void refuseHalfLoaded() const;
  std::vector<GroupOptions *> checkedOptions();
  double gradientFactor() const;

  OptimizerOptions options;
  MethodSource source;
  std::vector<PlanLine> lines;
  Groups groups;
  std::shared_ptr<RunClock> clock;
  std::vector<std::shared_ptr<ActivationLine>> activationLines;
  std::vector<std::shared_ptr<ActivationImpl>> activationModules;
  bool skipped = false;
  bool halfLoaded = false; ///< a load has failed when it had begun to take over its archive
};

/// Quantizes the activations of a network that is not trained, by the lines of `lines` that begin
/// with `activations`, with the schedules at `step`. Learned values are empty until the module's
/// parameters are given their values, as by torch::load.
BREGMAN_API void quantizeActivations(const std::vector<PlanLine> &lines,
                                     const Activations &activations, OptimizerOptions options,
                                     int64_t step);

/// While it lives the parameters hold their final levels; afterwards they hold w again.
class BREGMAN_API Hardened {
public:
  explicit Hardened(Optimizer &optimizer);
  ~Hardened();
  Hardened(const Hardened &) = delete;
  Hardened &operator=(const Hardened &) = delete;

private:
  std::unique_ptr<KeptValues> soft;
};

} // namespace bregman
