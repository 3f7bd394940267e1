// LLVM's software floats do the rounding.
#include "frontend/NarrowFloat.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"

#include <cstring>

using namespace bregman;
using llvm::APFloat;

static const llvm::fltSemantics &semanticsOf(ElementType type) {
  switch (type) {
  case ElementType::BF16:
    return APFloat::BFloat();
  case ElementType::F16:
    return APFloat::IEEEhalf();
  case ElementType::F32:
    break;
  }
  return APFloat::IEEEsingle();
}

std::vector<std::byte> bregman::encode(const std::vector<float> &values, ElementType type) {
  size_t bytes = sizeOf(type);
  std::vector<std::byte> memory(values.size() * bytes);
  for (size_t i = 0; i < values.size(); ++i) {
    APFloat value(values[i]);
    bool inexact;
    value.convert(semanticsOf(type), APFloat::rmNearestTiesToEven, &inexact);
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    std::memcpy(memory.data() + i * bytes, &bits, bytes);
  }
  return memory;
}

std::vector<float> bregman::decode(const std::vector<std::byte> &memory, ElementType type) {
  size_t bytes = sizeOf(type);
  std::vector<float> values(memory.size() / bytes);
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, memory.data() + i * bytes, bytes);
    APFloat value(semanticsOf(type), llvm::APInt(8 * bytes, bits));
    bool inexact;
    value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &inexact);
    values[i] = value.convertToFloat();
  }
  return values;
}
