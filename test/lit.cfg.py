# lit's configuration: what a test may ask for (features) and what it may call (substitutions).
#
# Features, for `REQUIRES:`
#   torch              built with LibTorch
#   pytorch            ... which is that of the Python that runs the tests
#   avx512, avx2       this CPU has them
#   data               the data sets that the project does not ship are here (BREGMAN_DATA, ../shared/data)
#   address, undefined, thread    built under that sanitizer
#   bregman, bregman-opt, BregmanCompiler, BregmanTorch    the build has that target
#   fuzzers            the build has them: every build but those of the sanitizers
#   shellcheck, clang-format, ptxas      the tool is installed
#   no-cuda-driver     there is no libcuda.so.1
import ctypes
import os
import shutil
import sys

import lit.formats

source, build = config.bregman_source, config.bregman_build

config.name = "bregman"
config.suffixes = [".mlir", ".breg", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(source, "test")
config.test_exec_root = os.path.join(build, "test")
# lit's own shell: the same on every machine.
config.test_format = lit.formats.ShTest(execute_external=False)

data = os.environ.get("BREGMAN_DATA") or os.path.join(os.path.dirname(source), "shared", "data")

features = config.available_features
features.update(target for target in config.bregman_targets if target)
features.update(name for name in config.bregman_sanitize.split(",") if name)
# Their tests run, and fail, where the sources are there and the build forgot the target.
for target, file in [("BregmanCompiler", "program/Load.cpp"), ("bregman", "tools/bregman.cpp")]:
    if os.path.exists(os.path.join(source, "frontend", file)):
        features.add(target)
if config.bregman_torch in ("ON", "TRUE", "1"):
    features.add("torch")
    # LibTorch alone has no Python, and one made for another Python can't be imported.
    ours = "python%d.%d" % sys.version_info[:2]
    if ours in config.bregman_torch_root.split("/") and os.path.exists(os.path.join(config.bregman_torch_root, "__init__.py")):
        features.add("pytorch")
if os.path.isdir(data):
    features.add("data")
with open("/proc/cpuinfo") as cpu:
    flags = set(next((line for line in cpu if line.startswith("flags")), "").split())
if {"avx2", "fma", "f16c"} <= flags:
    features.add("avx2")
if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
    features.add("avx512")
if not config.bregman_sanitize and os.path.isdir(os.path.join(source, "test", "fuzz")):
    features.add("fuzzers")
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    features.add("no-cuda-driver")
if shutil.which("shellcheck"):
    features.add("shellcheck")
if shutil.which("ptxas"):
    features.add("ptxas")
if shutil.which("clang-format-22"):
    features.add("clang-format")

# Tools are named by their whole path, so that no test picks up an installed one. lit replaces the
# first that matches: the longer name stands first.
bin = os.path.join(build, "bin")
config.substitutions += [
    ("%bregman-opt", os.path.join(bin, "bregman-opt")),
    ("%bregman", os.path.join(bin, "bregman")),
    ("%specs", os.path.join(source, "examples", "specs")),
    ("%examples", os.path.join(source, "examples")),
    ("%data", data),
    ("%source", source),
    ("%build", build),
    ("%python", config.python),
    ("%cmake", config.cmake),
    ("%llvm", os.path.dirname(config.llvm_bin)),
    ("%cxx", config.cxx),
    ("%sanitize", "-fsanitize=" + config.bregman_sanitize if config.bregman_sanitize else '""'),
    ("%torch", config.bregman_torch_root),
    ("%house", config.python + " " + os.path.join(source, "test", "house") + os.sep),
    ("FileCheck", os.path.join(config.llvm_bin, "FileCheck") + " --dump-input-filter=error"),
    (r"\bsplit-file\b", os.path.join(config.llvm_bin, "split-file")),
    (r"\bnot\b(?= )", os.path.join(config.llvm_bin, "not")),
]

# The user's kernel cache is neither read nor written.
environment = config.environment
environment["XDG_CACHE_HOME"] = os.path.join(build, "test", "cache")
environment["BREGMAN_DATA"] = data
environment["PYTHONDONTWRITEBYTECODE"] = "1"
environment["BREGMAN_SOURCE"] = source
environment["BREGMAN_BUILD"] = build
environment["BREGMAN_TEST_SHARE"] = config.bregman_test_share
environment["BREGMAN_SPECS"] = os.path.join(source, "examples", "specs")
environment.pop("BREGMAN_CACHE", None)

symbolizer = os.path.join(config.llvm_bin, "llvm-symbolizer")
# LLVM's allocators poison what they hold back. Their code is in headers, so some of it is compiled with
# us and some of it came without instrumentation: one half poisons what the other gives away.
environment["ASAN_OPTIONS"] = (
    "detect_leaks=1:allow_user_poisoning=0:external_symbolizer_path=" + symbolizer
)
environment["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:external_symbolizer_path=" + symbolizer
# LibTorch and its OpenMP runtime are not instrumented: what they do inside themselves is not reported,
# their locks and threads are seen all the same.
environment["TSAN_OPTIONS"] = (
    "halt_on_error=1:ignore_noninstrumented_modules=1:external_symbolizer_path=" + symbolizer
)
