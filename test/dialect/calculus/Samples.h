// The functions of the language with arguments from where they are smooth.
#pragma once

#include "Function.h"

#include <random>

namespace bregman::test {

struct Sample {
  const char *name;
  std::vector<llvm::StringRef> types;
  const char *op;
  double low = -3, high = 3; ///< where arguments are drawn from
};

inline const Sample smooth[] = {
    {"add", {"f32", "f32"}, "arith.addf %a, %b : f32"},
    {"sub", {"f32", "f32"}, "arith.subf %a, %b : f32"},
    {"subSelf", {"f32"}, "arith.subf %a, %a : f32"},
    {"mul", {"f64", "f64"}, "arith.mulf %a, %b : f64"},
    {"mulLevels", {"vector<3xf32>", "vector<3xf32>"}, "arith.mulf %a, %b : vector<3xf32>"},
    {"square", {"f32"}, "arith.mulf %a, %a : f32"},
    {"div", {"f32", "f32"}, "arith.divf %a, %b : f32", 0.4, 3},
    {"divNegative", {"f32", "f32"}, "arith.divf %a, %b : f32", -3, -0.4},
    {"neg", {"f32"}, "arith.negf %a : f32"},
    {"min", {"f32", "f32"}, "arith.minimumf %a, %b : f32"},
    {"max", {"f32", "f32"}, "arith.maximumf %a, %b : f32"},
    {"ext", {"f32"}, "arith.extf %a : f32 to f64"},
    {"exp", {"f32"}, "math.exp %a : f32"},
    {"log", {"f32"}, "math.log %a : f32", 0.1, 5},
    {"log2", {"f32"}, "math.log2 %a : f32", 0.1, 5},
    {"sqrt", {"f32"}, "math.sqrt %a : f32", 0.1, 5},
    {"tanh", {"vector<2xf32>"}, "math.tanh %a : vector<2xf32>"},
    {"atanh", {"f32"}, "math.atanh %a : f32", -0.95, 0.95},
    {"erf", {"f32"}, "math.erf %a : f32"},
    {"atan", {"f32"}, "math.atan %a : f32"},
    {"abs", {"f32"}, "math.absf %a : f32"},
    {"pow", {"f32", "f32"}, "math.powf %a, %b : f32", 0.2, 3},
    {"fma", {"f32", "f32", "f32"}, "math.fma %a, %b, %c : f32"},
    {"copysign", {"f32", "f32"}, "math.copysign %a, %b : f32"},
    {"sigmoid", {"f64"}, "bregman.sigmoid %a : f64"},
    {"clamp", {"f32", "f32", "f32"}, "bregman.clamp %a, %b, %c : f32"},
    {"select", {"i1", "f32", "f32"}, "arith.select %a, %b, %c : f32"},
    {"selectLevels",
     {"vector<2xi1>", "vector<2xf32>", "vector<2xf32>"},
     "arith.select %a, %b, %c : vector<2xi1>, vector<2xf32>"},
    {"broadcast", {"f32"}, "vector.broadcast %a : f32 to vector<3xf32>"},
    {"elements", {"f32", "f32"}, "vector.from_elements %a, %b : vector<2xf32>"},
    {"extract", {"vector<3xf32>"}, "vector.extract %a[1] : f32 from vector<3xf32>"},
    {"sum", {"vector<3xf32>"}, "bregman.reduce sum %a : vector<3xf32>"},
    {"mean", {"vector<3xf32>"}, "bregman.reduce mean %a : vector<3xf32>"},
    {"minOf", {"vector<3xf32>"}, "bregman.reduce min %a : vector<3xf32>"},
    {"maxOf", {"vector<3xf32>"}, "bregman.reduce max %a : vector<3xf32>"},
    {"std", {"vector<4xf32>"}, "bregman.reduce std %a : vector<4xf32>"},
    {"softmax", {"vector<3xf32>"}, "bregman.softmax %a : vector<3xf32>"},
    {"softmaxScaled", {"vector<3xf32>", "f32"}, "bregman.softmax %a scale %b : vector<3xf32>"},
    {"sparsemax", {"vector<4xf32>"}, "bregman.sparsemax %a : vector<4xf32>", -0.6, 0.6},
    {"softNearest",
     {"f32", "f32", "vector<4xf32>"},
     "bregman.soft_nearest %a, %b, %c : vector<4xf32>"},
};

inline const Sample staircases[] = {
    {"floor", {"f32"}, "math.floor %a : f32"},
    {"ceil", {"f64"}, "math.ceil %a : f64"},
    {"round", {"f32"}, "bregman.round %a : f32"},
    {"sign", {"vector<2xf32>"}, "bregman.sign %a : vector<2xf32>"},
    {"sgn", {"f32"}, "bregman.sgn %a : f32"},
    {"nearest", {"f32", "vector<3xf32>"}, "bregman.nearest %a, %b : vector<3xf32>"},
    {"lower", {"f32", "vector<3xf32>"}, "bregman.lower %a, %b : vector<3xf32>"},
    {"upper", {"f32", "vector<3xf32>"}, "bregman.upper %a, %b : vector<3xf32>"},
    {"hardmax", {"vector<3xf32>"}, "bregman.hardmax %a : vector<3xf32>"},
    {"less", {"f32", "f32"}, "arith.cmpf olt, %a, %b : f32"},
};

inline const Sample logic[] = {
    {"and", {"i1", "i1"}, "arith.andi %a, %b : i1"},
    {"or", {"i1", "i1"}, "arith.ori %a, %b : i1"},
    {"not", {"i1", "i1"}, "arith.xori %a, %b : i1"},
};

inline void PrintTo(const Sample &sample, std::ostream *out) { *out << sample.op; }

/// Arguments of a function: numbers from [low, high], conditions 0 or 1.
inline Point draw(Function &function, const Sample &sample, std::mt19937 &random) {
  Point point;
  for (auto [type, size] : llvm::zip(sample.types, function.sizes()))
    for (size_t i = 0; i < size; ++i) {
      bool condition = type.ends_with("i1") || type.ends_with("i1>");
      point.push_back(condition
                          ? double(random() & 1)
                          : std::uniform_real_distribution<>(sample.low, sample.high)(random));
    }
  return point;
}

} // namespace bregman::test
