// The driver's calls about modules and launches.
#include "test/cuda/driver/Image.h"

#include <algorithm>
#include <cstring>

using namespace bregman::standin;

BREGMAN_EXPORT int cuModuleLoadDataEx(void **module, const void *image, unsigned count,
                                      int *options, void **values) {
  return call("cuModuleLoadDataEx", Needs::Context, [&](State &state) -> int {
    if (state.captures())
      return codes::StreamCaptureUnsupported;
    LogOptions log(count, options, values);
    Context &context = *state.current();
    auto place = [](void *opaque, const Variable &variable) {
      auto &all = *static_cast<State *>(opaque);
      uint64_t address =
          all.memory.allocate(all.current()->device, std::max<size_t>(variable.bytes.size(), 1));
      Allocation *made = all.memory.find(address, variable.bytes.size());
      if (made && !all.memory.idle) {
        std::copy(variable.bytes.begin(), variable.bytes.end(), made->bytes.begin());
        std::fill(made->known.begin(), made->known.end(), true);
      }
      return address;
    };
    try {
      std::string text = textOf(image, state.chips[size_t(context.device)]);
      Program program = parseProgram(state.mutated(std::move(text)), place, &state);
      checkVersions(program, state.chips[size_t(context.device)]);
      auto *made = new Module{&context, std::move(program)};
      state.modules.insert(made);
      *module = made;
      return codes::Success;
    } catch (const Refusal &refusal) {
      return log.refuse(state, refusal);
    } catch (const RefusedImage &refused) {
      return log.refuse(state, refused.code, refused.message);
    }
  });
}

BREGMAN_EXPORT int cuModuleUnload(void *module) {
  return call("cuModuleUnload", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Module *>(module);
    if (!state.modules.count(known) || known->context != state.current())
      return codes::InvalidHandle;
    state.finish(*known->context, nullptr);
    std::erase_if(state.functions, [&](Function *function) {
      bool gone = function->module == known;
      if (gone)
        delete function;
      return gone;
    });
    for (const Variable &variable : known->program.variables)
      state.memory.release(variable.address);
    state.modules.erase(known);
    delete known;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuModuleGetFunction(void **function, void *module, const char *name) {
  return call("cuModuleGetFunction", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Module *>(module);
    if (!state.modules.count(known))
      return codes::InvalidHandle;
    auto found = known->program.entries.find(name);
    if (found == known->program.entries.end())
      return codes::NotFound;
    auto *made = new Function{known, found->second};
    state.functions.insert(made);
    *function = made;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuFuncGetAttribute(int *value, int attribute, void *function) {
  return call("cuFuncGetAttribute", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Function *>(function);
    constexpr int localBytes = 3;
    if (!state.functions.count(known))
      return codes::InvalidHandle;
    if (attribute != localBytes)
      return codes::InvalidValue;
    *value = known->entry->leastBlocks == 1 ? 0 : state.spilled;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, void *function,
                                                               int threads, size_t) {
  return call("cuOccupancyMaxActiveBlocksPerMultiprocessor", Needs::Context,
              [&](State &state) -> int {
                if (!state.functions.count(static_cast<Function *>(function)))
                  return codes::InvalidHandle;
                if (threads <= 0 || threads > 1024)
                  return codes::InvalidValue;
                *blocks = std::min(2048 / threads, 2);
                return codes::Success;
              });
}

/// All blocks of a grid, in any order.
static void runGrid(State &state, Launch launch) {
  std::vector<uint32_t> order(launch.grid);
  for (uint32_t i = 0; i < launch.grid; ++i)
    order[i] = i;
  std::shuffle(order.begin(), order.end(), launch.random);
  launch.number = ++state.launches;
  Block block(launch);
  for (uint32_t index : order)
    block.run(index);
}

BREGMAN_EXPORT int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                  unsigned blockX, unsigned blockY, unsigned blockZ,
                                  unsigned sharedBytes, void *stream, void **parameters,
                                  void **extra) {
  return call("cuLaunchKernel", Needs::Context, [&](State &state) -> int {
    auto *known = static_cast<Function *>(function);
    if (!state.functions.count(known) || known->module->context != state.current())
      return codes::InvalidHandle;
    const Entry &entry = *known->entry;
    if (gridX == 0 || blockX == 0 || gridY != 1 || gridZ != 1 || blockY != 1 || blockZ != 1 ||
        sharedBytes != 0 || extra)
      return codes::InvalidValue;
    if (blockX > entry.maxThreads)
      return codes::LaunchOutOfResources;
    std::vector<uint8_t> bytes(entry.parameterBytes);
    for (size_t i = 0; i < entry.parameters.size(); ++i)
      std::memcpy(bytes.data() + entry.parameters[i].offset, parameters[i],
                  entry.parameters[i].size);
    // The entry lives as long as the launch does.
    return state.enqueue(stream, [&state, copy = *known, gridX, blockX, bytes] {
      runGrid(state, Launch{*copy.entry, state.memory, copy.module->context->device, 0, gridX,
                            blockX, bytes, std::mt19937_64(state.random()), uint64_t(1) << 25});
    });
  });
}
