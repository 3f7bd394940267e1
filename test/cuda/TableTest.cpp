// The driver's table against NVIDIA's own header, where that is installed: the same number and
// kinds of arguments under the same names.
#include "test/cuda/Header.h"

#include <gtest/gtest.h>

namespace {

#ifdef BREGMAN_CUDA_HEADER
template <class Theirs, class Ours> constexpr bool fits() {
  if constexpr (std::is_pointer_v<Theirs> || std::is_pointer_v<Ours>)
    return std::is_pointer_v<Theirs> && std::is_pointer_v<Ours>;
  else if constexpr (std::is_enum_v<Theirs>)
    return sizeof(Theirs) == sizeof(Ours);
  else
    return sizeof(Theirs) == sizeof(Ours) && std::is_unsigned_v<Theirs> == std::is_unsigned_v<Ours>;
}

template <class Theirs, class Ours> struct Same : std::false_type {};
template <class... Theirs, class... Ours>
struct Same<CUresult (*)(Theirs...), int (*)(Ours...)>
    : std::bool_constant<sizeof...(Theirs) == sizeof...(Ours)> {
  static constexpr bool kinds() {
    if constexpr (sizeof...(Theirs) == sizeof...(Ours))
      return (fits<Theirs, Ours>() && ...);
    else
      return false;
  }
};

TEST(CudaTable, IsThatOfTheHeader) {
#define X(name, ...)                                                                               \
  EXPECT_TRUE((Same<decltype(&name), int (*)(__VA_ARGS__)>::value))                                \
      << #name " has other arguments";                                                             \
  EXPECT_TRUE((Same<decltype(&name), int (*)(__VA_ARGS__)>::kinds())) << #name " has other kinds";
#include "runtime/cuda/DriverFunctions.def"
#undef X
}
#else
TEST(CudaTable, IsThatOfTheHeader) { GTEST_SKIP() << "there is no cuda.h"; }
#endif

} // namespace
