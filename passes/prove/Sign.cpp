// The sign of a polynomial on a piece: of its factors, term by term in any of its forms, by simpler
// polynomials, on parts of the piece.
#include "passes/prove/Algebra.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

Sign prove::negated(Sign sign) {
  switch (sign) {
  case Sign::Negative:
    return Sign::Positive;
  case Sign::NonPositive:
    return Sign::NonNegative;
  case Sign::NonNegative:
    return Sign::NonPositive;
  case Sign::Positive:
    return Sign::Negative;
  default:
    return sign;
  }
}

Sign prove::product(Sign a, Sign b) {
  if (a == Sign::Zero || b == Sign::Zero)
    return Sign::Zero;
  if (a == Sign::Unknown || b == Sign::Unknown)
    return Sign::Unknown;
  bool strict =
      (a == Sign::Positive || a == Sign::Negative) && (b == Sign::Positive || b == Sign::Negative);
  bool positive = isNonNegative(a) == isNonNegative(b);
  if (strict)
    return positive ? Sign::Positive : Sign::Negative;
  return positive ? Sign::NonNegative : Sign::NonPositive;
}

Sign prove::signOfInterval(Interval range) {
  if (range.isEmpty())
    return Sign::Unknown;
  if (range.lo == 0 && range.hi == 0)
    return Sign::Zero;
  if (range.lo >= 0)
    return range.lo > 0 ? Sign::Positive : Sign::NonNegative;
  if (range.hi <= 0)
    return range.hi < 0 ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
}

Sign Algebra::signOf(Atom atom, const Piece &piece) {
  const AtomInfo info = atoms[atom];
  switch (info.kind) {
  case Kind::Latent:
    if (piece.low == piece.high)
      return signOfInterval(piece.closed());
    // The piece is open.
    return piece.low >= 0 ? Sign::Positive : piece.high <= 0 ? Sign::Negative : Sign::Unknown;
  case Kind::Host:
    return info.isPositive ? Sign::Positive : signOfInterval(info.range);
  case Kind::TanhSlope:
  case Kind::Exp:
  case Kind::Sigmoid:
  case Kind::SigmoidSlope:
  case Kind::Bell:
  case Kind::Power:
    return Sign::Positive;
  case Kind::Root:
    return sign(info.argument, piece) == Sign::Positive ? Sign::Positive : Sign::NonNegative;
  case Kind::Tanh:
  case Kind::Atan:
  case Kind::Erf:
    return sign(info.argument, piece);
  case Kind::Log:
    return sign(info.argument - Fraction::constant(1), piece);
  }
  return Sign::Unknown;
}

Sign Algebra::termwise(const Polynomial &polynomial, const Piece &piece) {
  bool positive = true, negative = true, strict = false;
  DenseMap<Atom, Sign> known;
  for (const auto &[monomial, coefficient] : polynomial.terms()) {
    Sign term = signOfInterval(coefficient);
    for (auto [atom, power] : monomial) {
      auto [found, isNew] = known.try_emplace(atom, Sign::Unknown);
      if (isNew) {
        Sign of = signOf(atom, piece);
        known[atom] = of;
      }
      Sign of = known[atom];
      if (power % 2 == 0)
        of = of == Sign::Positive || of == Sign::Negative ? Sign::Positive : Sign::NonNegative;
      term = product(term, of);
    }
    positive &= isNonNegative(term);
    negative &= isNonPositive(term);
    strict |= term == Sign::Positive || term == Sign::Negative;
  }
  if (positive)
    return strict ? Sign::Positive : Sign::NonNegative;
  if (negative)
    return strict ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
}

Sign Algebra::termwiseInAnyForm(const Polynomial &polynomial, const Piece &piece) {
  Sign plain = termwise(polynomial, piece);
  for (bool ofSlopes : {true, false}) {
    if (plain != Sign::Unknown)
      return plain;
    Polynomial form = withSquares(polynomial, ofSlopes);
    if (!(form == polynomial))
      plain = form.isZero() ? Sign::Zero : termwise(form, piece);
  }
  return plain;
}

Sign Algebra::sign(const Polynomial &given, const Piece &piece, unsigned depth) {
  if (given.isZero())
    return Sign::Zero;
  if (given.isConstant())
    return signOfInterval(given.value());
  scratch.work += 4 * given.terms().size();
  if (scratch.isExhausted())
    return Sign::Unknown;
  Polynomial polynomial = reduced(given);
  if (polynomial.isZero())
    return Sign::Zero;
  // What multiplies every term and has a sign goes out.
  Sign factor = Sign::Positive;
  for (Atom atom = 0; atom < atoms.size(); ++atom) {
    if (!polynomial.contains(atom))
      continue;
    int lowest = polynomial.lowestDegree(atom);
    if (lowest == 0)
      continue;
    Sign of = signOf(atom, piece);
    bool nonZero = of == Sign::Positive || of == Sign::Negative;
    if (!nonZero && lowest < 0)
      continue;
    if (of == Sign::Unknown && lowest % 2 == 0 && lowest > 0)
      of = Sign::NonNegative;
    if (of == Sign::Unknown)
      continue;
    polynomial = polynomial.shifted({{atom, -lowest}});
    factor = product(factor, lowest % 2 == 0 && nonZero ? Sign::Positive : of);
  }
  if (piece.low < piece.high)
    factor = product(factor, withoutRootsAtEnds(polynomial, piece));
  Sign rest = termwiseInAnyForm(polynomial, piece);
  if (rest != Sign::Unknown)
    return product(factor, rest);
  if (auto squared = divideSquares(polynomial)) {
    Sign root = depth < 4 ? sign(*squared, piece, depth + 1) : Sign::Unknown;
    bool isNever0 = root == Sign::Positive || root == Sign::Negative;
    factor = product(factor, isNever0 ? Sign::Positive : Sign::NonNegative);
    rest = termwiseInAnyForm(polynomial, piece);
    if (rest != Sign::Unknown)
      return product(factor, rest);
  }

  if (auto root = depth < 4 ? rootOf(polynomial) : std::nullopt) {
    Sign side = sign(*root, piece, depth + 1);
    bool isNever0 = side == Sign::Positive || side == Sign::Negative;
    return product(factor, isNever0 ? Sign::Positive : Sign::NonNegative);
  }

  Interval whole = range(polynomial, piece.closed());
  rest = signOfInterval(whole);
  if (rest == Sign::NonNegative || rest == Sign::NonPositive) {
    // What an interval holds at its end only: e^u > 1 on an open piece.
    Sign strict = signByExponents(polynomial, piece, depth);
    rest = strict == Sign::Positive || strict == Sign::Negative ? strict : rest;
  }
  if (rest != Sign::Unknown)
    return product(factor, rest);

  for (Sign found :
       {signByRoots(polynomial, piece, depth), signByExponents(polynomial, piece, depth),
        signByArguments(polynomial, piece, depth), signByCoefficients(polynomial, piece, depth),
        signByHostEnds(polynomial, piece, depth)})
    if (found != Sign::Unknown)
      return product(factor, found);
  if (depth >= 4)
    return Sign::Unknown;
  // Either side of 0 apart, where odd powers have a sign and roots may be divided out.
  if (piece.low < 0 && piece.high > 0 && !piece.moves())
    return product(factor, splitAt(polynomial, piece, 0, depth));
  return product(factor, branchAndBound(polynomial, piece, depth));
}

/// What the signs on both sides of x and at x give together.
Sign Algebra::splitAt(const Polynomial &polynomial, const Piece &piece, double x, unsigned depth) {
  Fraction place = Fraction::constant(x);
  Piece left{piece.low, x}, right{x, piece.high};
  left.end = right.start = place;
  left.start = piece.start;
  right.end = piece.end;
  Sign before = sign(polynomial, left, depth + 1);
  if (before == Sign::Unknown)
    return before;
  Sign after = sign(polynomial, right, depth + 1);
  auto here = at(Fraction(polynomial), place);
  Sign between = here ? signOfInterval(range(*here, Interval::point(x))) : Sign::Unknown;
  bool strict = true, rising = true, falling = true;
  for (Sign each : {before, after, between}) {
    strict &= each == Sign::Positive || each == Sign::Negative;
    rising &= isNonNegative(each);
    falling &= isNonPositive(each);
  }
  if (rising && falling)
    return Sign::Zero;
  if (rising)
    return strict ? Sign::Positive : Sign::NonNegative;
  if (falling)
    return strict ? Sign::Negative : Sign::NonPositive;
  return Sign::Unknown;
}

Sign Algebra::sign(const Fraction &fraction, const Piece &piece) {
  if (fraction.isZero())
    return Sign::Zero;
  Sign below = sign(fraction.below, piece);
  if (below != Sign::Positive && below != Sign::Negative)
    return Sign::Unknown;
  return product(sign(fraction.above, piece), below);
}
