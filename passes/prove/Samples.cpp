// Where counterexamples are looked for.
#include "passes/prove/Course.h"
#include "passes/prove/Describe.h"
#include "passes/prove/Prover.h"

#include <cmath>

using namespace mlir;
using namespace bregman;
using namespace bregman::prove;

std::vector<std::vector<double>> prove::samples(const Scratch &scratch, ArrayRef<double> levels) {
  std::vector<double> simple{0}, more, all;
  for (double x = 0.25; x <= 2; x += 0.25)
    simple.insert(simple.end(), {x, -x});
  for (size_t i = 0; i < levels.size(); ++i) {
    simple.push_back(levels[i]);
    if (i)
      simple.push_back((levels[i - 1] + levels[i]) / 2);
  }
  // Constants of the clause are where it may bend.
  for (Operation &op : const_cast<Scratch &>(scratch).block())
    if (isa<arith::ConstantOp>(op) && !isa<VectorType>(op.getResult(0).getType()))
      if (auto number = scratch.number(op.getResult(0))) {
        more.insert(more.end(), {*number, -*number});
        for (int k = 5; k <= 20; ++k) // a dent may be narrow
          for (double away : {std::ldexp(1.0, -k), -std::ldexp(1.0, -k)})
            all.insert(all.end(), {*number + away, -*number + away});
      }
  for (double x = 0.0625; x <= 8; x += 0.0625)
    more.insert(more.end(), {x, -x});
  for (int k = 4; k <= 12; ++k)
    more.insert(more.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  more.insert(more.end(), simple.begin(), simple.end());
  for (double x : more)
    all.insert(all.end(),
               {x, std::nextafterf(float(x), -INFINITY), std::nextafterf(float(x), INFINITY)});
  for (int k = -24; k <= 64; k += 4)
    all.insert(all.end(), {std::ldexp(1.0, k), -std::ldexp(1.0, k)});
  for (double x = 8; x < 65536; x *= 1.125)
    all.insert(all.end(), {x, -x});
  std::vector<std::vector<double>> tiers{simple, more, all};
  for (std::vector<double> &tier : tiers) {
    for (double &x : tier)
      x = float(x);
    llvm::erase_if(tier, [](double x) { return !std::isfinite(x); });
    llvm::sort(tier);
    tier.erase(std::unique(tier.begin(), tier.end()), tier.end());
  }
  return tiers;
}

/// Parameters and counters that a host number of a clause follows from.
static void collectSources(Value value, llvm::SmallSetVector<Value, 4> &sources) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return;
  if (isa<ParamOp, CounterOp>(op))
    sources.insert(value);
  else if (auto schedule = dyn_cast<ScheduleOp>(op))
    schedule.getBody().walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (operand.getDefiningOp() && operand.getParentRegion() != &schedule.getBody())
          collectSources(operand, sources);
    });
}

/// Where host numbers of a clause follow from the same counters or parameters they are not free of
/// each other: settings that some step of some run has.
static std::vector<Point> jointSettings(const Scratch &scratch) {
  llvm::SmallSetVector<Value, 4> sources;
  bool areJoint = false;
  for (const Leaf &leaf : scratch.leaves()) {
    llvm::SmallSetVector<Value, 4> own;
    if (leaf.kind == Leaf::Kind::Schedule || leaf.kind == Leaf::Kind::Counter ||
        leaf.kind == Leaf::Kind::Parameter)
      collectSources(leaf.source, own);
    for (Value source : own)
      areJoint |= !sources.insert(source);
  }
  std::vector<Point> all;
  if (!areJoint)
    return all;
  auto give = [&](const Instant &instant, Value moved, double to) {
    Point point = scratch.now(0);
    auto valueOf = [&](const Leaf &source) {
      auto counter = source.source.getDefiningOp<CounterOp>();
      return source.source == moved ? to
             : counter              ? instant.at(counter.getKind(), source.inForce)
                                    : source.inForce;
    };
    for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point)) {
      if (leaf.kind == Leaf::Kind::Counter || leaf.kind == Leaf::Kind::Parameter)
        numbers = {valueOf(leaf)};
      auto schedule = leaf.source.getDefiningOp<ScheduleOp>();
      if (!schedule)
        continue;
      Scratch host(schedule->getParentOfType<QuantizerOp>());
      Value root = host.add(schedule.getBody());
      Point of = host.now(0);
      for (auto [inner, number] : llvm::zip(host.leaves(), of))
        number = {valueOf(inner)};
      numbers = {host.evaluate(root, of)};
    }
    all.push_back(point);
  };
  for (const Instant &instant : instants().take_front(plainInstants)) {
    give(instant, {}, 0);
    for (Value source : sources)
      if (auto param = source.getDefiningOp<ParamOp>(); param && param.getLow())
        for (double end : {param.getLow()->convertToDouble(), param.getHigh()->convertToDouble()})
          if (std::isfinite(end))
            give(instant, source, end);
  }
  return all;
}

/// Several parameters at their ends at once.
static void addCorners(const Scratch &scratch, std::vector<Point> &all) {
  std::vector<size_t> moving;
  for (auto [i, leaf] : llvm::enumerate(scratch.leaves()))
    if (leaf.kind == Leaf::Kind::Parameter && !leaf.range.isPoint() &&
        std::isfinite(leaf.range.lo) && std::isfinite(leaf.range.hi))
      moving.push_back(i);
  if (moving.size() < 2 || moving.size() > 3)
    return;
  for (size_t corner = 0; corner < size_t(1) << moving.size(); ++corner) {
    Point point = all.front();
    for (auto [bit, i] : llvm::enumerate(moving)) {
      Interval range = scratch.leaves()[i].range;
      point[i] = {corner >> bit & 1 ? range.hi : range.lo};
    }
    all.push_back(point);
  }
}

std::vector<Point> prove::settings(const Scratch &scratch) {
  Point now = scratch.now(0);
  std::vector<Point> all{now};
  std::vector<Point> joint = jointSettings(scratch);
  bool areJoint = !joint.empty();
  // A decay comes near 0, but not there, though double precision does.
  llvm::erase_if(joint, [&](const Point &point) {
    return llvm::any_of(llvm::zip(scratch.leaves(), point), [](const auto &entry) {
      const auto &[leaf, numbers] = entry;
      return leaf.isPositive && llvm::is_contained(numbers, 0.0);
    });
  });
  all.insert(all.end(), joint.begin(), joint.end());
  for (auto [i, leaf] : llvm::enumerate(scratch.leaves())) {
    bool isJoint =
        areJoint && (leaf.kind == Leaf::Kind::Schedule || leaf.kind == Leaf::Kind::Counter ||
                     leaf.kind == Leaf::Kind::Parameter);
    if (leaf.kind == Leaf::Kind::Latent || leaf.range.isPoint() || isJoint)
      continue;
    std::vector<double> values;
    if (leaf.kind == Leaf::Kind::Shared) { // what some weights give, whatever this one is
      for (double value : {2.0, 0.5, -2.0})
        if (leaf.range.contains(value))
          values.push_back(value);
    } else
      for (double value : {leaf.range.lo, leaf.range.hi}) {
        if (value == 0 && leaf.isPositive) // a decay comes near 0, but not there
          value = 0x1p-20;
        values.push_back(std::isinf(value) ? std::copysign(16.0, value) : value);
      }
    if (leaf.range.contains(0) && !leaf.isPositive && leaf.kind != Leaf::Kind::Shared)
      values.push_back(0);
    if (leaf.range.lo > 0 && std::isfinite(leaf.range.hi))
      values.push_back(std::sqrt(leaf.range.lo) * std::sqrt(leaf.range.hi));
    if (leaf.range.contains(2))
      values.push_back(2);
    // What lies within the bounds of a schedule need not be a value of it.
    for (double &value : values)
      value = std::clamp(value, leaf.taken.lo, leaf.taken.hi);
    for (double value : values) {
      Point setting = now;
      llvm::fill(setting[i], value);
      all.push_back(setting);
    }
  }
  if (!areJoint)
    addCorners(scratch, all);
  return all;
}

void prove::setLatent(const Scratch &scratch, Point &point, double x) {
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point))
    if (leaf.kind == Leaf::Kind::Latent)
      llvm::fill(numbers, x);
}

Box prove::boxOf(const Point &point) {
  Box box;
  for (const Numbers &numbers : point)
    box.push_back(Interval::point(numbers[0]));
  return box;
}

std::string prove::describeSetting(const Scratch &scratch, const Point &point) {
  std::string text;
  for (auto [leaf, numbers] : llvm::zip(scratch.leaves(), point)) {
    if (leaf.kind == Leaf::Kind::Latent ||
        (leaf.range.isPoint() && leaf.kind == Leaf::Kind::Parameter))
      continue;
    text += (text.empty() ? " at " : ", ") + leaf.name + " = " + describe(numbers[0]);
  }
  return text;
}

Numbers prove::levelsAt(const Scratch &scratch, Value levels, const Point &point) {
  return scratch.evaluate(point).lookup(levels);
}
