// Binding a kernel to a method's tensors and host scalars.
#include "runtime/Launcher.h"

#include <algorithm>
#include <cassert>

namespace bregman {

namespace {

bool sameSizes(const std::vector<Segment> &a, const std::vector<Segment> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto &x, const auto &y) {
    return x.size == y.size && x.channels == y.channels && x.parameter == y.parameter;
  });
}

bool sameAddresses(const std::vector<Segment> &a, const std::vector<Segment> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto &x, const auto &y) { return x.streams == y.streams; });
}

} // namespace

Launcher::Launcher(const Method &method, const Kernel &kernel,
                   const std::vector<Temporary> &temporaries, int threads)
    : method(method), kernel(kernel), threads(threads) {
  for (const StreamInfo &stream : kernel.streams())
    sources.push_back(sourceOf(stream.name, temporaries));
  for (const std::string &scalar : kernel.scalars())
    outputs.push_back(method.host.indexOf(scalar));
  scalars.resize(outputs.size());
}

Launcher::Source Launcher::sourceOf(const std::string &name,
                                    const std::vector<Temporary> &temporaries) const {
  for (size_t i = 0; i < method.stored.size(); ++i)
    if (method.stored[i].name == name)
      return {Source::Stored, i};
  for (size_t i = 0; i < temporaries.size(); ++i)
    if (temporaries[i].name == name)
      return {Source::Temporary, i};
  if (name == "g")
    return {Source::Gradient};
  if (name == "w")
    return {Source::Weight};
  if (method.constrained && name == "g.high")
    return {Source::HighGradient};
  if (method.constrained && name == "w.high")
    return {Source::HighWeight};
  return {Source::Unknown};
}

Status Launcher::check() const {
  auto internal = [&](const std::string &message) -> Status {
    return Error{ErrorKind::Internal, "kernel `" + kernel.name() + "`: " + message};
  };
  for (size_t i = 0; i < sources.size(); ++i) {
    const StreamInfo &stream = kernel.streams()[i];
    const StoredInfo *stored =
        sources[i].kind == Source::Stored ? &method.stored[sources[i].index] : nullptr;
    bool isOwn = sources[i].kind == Source::Temporary;
    std::string name = "stream `" + stream.name + "` ";
    if (sources[i].kind == Source::Unknown)
      return internal(name + "is neither g, w nor stored");
    int planes = stored ? stored->planes : isOwn ? stream.planes : 1;
    if (stream.planes != planes)
      return internal(name + "has " + std::to_string(stream.planes) + " planes, but " +
                      std::to_string(planes) + " are stored");
    Extent extent = stored ? stored->extent : isOwn ? stream.extent : Extent();
    if (stream.extent != extent)
      return internal(name + "has another extent than what is stored");
    ElementType type = stored || isOwn ? ElementType::F32 : method.element;
    if (stream.type != type)
      return internal(name + "has the wrong element type");
    bool isGradient =
        sources[i].kind == Source::Gradient || sources[i].kind == Source::HighGradient;
    if (isGradient && stream.access != Access::In)
      return internal("writes the gradient");
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] < 0)
      return internal("scalar `" + kernel.scalars()[i] + "` is no output of the host program");
  return std::nullopt;
}

bool Launcher::writes(const std::string &name) const {
  const std::vector<StreamInfo> &streams = kernel.streams();
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
      error.message = "kernel `" + kernel.name() + "`: " + error.message;
      return error;
    }
    scalars[i] = float(value);
  }
  draw = {clock.seed, uint64_t(moment.step), uint64_t(moment.next)};
  return std::nullopt;
}

Status Launcher::place(std::span<const TensorRef> tensors,
                       const std::vector<std::vector<float *>> &temporaries, void *stream,
                       bool captured) {
  static const std::vector<float *> none;
  segments.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorRef &tensor = tensors[i];
    assert(tensor.stored.size() == method.stored.size() && "one address per stored value");
    Segment &segment = segments[i];
    segment.size = tensor.size;
    segment.channels = tensor.channels;
    segment.parameter = tensor.parameter;
    segment.streams.clear();
    for (size_t stream = 0; stream < sources.size(); ++stream)
      for (int plane = 0; plane < kernel.streams()[stream].planes; ++plane)
        segment.streams.push_back(
            address(tensor, temporaries.empty() ? none : temporaries[i], stream, plane));
  }
  bool fits = partition && sameSizes(segments, cutFor);
  auto isCaptured = [&] { return std::ranges::find(captures, partition) != captures.end(); };
  if (!fits || !sameAddresses(segments, cutFor)) {
    // A graph goes on with the addresses that it was captured with.
    if (!fits || isCaptured() || !kernel.move(*partition, cutFor, segments))
      partition = kernel.partition(segments, threads);
    std::swap(cutFor, segments);
    isReady = false;
  }
  if (captured && !isCaptured())
    captures.push_back(partition);
  // What a graph needs is taken beside it, when it is captured.
  if (captured || isReady)
    return std::nullopt;
  Status bad = kernel.update(*partition, scalars, draw, stream);
  isReady = !bad;
  return bad;
}

Status Launcher::launch(void *stream) const {
  return kernel.launch(*partition, scalars, draw, stream);
}

Status Launcher::resume(void *stream) const {
  return kernel.resume(*partition, scalars, draw, stream);
}

Status Launcher::update(void *stream) const {
  for (const std::shared_ptr<const Partition> &captured : captures)
    if (Status bad = kernel.update(*captured, scalars, draw, stream))
      return bad;
  return std::nullopt;
}

void *Launcher::address(const TensorRef &tensor, const std::vector<float *> &temporaries,
                        size_t stream, int plane) const {
  auto [kind, index] = sources[stream];
  if (kind == Source::Gradient)
    return const_cast<void *>(tensor.gradient);
  if (kind == Source::HighGradient)
    return const_cast<void *>(tensor.highGradient);
  if (kind == Source::Weight)
    return tensor.weight;
  if (kind == Source::HighWeight)
    return tensor.high;
  float *base = kind == Source::Stored ? tensor.stored[index] : temporaries[index];
  return base + plane * segmentsOf(kernel.streams()[stream].extent, tensor.size, tensor.channels);
}

} // namespace bregman
