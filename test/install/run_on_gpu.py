"""What a bundle's run-on-gpu says where its torch step can not be done, when it is stopped, and of tests
that are skipped.

usage: run_on_gpu.py BUNDLE FOLDER
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

bundle, folder = map(pathlib.Path, sys.argv[1:])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
command = [sys.executable, str(bundle / "run-on-gpu"), "--jobs", "2", "torch"]
failures = 0


def script(name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def python_with(name, version, cuda=False):
    """A Python whose torch is of a version, and has no more than what tells it."""
    root = folder / f"of-{name}"
    (root / "lib").mkdir(parents=True)
    if version:
        header = root / "include" / "torch" / "headeronly" / "version.h"
        header.parent.mkdir(parents=True)
        major, minor = version.split(".")
        header.write_text(f"#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n"
                          "#define TORCH_VERSION_PATCH 0\n", encoding="utf-8")
    if cuda:
        (root / "lib" / "libtorch_cuda.so").touch()
    return script(name, f"echo {root}")


def check(what, truth, output):
    global failures
    if not truth:
        failures += 1
        print(f"{what}:\n{output}")


def run(wanted, *flags, **changes):
    done = subprocess.run([*command, *flags], capture_output=True, text=True, env=dict(os.environ, **changes), check=False)
    remedy = "; left out (--python names another Python, CXX a compiler)"
    check(wanted, done.returncode == 1 and f"run-on-gpu: torch: {wanted}{remedy}\nrun-on-gpu: failed: torch; see report/\n" in done.stdout,
          f"exit {done.returncode}\n{done.stdout}{done.stderr}")


def where(name):
    return str(folder / name)


fits = python_with("fits", "2.13")
run(f"there is no Python '{where('none')}'", "--standin", "--python", where("none"))
run(f"{where('bare')} has no torch", "--standin", "--python", script("bare", "exit 1"))
run(f"the torch of {where('old')} is 2.10, and 2.11 or newer is wanted", "--standin", "--python", python_with("old", "2.10"))
run(f"the torch of {where('ancient')} is too old, and 2.11 or newer is wanted", "--standin", "--python", python_with("ancient", None))
run(f"there is no compiler '{where('none')}'", "--standin", "--python", fits, CXX=where("none"))
# A driver that is not known to be the stand-in.
run(f"the torch 2.13 of {fits} is for the CPU alone, and one for CUDA is wanted", "--python", fits,
    LD_LIBRARY_PATH=str(bundle / "standin"))

for newer, said in [("2.15", True), ("2.14", False)]:
    python = python_with(f"newer-{newer}", newer)
    done = subprocess.run([*command, "--standin", "--python", python], capture_output=True, text=True,
                          env=dict(os.environ, CXX=script("fails", "echo what went wrong; exit 1")), check=False)
    check(f"against {newer}", done.returncode == 1 and "\nwhat went wrong\n" in done.stdout
          and "run-on-gpu: torch: the build failed; see report/torch-build.log\n" in done.stdout
          and ("run-on-gpu: torch: 2.14 is the newest that this has been built against\n" in done.stdout) == said,
          done.stdout + done.stderr)

# Ctrl-C goes to all that the terminal runs. Who runs these tests may have it ignored.
started = folder / "started"
compiler = script("waits", f'case "$1" in --version) ;; *) touch {started}; exec sleep 60;; esac')
process = subprocess.Popen([*command, "--standin", "--python", fits], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           env=dict(os.environ, CXX=compiler), start_new_session=True,
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
while not started.exists() and process.poll() is None:
    time.sleep(0.01)
os.killpg(process.pid, signal.SIGINT)
output, _ = process.communicate(timeout=30)
check("stopped", process.returncode == 130 and
      output.endswith("\nrun-on-gpu: stopped; what has been compiled is not compiled again\n") and "Traceback" not in output, output)
check("an object is left that nobody has made whole", not list(bundle.glob("report/objects-*/*")), "")

# All of a program may be for the stand-in alone.
skipping = folder / "skipping"
(skipping / "tests").mkdir(parents=True)
for part in bundle.iterdir():
    if part.is_file():
        shutil.copy(part, skipping)
    elif part.name not in ("tests", "report"):
        (skipping / part.name).symlink_to(part.resolve())
skipped = '{"testsuites": [{"testsuite": [{"status": "RUN", "result": "SKIPPED"}]}]}'
for program in ("CudaRuntimeTests", "CudaCodeTests", "CudaLibraryTests"):
    shutil.copy(script("skips", f"echo '{skipped}' > \"${{1#--gtest_output=json:}}\""), skipping / "tests" / program)
for flags, last in [([], "all passed: tests"), (["--standin"], "failed: CudaRuntimeTests, CudaCodeTests, CudaLibraryTests")]:
    done = subprocess.run([sys.executable, str(skipping / "run-on-gpu"), "--jobs", "1", "tests", *flags], capture_output=True, text=True,
                          env=dict(os.environ, LD_LIBRARY_PATH=str(bundle / "standin")), check=False)
    check(f"skipped {flags}", done.returncode == len(flags) and done.stdout.endswith(
        f"run-on-gpu: CudaLibraryTests: 0 passed, 0 failed, 1 skipped\nrun-on-gpu: {last}; see report/\n"), done.stdout + done.stderr)
sys.exit(failures != 0)
