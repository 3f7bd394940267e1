// The commands of the program `bregman`, one function each. A command declares its flags on `app`
// and sets `run` to what it does; `run` returns the exit code.
#pragma once

#include "frontend/Compiler.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace bregman::tool {

using Action = std::function<int()>;

void addCheck(CLI::App &app, Action &run);
void addEmit(CLI::App &app, Action &run);
void addExplain(CLI::App &app, Action &run);
void addTrace(CLI::App &app, Action &run);
void addBench(CLI::App &app, Action &run);

/// Prints an error on stderr and gives its exit code.
int fail(const Error &error);

/// Parses and checks a file; prints its warnings.
Result<Program> load(const std::string &path);

/// A validator of numbers above 0; CLI11's own names the largest double in its message.
CLI::Validator isPositive();

/// The flags that choose a method: --quantizer, --by.
void addMethodFlags(CLI::App &command, std::string &quantizer, std::string &optimizer);

/// --target.
void addTargetFlag(CLI::App &command, std::string &target);

void addFastFlag(CLI::App &command, bool &fast);

/// The flags that say what code is made: --element, --lanes, --fast, --no-cache.
void addCompileFlags(CLI::App &command, CompileOptions &options);

} // namespace bregman::tool
