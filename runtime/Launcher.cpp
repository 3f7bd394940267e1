// Binding a kernel to a method's tensors and host scalars.
#include "runtime/Launcher.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace bregman {

namespace {

/// Weights per call when only the optimizer's states are set: what goes nowhere stays in the cache.
constexpr int64_t resetBlock = 4096;

bool sameSegments(const std::vector<Segment> &a, const std::vector<Segment> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto &x, const auto &y) {
    return x.size == y.size && x.streams == y.streams;
  });
}

} // namespace

Launcher::Launcher(const Method &method, const Kernel *kernel, int threads)
    : method(method), kernel(kernel), threads(threads) {
  if (!kernel)
    return;
  for (const StreamInfo &stream : kernel->streams()) {
    int source = stream.name == "g" ? Gradient : stream.name == "w" ? Weight : Unknown;
    for (size_t i = 0; i < method.stored.size(); ++i)
      if (method.stored[i].name == stream.name)
        source = int(i);
    sources.push_back(source);
  }
  for (const std::string &scalar : kernel->scalars())
    outputs.push_back(method.host.indexOf(scalar));
  scalars.resize(outputs.size());
}

Status Launcher::check() const {
  auto internal = [&](const std::string &message) -> Status {
    return Error{ErrorKind::Internal, "kernel `" + kernel->name() + "`: " + message};
  };
  for (size_t i = 0; i < sources.size(); ++i) {
    const StreamInfo &stream = kernel->streams()[i];
    std::string name = "stream `" + stream.name + "` ";
    if (sources[i] == Unknown)
      return internal(name + "is neither g, w nor stored");
    int planes = sources[i] >= 0 ? method.stored[sources[i]].planes : 1;
    if (stream.planes != planes)
      return internal(name + "has " + std::to_string(stream.planes) + " planes, but " +
                      std::to_string(planes) + " are stored");
    ElementType type = sources[i] >= 0 ? ElementType::F32 : method.element;
    if (stream.type != type)
      return internal(name + "has the wrong element type");
    if (sources[i] == Gradient && stream.access != Access::In)
      return internal("writes the gradient");
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] < 0)
      return internal("scalar `" + kernel->scalars()[i] + "` is no output of the host program");
  return std::nullopt;
}

bool Launcher::writes(const std::string &name) const {
  const std::vector<StreamInfo> &streams = kernel->streams();
  return std::any_of(streams.begin(), streams.end(), [&](const StreamInfo &stream) {
    return stream.name == name && stream.access != Access::In;
  });
}

void Launcher::watch(std::vector<Clock::Watch> &watched, bool everyStep) const {
  for (int output : outputs)
    watched.push_back({output, everyStep});
}

Status Launcher::bind(Clock &clock, Moment moment) {
  std::span<const double> values = clock.evaluate(moment);
  for (size_t i = 0; i < outputs.size(); ++i) {
    double value = values[outputs[i]];
    if (!clock.holds(outputs[i], value)) {
      Error error = clock.complain(outputs[i], value, moment.step);
      error.message = "kernel `" + kernel->name() + "`: " + error.message;
      return error;
    }
    scalars[i] = float(value);
  }
  return std::nullopt;
}

void Launcher::launch(std::span<const TensorRef> tensors) {
  segments.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorRef &tensor = tensors[i];
    assert(tensor.stored.size() == method.stored.size() && "one address per stored value");
    Segment &segment = segments[i];
    segment.size = tensor.size;
    segment.streams.clear();
    for (size_t stream = 0; stream < sources.size(); ++stream)
      for (int plane = 0; plane < kernel->streams()[stream].planes; ++plane)
        segment.streams.push_back(address(tensor, stream, plane, 0));
  }
  if (!partition || !sameSegments(segments, cutFor)) {
    partition = kernel->partition(segments, threads);
    std::swap(cutFor, segments);
  }
  kernel->launch(*partition, scalars);
}

void *Launcher::address(const TensorRef &tensor, size_t stream, int plane, int64_t from) const {
  int64_t bytes = from * sizeOf(kernel->streams()[stream].type);
  switch (int source = sources[stream]) {
  case Gradient:
    return const_cast<char *>(static_cast<const char *>(tensor.gradient) + bytes);
  case Weight:
    return static_cast<char *>(tensor.weight) + bytes;
  default:
    return tensor.stored[source] + plane * tensor.size + from;
  }
}

void Launcher::launchOnlyOptimizer(std::span<const TensorRef> tensors) {
  auto goesNowhere = [](const StreamInfo &info) {
    return info.access != Access::In && !info.name.starts_with("optimizer.");
  };
  std::vector<std::vector<char>> nowhere;
  for (const StreamInfo &info : kernel->streams())
    for (int plane = 0; plane < info.planes && goesNowhere(info); ++plane)
      nowhere.emplace_back(resetBlock * sizeOf(info.type));

  std::vector<Segment> block(1);
  for (const TensorRef &tensor : tensors) {
    for (int64_t from = 0; from < tensor.size; from += resetBlock) {
      block[0].size = std::min(resetBlock, tensor.size - from);
      block[0].streams.clear();
      size_t lost = 0;
      for (size_t stream = 0; stream < sources.size(); ++stream) {
        const StreamInfo &info = kernel->streams()[stream];
        for (int plane = 0; plane < info.planes; ++plane) {
          void *real = address(tensor, stream, plane, from);
          if (goesNowhere(info)) {
            // What is read before it is written is read from a copy.
            char *copy = nowhere[lost++].data();
            if (info.access == Access::InOut)
              std::memcpy(copy, real, size_t(block[0].size) * sizeOf(info.type));
            real = copy;
          }
          block[0].streams.push_back(real);
        }
      }
      kernel->launch(block, scalars);
    }
  }
}

} // namespace bregman
