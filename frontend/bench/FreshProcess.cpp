// No shell stands in between, so that no path needs quotes.
#include "frontend/bench/FreshProcess.h"

#include <sstream>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bregman;
using namespace bregman::bench;

extern char **environ;

static std::vector<char *> pointersOf(std::vector<std::string> &words) {
  std::vector<char *> pointers;
  for (std::string &word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// What a program prints on its standard output, or nothing where it could not be started or did
/// not end well.
static std::optional<std::string> outputOf(std::vector<std::string> words,
                                           const std::vector<std::string> &variables) {
  int ends[2];
  if (pipe(ends))
    return std::nullopt;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  // The first of two entries of one name is the one that is found.
  std::vector<std::string> environment = variables;
  for (char **entry = environ; *entry; ++entry)
    environment.emplace_back(*entry);
  pid_t child = 0;
  bool started = posix_spawnp(&child, words.front().c_str(), &actions, /*attrp=*/nullptr,
                              pointersOf(words).data(), pointersOf(environment).data()) == 0;
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t read; started && (read = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, size_t(read));
  close(ends[0]);
  int status = 0;
  bool ended = started && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
               WEXITSTATUS(status) == 0;
  return ended ? std::optional(text) : std::nullopt;
}

Result<std::vector<double>>
bregman::bench::compileInFreshProcess(const BenchOptions &options, const Case &measured,
                                      size_t count, const std::vector<std::string> &variables) {
  std::vector<std::string> words = {options.program,  "bench",          "--device", options.device,
                                    "--compile-once", measured.title(), "--specs",  options.specs};
  if (options.fast)
    words.emplace_back("--fast");
  std::vector<double> numbers(count);
  if (std::optional<std::string> text = outputOf(words, variables)) {
    std::istringstream in(*text);
    for (double &number : numbers)
      in >> number;
    if (in)
      return numbers;
  }
  std::string command;
  for (const std::string &word : words)
    command += (command.empty() ? "" : " ") + word;
  return Error{ErrorKind::Environment, "error: could not start a fresh process: " + command};
}
