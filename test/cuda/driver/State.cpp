// What all calls share: planned failures, lost contexts, and the queue.
#include "test/cuda/driver/State.h"
#include "test/cuda/driver/Numbers.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace bregman::standin {

State &State::get() {
  static State *state = new State; // outlives every static of the program
  return *state;
}

State::State() {
  reset();
  if (const char *plan = std::getenv("BREGMAN_STANDIN_FAIL")) {
    std::istringstream text(plan);
    for (std::string one; std::getline(text, one, ',');) {
      std::istringstream parts(one);
      std::string name;
      int nth, code;
      char colon;
      if (std::getline(parts, name, ':') && parts >> nth >> colon >> code && colon == ':')
        fail(name, nth, code);
      else
        std::fprintf(stderr, "BREGMAN_STANDIN_FAIL: FUNCTION:NTH:CODE is wanted, not %s\n",
                     one.c_str());
    }
  }
}

void State::reset() {
  for (Module *module : modules)
    delete module;
  for (Function *function : functions)
    delete function;
  for (Linker *linker : linkers)
    delete linker;
  for (Stream *stream : streams)
    delete stream;
  for (Graph *graph : graphs)
    delete graph;
  for (Graph *graph : executables)
    delete graph;
  modules.clear();
  functions.clear();
  linkers.clear();
  streams.clear();
  graphs.clear();
  executables.clear();
  queue.clear();
  planned.clear();
  calls.clear();
  memory = Memory();
  approximate = std::getenv("BREGMAN_STANDIN_FAST") != nullptr;
  spilled = 0;
  memory.idle = std::getenv("BREGMAN_STANDIN_IDLE") != nullptr;
  if (memory.idle)
    memory.capacity = uint64_t(1) << 40;
  initialized = false;
  const char *given = std::getenv("BREGMAN_STANDIN_DEVICES");
  std::istringstream text(given ? given : "90,80");
  contexts.clear();
  chips.clear();
  for (std::string chip; std::getline(text, chip, ',');) {
    chips.push_back(leadingNumber(chip));
    contexts.push_back(std::make_unique<Context>(Context{int(contexts.size())}));
  }
  const char *seed = std::getenv("BREGMAN_STANDIN_SEED");
  random.seed(seed ? std::strtoull(seed, nullptr, 0) : 1);
}

std::vector<Context *> &State::stack() {
  static thread_local std::vector<Context *> contexts;
  return contexts;
}

int &State::captureMode() {
  static thread_local int mode = 0;
  return mode;
}

bool State::captures() const {
  constexpr int relaxed = 2;
  return captureMode() != relaxed &&
         std::any_of(streams.begin(), streams.end(), [&](const Stream *stream) {
           return stream->context == current() && stream->capture;
         });
}

Context *State::current() const { return stack().empty() ? nullptr : stack().back(); }

void State::fail(const std::string &function, int nth, int code) {
  planned.push_back({function, nth, code});
}

int State::enter(const char *function) {
  ++calls[function];
  int code = 0;
  std::erase_if(planned, [&](Planned &plan) {
    if (plan.function != function || --plan.remaining > 0)
      return false;
    code = plan.code;
    return true;
  });
  if (code && isSticky(code) && current())
    current()->lost = code;
  return code;
}

std::string State::mutated(std::string text) {
  if (mutation.from.empty())
    return text;
  for (size_t at = 0; (at = text.find(mutation.from, at)) != text.npos; ++at)
    if (++mutation.seen == mutation.nth)
      text.replace(at, mutation.from.size(), mutation.to);
  return text;
}

int State::enqueue(void *stream, Work work) {
  auto *known = static_cast<Stream *>(stream);
  if (stream && (!streams.count(known) || known->context != current()))
    return codes::InvalidHandle;
  if (known && known->capture) {
    known->capture->work.push_back(std::move(work));
    return codes::Success;
  }
  if (memory.idle)
    return codes::Success;
  queue.push_back({current(), stream, std::move(work)});
  for (uint64_t some = random() % 4; some > 2 && !queue.empty(); --some)
    doOne();
  return codes::Success;
}

void State::doOne() {
  Pending pending = std::move(queue.front());
  queue.pop_front();
  if (pending.context->lost)
    return;
  try {
    pending.work();
  } catch (const Fault &fault) {
    pending.context->lost = fault.code;
    const Code *code = findCode(fault.code);
    log += std::string(code ? code->name : "?") + ": " + fault.message + "\n";
    if (std::getenv("BREGMAN_STANDIN_LOG"))
      std::fprintf(stderr, "%s\n", log.c_str());
  }
}

int State::finish(Context &context, void *stream) {
  auto isOurs = [&](const Pending &pending) {
    return pending.context == &context && (!stream || pending.stream == stream);
  };
  while (std::any_of(queue.begin(), queue.end(), isOurs))
    doOne();
  return context.lost;
}

int call(const char *function, Needs needs, const std::function<int(State &)> &body) {
  State &state = State::get();
  std::lock_guard lock(state.mutex);
  if (int code = state.enter(function))
    return code;
  if (needs >= Needs::Initialized && !state.initialized)
    return codes::NotInitialized;
  if (needs == Needs::Context) {
    Context *current = state.current();
    if (!current || current->retained == 0)
      return codes::InvalidContext;
    if (current->lost)
      return current->lost;
  }
  return body(state);
}

} // namespace bregman::standin
