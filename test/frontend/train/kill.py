"""A run that is killed at random moments, and while it saves, ends in the same bits as one that
is not.

usage: kill.py BREGMAN FOLDER FLAGS...    the flags of `bregman train` without --out
"""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

bregman, folder, flags = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
seed = int.from_bytes(os.urandom(4), "big")
random.seed(seed)
print("seed", seed)


def start(words):
    return subprocess.Popen([bregman, "train", *words], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def fresh(out):
    return start([*flags, "--quiet", "--overwrite", "--out", str(out)])


def resumed(out):
    return start(["--resume", str(out), "--quiet"])


def finish(process):
    error = process.communicate()[1]
    return process.returncode, error


def fail(message):
    print("FAIL:", message)
    sys.exit(1)


def outcome(out):
    """Everything that a run leaves behind but its times."""
    times = 3  # the last columns of the metrics
    rows = [line.split(",")[:-times] for line in (out / "metrics.csv").read_text().splitlines()]
    lines = [list(json.loads(line).values())[:-times]
             for line in (out / "metrics.jsonl").read_text().splitlines()]
    result = json.loads((out / "result.json").read_text())
    for name in ("seconds", "step_seconds", "kernel_share", "options"):
        result.pop(name, None)
    return rows, lines, result


began = time.monotonic()
straight = folder / "straight"
code, error = finish(fresh(straight))
if code:
    fail(f"the run that nobody killed: exit {code}\n{error}")
duration = time.monotonic() - began
expected = outcome(straight)
print(f"straight: {duration:.1f} s, {len(expected[0]) - 1} evaluations")


def killed_run(out, kill):
    """Kills the run again and again by `kill`, going on each time, until it gets through."""
    kills = 0
    process = fresh(out)
    while True:
        kill(process, out)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        code, error = finish(process)
        if code == 0:
            return kills
        if code != -signal.SIGKILL:
            fail(f"after {kills} kills: exit {code}\n{error}")
        kills += 1
        process = resumed(out) if (out / "checkpoint.bregman").exists() else fresh(out)


budget = 6  # kills of one run; then it may end


def at_random(process, out):
    at_random.left -= 1
    try:
        process.wait(random.uniform(0.3, max(0.6, duration / 3)) if at_random.left > 0 else None)
    except subprocess.TimeoutExpired:
        pass


def while_saving(process, out):
    # The new checkpoint stands under this name until it is whole.
    name = out / "checkpoint.bregman.new"
    while_saving.left -= 1
    skip = random.randrange(12)
    while process.poll() is None and while_saving.left > 0:
        if name.exists():
            if skip == 0:
                while_saving.hits += 1
                return
            skip -= 1
            while name.exists() and process.poll() is None:
                pass
    process.wait()


at_random.left = while_saving.left = budget
while_saving.hits = 0
for kill in (at_random, while_saving):
    out = folder / kill.__name__
    kills = killed_run(out, kill)
    if outcome(out) != expected:
        fail(f"{kill.__name__}: other bits after {kills} kills")
    print(f"{kill.__name__}: {kills} kills, the same bits")
if not while_saving.hits:
    fail("no save was seen: the test has not tested anything")

# Ctrl-C: an orderly end that says how to go on.
out = folder / "interrupt"
process = fresh(out)
while not (out / "checkpoint.bregman").exists() and process.poll() is None:
    time.sleep(0.01)
process.send_signal(signal.SIGINT)
code, error = finish(process)
if code != 130:
    fail(f"an interrupted run: exit {code}\n{error}")
if f"bregman train --resume {out}" not in error:
    fail(f"an interrupted run does not say how to go on:\n{error}")
code, error = finish(resumed(out))
if code or outcome(out) != expected:
    fail(f"going on after an interrupt: exit {code}\n{error}")
print("interrupt: the same bits")
