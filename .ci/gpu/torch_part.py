"""Builds what sees LibTorch against this machine's own, by its own compiler, and runs its tests."""
import os
import re
import shutil
import subprocess
from pathlib import Path

SUPPORTED = ((2, 11), (2, 13))


def torch_of(python):
    """The folder of a Python's torch, and its version; None where there is none that fits."""
    if not python:
        return None
    done = subprocess.run([python, "-c", "from importlib.util import find_spec as f; print(f('torch').submodule_search_locations[0])"],
                          capture_output=True, text=True, check=False)
    root = Path(done.stdout.strip())
    header = root / "include" / "torch" / "headeronly" / "version.h"
    if done.returncode or not header.exists():
        return None
    numbers = re.findall(r"^#define TORCH_VERSION_(?:MAJOR|MINOR) (\d+)", header.read_text(encoding="utf-8"), re.M)
    version = tuple(map(int, numbers))
    return (root, version) if SUPPORTED[0] <= version <= SUPPORTED[1] else None


def name_of(source):
    """The program of a test's source."""
    return ("Cuda" if source.parent.name == "cuda" else "") + source.stem.replace("Test", "Tests")


class Build:
    def __init__(self, here, report, compiler, root):
        self.src, self.lib, self.tests = here / "src", here / "lib", here / "tests"
        self.objects, self.root = report / "objects", root
        self.compiler = compiler
        self.flags = ["-std=c++20", "-O2", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
                      "-DBREGMAN_TEST_SHARE=1", f'-DBREGMAN_SOURCE_DIR="{self.src}"', f"-I{self.src}", f"-isystem{self.src}/include",
                      f"-isystem{root}/include", f"-isystem{root}/include/torch/csrc/api/include"]
        libraries = ["torch_cpu", "c10"] + (["torch_cuda", "c10_cuda"] if (root / "lib" / "libtorch_cuda.so").exists() else [])
        # Nothing refers to LibTorch's CUDA by name: loading it is what registers the device.
        self.torch = ["-Wl,--no-as-needed", *(f"{root}/lib/lib{name}.so" for name in libraries), "-Wl,--as-needed"]
        self.log = report / "torch-build.log"

    def object_of(self, source):
        return self.objects / (str(source.relative_to(self.src)).replace("/", "_") + ".o")

    def call(self, *command):
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(" ".join(map(str, command)) + "\n" + done.stdout)
        return done.returncode == 0

    def compile(self, source):
        made = self.object_of(source)
        if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
            return True
        name, flags = str(source.relative_to(self.src)), []
        if name.startswith("test/frontend/torch/cuda/"):
            flags = ["-fvisibility=default"]
        elif name.startswith(("frontend/train/", "frontend/bench/")):
            # What their precompiled header has.
            headers = ("torch/nn/module.h", "torch/serialize/archive.h", "torch/optim/optimizer.h")
            flags = [word for header in headers for word in ("-include", header)]
        return self.call(self.compiler, *self.flags, *flags, "-c", source, "-o", made)

    def link(self, target, sources, *libraries):
        options = ["-shared"] if target.suffix == ".so" else []
        # What LibTorch itself needs (cuDNN, NCCL) is the loader's to find, by LibTorch's own run paths.
        options.append("-Wl,--allow-shlib-undefined")
        return self.call(self.compiler, *options, *map(self.object_of, sources), "-o", target, f"-L{self.lib}", *libraries, *self.torch,
                         "-lpthread", "-ldl", "-Wl,-rpath,$ORIGIN:$ORIGIN/more:$ORIGIN/../../lib", f"-Wl,-rpath,{self.root}/lib")


def run(here, report, environment, pool, tests, given, say):
    found = torch_of(given.python)
    if not found:
        say(f"torch: {given.python or 'python3'} has no torch 2.11 to 2.13; left out (--python names another Python)")
        tests.left_out.append("torch")
        return
    root, version = found
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        say("torch: there is neither g++ nor clang++; left out (CXX names a compiler)")
        tests.left_out.append("torch")
        return
    build = Build(here, report, compiler, root)
    build.objects.mkdir(exist_ok=True)
    (build.tests / "torch").mkdir(exist_ok=True)
    build.log.unlink(missing_ok=True)
    say(f"torch: building against {'.'.join(map(str, version))} in {root} by {compiler}")
    optimizer = sorted(build.src.glob("frontend/torch/*.cpp"))
    train = sorted([*build.src.glob("frontend/train/*.cpp"), *build.src.glob("frontend/bench/torch/*.cpp")])
    programs = sorted(build.src.glob("test/frontend/torch/*Test.cpp"))
    on_device = sorted(build.src.glob("test/frontend/torch/cuda/*Test.cpp"))
    # LibTorch's CUDA, made of the stand-in's devices.
    backend = sorted(set(build.src.glob("test/frontend/torch/cuda/*.cpp")) - set(on_device)) if given.standin else []
    everything = [*optimizer, *train, *programs, *on_device, *backend]
    # The longest are begun first, as far as the size tells.
    everything.sort(key=lambda source: -source.stat().st_size)
    good = all(list(pool.map(build.compile, everything)))
    good = good and build.link(build.lib / "libbregman_torch.so", optimizer, "-lbregman")
    good = good and build.link(build.lib / "libbregman_train.so", train, "-lbregman_torch", "-lbregman", build.lib / "more" / "libz.so.1")
    gtest = [build.src / "lib" / f"lib{name}.a" for name in ("gtest_main", "gmock", "gtest")]
    driver = []
    if given.standin:
        good = good and build.link(build.lib / "libstandin_torch.so", backend, f"-L{here / 'standin'}", "-l:libcuda.so.1")
        driver = ["-Wl,--no-as-needed", "-lstandin_torch", f"-L{here / 'standin'}", "-l:libcuda.so.1", "-Wl,--as-needed"]
    good = good and all(list(pool.map(lambda source: build.link(
        build.tests / "torch" / name_of(source), [source], *gtest, "-lbregman_torch", "-lbregman",
        *(driver if source in on_device else [])), [*programs, *on_device])))
    if not good:
        print("\n".join(build.log.read_text(encoding="utf-8").splitlines()[-40:]))
        tests.failed.append("build of what sees LibTorch")
        say("torch: the build failed; see report/torch-build.log")
        return
    for source in [*programs, *on_device]:
        tests.run("torch/" + name_of(source), title=name_of(source))
