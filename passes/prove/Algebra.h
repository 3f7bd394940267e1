// The algebra of a projection: a clause as a fraction of polynomials on each piece of the line,
// its derivative, its sign and its limits.
#pragma once

#include "passes/prove/Polynomial.h"
#include "passes/prove/Scratch.h"

#include <optional>

namespace bregman::prove {

enum class Sign { Negative, NonPositive, Zero, NonNegative, Positive, Unknown };

Sign negated(Sign sign);
Sign signOfInterval(Interval range);
Sign product(Sign a, Sign b);
inline bool isNonNegative(Sign s) {
  return s == Sign::Zero || s == Sign::NonNegative || s == Sign::Positive;
}
inline bool isNonPositive(Sign s) { return isNonNegative(negated(s)); }

/// An open interval between neighbouring kinks. Kinks may move with the host's numbers: then the
/// piece is measured from one of its ends, and `low` and `high` hold it at every setting.
struct Piece {
  double low, high;
  /// A point of it at the setting `Scratch::inside`, where a piece that moves has one.
  std::optional<double> sample = std::nullopt;
  /// What the coordinate of a piece that moves is measured from, free of the latent.
  std::optional<Fraction> origin = std::nullopt;
  /// The ends in the piece's own coordinate; none where an end is infinite or known by bounds only.
  std::optional<Fraction> start = std::nullopt, end = std::nullopt;
  /// Whether nothing that may jump turns at the upper end.
  bool joinsNext = false;

  double inside() const;
  /// Another point of it.
  double beside() const;
  Interval closed() const { return {low, high}; }
  bool moves() const { return origin.has_value(); }
  bool isMovingPoint() const { return moves() && low == 0 && high == 0; }
  bool operator==(const Piece &other) const;
};

/// Where a switch of a clause may turn.
struct Kink {
  Interval where;                ///< at any setting
  double here;                   ///< at the setting `Scratch::inside`
  std::optional<Fraction> exact; ///< none where only bounds are known
  bool isContinuous = true;      ///< of switches that cannot jump: min, max, clamp, abs
};

/// What rounding may add to numbers of this size: the rules speak of real arithmetic, but a factor
/// such as 1 / tanh(2) is rounded to f32 before it meets a weight.
inline double roundingOf(double size) { return size * 0x1p-22; }

/// What a fraction tends to: a fraction free of the latent, or an infinity.
struct Limit {
  std::optional<Fraction> value;
  int infinity = 0; ///< -1, 0, 1
  bool known() const { return value || infinity; }
};

/// One scratch, one coordinate: the latent itself, or c x with a host scalar c > 0 that makes the
/// rest simpler.
class Algebra {
public:
  explicit Algebra(Scratch &scratch);
  /// In `inner` as the coordinate, through which alone what is asked about depends on the latent.
  Algebra(Scratch &scratch, mlir::Value inner);

  /// Makes c x the coordinate for a host factor c > 0 of the latent, if with it fewer kinks move
  /// and fewer of the host's numbers are left in `root`.
  void chooseCoordinate(mlir::Value root);
  /// Makes the coordinate run over `domain` alone, of the latent or, if given, of so many parts of
  /// `whole`.
  void restrictTo(Interval domain, mlir::Value whole);
  /// c at a setting; 1 when the latent itself is the coordinate.
  double scaleAt(const Point &point) const;

  /// The pieces of the line between the kinks of `root`.
  std::vector<Piece> pieces(mlir::Value root);
  /// `value` (its `level`) on a piece; empty where the algebra cannot say it, with what stood in
  /// the way in `obstacle`.
  std::optional<Fraction> convert(mlir::Value value, unsigned level, const Piece &piece);
  std::string obstacle;
  /// Whether the value at the upper end of piece `i` is what both sides tend to.
  bool joins(mlir::Value root, llvm::ArrayRef<Piece> pieces,
             llvm::ArrayRef<std::optional<Fraction>> parts, size_t i);

  /// Where a value of the coordinate alone is 0 on a piece that does not move; none where that
  /// could not be told.
  std::optional<std::vector<Kink>> rootsOf(const Fraction &fraction, const Piece &piece);

  /// The value at an end of a piece itself.
  std::optional<Fraction> valueAtEnd(mlir::Value root, const Piece &piece, bool atStart);

  /// d/dx; empty where an atom has no derivative in this algebra.
  std::optional<Fraction> derivative(const Fraction &fraction);
  Sign sign(const Fraction &fraction, const Piece &piece);
  Sign sign(const Polynomial &polynomial, const Piece &piece, unsigned depth = 0);
  Limit limit(const Fraction &fraction, End end, const Piece &piece);
  /// What another algebra of the same scratch says, free of its coordinate.
  Fraction adopt(const Fraction &fraction, const Algebra &other);
  /// The fraction at a point of the coordinate; exact where arithmetic is.
  std::optional<Fraction> at(const Fraction &fraction, const Fraction &x);
  std::optional<Fraction> at(const Fraction &fraction, double x) {
    return at(fraction, Fraction::constant(x));
  }
  /// The latent, in double precision, at a place of a piece and the values in force.
  double latentAt(const Piece &piece, double x) const;
  /// How many kinks of the last `pieces` could not be told.
  unsigned unresolved = 0;
  /// Whether two values are one, but for a constant such as tanh(0.5), which is rounded to f32.
  bool isRounding(const Fraction &a, const Fraction &b);
  /// What a fraction free of the latent is at a setting, in double precision.
  double valueAt(const Fraction &fraction, const Point &point) const {
    return valueAt(fraction, 0, scratch.evaluate(point));
  }
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
    Root,
    Log,
    Atan,
    Erf,
    Bell,
    Power
  };
  struct AtomInfo {
    Kind kind;
    Fraction argument;
    double exponent = 0; ///< of a power; of a root its degree
    mlir::Value host;
    unsigned level = 0;
    Interval range; ///< of host atoms
    bool isPositive = false;
    bool usesLatent = false;
  };
  struct Growth {
    Fraction exponent; ///< of e
    double order = 0;  ///< of |x|
    Fraction coefficient;
    double logs = 0; ///< of log |x|
  };

  void enter(const Piece &piece);
  Atom intern(AtomInfo info);
  Fraction function(Kind kind, const Fraction &argument, double exponent = 0);
  std::optional<Fraction> compute(mlir::Value value, unsigned level, const Piece &piece);
  std::optional<Fraction> computeBranch(mlir::Operation *op, unsigned level, const Piece &piece);
  std::optional<Fraction> computePower(mlir::Operation *op, unsigned level, const Piece &piece);
  std::optional<Fraction> softNearest(mlir::Operation *op, const Piece &piece);
  /// The sign of a value, by its formula or by the range of what it is computed of.
  Sign signOf(mlir::Value value, const Fraction &formula, const Piece &piece);
  std::optional<Fraction> fail(const llvm::Twine &what);
  bool usesLatent(const Fraction &fraction) const;
  Sign signOf(Atom atom, const Piece &piece);
  Sign signAt(const Fraction &fraction, const Piece &piece);
  Sign termwise(const Polynomial &polynomial, const Piece &piece);
  Sign termwiseInAnyForm(const Polynomial &polynomial, const Piece &piece);
  Sign signByRoots(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  Sign signByExponents(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  Sign signByArguments(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  Sign signByCoefficients(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  Sign signByHostEnds(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  Polynomial withSquares(const Polynomial &polynomial, bool ofSlopes);
  Sign splitAt(const Polynomial &polynomial, const Piece &piece, double x, unsigned depth);
  Sign branchAndBound(const Polynomial &polynomial, const Piece &piece, unsigned depth);
  double boundFrom(const Polynomial &polynomial, double x, double toward, bool positive);
  Sign signOfTail(const Polynomial &polynomial, Interval tail);
  struct TailTerm;
  std::optional<TailTerm> tailTerm(const Monomial &monomial, Interval coefficient, Interval tail);
  Sign withoutRootsAtEnds(Polynomial &polynomial, const Piece &piece);
  /// Divides exact squares out of a polynomial of the coordinate alone; what they are squares of.
  static std::optional<Polynomial> divideSquares(Polynomial &polynomial);
  /// What a polynomial with exact coefficients is the square of, or a higher power.
  static std::optional<Polynomial> rootOf(const Polynomial &polynomial, int degree = 2);
  Polynomial reduced(const Polynomial &polynomial);
  Interval range(const Polynomial &polynomial, Interval x);
  Interval rangeOf(Atom atom, Interval x);
  std::optional<Fraction> derivative(Atom atom);
  std::optional<Fraction> derivative(const Polynomial &polynomial);
  bool isAffordable(const Fraction &a, const Fraction &b);
  std::optional<Growth> growth(const Polynomial &polynomial, End end, const Piece &piece);
  std::optional<Growth> growth(const Fraction &fraction, End end, const Piece &piece);
  std::optional<Growth> growthOfAny(Atom atom, End end, const Piece &piece);
  Growth normalized(Growth growth, End end);
  Atom logarithm(End end);
  std::optional<Fraction> powerIn(const Fraction &exponent, End end, bool mayHaveRest);
  Limit limitOfLogarithm(const Growth &growth, End end, const Piece &piece);
  std::optional<Fraction> withLeadingLogarithms(const Fraction &exponent, End end,
                                                const Piece &piece);
  std::optional<Sign> compareGrowth(const Growth &a, const Growth &b, Fraction &ratio, End end,
                                    const Piece &piece);
  Fraction withJoinedLogarithms(const Fraction &fraction);
  std::optional<Growth> growthOf(Atom atom, End end, const Piece &piece);
  std::optional<Fraction> substitute(const Polynomial &polynomial, const Fraction &x);
  double valueAt(const Fraction &fraction, double x,
                 const llvm::DenseMap<mlir::Value, Numbers> &values) const;
  /// Whether all switches of `op` were found among the kinks.
  bool collectKinks(mlir::Operation *op, mlir::Value root, std::vector<Kink> &kinks);
  bool isPowerOfZero(const Fraction &argument, const Fraction &x);
  bool isNeeded(mlir::Operation *op, mlir::Value root, const Piece &piece);
  std::optional<bool> decide(mlir::Value condition, unsigned level, const Piece &piece);
  Sign sideOf(mlir::Operation *op, mlir::Value a, mlir::Value b, unsigned level,
              const Piece &piece);
  bool addKink(const Piece &piece, const Fraction &difference, bool jumps,
               std::vector<Kink> &kinks);
  void addStart(const Piece &piece, std::vector<Kink> &kinks);
  bool addRoot(const Piece &piece, const Fraction &root, bool jumps, std::vector<Kink> &kinks);
  Fraction withoutFactors(const Fraction &fraction, const Piece &piece);
  bool isolateRoots(const Piece &piece, const Fraction &difference, std::vector<Kink> &kinks,
                    unsigned depth);
  bool isolateRoot(const Piece &piece, const Fraction &difference, Sign steep,
                   std::vector<Kink> &kinks);
  bool inOrder(std::vector<Kink> &kinks);
  bool joinsWithin(mlir::Value root, const Piece &left, const Piece &right, const Fraction &before,
                   const Fraction &after);
  std::vector<Piece> between(const std::vector<Kink> &kinks);
  bool usesLatentBeside(const Polynomial &polynomial) const;
  void forget();
  unsigned hostAtomsIn(const Fraction &fraction) const;

  Scratch &scratch;
  std::vector<AtomInfo> atoms;
  Fraction unit = Fraction::constant(1); ///< 1 / c: the latent is so many of the coordinate
  Interval domain;                       ///< of the coordinate
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
