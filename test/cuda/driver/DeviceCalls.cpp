// The driver's calls about itself, devices and contexts.
#include "test/cuda/driver/Numbers.h"
#include "test/cuda/driver/State.h"

#include <cstdlib>
#include <cstring>

using namespace bregman::standin;

BREGMAN_EXPORT int cuInit(unsigned flags) {
  return call("cuInit", Needs::Nothing, [&](State &state) -> int {
    if (flags != 0)
      return codes::InvalidValue;
    if (state.contexts.empty())
      return codes::NoDevice;
    state.initialized = true;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDriverGetVersion(int *version) {
  return call("cuDriverGetVersion", Needs::Nothing, [&](State &) -> int {
    const char *given = std::getenv("BREGMAN_STANDIN_VERSION");
    *version = given ? leadingNumber(given) : 13000;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuGetErrorName(int code, const char **text) {
  const Code *known = findCode(code);
  *text = known ? known->name : nullptr;
  return known ? codes::Success : codes::InvalidValue;
}

BREGMAN_EXPORT int cuGetErrorString(int code, const char **text) {
  const Code *known = findCode(code);
  *text = known ? known->text : nullptr;
  return known ? codes::Success : codes::InvalidValue;
}

BREGMAN_EXPORT int cuDeviceGetCount(int *count) {
  return call("cuDeviceGetCount", Needs::Initialized, [&](State &state) -> int {
    *count = int(state.contexts.size());
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDeviceGet(int *device, int ordinal) {
  return call("cuDeviceGet", Needs::Initialized, [&](State &state) -> int {
    if (ordinal < 0 || size_t(ordinal) >= state.contexts.size())
      return codes::InvalidDevice;
    *device = ordinal;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDeviceGetName(char *name, int length, int device) {
  return call("cuDeviceGetName", Needs::Initialized, [&](State &) -> int {
    std::string text = "stand-in " + std::to_string(device);
    std::strncpy(name, text.c_str(), size_t(length));
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
  return call("cuDeviceGetAttribute", Needs::Initialized, [&](State &state) -> int {
    if (device < 0 || size_t(device) >= state.contexts.size())
      return codes::InvalidDevice;
    constexpr int multiprocessors = 16, major = 75, minor = 76;
    if (attribute == major || attribute == minor)
      *value =
          attribute == major ? state.chips[size_t(device)] / 10 : state.chips[size_t(device)] % 10;
    else if (attribute == multiprocessors)
      *value = 3;
    else
      return codes::InvalidValue;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDevicePrimaryCtxRetain(void **context, int device) {
  return call("cuDevicePrimaryCtxRetain", Needs::Initialized, [&](State &state) -> int {
    if (device < 0 || size_t(device) >= state.contexts.size())
      return codes::InvalidDevice;
    Context &primary = *state.contexts[size_t(device)];
    ++primary.retained;
    *context = &primary;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
  return call("cuDevicePrimaryCtxRelease_v2", Needs::Initialized, [&](State &state) -> int {
    if (device < 0 || size_t(device) >= state.contexts.size())
      return codes::InvalidDevice;
    Context &primary = *state.contexts[size_t(device)];
    if (primary.retained == 0)
      return codes::InvalidContext;
    if (--primary.retained == 0) {
      state.finish(primary, nullptr);
      state.memory.releaseAll(device);
      std::erase_if(state.linkers, [&](Linker *linker) {
        bool gone = linker->context == &primary;
        if (gone)
          delete linker;
        return gone;
      });
      std::erase_if(state.modules, [&](Module *module) {
        bool gone = module->context == &primary;
        if (gone) {
          std::erase_if(state.functions, [&](Function *function) {
            bool isIts = function->module == module;
            if (isIts)
              delete function;
            return isIts;
          });
          delete module;
        }
        return gone;
      });
      primary.lost = 0;
    }
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuCtxPushCurrent_v2(void *context) {
  return call("cuCtxPushCurrent_v2", Needs::Initialized, [&](State &state) -> int {
    for (const auto &known : state.contexts)
      if (known.get() == context && known->retained) {
        State::stack().push_back(known.get());
        return codes::Success;
      }
    return codes::InvalidContext;
  });
}

BREGMAN_EXPORT int cuCtxPopCurrent_v2(void **context) {
  return call("cuCtxPopCurrent_v2", Needs::Initialized, [&](State &) -> int {
    if (State::stack().empty())
      return codes::InvalidContext;
    if (context)
      *context = State::stack().back();
    State::stack().pop_back();
    return codes::Success;
  });
}
