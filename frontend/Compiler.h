// The compiler behind a header without MLIR: check a spec, look at any stage of it, compile a
// quantizer under an optimizer into a Method.
#pragma once

#include "frontend/Constraint.h"
#include "runtime/Activator.h"
#include "runtime/Method.h"
#include "runtime/Result.h"
#include "runtime/Stepper.h"

#include <memory>
#include <string>
#include <vector>

namespace bregman {

struct CompileOptions {
  ElementType element = ElementType::F32;
  /// Learned values whose optimizer is not the latent's, and theirs; empty: it stays as it starts.
  std::vector<std::pair<std::string, std::string>> learned = {};
  /// For constrained training: the latent is given the gradient at the float branch's weight.
  bool constrained = false;
  /// f32 lanes of a vector: 16 (AVX-512) or 8 (AVX2); 0 takes what this machine has.
  int lanes = 0;
  /// Also make the streaming variants, for groups whose step does not fit into the cache.
  bool streaming = true;
  /// Read and write the kernel cache on disk.
  bool cache = true;
  /// Let a GPU approximate f32 arithmetic, within the bounds of docs/cuda.md; an error on the host.
  bool fast = false;
  /// Where the kernels run: `host`, or `cuda`, with code for the first device's chip, or for that
  /// of another device, `cuda:1`, or for a chip and all later ones: `cuda:sm_90`.
  std::string device = "host";
};

struct EmitOptions {
  std::string quantizer, optimizer; ///< empty: the only one of the file, or `momentum`
  bool locations = false;           ///< the spec's line beside each line
  std::string target = "host";      ///< or `cuda`, `cuda:sm_90`: which chip
  CompileOptions compile;
};

struct ExplainOptions {
  std::string quantizer, optimizer; ///< empty: the only one of the file, or `momentum`
  ElementType element = ElementType::F32;
  /// The run over which the picture is drawn.
  Timing timing = {/*stepsPerEpoch=*/500, /*steps=*/20000, /*epochs=*/0};
  bool picture = false;
  std::string target = "host"; ///< or `cuda`, `cuda:sm_90`: also what a step takes of that chip
};

struct Explanation {
  std::string text;
  std::string svg; ///< empty unless asked for
};

/// One line of a plan, resolved.
struct PlanLine {
  std::vector<std::string> patterns; ///< empty: `else`
  bool activations = false;          ///< the patterns name modules
  std::string quantizer, optimizer;  ///< optimizer empty: nothing is trained
  /// The arguments as host expressions of the counters; outputs are Method::parameters' names.
  HostProgram arguments;
  /// The outputs that mention a counter: recomputed every step. The others are set once, and an LR
  /// scheduler may change them. A quantizer's that mention one are compiled into it.
  std::vector<std::string> recomputed;
  int64_t resetEvery = 0; ///< `reset every`: period, 0 for none
  bool resetInEpochs = false;
  std::string location; ///< file:line:column, for messages
  /// As written: what stands right of the colon, and right of `by` where there is one.
  std::string use, by;
};

/// What begins a message about a place, as PlanLine::location; `kind` is "error" or "note".
inline std::string messageAt(const std::string &location, const char *kind = "error") {
  return (location.empty() ? "" : location + ": ") + kind + ": ";
}

/// The arguments of a plan line that are in force in step `step`, by parameter. Fails where the
/// line counts what `timing` leaves unknown, `reset every epoch` included.
BREGMAN_API Result<std::vector<std::pair<std::string, double>>>
argumentsAt(const PlanLine &line, int64_t step, const Timing &timing);

/// Whether the optimizer starts anew after step `step` (counted from 0).
BREGMAN_API bool resetsAfter(const PlanLine &line, int64_t step, const Timing &timing);

/// What a tensor is beside its weights: the length of its axis 0, and what random() is keyed with.
struct TensorTraits {
  int64_t channels = 1;
  uint64_t seed = 0;
  uint32_t parameter = 0; ///< which one of its model
};

/// One method driven over one tensor, every stored value in sight. The kernels are one
/// implementation, the oracle is the other.
class BREGMAN_API Run {
public:
  /// A stored value: by weight, or by segment of its extent, then by level.
  using Planes = std::vector<std::vector<double>>;

  virtual ~Run();
  /// A parameter of the quantizer or, as `optimizer.lr`, of the base optimizer, also for the
  /// learned values that have none of their own; theirs is `s.optimizer.lr`.
  virtual Status set(const std::string &parameter, double value) = 0;
  virtual Status attach(const std::vector<float> &w0, const TensorTraits &traits = {}) = 0;
  virtual Status advance(const std::vector<float> &gradient) = 0;
  virtual Status resetStates() = 0;
  /// The schedules, then the states of the run.
  virtual std::vector<std::pair<std::string, double>> schedules() = 0;
  /// The spec's variables, whatever the compiler rewrote.
  virtual std::vector<std::pair<std::string, Planes>> stored() = 0;
  virtual std::vector<double> weights() = 0;
};

/// `; did you mean 'closest'?`, or nothing where none of the known words can have been meant: what
/// the compiler's own messages end with.
BREGMAN_API std::string didYouMean(const std::string &word, const std::vector<std::string> &known);

/// The folder of the library of methods: BREGMAN_SPECS where it is set, else beside the library.
BREGMAN_API std::string specsFolder();

struct Plan {
  std::string name;
  std::vector<PlanLine> lines;
  /// Constrained training: where the first `minimize` or `subject to` stands, else empty.
  std::string constrainedAt;
  bool minimizesHigh = false; ///< the objective is that of the float branch
  std::vector<Constraint> constraints;
};

/// A spec that was parsed and checked.
class BREGMAN_API Program {
public:
  /// Parses and checks a file. The error's message is every diagnostic, each with its place.
  static Result<Program> load(const std::string &path);
  /// The same for text; `name` stands for the file in messages.
  static Result<Program> parse(const std::string &name, const std::string &text);

  Program(Program &&);
  Program &operator=(Program &&);
  ~Program();

  /// Warnings and notes, rendered; empty where there are none.
  const std::string &warnings() const;
  /// Of each rule that holds, how it was proved, rendered.
  const std::string &proofs() const;
  std::vector<std::string> quantizers() const;
  std::vector<std::string> optimizers() const;
  /// The file's plans; an unnamed one has an empty name.
  std::vector<Plan> plans() const;
  /// The file as written, less its plans.
  std::string definitions() const;
  /// What stands right of the colon of a plan line, `md_tanh_s(growth = 1.1) by adam(lr = 1e-3)`.
  Result<PlanLine> use(const std::string &text) const;

  /// The text of a stage: ast, bregman, derived, kernel; of the host loops, llvm or asm; of cuda
  /// gpu, ptx or, by NVIDIA's tools, sass.
  Result<std::string> emit(const std::string &stage, const EmitOptions &options) const;
  /// The method in the paper's terms, what is derived and proved, and what a step costs here.
  Result<Explanation> explain(const ExplainOptions &options) const;
  /// Where nothing is trained `optimizer` is empty: such a method is given no gradient.
  Result<std::shared_ptr<const Method>> compile(const std::string &quantizer,
                                                const std::string &optimizer,
                                                const CompileOptions &options = {}) const;
  /// A quantizer of activations: what a line that begins with `activations` names.
  Result<std::shared_ptr<const ActivationMethod>>
  compileActivation(const std::string &quantizer, const CompileOptions &options = {}) const;
  /// The compiled method, or the oracle: an interpreter of the spec in double precision.
  Result<std::unique_ptr<Run>> run(const std::string &quantizer, const std::string &optimizer,
                                   const Timing &timing, bool reference,
                                   const CompileOptions &options = {}) const;

private:
  Program();
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace bregman
