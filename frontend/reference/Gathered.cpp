// What has to be done to x for P to stay as it is when a number of the host grows: told by how the
// parts of a sum, a comparison or a function grow with both.
#include "frontend/reference/Gathered.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace bregman;
using namespace bregman::reference;

bool reference::moves(mlir::Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (auto counter = dyn_cast<CounterOp>(op))
    return counter.getKind() == Counter::Step || counter.getKind() == Counter::Epoch;
  if (auto schedule = dyn_cast<ScheduleOp>(op))
    return moves(yieldOf(schedule.getBody()).getValues().front());
  return isa<StateOp>(op) || llvm::any_of(op->getOperands(), moves);
}

namespace {

/// How a value grows: with each number of the host, and with x. Nothing at all is known of a zero.
struct Growth {
  std::map<unsigned, double> withHost;
  double withLatent = 0;
  bool isZero = false;

  void add(const Growth &other, double times) {
    for (auto [number, power] : other.withHost)
      withHost[number] += times * power;
    withLatent += times * other.withLatent;
    isZero |= other.isZero;
  }
  bool sameWithHost(const Growth &other) const {
    Growth difference = *this;
    difference.add(other, -1);
    return llvm::all_of(difference.withHost,
                        [](const auto &entry) { return std::fabs(entry.second) < 1e-9; });
  }
};

class Gathering {
public:
  Gathering(ProjectOp project, mlir::Value latent, const Environment &inside)
      : project(project), latent(latent), inside(inside) {}

  double scale();

private:
  Growth of(mlir::Value value);
  Growth ofParts(Operation *op, bool isHost);
  Growth ofWhole(mlir::Value number);
  bool isSchedulesOnly(const Growth &growth) const;
  bool dependsOnLatent(mlir::Value value) const;
  void meet(const Growth &a, const Growth &b);

  ProjectOp project;
  mlir::Value latent;
  const Environment &inside;
  std::vector<mlir::Value> numbers;
  std::optional<Growth> difference; ///< of the first two that meet and grow apart with x
};

} // namespace

static bool isAlike(mlir::Value a, mlir::Value b) {
  Operation *one = a.getDefiningOp(), *other = b.getDefiningOp();
  auto alike = [](mlir::Value a, mlir::Value b) { return success(isAlike(a, b)); };
  return a == b || (one && other && one->getNumRegions() == 0 &&
                    OperationEquivalence::isEquivalentTo(one, other, alike, nullptr,
                                                         OperationEquivalence::IgnoreLocations));
}

Growth Gathering::ofWhole(mlir::Value number) {
  auto found = llvm::find_if(numbers, [&](mlir::Value known) { return isAlike(known, number); });
  unsigned index = found - numbers.begin();
  if (found == numbers.end())
    numbers.push_back(number);
  Growth growth;
  growth.withHost[index] = 1;
  return growth;
}

bool Gathering::isSchedulesOnly(const Growth &growth) const {
  return llvm::all_of(growth.withHost, [&](const auto &entry) {
    return entry.second == 0 || isa<ScheduleOp>(numbers[entry.first].getDefiningOp());
  });
}

bool Gathering::dependsOnLatent(mlir::Value value) const {
  Operation *op = value.getDefiningOp();
  return value == latent || (op && llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
                               return dependsOnLatent(operand);
                             }));
}

/// Where two are added or compared, both have to grow alike.
void Gathering::meet(const Growth &a, const Growth &b) {
  if (a.isZero || b.isZero || difference || a.withLatent == b.withLatent)
    return;
  difference = a;
  difference->add(b, -1);
}

Growth Gathering::ofParts(Operation *op, bool isHost) {
  auto power = [&]() -> std::optional<double> {
    if (isa<math::SqrtOp>(op))
      return 0.5;
    mlir::Value exponent = isa<math::PowFOp>(op) ? op->getOperand(1) : mlir::Value();
    if (auto truncate = exponent ? exponent.getDefiningOp<arith::TruncFOp>() : nullptr)
      exponent = truncate.getIn();
    // Where x is in it, P would not be homogeneous.
    const Tensor *known = exponent ? inside.find(exponent) : nullptr;
    if (!known || moves(exponent) || dependsOnLatent(exponent))
      return std::nullopt;
    // A quotient that was rounded to f32 is itself.
    double number = known->at(0).value;
    for (int below = 1; below < 100; ++below)
      if (double above = std::round(number * below); float(above / below) == float(number))
        return above / below;
    return number;
  }();
  Growth growth;
  if (isa<arith::MulFOp, arith::DivFOp>(op)) {
    growth.add(of(op->getOperand(0)), 1);
    growth.add(of(op->getOperand(1)), isa<arith::DivFOp>(op) ? -1 : 1);
  } else if (power) {
    growth.add(of(op->getOperand(0)), *power);
  } else if (isa<arith::TruncFOp, arith::ExtFOp, arith::NegFOp, math::AbsFOp, vector::BroadcastOp>(
                 op)) {
    return of(op->getOperand(0));
  } else if (isa<SignOp, SgnOp>(op)) {
    of(op->getOperand(0));
  } else if (auto soft = dyn_cast<SoftNearestOp>(op)) { // of two levels, about 0
    Growth argument = of(soft.getOperand());
    argument.add(of(soft.getSteepness()), 1);
    meet(argument, Growth());
  } else {
    bool isChoice = isa<arith::SelectOp>(op);
    bool keeps = isChoice || isa<arith::AddFOp, arith::SubFOp, arith::MinimumFOp, arith::MaximumFOp,
                                 ClampOp, SteOp, NearestOp, LowerOp, UpperOp>(op);
    std::vector<Growth> parts;
    for (mlir::Value operand : op->getOperands())
      parts.push_back(of(operand));
    if (isHost) { // alike, or as a whole
      bool alike = keeps && !isChoice;
      for (const Growth &part : parts)
        alike &= part.isZero || parts.front().isZero || part.sameWithHost(parts.front());
      if (!alike)
        return ofWhole(op->getResult(0));
      return parts.front().isZero ? parts.back() : parts.front();
    }
    for (size_t i = isChoice ? 2 : 1; i < parts.size(); ++i)
      meet(parts[isChoice ? 1 : 0], parts[i]);
    for (const Growth &part : parts)
      if (!keeps && !isa<arith::CmpFOp>(op))
        meet(part, Growth());
    if (keeps)
      for (const Growth &part : llvm::drop_begin(parts, isChoice ? 1 : 0))
        if (!part.isZero)
          return part;
  }
  return growth;
}

Growth Gathering::of(mlir::Value value) {
  Growth growth;
  Operation *op = value.getDefiningOp();
  bool isHost = value.getType().isF64();
  growth.isZero = matchPattern(value, m_AnyZeroFloat()) || matchPattern(value, m_NegZeroFloat());
  if (value == latent) {
    growth.withLatent = 1;
  } else if (isHost && !moves(value)) {
    return growth;
  } else if (auto schedule = dyn_cast_or_null<ScheduleOp>(op)) {
    growth = of(yieldOf(schedule.getBody()).getValues().front());
    return isSchedulesOnly(growth) ? growth : ofWhole(value);
  } else if (op && isHost && isa<CounterOp, StateOp>(op)) {
    return ofWhole(value);
  } else if (op && (isHost || op->getParentOp() == project) && op->getNumOperands()) {
    return ofParts(op, isHost);
  }
  return growth;
}

/// With x = z / c and c a product of powers, both sides of `difference` are the same when c's power
/// makes up for the host's.
double Gathering::scale() {
  meet(of(yieldOf(project.getBody()).getValues().front()), Growth());
  double scale = 1;
  if (difference)
    for (auto [index, power] : difference->withHost)
      scale *= std::pow(inside.at(numbers[index]).at(0).value, power / difference->withLatent);
  return scale;
}

double reference::gatheredScale(ProjectOp project, mlir::Value latent, const Environment &inside) {
  return Gathering(project, latent, inside).scale();
}
