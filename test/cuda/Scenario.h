// A short life of a method on a device, from the compiler to the last copy out.
#pragma once

#include "test/cuda/Calls.h"
#include "test/cuda/Model.h"
#include "test/frontend/numeric/Library.h"

namespace bregman::testing {

/// Compiles, attaches, steps, resets, finalizes, and reads everything after each of these; fails at
/// the first failure. With `cache` what was compiled before is not compiled again.
inline Result<std::vector<Model::Array>> live(const numeric::Pair &pair, const std::string &device,
                                              const std::vector<Shape> &shapes, bool cache = true) {
  CompileOptions options;
  options.device = device;
  options.cache = cache;
  auto method = numeric::program(pair.quantizer).compile(pair.quantizer, pair.optimizer, options);
  if (!method)
    return method.error();
  Result<Model> model = Model::create(*method, numeric::shortRun(), shapes);
  if (!model)
    return model.error();
  for (const auto &[name, value] : numeric::livelyNumbers())
    model->set(name, value);
  std::vector<Model::Array> all;
  auto done = [&](Status status) -> Status {
    if (status)
      return status;
    Result<std::vector<Model::Array>> now = model->arrays();
    if (!now)
      return now.error();
    all.insert(all.end(), now->begin(), now->end());
    return std::nullopt;
  };
  if (Status bad = done(model->attach(numeric::randomValues(model->size(), 3))))
    return *bad;
  for (uint64_t k = 0; k < 3; ++k) {
    if (Status bad = done(model->advance(numeric::randomValues(model->size(), 10 + k))))
      return *bad;
    if (k == 1)
      if (Status bad = done(model->reset()))
        return *bad;
  }
  if (Status bad = done(model->finalize()))
    return *bad;
  return all;
}

} // namespace bregman::testing
