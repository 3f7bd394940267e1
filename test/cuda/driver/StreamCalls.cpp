// The driver's calls about streams, events and graphs.
#include "test/cuda/driver/State.h"

#include <utility>

using namespace bregman::standin;

static Stream *known(State &state, void *stream) {
  auto found = state.streams.find(static_cast<Stream *>(stream));
  return found == state.streams.end() ? nullptr : *found;
}

BREGMAN_EXPORT int cuStreamCreate(void **stream, unsigned) {
  return call("cuStreamCreate", Needs::Context, [&](State &state) -> int {
    auto *made = new Stream{state.current()};
    state.streams.insert(made);
    *stream = made;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuStreamDestroy_v2(void *stream) {
  return call("cuStreamDestroy_v2", Needs::Context, [&](State &state) -> int {
    Stream *found = known(state, stream);
    if (!found)
      return codes::InvalidHandle;
    state.finish(*found->context, found);
    state.streams.erase(found);
    delete found;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuStreamSynchronize(void *stream) {
  return call("cuStreamSynchronize", Needs::Context, [&](State &state) -> int {
    Stream *found = known(state, stream);
    if (stream && !found)
      return codes::InvalidHandle;
    if (found && found->capture)
      return codes::StreamCaptureUnsupported;
    return state.finish(*state.current(), stream);
  });
}

BREGMAN_EXPORT int cuCtxSynchronize() {
  return call("cuCtxSynchronize", Needs::Context,
              [&](State &state) -> int { return state.finish(*state.current(), nullptr); });
}

BREGMAN_EXPORT int cuStreamIsCapturing(void *stream, int *status) {
  return call("cuStreamIsCapturing", Needs::Context, [&](State &state) -> int {
    Stream *found = known(state, stream);
    if (stream && !found)
      return codes::InvalidHandle;
    *status = found && found->capture;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuThreadExchangeStreamCaptureMode(int *mode) {
  return call("cuThreadExchangeStreamCaptureMode", Needs::Initialized, [&](State &) -> int {
    if (*mode < 0 || *mode > 2)
      return codes::InvalidValue;
    std::swap(*mode, State::captureMode());
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuStreamBeginCapture_v2(void *stream, int) {
  return call("cuStreamBeginCapture_v2", Needs::Context, [&](State &state) -> int {
    Stream *found = known(state, stream);
    if (!found || found->capture)
      return codes::StreamCaptureUnsupported;
    found->capture = new Graph{found->context, {}};
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuStreamEndCapture(void *stream, void **graph) {
  return call("cuStreamEndCapture", Needs::Context, [&](State &state) -> int {
    Stream *found = known(state, stream);
    if (!found || !found->capture)
      return codes::StreamCaptureInvalidated;
    state.graphs.insert(found->capture);
    *graph = found->capture;
    found->capture = nullptr;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
  return call("cuGraphInstantiateWithFlags", Needs::Context, [&](State &state) -> int {
    auto found = state.graphs.find(static_cast<Graph *>(graph));
    if (found == state.graphs.end())
      return codes::InvalidHandle;
    auto *made = new Graph(**found);
    state.executables.insert(made);
    *executable = made;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuGraphLaunch(void *executable, void *stream) {
  return call("cuGraphLaunch", Needs::Context, [&](State &state) -> int {
    auto *found = static_cast<Graph *>(executable);
    if (!state.executables.count(found))
      return codes::InvalidHandle;
    for (const Work &work : found->work)
      if (int code = state.enqueue(stream, work))
        return code;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuGraphDestroy(void *graph) {
  return call("cuGraphDestroy", Needs::Context, [&](State &state) -> int {
    auto *found = static_cast<Graph *>(graph);
    if (!state.graphs.erase(found))
      return codes::InvalidHandle;
    delete found;
    return codes::Success;
  });
}

BREGMAN_EXPORT int cuGraphExecDestroy(void *executable) {
  return call("cuGraphExecDestroy", Needs::Context, [&](State &state) -> int {
    auto *found = static_cast<Graph *>(executable);
    if (!state.executables.erase(found))
      return codes::InvalidHandle;
    delete found;
    return codes::Success;
  });
}
