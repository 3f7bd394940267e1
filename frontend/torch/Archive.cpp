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

static void loadSlot(InputArchive &archive, Slot &slot, const Method &method) {
  const std::string &name = slot.parameter.name;
  expect("the parameter", read(archive, "name").toStringRef(), name);
  expect("the size of " + name, read(archive, "size").toInt(), slot.parameter.tensor.numel());
  for (size_t i = 0; i < slot.stored.size(); ++i) {
    at::Tensor saved;
    if (!archive.try_read(key("stored", i), saved, /*is_buffer=*/true) ||
        saved.sizes() != slot.stored[i].sizes())
      raise(ErrorKind::Input, "the archive does not fit: it has no '" + method.stored[i].name +
                                  "' of the right size for parameter " + name);
    slot.stored[i].copy_(saved);
  }
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

void ParameterGroup::load(InputArchive &archive) {
  std::vector<std::vector<Bucket *>> all = kinds();
  expect("the number of kinds of parameters", read(archive, "buckets").toInt(),
         int64_t(all.size()));
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
    std::vector<Slot *> slots = slotsOf(all[k]);
    expect("the number of parameters", read(from, "slots").toInt(), int64_t(slots.size()));
    for (size_t i = 0; i < slots.size(); ++i) {
      InputArchive slot = readArchive(from, key("slot", i));
      loadSlot(slot, *slots[i], method);
    }
    std::vector<double> states = read(from, "states").toDoubleVector();
    expect("the number of states of the run", int64_t(states.size()),
           int64_t(method.hostStates.size()));
    for (Bucket *bucket : all[k]) {
      for (size_t i = 0; i < method.parameters.size(); ++i)
        unwrap(bucket->stepper.set(method.parameters[i].name,
                                   read(from, key("argument", i)).toDouble()));
      bucket->stepper.restore(read(from, "step").toInt(), read(from, "t").toInt(),
                              read(from, "frozen").toBool(), states);
      bucket->progress = Bucket::Waits;
      bucket->stepper.setSeed(uint64_t(read(from, "seed").toInt()));
      publish(*bucket);
    }
  }
  if (hasLearningRate && !buckets.empty())
    told = buckets.front().stepper.get("optimizer.lr");
}

void Optimizer::save(OutputArchive &archive) const {
  archive.write("bregman", c10::IValue(int64_t(1)));
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
  expect("the version of the archive", read(archive, "bregman").toInt(), 1);
  expect("the number of groups", read(archive, "groups").toInt(), int64_t(groups.size()));
  fillGroups();
  for (size_t i = 0; i < groups.size(); ++i) {
    InputArchive group = readArchive(archive, key("group", i));
    groups[i]->load(group);
    InputArchive options = readArchive(group, "options");
    param_groups_[i].options().serialize(options);
  }
  clock->step = read(archive, "step").toInt();
  for (const auto &line : activationLines)
    line->setSeed(uint64_t(read(archive, "seed").toInt()));
}

} // namespace bregman
