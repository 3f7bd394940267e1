// The rules of language.md section 3 that are proved on the IR, one function per rule.
#pragma once

#include "passes/Clauses.h"
#include "passes/prove/Algebra.h"
#include "passes/prove/Refine.h"

#include <functional>

namespace bregman::prove {

enum class Verdict { Proved, Refuted, Undecided, Warned };

/// What a rule found. `text` is the proof's means, the counterexample, or what was tried.
struct Finding {
  Verdict verdict;
  std::string text;
  std::string note; ///< said beside it, at the same place

  static Finding proved(const llvm::Twine &how) { return {Verdict::Proved, how.str(), ""}; }
  static Finding refuted(const llvm::Twine &why) { return {Verdict::Refuted, why.str(), ""}; }
  static Finding undecided(const llvm::Twine &tried) {
    return {Verdict::Undecided, tried.str(), ""};
  }
  static Finding warned(const llvm::Twine &what) { return {Verdict::Warned, what.str(), ""}; }
};

/// One finding as it is reported.
struct Verified {
  std::string rule;
  Finding finding;
  bool assumed = false;
};

/// Checks every rule that applies to the quantizer. Refutations and undecided rules without an
/// `assume` are errors at their clause, warnings are warnings; what was proved is in `log`.
mlir::LogicalResult prove(QuantizerOp quantizer, llvm::SmallVectorImpl<Verified> *log = nullptr);

/// P of one latent per weight, analysed once for Q4, Q5 and Q7.
class Projection {
public:
  Projection(Clauses &clauses);

  /// Nondecreasing, continuous, not constant.
  Finding isMirrorMap();
  /// No two latents give the same value.
  Finding isStrict(const std::string &reason);
  Finding staysInHull(bool mustReach);

  Scratch scratch;
  mlir::Value root;

private:
  Finding analyse();
  void splitLine();
  void findSlopes();
  std::optional<size_t> findGap();
  Finding refuteOr(Finding otherwise);
  std::optional<Finding> findDrop(size_t firstTier, size_t tiers = 3);
  std::optional<Finding> findFlat();
  std::optional<Finding> findLevelStretch(const std::string &reason);
  bool movesSomewhere();
  std::optional<Finding> findHole();
  std::optional<Finding> findJump();
  std::optional<Finding> findJumpAtSetting();
  llvm::ArrayRef<Point> settings();
  std::optional<Finding> findExcess(double low, double high, size_t firstTier, size_t tiers);
  std::string at(const Point &point) const;
  std::optional<Fraction> limit(End end);
  std::optional<Fraction> limitByParts(mlir::Value value, End end, const Piece &piece,
                                       const llvm::DenseMap<mlir::Value, Interval> &composed);

  Clauses &clauses;
  Algebra algebra;
  Composition composition;
  std::vector<Piece> pieces;
  std::vector<std::optional<Fraction>> parts;
  std::vector<Sign> slopes;
  std::optional<Finding> known;
  std::vector<Point> knownSettings;
  bool strict = false, increasing = false;
  std::string obstacle; ///< what the algebra stops at
};

/// Latents that a counterexample is looked for at, the simple ones first: levels, midpoints, then
/// finer steps and the clause's constants, then neighbours and powers of two. Each tier is sorted.
std::vector<std::vector<double>> samples(const Scratch &scratch, llvm::ArrayRef<double> levels);
/// Admissible settings of the host's numbers, the ones in force first.
std::vector<Point> settings(const Scratch &scratch);
/// The same setting with the latent at `x`.
void setLatent(const Scratch &scratch, Point &point, double x);
Box boxOf(const Point &point);
bool areFinite(llvm::ArrayRef<double> numbers);
/// The operand that an op has a number from that is not finite, of a select in the arm that it
/// takes; null where that number begins with the op.
mlir::Value notFiniteOperand(mlir::Operation *op,
                             const llvm::DenseMap<mlir::Value, Numbers> &values);
/// The op for which `root` surely has no value at a point, as a quotient by 0; null where it has
/// one.
mlir::Operation *findHole(const Scratch &scratch, mlir::Value root, const Point &point);
/// `at beta = 1, k = 2`: what a point gives the host's numbers that can move.
std::string describeSetting(const Scratch &scratch, const Point &point);
/// The levels at a setting.
Numbers levelsAt(const Scratch &scratch, mlir::Value levels, const Point &point);

Finding checkQ1(Clauses &clauses);
Finding checkQ4(Clauses &clauses, Projection *projection);
Finding checkQ5(Clauses &clauses, Projection *projection);
Finding checkQ6(Clauses &clauses);
Finding checkQ7(Clauses &clauses, Projection *projection);
Finding checkQ8(Clauses &clauses);
Finding checkQ9(Clauses &clauses);
/// `place`: what it was found at.
Finding checkQ11(Clauses &clauses, mlir::Operation *&place);
Finding checkQ12(Clauses &clauses);
Finding checkLatentOfQ12(Clauses &clauses);
Finding checkQ13(Clauses &clauses);
/// `ofLatent`: under `update chain`; of learned values always.
Finding checkQ14(Clauses &clauses, bool ofLatent);

} // namespace bregman::prove
