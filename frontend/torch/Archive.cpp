// A group in LibTorch's archives: what a run needs to go on to the same bits.
//
// Keys are indices, never names: LibTorch's archives give dots a meaning of their own.
#include "frontend/torch/ActivationLine.h"
#include "frontend/torch/ParameterGroup.h"

#include <ATen/core/Tensor.h>
#include <torch/serialize/archive.h>

#include <algorithm>

namespace bregman {

using torch::serialize::InputArchive;
using torch::serialize::OutputArchive;

namespace {

/// Of what an archive holds.
constexpr int64_t version = 2;

/// Reads `key` or says that the archive is not one of this optimizer's.
c10::IValue read(InputArchive &archive, const std::string &key) {
  c10::IValue value;
  if (!archive.try_read(key, value))
    raise(ErrorKind::Input, "the archive has no '" + key +
                                "': it was not written by this version of bregman::Optimizer");
  return value;
}

InputArchive readArchive(InputArchive &archive, const std::string &key) {
  InputArchive nested;
  if (!archive.try_read(key, nested))
    raise(ErrorKind::Input, "the archive has no '" + key +
                                "': it was not written by this version of bregman::Optimizer");
  return nested;
}

void expect(const std::string &what, const std::string &saved, const std::string &present) {
  if (saved != present)
    raise(ErrorKind::Input, "the archive does not fit: " + what + " is " + present + ", and was " +
                                saved +
                                " when it was saved; make the optimizer from the same plan and "
                                "module");
}

void expect(const std::string &what, int64_t saved, int64_t present) {
  expect(what, std::to_string(saved), std::to_string(present));
}

std::string key(const char *what, size_t index) { return what + std::to_string(index); }

} // namespace

static void saveSlot(OutputArchive &archive, const Slot &slot) {
  archive.write("name", c10::IValue(slot.parameter.name));
  archive.write("size", c10::IValue(slot.parameter.tensor.numel()));
  // From the host, so that they can be read where the device is not.
  for (size_t i = 0; i < slot.stored.size(); ++i)
    archive.write(key("stored", i), slot.stored[i].to(at::kCPU), /*is_buffer=*/true);
}

/// The saved tensors, which fit.
static std::vector<at::Tensor> loadSlot(InputArchive &archive, const Slot &slot,
                                        const Method &method) {
  const std::string &name = slot.parameter.name;
  expect("the parameter", read(archive, "name").toStringRef(), name);
  expect("the size of " + name, read(archive, "size").toInt(), slot.parameter.tensor.numel());
  std::vector<at::Tensor> all(slot.stored.size());
  for (size_t i = 0; i < all.size(); ++i)
    if (!archive.try_read(key("stored", i), all[i], /*is_buffer=*/true) ||
        all[i].sizes() != slot.stored[i].sizes())
      raise(ErrorKind::Input, "the archive does not fit: it has no '" + method.stored[i].name +
                                  "' of the right size for parameter " + name);
  return all;
}

static std::string describe(const std::vector<LearnedLine> &learned) {
  std::string text;
  for (const LearnedLine &own : learned)
    text += (text.empty() ? "" : ", ") + own.value + " by " +
            (own.line.optimizer.empty() ? "none" : own.line.optimizer);
  return text.empty() ? "that of their tensors" : text;
}

static std::string kindOf(bool constrained) {
  return constrained ? "by two branches" : "by one network";
}

/// A kind's slots in the order of the group's parameters.
template <typename Kind> static auto slotsOf(const Kind &kind) {
  std::vector<decltype(&kind.front()->slots.front())> slots;
  for (auto *bucket : kind)
    for (auto &slot : bucket->slots)
      slots.push_back(&slot);
  std::sort(slots.begin(), slots.end(), [](auto *a, auto *b) { return a->place < b->place; });
  return slots;
}

void ParameterGroup::save(OutputArchive &archive) const {
  std::vector<std::vector<const Bucket *>> all = kinds();
  archive.write("buckets", c10::IValue(int64_t(all.size())));
  for (size_t k = 0; k < all.size(); ++k) {
    // Those of one kind have the same clock.
    const Bucket &bucket = *all[k].front();
    const Method &method = bucket.stepper.method();
    OutputArchive to(archive.compilation_unit());
    to.write("quantizer", c10::IValue(method.quantizer));
    to.write("optimizer", c10::IValue(method.optimizer));
    to.write("learned", c10::IValue(describe(bucket.learned)));
    to.write("constrained", c10::IValue(method.constrained));
    to.write("element", c10::IValue(int64_t(bucket.element)));
    to.write("step", c10::IValue(bucket.stepper.step()));
    to.write("t", c10::IValue(bucket.stepper.t()));
    to.write("frozen", c10::IValue(bucket.stepper.frozen()));
    to.write("states", c10::IValue(bucket.stepper.hostStates()));
    to.write("seed", c10::IValue(int64_t(bucket.stepper.seed())));
    for (size_t i = 0; i < method.parameters.size(); ++i)
      to.write(key("argument", i), c10::IValue(bucket.stepper.get(method.parameters[i].name)));
    std::vector<const Slot *> slots = slotsOf(all[k]);
    to.write("slots", c10::IValue(int64_t(slots.size())));
    for (size_t i = 0; i < slots.size(); ++i) {
      OutputArchive slot(archive.compilation_unit());
      saveSlot(slot, *slots[i]);
      to.write(key("slot", i), slot);
    }
    archive.write(key("bucket", k), to);
  }
}

namespace {

/// What an archive says of the buckets of one kind.
struct Saved {
  std::vector<std::vector<at::Tensor>> stored; ///< per slot
  std::vector<double> arguments, states;
  int64_t step;
  std::vector<int64_t> t; ///< of each optimizer
  bool frozen;
  uint64_t seed;
};

} // namespace

std::function<void()> ParameterGroup::load(InputArchive &archive) {
  std::vector<std::vector<Bucket *>> all = kinds();
  expect("the number of kinds of parameters", read(archive, "buckets").toInt(),
         int64_t(all.size()));
  std::vector<Saved> saved;
  for (size_t k = 0; k < all.size(); ++k) {
    const Method &method = all[k].front()->stepper.method();
    InputArchive from = readArchive(archive, key("bucket", k));
    expect("the quantizer", read(from, "quantizer").toStringRef(), method.quantizer);
    expect("the base optimizer", read(from, "optimizer").toStringRef(), method.optimizer);
    expect("the optimizers of the learned values", read(from, "learned").toStringRef(),
           describe(all[k].front()->learned));
    expect("the training of " + method.quantizer, kindOf(read(from, "constrained").toBool()),
           kindOf(method.constrained));
    expect("the element type", read(from, "element").toInt(), int64_t(all[k].front()->element));
    Saved &one = saved.emplace_back();
    std::vector<Slot *> slots = slotsOf(all[k]);
    expect("the number of parameters", read(from, "slots").toInt(), int64_t(slots.size()));
    for (size_t i = 0; i < slots.size(); ++i) {
      InputArchive slot = readArchive(from, key("slot", i));
      one.stored.push_back(loadSlot(slot, *slots[i], method));
    }
    one.states = read(from, "states").toDoubleVector();
    expect("the number of states of the run", int64_t(one.states.size()),
           int64_t(method.hostStates.size()));
    for (size_t i = 0; i < method.parameters.size(); ++i) {
      one.arguments.push_back(read(from, key("argument", i)).toDouble());
      if (Status bad = method.parameters[i].check(one.arguments.back(), method.quantizer))
        raise(ErrorKind::Input, "the archive does not fit: " + bad->message);
    }
    one.step = read(from, "step").toInt();
    one.t = read(from, "t").toIntVector();
    expect("the number of optimizers", int64_t(one.t.size()), int64_t(method.optimizers().size()));
    one.frozen = read(from, "frozen").toBool();
    one.seed = uint64_t(read(from, "seed").toInt());
  }
  return [this, saved = std::move(saved)] {
    std::vector<std::vector<Bucket *>> kinds = this->kinds();
    for (size_t k = 0; k < kinds.size(); ++k) {
      std::vector<Slot *> slots = slotsOf(kinds[k]);
      for (size_t i = 0; i < slots.size(); ++i)
        for (size_t s = 0; s < slots[i]->stored.size(); ++s)
          slots[i]->stored[s].copy_(saved[k].stored[i][s]);
      for (Bucket *bucket : kinds[k]) {
        const std::vector<ParameterInfo> &parameters = bucket->stepper.method().parameters;
        for (size_t i = 0; i < parameters.size(); ++i)
          unwrap(bucket->stepper.set(parameters[i].name, saved[k].arguments[i]));
        bucket->stepper.restore(saved[k].step, saved[k].t, saved[k].frozen, saved[k].states);
        bucket->progress = Bucket::Waits;
        bucket->stepper.setSeed(saved[k].seed);
        publish(*bucket);
      }
    }
    if (hasLearningRate && !buckets.empty())
      told = buckets.front().stepper.get("optimizer.lr");
  };
}

void Optimizer::save(OutputArchive &archive) const {
  refuseHalfLoaded();
  if (isBetweenSteps())
    raise(ErrorKind::Usage, "a step has failed when it had moved some of the parameters, so that "
                            "the optimizer is between two steps; call step() first, which moves "
                            "the rest, or go on from the last checkpoint");
  archive.write("bregman", c10::IValue(version));
  archive.write("groups", c10::IValue(int64_t(groups.size())));
  archive.write("step", c10::IValue(clock->step));
  archive.write("seed", c10::IValue(int64_t(groups.empty() ? 0 : groups.front()->seed())));
  for (size_t i = 0; i < groups.size(); ++i) {
    OutputArchive group(archive.compilation_unit());
    groups[i]->save(group);
    OutputArchive options(archive.compilation_unit());
    param_groups_[i].options().serialize(options);
    group.write("options", options);
    archive.write(key("group", i), group);
  }
}

void Optimizer::load(InputArchive &archive) {
  expect("the version of the archive", read(archive, "bregman").toInt(), version);
  expect("the number of groups", read(archive, "groups").toInt(), int64_t(groups.size()));
  fillGroups();
  std::vector<std::function<void()>> takeOver;
  for (size_t i = 0; i < groups.size(); ++i) {
    InputArchive group = readArchive(archive, key("group", i));
    takeOver.push_back(groups[i]->load(group));
    InputArchive options = readArchive(group, "options");
    read(options, "lr");
  }
  int64_t step = read(archive, "step").toInt(), seed = read(archive, "seed").toInt();
  // Everything fits; a device may still fail.
  halfLoaded = true;
  for (size_t i = 0; i < groups.size(); ++i) {
    takeOver[i]();
    InputArchive group = readArchive(archive, key("group", i));
    InputArchive options = readArchive(group, "options");
    param_groups_[i].options().serialize(options);
  }
  clock->step = step;
  for (const auto &line : activationLines)
    line->setSeed(uint64_t(seed));
  halfLoaded = false;
}

} // namespace bregman
