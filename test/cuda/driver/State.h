// The driver's state: devices, contexts, and work that has been asked for but not done yet.
#pragma once

#include "test/cuda/driver/Block.h"
#include "test/cuda/driver/Codes.h"

#include <deque>
#include <functional>
#include <mutex>
#include <set>

namespace bregman::standin {

struct Context {
  int device;
  int retained = 0;
  int lost = 0; ///< the code that every call returns from now on
};

struct Module {
  Context *context;
  Program program;
};

struct Function {
  Module *module;
  std::shared_ptr<const Entry> entry;
};

/// Texts on their way to a binary.
struct Linker {
  Context *context;
  std::string binary;
  char *log = nullptr; ///< where errors go, if anywhere
  size_t logSize = 0;
};

using Work = std::function<void()>;

struct Graph {
  Context *context;
  std::vector<Work> work;
};

struct Stream {
  Context *context;
  Graph *capture = nullptr;
};

/// A piece of work on its way. It runs when somebody waits for it, or at any moment before.
struct Pending {
  Context *context;
  void *stream;
  Work work;
};

class State {
public:
  static State &get();

  std::recursive_mutex mutex;
  Memory memory;
  std::vector<std::unique_ptr<Context>> contexts; ///< one per device
  std::vector<int> chips;                         ///< 90 for 9.0
  std::set<Module *> modules;
  std::set<Function *> functions;
  std::set<Linker *> linkers;
  std::set<Stream *> streams;
  std::set<Graph *> graphs, executables;
  std::deque<Pending> queue;
  bool initialized = false;
  bool approximate = false; ///< `.approx` is taken
  int spilled = 0;          ///< bytes, by code that asks for more than one block at once
  uint32_t launches = 0;
  std::mt19937_64 random;
  std::string log, shownLog;

  /// Whether a stream of the current context captures, so that no memory may be made or freed, and
  /// no code loaded, by a thread that has not said that it means to.
  bool captures() const;
  static int &captureMode(); ///< of this thread

  /// The context on top of this thread's stack, or null.
  Context *current() const;
  static std::vector<Context *> &stack();
  /// Puts work behind what `stream` (null: the default one) already has.
  int enqueue(void *stream, Work work);
  /// Does everything up to the last work of `stream`; null: all of the context's.
  int finish(Context &context, void *stream);
  void reset();

  void fail(const std::string &function, int nth, int code);
  /// Counts a call and says which code it has to fail with.
  int enter(const char *function);
  std::map<std::string, int64_t> calls;
  struct Planned {
    std::string function;
    int64_t remaining;
    int code;
  };
  std::vector<Planned> planned;
  struct Mutation {
    std::string from, to;
    int nth = 0, seen = 0;
  };
  Mutation mutation;
  /// The text of a module as it is loaded.
  std::string mutated(std::string text);

private:
  State();
  void doOne();
};

/// What a function does after its name has been counted: locked, initialized, in a context that
/// works. Failures to be are handled first.
enum class Needs : uint8_t { Nothing, Initialized, Context };
int call(const char *function, Needs needs, const std::function<int(State &)> &body);

} // namespace bregman::standin

#define BREGMAN_EXPORT extern "C" __attribute__((visibility("default")))
