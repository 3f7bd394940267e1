// A clause as a function: its body and all that it captures, inlined into one block whose arguments
// are the latent and the host's numbers.
#pragma once

#include "dialect/BregmanDialect.h"
#include "dialect/calculus/IntervalMath.h"

#include "mlir/IR/IRMapping.h"

namespace bregman::prove {

/// A run of unknown length is taken to have so many steps.
constexpr double longRun = 1e7;

/// A value or a row of levels, in double precision.
using Numbers = llvm::SmallVector<double, 4>;

/// What a clause may depend on.
struct Leaf {
  /// `Shared` is a reduction over weights or a fit: one number for many weights, about which only a
  /// range is known. `Drawn` is a random number or a state of the base optimizer.
  enum class Kind { Latent, Parameter, Schedule, Counter, State, Learned, Shared, Drawn, Argument };
  mlir::Value value;  ///< a block argument of the scratch
  mlir::Value source; ///< the declaration's result; of `Shared` and `Drawn` the inlined op's
  Kind kind;
  std::string name;
  Interval range;     ///< admissible values
  Interval taken;     ///< of a schedule, those between values that it takes at some step
  double inForce = 0; ///< the value now; of a schedule, at step 0
  double late = 0;    ///< of a schedule, its value after very many steps
  /// Above 0 in real arithmetic, though `range` may not tell: a decay has no least value.
  bool isPositive = false;
};

/// One number or row per leaf, in the order of the leaves.
using Point = std::vector<Numbers>;
using Box = std::vector<Interval>;

class Scratch {
public:
  explicit Scratch(QuantizerOp quantizer) : quantizer(quantizer) {}
  /// With states that are taken to lie somewhere.
  using Assumed = llvm::SmallVector<std::pair<mlir::Operation *, Interval>>;
  Scratch(QuantizerOp quantizer, Assumed assumed)
      : quantizer(quantizer), assumed(std::move(assumed)) {}
  /// Of a host scalar, as a function of a counter, which is the latent here; schedules are what
  /// they are computed by. Of a total it is what the scalar is at the end of the run.
  Scratch(QuantizerOp quantizer, Counter time) : quantizer(quantizer), time(time) {}
  ~Scratch();
  Scratch(const Scratch &) = delete;

  /// The inlined value of `result`, by default of what the region yields. Equal computations are
  /// one value.
  mlir::Value add(mlir::Region &region, mlir::Value result = {});
  /// The inlined value that a declaration or a captured value stands for.
  mlir::Value value(mlir::Value captured);

  /// Terms that were looked at so far, by whoever asks about values of this scratch: what decides
  /// when to give up, the same on every machine.
  mutable size_t work = 0;
  bool isExhausted() const { return work > maxWork; }
  /// What the next question may take, whatever the last one took.
  void grant() const { work = std::min(work, maxWork / 2); }

  llvm::ArrayRef<Leaf> leaves() const { return all; }
  const Leaf *leafOf(mlir::Value value) const;
  /// The latent; null as long as nothing reads it.
  const Leaf *latent() const;
  mlir::Block &block() { return body; }

  /// Whether `value` depends on the latent of its own weight, and not only through a number that
  /// many weights share.
  bool dependsOnLatent(mlir::Value value) const;
  /// A shared value that depends on the latents of many weights and has a part in `value`.
  const Leaf *sharedPartOf(mlir::Value value) const;
  /// A number that neither the latent nor a moving host scalar changes; a host scalar that becomes
  /// a weight's operand is rounded to f32.
  std::optional<double> number(mlir::Value value) const;
  /// A row of levels that nothing changes; empty for any other value.
  Numbers row(mlir::Value value) const { return rows.lookup(value); }

  /// All values at a point; NaN where the program gives NaN.
  /// `held`, if given, has the value `as` whatever its operands are.
  llvm::DenseMap<mlir::Value, Numbers> evaluate(const Point &point, mlir::Value held = {},
                                                double as = 0) const;
  double evaluate(mlir::Value root, const Point &point) const;
  /// At many latents, whatever `point` says of the latent.
  std::vector<double> evaluate(mlir::Value root, const Point &point,
                               llvm::ArrayRef<double> latents) const;
  /// Whether weights exist that give these values: a maximum is not below what it is taken of.
  bool isPossible(const llvm::DenseMap<mlir::Value, Numbers> &values) const;
  /// Whose constants: f32's, or any that f32 rounds to them, among which are those that were
  /// written.
  enum class Constants { Rounded, Written };
  /// Where all values lie when the leaves lie in a box; of levels, the hull.
  /// What is in `held`, if given, lies there whatever its operands do.
  llvm::DenseMap<mlir::Value, Interval>
  ranges(const Box &box, Constants constants = Constants::Rounded,
         const llvm::DenseMap<mlir::Value, Interval> *held = nullptr) const;
  Interval range(mlir::Value root, const Box &box, Constants constants = Constants::Rounded) const;
  /// Whether a value that is free of the latent is above 0 at every admissible setting.
  bool isPositive(mlir::Value value) const;

  /// Every leaf at its admissible values.
  Box admissible() const;
  /// Every leaf at its value in force, the latent at `x`.
  Point now(double x) const;
  /// Every leaf well inside its range, so that nothing is equal by accident.
  Point inside(double x) const;

private:
  mlir::Value leaf(mlir::Value source);
  mlir::Value add(Leaf leaf);
  void addOpaque(mlir::Operation *op, mlir::IRMapping &mapping);
  Interval rangeOfState(StateOp state);
  Interval rangeOfShared(mlir::Operation *op);
  mlir::Value clone(mlir::Operation *op, mlir::IRMapping &mapping);

  mutable llvm::DenseMap<mlir::Value, bool> ofLatent; ///< of values that were asked about
  /// What one value is computed by, in numbered places: it is asked for at very many points.
  struct Program {
    struct Step {
      CalculusOpInterface calculus;
      llvm::SmallVector<std::pair<unsigned, unsigned>, 4> operands; ///< place and width
      unsigned to, width;
    };
    mlir::Value root;
    size_t size = 0;                      ///< of the block and its arguments when it was made
    std::vector<Step> fixed, moving;      ///< with the latent
    std::pair<unsigned, unsigned> latent; ///< its place and width
    std::vector<double> places;           ///< constants are there already
    unsigned result = 0;
  };
  void makeProgram(mlir::Value root) const;
  static void run(llvm::ArrayRef<Program::Step> steps, llvm::MutableArrayRef<double> places);
  mutable Program program;

  /// Some 50 ms.
  static constexpr size_t maxWork = 150000;

  QuantizerOp quantizer;
  std::optional<Counter> time;
  mlir::Block body;
  size_t count = 0; ///< of its ops
  mlir::IRMapping inlined;
  llvm::SmallVector<mlir::Operation *> opaque; ///< inlined, but not part of the body
  Assumed assumed;                             ///< of states whose ranges are being computed
  std::vector<Leaf> all;
  llvm::DenseMap<mlir::Value, double> numbers;
  llvm::DenseMap<mlir::Value, Numbers> rows;
};

/// a and b of m a + (1 - m) b with m in [0, 1], which lies between them.
std::optional<std::pair<mlir::Value, mlir::Value>>
mixtureOf(mlir::arith::AddFOp sum, const llvm::DenseMap<mlir::Value, Interval> &known,
          const Scratch &scratch);
/// What an op's operands, whose values lie in `known`, tell together beside their ranges.
Interval boundsOf(mlir::Operation &op, const llvm::DenseMap<mlir::Value, Interval> &known,
                  const Scratch &scratch);

} // namespace bregman::prove
