// The driver's calls that make a binary of PTX.
#include "test/cuda/driver/Image.h"

using namespace bregman::standin;

BREGMAN_EXPORT int cuLinkCreate_v2(unsigned count, int *options, void **values, void **linker) {
  return call("cuLinkCreate_v2", Needs::Context, [&](State &state) -> int {
    LogOptions log(count, options, values);
    auto *made = new Linker{state.current(), {}, log.buffer, log.size};
    state.linkers.insert(made);
    *linker = made;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuLinkAddData_v2(void *linker, int kind, void *data, size_t size, const char *,
                                    unsigned, int *, void **) {
  return call("cuLinkAddData_v2", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Linker *>(linker);
    if (!state.linkers.count(known) || known->context != state.current())
      return codes::InvalidHandle;
    constexpr int isPtx = 1;
    const char *text = static_cast<const char *>(data);
    // One text is a module; it ends with a zero that is counted.
    if (kind != isPtx || size == 0 || text[size - 1] != 0 || !known->binary.empty())
      return codes::InvalidValue;
    LogOptions log(known->log, known->logSize);
    int chip = state.chips[size_t(known->context->device)];
    try {
      checkVersions(parseProgram(
                        text, [](void *, const Variable &) { return uint64_t(4096); }, nullptr),
                    chip);
    } catch (const Refusal &refusal) {
      return log.refuse(state, refusal);
    } catch (const RefusedImage &refused) {
      return log.refuse(state, refused.code, refused.message);
    }
    known->binary = binaryOf(text, chip);
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuLinkComplete(void *linker, void **binary, size_t *size) {
  return call("cuLinkComplete", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Linker *>(linker);
    if (!state.linkers.count(known))
      return codes::InvalidHandle;
    if (known->binary.empty())
      return codes::InvalidValue;
    *binary = known->binary.data();
    *size = known->binary.size();
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuLinkDestroy(void *linker) {
  return call("cuLinkDestroy", Needs::Initialized, [&](State &state) -> int {
    auto *known = static_cast<Linker *>(linker);
    if (!state.linkers.erase(known))
      return codes::InvalidHandle;
    delete known;
    return codes::Success;
  });
}
