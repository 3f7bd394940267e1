// Kernels one after the other over the same tensors.
#include "runtime/Sequence.h"

#include <algorithm>

namespace bregman {

Sequence::Sequence(const Method &method, const KernelSequence &kernels, int threads)
    : space(method.memory) {
  for (const std::shared_ptr<const Kernel> &kernel : kernels)
    for (const StreamInfo &stream : kernel->streams()) {
      if (!stream.name.starts_with("$"))
        continue;
      auto known = std::find_if(temporaries.begin(), temporaries.end(),
                                [&](const Temporary &t) { return t.name == stream.name; });
      std::string title = "kernel `" + kernel->name() + "`: stream `" + stream.name + "` ";
      bool isRead = stream.access == Access::In || stream.access == Access::InOut;
      if (known == temporaries.end()) {
        temporaries.push_back({stream.name, stream.planes, stream.extent});
        if (isRead)
          misfit = Error{ErrorKind::Internal, title + "is read before a kernel writes it"};
      } else if (known->planes != stream.planes || known->extent != stream.extent) {
        misfit = Error{ErrorKind::Internal, title + "is not what an earlier kernel has written"};
      }
    }
  for (const std::shared_ptr<const Kernel> &kernel : kernels)
    launchers.emplace_back(method, *kernel, temporaries, threads);
}

Status Sequence::check() const {
  for (const Launcher &launcher : launchers)
    if (Status bad = launcher.check())
      return bad;
  return misfit;
}

bool Sequence::writes(const std::string &name) const {
  return std::any_of(launchers.begin(), launchers.end(),
                     [&](const Launcher &launcher) { return launcher.writes(name); });
}

void Sequence::watch(std::vector<Clock::Watch> &watched, bool everyStep) const {
  for (const Launcher &launcher : launchers)
    launcher.watch(watched, everyStep);
}

Status Sequence::bind(Clock &clock, Moment moment) {
  for (Launcher &launcher : launchers)
    if (Status bad = launcher.bind(clock, moment))
      return bad;
  return std::nullopt;
}

/// Memory for what lives between the kernels, where the tensors lie.
Status Sequence::provide(std::span<const TensorRef> tensors) {
  if (!captured || memory.size() < tensors.size())
    memory.resize(tensors.size());
  addresses.resize(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    memory[i].resize(temporaries.size());
    addresses[i].clear();
    for (size_t t = 0; t < temporaries.size(); ++t) {
      const Temporary &temporary = temporaries[t];
      size_t bytes = sizeof(float) * size_t(temporary.planes) *
                     size_t(segmentsOf(temporary.extent, tensors[i].size, tensors[i].channels));
      if (memory[i][t].size() < bytes) {
        Result<Buffer> made = Buffer::create(space, bytes, tensors[i].weight);
        if (!made)
          return made.error();
        if (captured)
          ofGraphs.push_back(std::move(memory[i][t]));
        memory[i][t] = std::move(*made);
      }
      addresses[i].push_back(static_cast<float *>(memory[i][t].data()));
    }
  }
  return std::nullopt;
}

Status Sequence::place(std::span<const TensorRef> tensors, void *stream, bool isCaptured) {
  if (!temporaries.empty())
    if (Status bad = provide(tensors))
      return bad;
  captured |= isCaptured;
  for (Launcher &launcher : launchers)
    if (Status bad = launcher.place(tensors, addresses, stream, isCaptured))
      return bad;
  return std::nullopt;
}

Status Sequence::run(void *stream, Progress &progress) const {
  for (const Launcher &launcher : launchers) {
    if (progress.seen++ < progress.done)
      continue;
    Status bad = progress.failed ? launcher.resume(stream) : launcher.launch(stream);
    progress.failed = bad.has_value();
    progress.isHalfDone = bad && launcher.isHalfDone();
    if (bad)
      return bad;
    ++progress.done;
  }
  return std::nullopt;
}

Status Sequence::launch(std::span<const TensorRef> tensors, void *stream) {
  if (Status bad = place(tensors, stream))
    return bad;
  Progress progress;
  return run(stream, progress);
}

Status Sequence::update(void *stream) const {
  for (const Launcher &launcher : launchers)
    if (Status bad = launcher.update(stream))
      return bad;
  return std::nullopt;
}

} // namespace bregman
