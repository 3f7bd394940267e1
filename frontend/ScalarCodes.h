// The operations on single numbers that host programs and constraints name alike.
#pragma once

#include "dialect/BregmanDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <optional>

namespace bregman {

/// `op` as one of `Code`, HostProgram::Op or TensorProgram::Op; nothing where it takes more than
/// one of them, or is of one kind of program only.
template <typename Code> std::optional<Code> scalarCodeOf(mlir::Operation &op) {
  using namespace mlir;
  return llvm::TypeSwitch<Operation *, std::optional<Code>>(&op)
      .Case([](arith::AddFOp) { return Code::Add; })
      .Case([](arith::SubFOp) { return Code::Sub; })
      .Case([](arith::MulFOp) { return Code::Mul; })
      .Case([](arith::DivFOp) { return Code::Div; })
      .Case([](arith::NegFOp) { return Code::Neg; })
      .Case([](arith::MinimumFOp) { return Code::Min; })
      .Case([](arith::MaximumFOp) { return Code::Max; })
      .Case([](arith::AndIOp) { return Code::And; })
      .Case([](arith::OrIOp) { return Code::Or; })
      .Case([](math::PowFOp) { return Code::Pow; })
      .Case([](math::ExpOp) { return Code::Exp; })
      .Case([](math::LogOp) { return Code::Log; })
      .Case([](math::Log2Op) { return Code::Log2; })
      .Case([](math::SqrtOp) { return Code::Sqrt; })
      .Case([](math::TanhOp) { return Code::Tanh; })
      .Case([](math::AtanhOp) { return Code::Atanh; })
      .Case([](math::ErfOp) { return Code::Erf; })
      .Case([](math::AtanOp) { return Code::Atan; })
      .Case([](math::AbsFOp) { return Code::Abs; })
      .Case([](math::FloorOp) { return Code::Floor; })
      .Case([](math::CeilOp) { return Code::Ceil; })
      .Case([](SigmoidOp) { return Code::Sigmoid; })
      .Case([](RoundOp) { return Code::Round; })
      .Case([](SignOp) { return Code::Sign; })
      .Case([](SgnOp) { return Code::Sgn; })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace bregman
