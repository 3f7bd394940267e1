// Memory between guards, laid out as a case wants it, and a compiled method that steps through it.
#include "Drive.h"

#include "Library.h"

#include "runtime/Partition.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

using namespace bregman;
using namespace numeric;

static constexpr char canary = char(0xA5);

Guarded::Guarded(int64_t wanted, int64_t shift) : size(wanted) {
  total = guard + 64 + shift + size + guard;
  bytes.reset(new char[total]);
  std::memset(bytes.get(), canary, total);
  auto address = reinterpret_cast<uintptr_t>(bytes.get()) + guard;
  start = guard + int64_t((64 - address % 64) % 64) + shift;
}

bool Guarded::intact() const {
  auto isCanary = [](char byte) { return byte == canary; };
  return std::all_of(bytes.get(), bytes.get() + start, isCanary) &&
         std::all_of(bytes.get() + start + size, bytes.get() + total, isCanary);
}

static Stepper makeStepper(std::shared_ptr<const Method> method, const Timing &timing,
                           int threads) {
  Result<Stepper> made = Stepper::create(std::move(method), timing, threads);
  if (!made)
    throw std::runtime_error(made.error().message);
  return std::move(*made);
}

Drive::Drive(std::shared_ptr<const Method> made, Timing timing, Layout place)
    : method(made), layout(std::move(place)), stepper(makeStepper(made, timing, layout.threads)) {
  memory.resize(method->stored.size());
  int element = sizeOf(method->element);
  for (int64_t size : layout.sizes) {
    count += size;
    weight.emplace_back(size * element, layout.misalignment * element);
    gradient.emplace_back(size * element, layout.misalignment * element);
    for (size_t s = 0; s < memory.size(); ++s)
      memory[s].emplace_back(valuesOf(s, size) * method->stored[s].planes * 4,
                             layout.misalignment * 4);
  }
}

void Drive::set(const std::string &parameter, double value) {
  for (const ParameterInfo &info : method->parameters)
    if (info.name == parameter)
      if (Status failed = stepper.set(parameter, value))
        ADD_FAILURE() << failed->message;
}

void Drive::setLively() {
  for (const auto &[name, value] : livelyNumbers())
    set(name, value);
}

void Drive::write(Arrays &arrays, std::span<const float> values) {
  ASSERT_EQ(int64_t(values.size()), count);
  size_t at = 0;
  for (size_t t = 0; t < arrays.size(); ++t)
    for (int64_t i = 0; i < layout.sizes[t]; ++i, ++at) {
      uint32_t bits = narrow(values[at], method->element);
      int element = sizeOf(method->element);
      std::memcpy(arrays[t].data() + i * element, &bits, element);
    }
}

std::vector<TensorRef> Drive::tensors(bool withGradient) const {
  std::vector<TensorRef> refs(layout.sizes.size());
  for (size_t t = 0; t < refs.size(); ++t) {
    refs[t].size = layout.sizes[t];
    refs[t].weight = weight[t].data();
    refs[t].gradient = withGradient ? gradient[t].data() : nullptr;
    for (const Arrays &arrays : memory)
      refs[t].stored.push_back(reinterpret_cast<float *>(arrays[t].data()));
    refs[t].channels = Layout::channels(layout.sizes[t]);
    refs[t].parameter = uint32_t(t);
  }
  return refs;
}

void Drive::checkGuards() const {
  auto check = [&](const Arrays &arrays, const std::string &name) {
    for (size_t t = 0; t < arrays.size(); ++t)
      EXPECT_TRUE(arrays[t].intact()) << "around " << name << " of a tensor of " << layout.sizes[t];
  };
  check(weight, "w");
  check(gradient, "g");
  for (size_t s = 0; s < memory.size(); ++s)
    check(memory[s], method->stored[s].name);
}

void Drive::attach(std::span<const float> w0) {
  write(weight, w0);
  if (Status failed = stepper.attach(tensors(false)))
    ADD_FAILURE() << failed->message;
  checkGuards();
}

void Drive::advance(std::span<const float> values) {
  write(gradient, values);
  if (Status failed = stepper.advance(tensors(true)))
    ADD_FAILURE() << failed->message;
  checkGuards();
}

void Drive::finalize() {
  if (Status failed = stepper.finalize(tensors(false)))
    ADD_FAILURE() << failed->message;
  checkGuards();
}

Drive::Saved Drive::save() const {
  Saved saved{{}, stepper.step(), stepper.t(), stepper.frozen(), stepper.hostStates()};
  for (const Guarded &array : weight)
    saved.arrays.push_back(array.contents());
  for (const Arrays &arrays : memory)
    for (const Guarded &array : arrays)
      saved.arrays.push_back(array.contents());
  return saved;
}

void Drive::load(const Saved &saved) {
  size_t next = 0;
  auto read = [&](const Guarded &array) {
    const std::vector<char> &from = saved.arrays[next++];
    std::copy(from.begin(), from.end(), array.data());
  };
  std::for_each(weight.begin(), weight.end(), read);
  for (const Arrays &arrays : memory)
    std::for_each(arrays.begin(), arrays.end(), read);
  stepper.restore(saved.step, saved.t, saved.frozen, saved.hostStates);
}

std::vector<uint32_t> Drive::weights() const {
  std::vector<uint32_t> result;
  result.reserve(count);
  int element = sizeOf(method->element);
  for (size_t t = 0; t < weight.size(); ++t)
    for (int64_t i = 0; i < layout.sizes[t]; ++i) {
      uint32_t bits = 0;
      std::memcpy(&bits, weight[t].data() + i * element, element);
      result.push_back(bits);
    }
  return result;
}

std::vector<uint32_t> Drive::stored(size_t index) const {
  std::vector<uint32_t> result;
  for (int plane = 0; plane < method->stored[index].planes; ++plane)
    for (size_t t = 0; t < layout.sizes.size(); ++t) {
      int64_t size = valuesOf(index, layout.sizes[t]);
      size_t at = result.size();
      result.resize(at + size);
      if (size) // neither vector of nothing has an address
        std::memcpy(result.data() + at, memory[index][t].data() + plane * size * 4, size * 4);
    }
  return result;
}

std::vector<uint32_t> Drive::bits() const {
  std::vector<uint32_t> result = weights();
  for (size_t s = 0; s < memory.size(); ++s) {
    std::vector<uint32_t> more = stored(s);
    result.insert(result.end(), more.begin(), more.end());
  }
  return result;
}

Drive::Cut Drive::cut() const {
  Cut cut;
  for (const auto &kernel : method->step) {
    std::vector<Segment> segments;
    for (const TensorRef &tensor : tensors(true)) {
      Segment &segment = segments.emplace_back();
      segment.size = tensor.size;
      segment.channels = tensor.channels;
      for (const StreamInfo &stream : kernel->streams())
        for (int plane = 0; plane < stream.planes; ++plane) {
          // What lives between kernels has no memory here. Nothing runs, any address will do.
          void *address = stream.name == "g" ? const_cast<void *>(tensor.gradient) : tensor.weight;
          for (size_t s = 0; s < memory.size(); ++s)
            if (method->stored[s].name == stream.name)
              address = tensor.stored[s] + plane * valuesOf(s, tensor.size);
          segment.streams.push_back(address);
        }
    }
    auto partition = kernel->partition(segments, layout.threads);
    const auto &made = static_cast<const HostPartition &>(*partition);
    cut.threads = std::max(cut.threads, made.shares.size());
    cut.streams |= std::any_of(made.chunks.begin(), made.chunks.end(),
                               [](const HostPartition::Chunk &chunk) { return chunk.streaming; });
  }
  return cut;
}

uint16_t numeric::toBF16(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

uint16_t numeric::toF16(float value) {
  // The compiler's own conversion; generated code has nothing to do with it.
  return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
}

float numeric::widen(uint32_t bits, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return std::bit_cast<float>(bits);
  case ElementType::BF16:
    return std::bit_cast<float>(bits << 16);
  case ElementType::F16:
    return float(std::bit_cast<_Float16>(uint16_t(bits)));
  }
  return NAN;
}

uint32_t numeric::narrow(float value, ElementType type) {
  return type == ElementType::F32    ? std::bit_cast<uint32_t>(value)
         : type == ElementType::BF16 ? toBF16(value)
                                     : toF16(value);
}
