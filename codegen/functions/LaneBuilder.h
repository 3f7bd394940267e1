// The vocabulary in which the elementary functions are written: f32 arithmetic on 1, 8 or 16 lanes.
//
// Every operation here rounds the same on every target and at every width: IEEE add, sub, mul, div,
// fma; comparisons and selects; integer operations on the bits; a look-up in eight entries; a
// multiplication by a power of two with one rounding. A function written in these terms therefore
// has the same bits in a vector body, in its tail and in scalar code.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include <array>
#include <cstdint>
#include <limits>

namespace bregman {

/// Eight entries of a table, one per interval of a function.
using Table8 = std::array<float, 8>;

/// Makes each constant of an isolated region once, at the start of its entry block: no LLVM
/// middle-end pass runs that would merge them.
class ConstantPool {
public:
  explicit ConstantPool(mlir::Region &region) : entry(&region.front()) {}

  /// The pool of the region in which everything around `op` lives: the body of its function.
  static mlir::Region &regionOf(mlir::Operation *op);

  mlir::Value get(mlir::Location loc, mlir::TypedAttr value);

private:
  mlir::Block *entry;
  mlir::Operation *newest = nullptr;
  llvm::DenseMap<mlir::Attribute, mlir::Value> values;
};

class TablePool;

/// A number rounded to an integer by adding 1.5 * 2^23, in the two forms in which that is used.
struct Rounded {
  /// The sum; the low bits of its bits are the integer's.
  mlir::Value sum;
  /// The integer as f32.
  mlir::Value integer;
};

class LaneBuilder {
public:
  /// Emits at the insertion point of `builder`. `type` is f32, vector<8xf32> or vector<16xf32>.
  /// Scalars look up in `tables`, or without it by selects.
  LaneBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, ConstantPool &pool,
              TablePool *tables = nullptr);

  /// Whether functions can be emitted for values of this type.
  static bool supports(mlir::Type type);

  /// 1, 8 or 16.
  int lanes() const { return count; }

  mlir::Value constant(float value);
  mlir::Value bits(uint32_t value);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// a * b + c, rounded once.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign);
  mlir::Value sqrt(mlir::Value a);
  mlir::Value floor(mlir::Value a);
  /// c[0] + x (c[1] + x (c[2] + ...)) by Horner's rule in fma.
  mlir::Value horner(mlir::Value x, llvm::ArrayRef<float> coefficients);

  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b);
  /// Where both conditions hold.
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// The smaller of `bound` and a, the larger; a NaN in `a` passes. One instruction on x86.
  mlir::Value atMost(float bound, mlir::Value a);
  mlir::Value atLeast(float bound, mlir::Value a);

  mlir::Value toBits(mlir::Value a);
  mlir::Value fromBits(mlir::Value a);
  /// The f32 of a signed integer.
  mlir::Value toFloat(mlir::Value a);
  mlir::Value addBits(mlir::Value a, mlir::Value b);
  mlir::Value subBits(mlir::Value a, mlir::Value b);
  mlir::Value andBits(mlir::Value a, mlir::Value b);
  mlir::Value shiftLeft(mlir::Value a, int amount);
  /// Arithmetic shift to the right.
  mlir::Value shiftRight(mlir::Value a, int amount);

  /// The integer nearest to a * scale, ties to even; right while |a * scale| < 2^22.
  Rounded round(mlir::Value a, float scale);
  /// table[index & 7]: the low three bits of `index` count.
  mlir::Value lookUp(const Table8 &table, mlir::Value index);
  /// y * 2^floor(n / 2^fractionBits), rounded once; 2^-40 <= |y| <= 4, or y is 0 or NaN, and the
  /// exponent lies in [-160, 240].
  mlir::Value scaleByPower(mlir::Value y, const Rounded &n, int fractionBits);

private:
  mlir::Value intrinsic(llvm::StringRef name, mlir::ValueRange arguments);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  ConstantPool &pool;
  TablePool *tables;
  int count;
  mlir::Type floatType;
  mlir::Type intType;
};

} // namespace bregman
