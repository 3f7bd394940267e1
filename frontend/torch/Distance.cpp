// One LibTorch expression for each instruction. Values with the axis of a set carry it last.
//
// A gradient that comes from the arm of an `if` that was not chosen is 0, even where that arm's
// derivative is not finite: what the arm reads is read through a gate, which lets gradients of the
// chosen elements through alone.
#include "frontend/torch/Distance.h"

#include "frontend/torch/Exception.h"

#include <torch/types.h>

#include <map>

namespace bregman {

using Op = TensorProgram::Op;
using Axis = TensorProgram::Axis;
using at::Tensor;

namespace {

class Interpreter {
public:
  Interpreter(const TensorProgram &program, std::span<const double> scalars, Tensor high,
              Tensor low)
      : program(program), scalars(scalars), high(std::move(high)), low(std::move(low)) {}

  Tensor run() { return value(int32_t(program.code.size()) - 1, Tensor()); }

private:
  /// The value of an instruction, gated by `chosen` (undefined: by nothing).
  const Tensor &value(int32_t index, const Tensor &chosen) {
    auto [place, isNew] = known.try_emplace({index, chosen.unsafeGetTensorImpl()});
    if (isNew)
      place->second = compute(program.code[index], chosen);
    return place->second;
  }

  Tensor compute(const TensorProgram::Instruction &code, const Tensor &chosen);
  Tensor select(const TensorProgram::Instruction &code, const Tensor &chosen);
  Tensor along(const TensorProgram::Instruction &code, const Tensor &chosen);
  Tensor among(const TensorProgram::Instruction &code, const Tensor &chosen);
  Tensor leaf(const Tensor &tensor, const Tensor &chosen);
  Tensor number(double value) { return at::scalar_tensor(value, high.options()); }

  const TensorProgram &program;
  std::span<const double> scalars;
  Tensor high, low;
  std::map<std::pair<int32_t, const void *>, Tensor> known;
  std::vector<Tensor> gates; ///< kept alive: `known` goes by their addresses
};

/// A staircase's value, without its argument's gradient.
Tensor flat(const Tensor &value) { return value.detach(); }

/// A half goes up; x + 0.5 would round the largest number below a half.
Tensor roundUp(const Tensor &x) {
  Tensor below = x.floor();
  return at::where((x - below).lt(0.5), below, x.ceil());
}

/// NaN stays, and 0 gets `atZero`.
Tensor signOf(const Tensor &x, double atZero) {
  return at::where(x.gt(0), 1.0, at::where(x.lt(0), -1.0, at::where(x.eq(0), atZero, x)));
}

Tensor condition(const Tensor &value) {
  return value.scalar_type() == at::kBool ? value : value.ne(0);
}

/// The derivative is 1 at the ends too, which LibTorch's own has been only up to 2.13.
Tensor clamped(const Tensor &x, const Tensor &low, const Tensor &high) {
  return at::where(x.ge(low).logical_and(x.le(high)), x, at::clamp(x, low, high));
}

/// Onto the simplex (Held, Wolfe & Crowder 1974): what is above one threshold, less the threshold.
Tensor sparsemax(const Tensor &x, int64_t axis) {
  Tensor sorted = std::get<0>(x.sort(axis, /*descending=*/true));
  std::vector<int64_t> shape(size_t(x.dim()), 1);
  shape[size_t(axis)] = x.size(axis);
  Tensor count = at::arange(1, x.size(axis) + 1, x.options()).reshape(shape);
  Tensor sums = sorted.cumsum(axis);
  Tensor kept = (1 + count * sorted).gt(sums).sum(axis, /*keepdim=*/true);
  Tensor threshold = (sums.gather(axis, kept - 1) - 1) / kept;
  Tensor above = x - threshold;
  return at::where(above.lt(0), at::zeros_like(above), above);
}

/// 1 at the largest, the last of those that are equal.
Tensor hardmax(const Tensor &x, int64_t axis) {
  Tensor last = x.size(axis) - 1 - x.flip({axis}).argmax(axis, /*keepdim=*/true);
  return at::zeros_like(x).scatter(axis, last, 1.0);
}

Tensor Interpreter::leaf(const Tensor &tensor, const Tensor &chosen) {
  if (!chosen.defined() || !tensor.requires_grad())
    return tensor;
  Tensor gated = tensor.view_as(tensor);
  gated.register_hook([chosen](const Tensor &gradient) {
    return at::where(chosen, gradient, at::zeros_like(gradient));
  });
  return gated;
}

/// Both arms, each through the gate of its elements. A condition of every class is no gate for what
/// stands behind a sum over the classes; the elements of an arm that are not chosen give such a sum
/// no gradient in the first place.
Tensor Interpreter::select(const TensorProgram::Instruction &code, const Tensor &chosen) {
  Tensor test = condition(value(code.operands[0], chosen));
  auto gate = [&](Tensor mine) {
    if (program.code[code.operands[0]].axis == Axis::Set)
      return chosen; // an axis that the branches do not have
    gates.push_back(chosen.defined() ? mine.logical_and(chosen) : std::move(mine));
    return gates.back();
  };
  Tensor yes = value(code.operands[1], gate(test));
  Tensor no = value(code.operands[2], gate(test.logical_not()));
  if (program.code[code.operands[0]].axis == Axis::None && code.axis == Axis::Set)
    test = test.unsqueeze(-1);
  return at::where(test, yes, no);
}

/// Softmaxes and reductions, along the operand's axis.
Tensor Interpreter::along(const TensorProgram::Instruction &code, const Tensor &chosen) {
  const TensorProgram::Instruction &source = program.code[code.operands[0]];
  // Every class has a part in the value of each.
  bool wide = chosen.defined() && chosen.dim() > 1 && chosen.size(1) > 1;
  const Tensor inner = wide && source.axis == Axis::Class ? Tensor() : chosen;
  Tensor x = value(code.operands[0], inner);
  int64_t axis = source.axis == Axis::Class ? 1 : x.dim() - 1;
  bool keep = source.axis == Axis::Class;
  switch (code.op) {
  case Op::Softmax:
    if (code.operands.size() > 1) // by the largest first, so that a large scale does no harm
      x = (x - x.amax(axis, true)) * value(code.operands[1], inner);
    return x.softmax(axis);
  case Op::Sparsemax:
    return sparsemax(x, axis);
  case Op::Hardmax:
    return flat(hardmax(x, axis));
  case Op::ReduceSum:
    return x.sum(axis, keep);
  case Op::ReduceMean:
    return x.mean(axis, keep);
  case Op::ReduceMin:
    return x.amin(axis, keep);
  case Op::ReduceMax:
    return x.amax(axis, keep);
  default:
    return x.std(axis, /*unbiased=*/true, keep);
  }
}

/// A value among levels, which may stand in any order.
Tensor Interpreter::among(const TensorProgram::Instruction &code, const Tensor &chosen) {
  Tensor e = value(code.operands[0], chosen).unsqueeze(-1);
  Tensor levels = std::get<0>(value(code.operands.back(), chosen).sort(-1));
  int64_t count = levels.size(-1);
  if (code.op == Op::SoftNearest) {
    Tensor steepness = value(code.operands[1], chosen).unsqueeze(-1);
    Tensor below = levels.narrow(-1, 0, count - 1), above = levels.narrow(-1, 1, count - 1);
    Tensor steps = (above - below) * (steepness * (e - (below + above) / 2)).sigmoid();
    return levels.select(-1, 0) + steps.sum(-1);
  }
  Tensor index = count - 1 - (e - levels).abs().flip({-1}).argmin(-1, /*keepdim=*/true);
  std::vector<int64_t> shape = index.sizes().vec();
  shape.back() = count;
  Tensor taken = levels.expand(shape).gather(-1, index).squeeze(-1);
  return at::where(e.squeeze(-1).isnan(), flat(e.squeeze(-1)), taken);
}

Tensor Interpreter::compute(const TensorProgram::Instruction &code, const Tensor &chosen) {
  auto operand = [&](size_t index) { return value(code.operands[index], chosen); };
  switch (code.op) {
  case Op::High:
    return leaf(high, chosen);
  case Op::Low:
    return leaf(low, chosen);
  case Op::Number:
    return code.constants.size() == 1 && code.axis != Axis::Set
               ? number(code.constants.front())
               : at::tensor(code.constants, at::kDouble).to(high.options());
  case Op::Scalar:
    return number(double(float(scalars[size_t(code.index)])));
  case Op::Set: {
    std::vector<Tensor> levels;
    for (size_t i = 0; i < code.operands.size(); ++i)
      levels.push_back(operand(i));
    return at::stack(at::broadcast_tensors(levels), -1);
  }
  case Op::Spread:
    return code.axis == Axis::Set && program.code[code.operands[0]].axis == Axis::None
               ? operand(0).unsqueeze(-1)
               : operand(0);
  case Op::Add:
    return operand(0) + operand(1);
  case Op::Sub:
    return operand(0) - operand(1);
  case Op::Mul:
    return operand(0) * operand(1);
  case Op::Div:
    return operand(0) / operand(1);
  case Op::Pow:
    return program.code[code.operands[1]].op == Op::Number &&
                   program.code[code.operands[1]].constants.size() == 1
               ? operand(0).pow(program.code[code.operands[1]].constants.front())
               : operand(0).pow(operand(1));
  case Op::Min:
    return at::minimum(operand(0), operand(1));
  case Op::Max:
    return at::maximum(operand(0), operand(1));
  case Op::Clamp:
    return clamped(operand(0), operand(1), operand(2));
  case Op::Neg:
    return operand(0).neg();
  case Op::Exp:
    return operand(0).exp();
  case Op::Log: {
    // The logarithm of a softmax is finite where the softmax itself rounds to 0.
    const TensorProgram::Instruction &source = program.code[code.operands[0]];
    if (source.op == Op::Softmax && source.operands.size() == 1) {
      bool wide = chosen.defined() && chosen.dim() > 1 && chosen.size(1) > 1;
      const Tensor &x =
          value(source.operands[0], wide && source.axis == Axis::Class ? Tensor() : chosen);
      return x.log_softmax(source.axis == Axis::Class ? 1 : -1);
    }
    return operand(0).log();
  }
  case Op::Log2:
    return operand(0).log2();
  case Op::Sqrt:
    return operand(0).sqrt();
  case Op::Tanh:
    return operand(0).tanh();
  case Op::Atanh:
    return operand(0).atanh();
  case Op::Sigmoid:
    return operand(0).sigmoid();
  case Op::Erf:
    return operand(0).erf();
  case Op::Atan:
    return operand(0).atan();
  case Op::Abs:
    return operand(0).abs();
  case Op::Floor:
    return flat(operand(0).floor());
  case Op::Ceil:
    return flat(operand(0).ceil());
  case Op::Round:
    return flat(roundUp(operand(0)));
  case Op::Sign:
    return flat(signOf(operand(0), 1));
  case Op::Sgn:
    return flat(signOf(operand(0), 0));
  case Op::Ste: {
    Tensor surrogate = operand(1);
    // Plus a 0 that has the surrogate's derivative, also where the surrogate is not finite.
    return operand(0).detach() + (surrogate - surrogate.detach()).nan_to_num(0, 0, 0);
  }
  case Op::Less:
    return operand(0).lt(operand(1));
  case Op::LessEqual:
    return operand(0).le(operand(1));
  case Op::Greater:
    return operand(0).gt(operand(1));
  case Op::GreaterEqual:
    return operand(0).ge(operand(1));
  case Op::Equal:
    return operand(0).eq(operand(1));
  case Op::NotEqual:
    return operand(0).ne(operand(1));
  case Op::And:
    return condition(operand(0)).logical_and(condition(operand(1)));
  case Op::Or:
    return condition(operand(0)).logical_or(condition(operand(1)));
  case Op::Xor:
    return condition(operand(0)).logical_xor(condition(operand(1)));
  case Op::Select:
    return select(code, chosen);
  case Op::Softmax:
  case Op::Sparsemax:
  case Op::Hardmax:
  case Op::ReduceSum:
  case Op::ReduceMean:
  case Op::ReduceMin:
  case Op::ReduceMax:
  case Op::ReduceStd:
    return along(code, chosen);
  case Op::Nearest:
  case Op::SoftNearest:
    return among(code, chosen);
  }
  raise(ErrorKind::Internal, "a constraint has an instruction that is not known");
}

} // namespace

static std::string shapeOf(const Tensor &tensor) {
  std::string text;
  for (int64_t size : tensor.sizes())
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "one number" : text;
}

Tensor evaluateDistance(const TensorProgram &program, std::span<const double> scalars,
                        const Tensor &high, const Tensor &low, const std::string &what) {
  if (high.sizes() != low.sizes())
    raise(ErrorKind::Usage, what + ": the float branch gives " + shapeOf(high) +
                                ", and the low one " + shapeOf(low) +
                                "; both must be of the same network on the same batch");
  if (high.dim() < 2)
    raise(ErrorKind::Usage, what + " gives " + shapeOf(high) +
                                ", and a constraint is on a batch: the first axis counts its "
                                "elements, the second is the class axis");
  return Interpreter(program, scalars, high, low).run().mean();
}

} // namespace bregman
