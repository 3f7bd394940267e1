"""Runs of `bregman train --device`, on the CUDA devices of the tests: a run that goes on elsewhere.

usage: device.py BREGMAN SPECS STANDIN FOLDER
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

bregman, specs, standin, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
preload = dict(os.environ, LD_PRELOAD=str(standin))
failures = 0


def run(code, message, *words, environment=preload):
    global failures
    done = subprocess.run([bregman, *words], capture_output=True, text=True, cwd=folder, env=environment)
    if done.returncode != code or message not in done.stderr:
        failures += 1
        print(f"{' '.join(words)}\n  exit {done.returncode}, expected {code}\n"
              f"  expected: {message}\n  stderr: {done.stderr}")
    return done.stdout


def check(what, truth):
    global failures
    if not truth:
        failures += 1
        print(what)


def kill(name, environment, *words):
    """A run that is killed at its first checkpoint."""
    process = subprocess.Popen([bregman, *train, *words, "--out", name], cwd=folder, env=environment,
                               stderr=subprocess.DEVNULL)
    while not (folder / name / "checkpoint.bregman").exists() and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    check(f"{name}: it has ended before it was killed", process.wait() != 0)


def result(name):
    return json.loads((folder / name / "result.json").read_text())


train = ["train", "--spec", str(specs / "md_tanh_s.breg"), "--by", "adam(lr = 1e-2)", "--epochs", "3",
         "--batch", "299", "--eval-every", "6", "--checkpoint-every", "2", "--recalibrate", "0", "--quiet"]
ways = {"cpu": [], "cuda": ["--device", "cuda"], "second": ["--device", "cuda:1"]}
for name, flags in ways.items():
    run(0, "", *train, *flags, "--out", name)
check("the run says where it was", result("second")["options"]["device"] == "cuda:1")
# What is not the optimizer's is done by the CPU in these tests, so that all of it has the same bits.
check("another device, other bits", len({result(name)["digest"] for name in ways}) == 1)

# Killed at its first checkpoint, a run goes on elsewhere.
for before, after in [("cuda", "cpu"), ("cpu", "cuda:1")]:
    name = f"{before}-{after}".replace(":", "")
    kill(name, preload, "--device", before)
    # A checkpoint of any device is read where there is none.
    run(0, "", "eval", name, "--which", "last", environment=os.environ)
    run(0, "", "train", "--resume", name, "--device", after, "--quiet")
    check(f"{name}: other bits", result(name)["digest"] == result("cpu")["digest"])

# A device that is lost in the middle of a run: the checkpoint is whole, and the run goes on from it.
run(4, "gives CUDA_ERROR_LAUNCH_FAILED (719): unspecified launch failure; the device is lost to this process: start "
    "again from a checkpoint", *train, "--device", "cuda", "--out", "lost",
    environment=dict(preload, BREGMAN_STANDIN_FAIL="cuLaunchKernel:30:719"))
check("lost: there is no checkpoint, or all was done", (folder / "lost" / "checkpoint.bregman").exists()
      and not (folder / "lost" / "result.json").exists())
run(0, "", "train", "--resume", "lost", "--quiet")
check("lost: other bits", result("lost")["digest"] == result("cpu")["digest"])

# Activations, and two branches with multipliers.
(folder / "acts.breg").write_text("""plan acts {
  activations "act*" : lsq_act(bits = 4) by momentum(lr = 1e-3)
  "*.weight"         : md_tanh_s(growth = 1.2, period = 20) by adam(lr = 1e-2)
  else               : float by adam(lr = 1e-3)
}
""")
for spec, place in [("acts", folder), ("pd_lenet", specs)]:
    both = ["train", "--spec", str(place / f"{spec}.breg"), "--plan", spec, "--model", "lenet300", "--data",
            "digits", "--epochs", "1", "--batch", "299", "--quiet"]
    for device in ["cpu", "cuda:1"]:
        run(0, "", *both, "--device", device, "--out", f"{spec}-{device[:4]}")
    check(f"{spec}: other bits", result(f"{spec}-cpu")["digest"] == result(f"{spec}-cuda")["digest"])
    evaluated = {run(0, "", "eval", f"{spec}-cuda", "--device", device) for device in ["cpu", "cuda"]}
    check(f"{spec}: eval sees another network", len(evaluated) == 1)

evaluated = {run(0, "", "eval", "cuda", "--device", device) for device in ["cpu", "cuda", "cuda:1"]}
check("eval sees another network", len(evaluated) == 1)

# Approximate arithmetic: near, not the same, kept by the run, and changed only by a word.
fast = dict(preload, BREGMAN_STANDIN_FAST="1")
run(0, "", *train, "--device", "cuda", "--fast", "--out", "fast", environment=fast)
check("the run says how it computed", result("fast")["options"]["fast"] and not result("cuda")["options"]["fast"])
check("nothing was approximate", result("fast")["digest"] != result("cuda")["digest"])
losses = [json.loads((folder / name / "metrics.jsonl").read_text().splitlines()[-1])["train_loss"]
          for name in ("fast", "cuda")]
check(f"far from the exact run: {losses}", abs(losses[0] - losses[1]) < 0.05 * losses[1])
both = ["train", "--spec", str(folder / "acts.breg"), "--plan", "acts", "--model", "lenet300", "--data", "digits",
        "--epochs", "1", "--batch", "299", "--quiet", "--fast"]
run(0, "", *both, "--device", "cuda", "--out", "acts-fast", environment=fast)
check("acts: nothing was approximate", result("acts-fast")["digest"] != result("acts-cuda")["digest"])
run(0, "", "eval", "acts-fast", environment=os.environ)
run(0, "", "eval", "acts-fast", "--device", "cuda")
run(4, "gives CUDA_ERROR_INVALID_PTX (218)", "eval", "acts-fast", "--device", "cuda", "--fast")
onCpu = "--fast is for GPUs; on the CPU every value is what IEEE 754 says: give --device cuda, or --no-fast"
run(2, onCpu, *train, "--fast", "--out", "none")
run(2, onCpu, "eval", "fast", "--fast")
kill("fast-killed", fast, "--device", "cuda", "--fast")
shutil.copytree(folder / "fast-killed", folder / "fast-exact")
run(2, onCpu, "train", "--resume", "fast-killed", "--device", "cpu", environment=fast)
run(4, "without `.rn` it may be contracted", "train", "--resume", "fast-killed", "--quiet")
run(0, "", "train", "--resume", "fast-killed", "--quiet", environment=fast)
check("the run has forgotten --fast", result("fast-killed")["options"]["fast"])
run(0, "", "train", "--resume", "fast-exact", "--device", "cpu", "--no-fast", "--quiet", environment=os.environ)
check("--no-fast is forgotten", not result("fast-exact")["options"]["fast"])
digests = [result(name)["digest"] for name in ("cuda", "fast-killed", "fast-exact")]
check("the same bits, however it was computed", len(set(digests)) == 3)
kill("exact-fast", preload, "--device", "cuda")
run(0, "", "train", "--resume", "exact-fast", "--fast", "--quiet", environment=fast)
check("--fast is forgotten", result("exact-fast")["options"]["fast"])

run(2, "--device cuda:2: LibTorch finds 2 CUDA devices, cuda:0 to cuda:1", *train, "--device", "cuda:2",
    "--out", "none")
run(2, "--device: expected cpu, cuda or cuda:N, got 'gpu'", *train, "--device", "gpu", "--out", "none")
run(2, "--device: expected cpu, cuda or cuda:N, got 'cuda:-1'", *train, "--device", "cuda:-1", "--out",
    "none")
run(4, "--device cuda: LibTorch finds no CUDA device; see NVIDIA's driver and CUDA_VISIBLE_DEVICES, or "
    "train with --device cpu", *train, "--device", "cuda", "--out", "none",
    environment=dict(preload, BREGMAN_STANDIN_DEVICES=""))
run(4, "--device cuda:1: LibTorch finds no CUDA device", "eval", "cuda", "--device", "cuda:1",
    environment=dict(preload, BREGMAN_STANDIN_DEVICES=""))
without = "--device cuda: this LibTorch is built for the CPU alone; build Bregman with one for CUDA, or " \
          "train with --device cpu"
run(4, without, *train, "--device", "cuda", "--out", "none", environment=os.environ)
run(4, without, "train", "--resume", "cuda", environment=os.environ)
check("a run was begun", not (folder / "none").exists())
print(f"{failures} failures")
sys.exit(failures != 0)
