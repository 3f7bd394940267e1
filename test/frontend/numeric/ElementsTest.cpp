// Parameters and gradients of 16 bits: what is stored beside them is f32 to the bit, as if the same
// numbers had come in f32, and the weights are those of f32 rounded to nearest even.
#include "Library.h"

#include <bit>
#include <cmath>

using namespace bregman;
using namespace numeric;

namespace {

struct Case {
  Pair pair;
  ElementType element;
};

std::ostream &operator<<(std::ostream &stream, const Case &test) {
  return stream << test.pair << (test.element == ElementType::BF16 ? " in bf16" : " in f16");
}

class Elements : public ::testing::TestWithParam<Case> {};

/// Values that the type has, edges among them. What is no number would soon be shared by all
/// weights that share something.
std::vector<float> valuesIn(const Case &test, int64_t size, uint64_t seed) {
  const ElementType type = test.element;
  std::vector<float> values = randomValues(size, seed), edges = edgeValues();
  if (!isPerWeight(test.pair))
    std::erase_if(edges, [](float value) { return !(std::fabs(value) <= 9); });
  for (int64_t i = seed % 5; i < size; i += 5)
    values[i] = edges[(seed + i / 5) % edges.size()];
  for (float &value : values)
    value = widen(narrow(value, type), type);
  return values;
}

TEST_P(Elements, AreRoundedF32) {
  const Case &test = GetParam();
  const std::vector<int64_t> sizes = {1, 15, 16, 17, 0, 63, 64, 65, 1000, 4099};
  int64_t size = 0;
  for (int64_t each : sizes)
    size += each;
  for (int lanes : {8, 16}) {
    SCOPED_TRACE(std::to_string(lanes) + " lanes");
    CompileOptions options;
    options.lanes = lanes;
    auto full =
        program(test.pair.quantizer).compile(test.pair.quantizer, test.pair.optimizer, options);
    if (!full && lanes == 16)
      GTEST_SKIP() << "this CPU has no AVX-512";
    ASSERT_TRUE(full) << full.error().message;
    options.element = test.element;
    auto half = compile(test.pair, options);
    ASSERT_EQ(half->element, test.element);
    Drive expected(*full, shortRun(), {sizes}), actual(half, shortRun(), {sizes, 3});
    expected.setLively();
    actual.setLively();

    // By name, since f32 parameters may hold the latent themselves.
    auto bitsIn = [](const Drive &drive, const Method &method, const std::string &name) {
      for (size_t s = 0; s < method.stored.size(); ++s)
        if (method.stored[s].name == name)
          return drive.stored(s);
      EXPECT_TRUE(method.latentIsWeight && name == "x") << name << " is not stored";
      return drive.weights();
    };
    auto compare = [&](int k, bool finalized = false) {
      std::vector<uint32_t> e = expected.weights(), a = actual.weights();
      for (int64_t i = 0; i < size; ++i) {
        float wanted = std::bit_cast<float>(e[i]);
        if (std::isnan(wanted))
          ASSERT_TRUE(std::isnan(widen(a[i], test.element))) << "w[" << i << "] after step " << k;
        else
          ASSERT_EQ(a[i], narrow(wanted, test.element))
              << "w[" << i << "] after step " << k << ": " << widen(a[i], test.element) << " for "
              << wanted;
      }
      for (const StoredInfo &info : half->stored) {
        // Where f32 parameters are the latent, `final` has taken its place.
        if (finalized && (*full)->latentIsWeight && info.name == "x")
          continue;
        e = bitsIn(expected, **full, info.name);
        a = bitsIn(actual, *half, info.name);
        ASSERT_EQ(a.size(), e.size()) << info.name;
        for (size_t i = 0; i < e.size(); ++i)
          if (!std::isnan(std::bit_cast<float>(e[i])) || !std::isnan(std::bit_cast<float>(a[i])))
            ASSERT_EQ(a[i], e[i]) << info.name << "[" << i << "] after step " << k << ": "
                                  << std::bit_cast<float>(a[i]) << " for "
                                  << std::bit_cast<float>(e[i]);
      }
    };
    std::vector<float> w0 = valuesIn(test, size, 3);
    expected.attach(w0);
    actual.attach(w0);
    compare(0);
    for (int k = 1; k <= 6 && !HasFatalFailure(); ++k) {
      std::vector<float> g = valuesIn(test, size, 10 + k);
      expected.advance(g);
      actual.advance(g);
      compare(k);
    }
    if (HasFatalFailure())
      return;
    expected.finalize();
    actual.finalize();
    compare(7, /*finalized=*/true);
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Pair &pair : pairs())
    for (ElementType element : {ElementType::BF16, ElementType::F16})
      all.push_back({pair, element});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Library, Elements, ::testing::ValuesIn(cases()), [](const auto &info) {
  return info.param.pair.quantizer + "_" + info.param.pair.optimizer +
         (info.param.element == ElementType::BF16 ? "_bf16" : "_f16");
});

} // namespace
