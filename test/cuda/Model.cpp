// Arrays in a method's own memory.
#include "test/cuda/Model.h"

#include "test/frontend/numeric/Library.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace bregman::testing {

std::vector<Shape> allTails() {
  std::vector<Shape> shapes;
  auto add = [&](int64_t size) {
    int shift = shapes.size() % 3 == 1 ? int(1 + shapes.size() % 7) : 0;
    shapes.push_back({size, size > 0 && size % 3 == 0 ? 3 : 1, shift});
  };
  for (int64_t size = 0; size <= 33; ++size)
    add(size);
  for (int64_t size : {255, 256, 257, 4095, 4096, 4097})
    add(size);
  return shapes;
}

Result<Model> Model::create(std::shared_ptr<const Method> method, Timing timing,
                            std::vector<Shape> shapes) {
  Result<Stepper> stepper = Stepper::create(method, timing, /*threads=*/2);
  if (!stepper)
    return stepper.error();
  Model model(std::move(method), std::move(*stepper), std::move(shapes));
  if (Status bad = model.allocate())
    return *bad;
  return model;
}

Status Model::make(std::vector<Part> &parts, int64_t values, int64_t element, int shift) const {
  Part part;
  part.shift = shift * element;
  part.size = values * element;
  Result<Buffer> made =
      Buffer::create(method->memory, part.size ? size_t(part.shift + part.size) : 0);
  if (!made)
    return made.error();
  part.memory = std::move(*made);
  parts.push_back(std::move(part));
  return std::nullopt;
}

Status Model::allocate() {
  stored.resize(method->stored.size());
  int element = sizeOf(method->element);
  for (const Shape &shape : shapes) {
    count += shape.size;
    if (Status bad = make(weight, shape.size, element, shape.shift))
      return bad;
    if (Status bad = make(gradient, shape.size, element, shape.shift))
      return bad;
    for (size_t s = 0; s < stored.size(); ++s) {
      const StoredInfo &info = method->stored[s];
      int64_t values = info.planes * info.count(shape.size, shape.channels);
      if (Status bad = make(stored[s], values, sizeof(float), shape.shift))
        return bad;
    }
  }
  return std::nullopt;
}

void Model::set(const std::string &parameter, double value) {
  for (const ParameterInfo &info : method->parameters)
    if (numeric::isParameter(info.name, parameter))
      (void)stepper.set(info.name, value); // outside of its range it stays
}

Status Model::write(std::vector<Part> &parts, std::span<const float> values) {
  size_t at = 0, element = size_t(sizeOf(method->element));
  for (Part &part : parts) {
    std::vector<char> bytes(size_t(part.size));
    for (size_t i = 0; i < bytes.size(); i += element) {
      uint32_t bits = numeric::narrow(values[at++], method->element);
      std::memcpy(bytes.data() + i, &bits, element);
    }
    if (Status bad = method->memory->copyIn(part.data(), bytes.data(), bytes.size(), nullptr))
      return bad;
  }
  return std::nullopt;
}

std::vector<TensorRef> Model::tensors(bool withGradient) const {
  std::vector<TensorRef> refs(shapes.size());
  // A gradient of nothing is there all the same.
  static const int nothing = 0;
  for (size_t t = 0; t < refs.size(); ++t) {
    refs[t].size = shapes[t].size;
    refs[t].channels = shapes[t].channels;
    refs[t].parameter = uint32_t(100 + t);
    refs[t].weight = weight[t].data();
    if (withGradient)
      refs[t].gradient = shapes[t].size ? gradient[t].data() : &nothing;
    for (const std::vector<Part> &parts : stored)
      refs[t].stored.push_back(static_cast<float *>(parts[t].data()));
  }
  return refs;
}

Status Model::attach(std::span<const float> w0) {
  if (Status bad = write(weight, w0))
    return bad;
  return stepper.attach(tensors(false));
}

Status Model::giveGradient(std::span<const float> values) { return write(gradient, values); }

Status Model::advance(std::span<const float> values) {
  if (Status bad = giveGradient(values))
    return bad;
  return step();
}

Status Model::advanceElsewhere(std::span<const float> values) {
  std::vector<Part> other;
  for (const Shape &shape : shapes)
    if (Status bad = make(other, shape.size, sizeOf(method->element), shape.shift))
      return bad;
  std::swap(gradient, other);
  Status bad = advance(values);
  std::swap(gradient, other);
  return bad;
}

Status Model::reset() { return stepper.resetStates(tensors(false)); }
Status Model::finalize() { return stepper.finalize(tensors(false)); }

Result<std::vector<Model::Array>> Model::arrays() const {
  std::vector<Array> all;
  auto read = [&](const std::vector<Part> &parts, ElementType type) -> Status {
    size_t element = size_t(sizeOf(type));
    for (const Part &part : parts) {
      std::vector<char> bytes(size_t(part.size));
      if (Status bad = method->memory->copyOut(bytes.data(), part.data(), bytes.size(), nullptr))
        return bad;
      for (size_t i = 0; i < bytes.size(); i += element) {
        uint32_t bits = 0;
        std::memcpy(&bits, bytes.data() + i, element);
        all.back().bits.push_back(std::isnan(numeric::widen(bits, type)) ? 0x7fffffff : bits);
      }
    }
    return std::nullopt;
  };
  all.push_back({"w", {}});
  if (Status bad = read(weight, method->element))
    return *bad;
  for (size_t s = 0; s < stored.size(); ++s) {
    all.push_back({method->stored[s].name, {}});
    if (Status bad = read(stored[s], ElementType::F32))
      return *bad;
  }
  return all;
}

std::string difference(const std::vector<Model::Array> &actual,
                       const std::vector<Model::Array> &wanted) {
  if (actual.size() != wanted.size())
    return "not the same arrays";
  for (size_t a = 0; a < actual.size(); ++a) {
    if (actual[a].name != wanted[a].name || actual[a].bits.size() != wanted[a].bits.size())
      return actual[a].name + " is not " + wanted[a].name;
    for (size_t i = 0; i < actual[a].bits.size(); ++i)
      if (actual[a].bits[i] != wanted[a].bits[i]) {
        char text[160];
        std::snprintf(text, sizeof text, "%s[%zu] has the bits %08x instead of %08x",
                      actual[a].name.c_str(), i, actual[a].bits[i], wanted[a].bits[i]);
        return text;
      }
  }
  return {};
}

} // namespace bregman::testing
