"""Builds what sees LibTorch against this machine's own, by its own compiler, and runs its tests."""
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST, NEWEST_TRIED = (2, 11), (2, 14)


class Unfit(Exception):
    """Why nothing can be built against a Python's torch."""


def dotted(version):
    return ".".join(map(str, version))


def torch_of(python, standin):
    """The folder of a Python's torch, and its version. The stand-in brings a CUDA of its own."""
    program = shutil.which(python)
    if not program:
        raise Unfit(f"there is no Python '{python}'")
    done = subprocess.run([program, "-c", "from importlib.util import find_spec as f; print(f('torch').submodule_search_locations[0])"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unfit(f"{program} has no torch")
    root = Path(done.stdout.strip())
    # Older ones have it elsewhere.
    header = root / "include" / "torch" / "headeronly" / "version.h"
    numbers = re.findall(r"^#define TORCH_VERSION_(?:MAJOR|MINOR) (\d+)", header.read_text(encoding="utf-8"), re.M) if header.exists() else []
    version = tuple(map(int, numbers))
    if version < OLDEST:
        raise Unfit(f"the torch of {program} is {dotted(version) if version else 'too old'}, and {dotted(OLDEST)} or newer is wanted")
    if not standin and not (root / "lib" / "libtorch_cuda.so").exists():
        raise Unfit(f"the torch {dotted(version)} of {program} is for the CPU alone, and one for CUDA is wanted")
    return root, version


def name_of(source):
    """The program of a test's source."""
    return ("Cuda" if source.parent.name == "cuda" else "") + source.stem.replace("Test", "Tests")


class Build:
    def __init__(self, here, report, compiler, root, standin):
        self.src, self.lib, self.tests = here / "src", here / "lib", here / "tests"
        self.root, self.compiler = root, compiler
        self.broken = False
        self.flags = ["-std=c++20", "-O2", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
                      "-DBREGMAN_TEST_SHARE=1", f'-DBREGMAN_SOURCE_DIR="{self.src}"', f"-I{self.src}", f"-isystem{self.src}/include",
                      f"-isystem{root}/include", f"-isystem{root}/include/torch/csrc/api/include"]
        libraries = ["torch_cpu", "c10"] + ([] if standin else ["torch_cuda", "c10_cuda"])
        # Nothing refers to LibTorch's CUDA by name: loading it is what registers the device.
        self.torch = ["-Wl,--no-as-needed", *(f"{root}/lib/lib{name}.so" for name in libraries), "-Wl,--as-needed"]
        self.log = report / "torch-build.log"
        self.objects = report / f"objects-{self.key()}"

    def key(self):
        """Of all that an object depends on, so that what an interrupted run has compiled is taken again."""
        version = subprocess.run([self.compiler, "--version"], capture_output=True, check=False).stdout
        made = hashlib.sha256(version + "\0".join([*self.flags, *self.torch]).encode())
        header = self.root / "include" / "torch" / "headeronly" / "version.h"
        for path in [header, *sorted(path for path in self.src.rglob("*") if path.suffix in (".h", ".hpp", ".def", ".cpp"))]:
            made.update(f"{path}\0".encode() + path.read_bytes())
        return made.hexdigest()[:16]

    def begin(self):
        for old in self.objects.parent.glob("objects-*"):
            if old != self.objects:
                shutil.rmtree(old)
        self.objects.mkdir(exist_ok=True)
        (self.tests / "torch").mkdir(exist_ok=True)
        self.log.unlink(missing_ok=True)

    def object_of(self, source):
        return self.objects / (str(source.relative_to(self.src)).replace("/", "_") + ".o")

    def call(self, *command):
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(" ".join(map(str, command)) + "\n" + done.stdout)
        return done.returncode == 0

    def compile(self, source):
        made = self.object_of(source)
        if made.exists() or self.broken:
            return not self.broken
        partly = made.with_suffix(".part")
        name, flags = str(source.relative_to(self.src)), []
        if name.startswith("test/frontend/torch/cuda/"):
            flags = ["-fvisibility=default"]
        elif name.startswith(("frontend/train/", "frontend/bench/")):
            # What their precompiled header has.
            headers = ("torch/nn/module.h", "torch/serialize/archive.h", "torch/optim/optimizer.h")
            flags = [word for header in headers for word in ("-include", header)]
        if not self.call(self.compiler, *self.flags, *flags, "-c", source, "-o", partly):
            self.broken = True
            return False
        partly.rename(made)
        return True

    def link(self, target, sources, *libraries):
        options = ["-shared"] if target.suffix == ".so" else []
        # What LibTorch itself needs (cuDNN, NCCL) is the loader's to find, by LibTorch's own run paths.
        options.append("-Wl,--allow-shlib-undefined")
        return self.call(self.compiler, *options, *map(self.object_of, sources), "-o", target, f"-L{self.lib}", *libraries, *self.torch,
                         "-lpthread", "-ldl", "-Wl,-rpath,$ORIGIN:$ORIGIN/more:$ORIGIN/../../lib", f"-Wl,-rpath,{self.root}/lib")


def run(here, report, environment, pool, tests, given, say):
    try:
        root, version = torch_of(given.python, given.standin)
        compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
        if not compiler or not shutil.which(compiler):
            raise Unfit(f"there is no compiler '{compiler}'" if compiler else "there is neither g++ nor clang++")
    except Unfit as why:
        say(f"torch: {why}; left out (--python names another Python, CXX a compiler)")
        tests.left_out.append("torch")
        return
    build = Build(here, report, compiler, root, given.standin)
    build.begin()
    say(f"torch: building against {dotted(version)} in {root} by {compiler}")
    if version > NEWEST_TRIED:
        say(f"torch: {dotted(NEWEST_TRIED)} is the newest that this has been built against")
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
