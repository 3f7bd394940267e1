// The algebra of a projection: a clause as a fraction of polynomials on each piece of the line,
// its derivative, its sign and its limits.
#pragma once

#include "passes/prove/Polynomial.h"
#include "passes/prove/Scratch.h"

#include <optional>

namespace bregman::prove {

enum class Sign { Negative, NonPositive, Zero, NonNegative, Positive, Unknown };

Sign negated(Sign sign);
Sign product(Sign a, Sign b);
inline bool isNonNegative(Sign s) {
  return s == Sign::Zero || s == Sign::NonNegative || s == Sign::Positive;
}
inline bool isNonPositive(Sign s) { return isNonNegative(negated(s)); }

/// An open interval between neighbouring kinks.
struct Piece {
  double low, high;
  double inside() const;
  Interval closed() const { return {low, high}; }
};

/// What a fraction tends to: a fraction free of the latent, or an infinity.
struct Limit {
  std::optional<Fraction> value;
  int infinity = 0; ///< -1, 0, 1
  bool known() const { return value || infinity; }
};

/// One scratch, one coordinate: the latent itself, or c x where every use of x is multiplied by the
/// same host scalar c > 0.
class Algebra {
public:
  explicit Algebra(Scratch &scratch);
  /// In `inner` as the coordinate, through which alone what is asked about depends on the latent.
  Algebra(Scratch &scratch, mlir::Value inner);

  /// Finds the largest c > 0, a product of host scalars, such that `root` depends on the latent
  /// through c x alone, and makes c x the coordinate.
  void useScaledCoordinate(mlir::Value root);
  /// c at a setting; 1 when the latent itself is the coordinate.
  double scaleAt(const Point &point) const;
  /// Whether `value` is the coordinate.
  bool isTheCoordinate(mlir::Value value) const { return isCoordinate.contains(value); }

  /// The pieces of the line between the kinks of `root`.
  std::vector<Piece> pieces(mlir::Value root);
  /// `value` (its `level`) on a piece; empty where the algebra cannot say it, with what stood in
  /// the way in `obstacle`.
  std::optional<Fraction> convert(mlir::Value value, unsigned level, const Piece &piece);
  std::string obstacle;

  /// d/dx; empty where an atom has no derivative in this algebra.
  std::optional<Fraction> derivative(const Fraction &fraction);
  Sign sign(const Fraction &fraction, const Piece &piece);
  Sign sign(const Polynomial &polynomial, const Piece &piece, unsigned depth = 0);
  Limit limit(const Fraction &fraction, End end, const Piece &piece);
  /// The fraction at a point; exact where arithmetic is.
  std::optional<Fraction> at(const Fraction &fraction, double x);
  /// Bounds with the coordinate in `x` and the host's numbers anywhere admissible.
  Interval range(const Fraction &fraction, Interval x);

  Atom coordinate() const { return 0; }
  /// Boxes that intervals were asked about so far.
  unsigned boxes = 0;
  /// Whether a sign needed branch and bound.
  bool branched = false;

private:
  enum class Kind {
    Latent,
    Host,
    Tanh,
    TanhSlope,
    Exp,
    Sigmoid,
    SigmoidSlope,
    Sqrt,
    Log,
    Atan,
    Erf,
    Bell,
    Power
  };
  struct AtomInfo {
    Kind kind;
    Fraction argument;
    double exponent = 0;
    mlir::Value host;
    unsigned level = 0;
    Interval range; ///< of host atoms
    bool usesLatent = false;
  };
  struct Growth {
    int exponential = 0; ///< power of e^x-like growth
    double order = 0;    ///< power of |x|
    Fraction coefficient;
  };

  Atom intern(AtomInfo info);
  Fraction function(Kind kind, const Fraction &argument, double exponent = 0);
  std::optional<Fraction> compute(mlir::Value value, unsigned level, const Piece &piece);
  std::optional<Fraction> computeBranch(mlir::Operation *op, unsigned level, const Piece &piece);
  std::optional<Fraction> computePower(mlir::Operation *op, unsigned level, const Piece &piece);
  std::optional<Fraction> softNearest(mlir::Operation *op, const Piece &piece);
  std::optional<Fraction> fail(const llvm::Twine &what);
  bool usesLatent(const Fraction &fraction) const;
  Sign signOf(Atom atom, const Piece &piece);
  Sign termwise(const Polynomial &polynomial, const Piece &piece);
  Sign branchAndBound(const Polynomial &polynomial, const Piece &piece);
  Sign withoutRootsAtEnds(Polynomial &polynomial, const Piece &piece);
  Polynomial reduced(const Polynomial &polynomial);
  Interval range(const Polynomial &polynomial, Interval x);
  Interval rangeOf(Atom atom, Interval x);
  std::optional<Fraction> derivative(Atom atom);
  std::optional<Fraction> derivative(const Polynomial &polynomial);
  std::optional<Growth> growth(const Polynomial &polynomial, End end, const Piece &piece);
  std::optional<Growth> growth(const Fraction &fraction, End end, const Piece &piece);
  std::optional<Growth> growthOf(Atom atom, End end, const Piece &piece);
  std::optional<Fraction> substitute(const Polynomial &polynomial, double x);
  /// Whether all switches of `op` were found among the kinks.
  bool collectKinks(mlir::Operation *op, std::vector<double> &kinks);

  Scratch &scratch;
  std::vector<AtomInfo> atoms;
  /// c, as factors and (true) divisors.
  llvm::SmallVector<std::pair<mlir::Value, bool>> scale;
  llvm::DenseMap<mlir::Value, bool> isCoordinate;
  mlir::Value held; ///< the coordinate, where it is neither the latent nor c x
  llvm::DenseSet<mlir::Operation *> resolved; ///< switches whose kinks are all known
  /// Converted values of the piece that was asked about last.
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, std::optional<Fraction>> memo;
  Piece memoPiece{0, 0};
  Point insidePoint;
  llvm::DenseMap<mlir::Value, Numbers> insideValues;
  std::map<std::pair<Atom, std::pair<double, double>>, Interval> rangeMemo;
};

} // namespace bregman::prove
