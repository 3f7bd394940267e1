#!/usr/bin/env python3
"""Trains every quantizer of the library with final levels and writes their table into docs/results.md.

usage: examples/methods.py BREGMAN RUNS [--data mnist] [--model lenet300] [--epochs N] [--seeds N]
                           [--methods NAME...] [--times] [--plans] [--page]

RUNS keeps the runs: one that is there and done is not trained again. With `--times` each method is
also run for a fifth of an epoch, for the time of a step: on a machine that does nothing else. With `--page` the section of
docs/results.md is written, of all runs of this data set, model and number of epochs in RUNS. A method
that ends no better than by chance, or whose loss is not a number, is said so below the table. `--plans` does
the same for the library's plans that quantize activations, have constraints, or are made from such a
run, each with a network whose names it matches, and writes how the multipliers move.

A short schedule leaves the papers' constants behind, which are made for hundreds of epochs: what
anneals is given arguments that anneal within the run, below.
"""

import argparse
import json
import math
import pathlib
import platform
import re
import statistics
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
specs = root / "examples" / "specs"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("bregman")
parser.add_argument("runs", type=pathlib.Path)
parser.add_argument("--data", default="mnist")
parser.add_argument("--model", default="lenet300")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--batch", type=int, default=100)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--methods", nargs="*")
parser.add_argument("--times", action="store_true")
parser.add_argument("--plans", action="store_true")
parser.add_argument("--page", action="store_true")
arguments = parser.parse_args()

images = {"mnist": 55000, "fashion": 55000, "digits": 1437}[arguments.data]
steps_per_epoch = images // arguments.batch
steps = steps_per_epoch * arguments.epochs
epochs = arguments.epochs
period = max(1, steps // 40)  # 40 times a factor of 1.15 is 270

adam = "adam(lr = 1e-3)"
# What a quantizer is given instead of its defaults, and by which optimizer it is trained.
settings = {
    "admm": (["rho = 1e-3"], "extragradient(lr = 0.3, predict = 0.3)"),
    "bayes_bnn": (["n = 100", "decay = 0"], "momentum(lr = 1e-2)"),
    "binary_connect_stochastic": ([], "adam(lr = 1e-2)"),
    "binary": ([], "bop(gamma = 1e-2, tau = 1e-6)"),
    "binary_relax": (["growth = 2", f"hard_epoch = {math.ceil(0.7 * epochs)}"], adam),
    "lc": (["mu0 = 1e-4", "growth = 10", "period = 1"], adam),
    "parq": ([f"stop = {int(0.8 * steps)}"], adam),
    "proxquant": ([f"rate = {0.4 / epochs}", f"freeze_epoch = {epochs}"], adam),
    "proxquant_2bit": ([f"rate = {4 / epochs}"], adam),
    "proxquant_ternary": ([f"rate = {4 / epochs}", f"freeze_epoch = {epochs}"], adam),
    "slb": (["growth = 1.5"], adam),
}
for name in ("gd_tanh", "md_levels_s", "md_softmax", "md_softmax_s", "md_tanh", "md_tanh_s",
             "md_ternary_s", "pgd", "pmf"):
    settings[name] = (["growth = 1.15", f"period = {period}"], adam)


# Of a plan: the network and the epochs.
plans = {
    "bitnet_a8": ("lenet300", 3),
    "lsq_w4a4": ("resnet10", 2),
    "mixed": ("resnet10", 1),
    "pd_lenet": ("lenet5", 3),
    "pd_qat": ("resnet10", 2),
}

# Its latents have to pass 1/2 before the levels part.
settings["md_ternary_s"] = (settings["md_ternary_s"][0], "adam(lr = 1e-2)")


def methods():
    """The quantizers whose weights end on levels; what has none is for activations."""
    for file in sorted(specs.glob("*.breg")):
        text = re.sub("//.*", "", file.read_text(encoding="utf-8"))
        if re.search(r"^quantizer\b", text, re.M) and re.search(r"\bfinal\b", text):
            yield file.stem


def folder(name, seed):
    return arguments.runs / f"{arguments.data}-{arguments.model}-{epochs}-{name}-seed{seed}"


def timed(name):
    return arguments.runs / f"{arguments.data}-{arguments.model}-{name}-time"


def planFolder(name, seed):
    model, length = plans[name]
    return arguments.runs / f"{arguments.data}-{model}-{length}-plan-{name}-seed{seed}"


def train(name, seed, out, length):
    given, by = settings.get(name, ([], adam))
    words = ["--quantizer", name, "--by", by, "--model", arguments.model]
    for setting in given:
        words += ["--set", setting]
    run(name, words, seed, out, length)


def trainPlan(name, seed):
    model, length = plans[name]
    words = ["--spec", str(specs / f"{name}.breg"), "--plan", name, "--model", model]
    run(name, words, seed, planFolder(name, seed), length)


def run(name, words, seed, out, length):
    words += ["--data", arguments.data, "--epochs", str(length), "--batch", str(arguments.batch),
              "--seed", str(seed), "--threads", "1", "--out", str(out), "--overwrite", "--quiet"]
    done = subprocess.run([arguments.bregman, "train", *words], capture_output=True, text=True)
    if done.returncode:
        print(f"{name}, seed {seed}: exit status {done.returncode}\n{done.stderr}", file=sys.stderr)
        return
    result = resultOf(out)
    print(f"{name:26} seed {seed}  hardened {100 * result['test']['hard']['accuracy']:6.2f}  "
          f"last {100 * last(out)['accuracy_hard']:6.2f}", flush=True)


def resultOf(out):
    return json.loads((out / "result.json").read_text())


def last(out):
    """The run's last evaluation, on the validation images."""
    return records(out)[-1]


def spread(values, pattern="{:.2f}"):
    text = pattern.format(statistics.mean(values))
    return text + (" +- " + pattern.format(statistics.stdev(values)) if len(values) > 1 else "")


def records(out):
    """The run's evaluations, one at the end of each epoch."""
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def section():
    found, missing, weak = {}, [], []
    for name in ["float", *(n for n in methods() if n != "float")]:
        runs = [folder(name, seed) for seed in range(1, arguments.seeds + 1)]
        done = [out for out in runs if (out / "result.json").exists()]
        if done:
            found[name] = [(resultOf(out), last(out)) for out in done]
        else:
            missing.append(f"`{name}`")
    lines = ""
    for name, runs in found.items():
        results = [result for result, _ in runs]
        final = [100 * record["accuracy_hard"] for _, record in runs]
        options = results[0]["options"]
        time = resultOf(timed(name)) if (timed(name) / "result.json").exists() else None
        method = f"`{name}({', '.join(options['set'])})`" if options["set"] else f"`{name}`"
        cells = [method, f"`{options['by']}`", str(len(runs)),
                 spread([100 * r["test"]["hard"]["accuracy"] for r in results]), spread(final),
                 f"{1e3 * time['step_seconds']:.2f}" if time else "",
                 f"{100 * time['kernel_share']:.0f} %" if time else "",
                 f"{results[0]['packed_bytes'] / results[0]['parameters']:.3f}"]
        lines += "| " + " | ".join(cells) + " |\n"
        if min(final) < 20 or not all(math.isfinite(r["train_loss"] or math.nan) for _, r in runs):
            weak.append(f"`{name}`")
    notes = ""
    if missing:
        notes += f"\nNot in the table: {', '.join(missing)}.\n"
    if weak:
        notes += f"\nWith a seed that ends near chance or without a number: {', '.join(weak)}.\n"
    return f"""## Every method of the library

Written by `examples/methods.py`: {arguments.model} on {arguments.data}, {epochs} epochs of {steps_per_epoch} steps, batches of
{arguments.batch}, one thread of {processor()}. A short schedule: the table says that each method trains and what it
costs, not how good it is after the hundreds of epochs that its paper gives it. Accuracies are of the hardened network in per
cent, mean +- standard deviation over the seeds: on the test images at the best evaluation, and on the validation images
at the end. Times are of runs of a fifth of an
epoch; kernels: the optimizer's part of a step. Bytes: of the packed network, for each of its parameters. `float` is the twin
without levels.

| method | by | seeds | best | at the end | ms a step | kernels | bytes |
|---|---|---|---|---|---|---|---|
{lines}{notes}"""


def multipliersOf(name):
    """A table of one run: what each multiplier was after each epoch, beside the mean distance that moved it."""
    every = records(planFolder(name, 1))
    names = [key.removeprefix("multiplier.") for key in every[-1] if key.startswith("multiplier.")]
    lines, epochsOf = "", [f"epoch {record['epoch']:g}" for record in every]
    for each in names:
        cells = [f"{record['multiplier.' + each]:.5g} ({record['distance.' + each]:.4g})" for record in every]
        lines += f"| `{each}` | {every[-1]['bound.' + each]:.4g} | " + " | ".join(cells) + " |\n"
    return (f"| `{name}`, of | bound | " + " | ".join(epochsOf) + " |\n|" + "---|" * (2 + len(every)) +
            "\n" + lines)


def plansSection():
    lines, missing = "", []
    for name, (model, length) in plans.items():
        done = [out for seed in range(1, arguments.seeds + 1)
                if ((out := planFolder(name, seed)) / "result.json").exists()]
        if not done:
            missing.append(f"`{name}`")
            continue
        results = [resultOf(out) for out in done]
        cells = [f"`{name}`", model, str(length), str(len(done)),
                 spread([100 * r["test"]["hard"]["accuracy"] for r in results]),
                 spread([100 * last(out)["accuracy_hard"] for out in done]),
                 f"{results[0]['packed_bytes'] / results[0]['parameters']:.3f}"]
        lines += "| " + " | ".join(cells) + " |\n"
    notes = f"\nNot in the table: {', '.join(missing)}.\n" if missing else ""
    moves = "\n".join(multipliersOf(name) for name in ("pd_lenet", "pd_qat")
                      if (planFolder(name, 1) / "metrics.jsonl").exists())
    return f"""## Plans with activations and constraints

Written by `examples/methods.py --plans`: the library's plans on {arguments.data}, batches of {arguments.batch}, one thread of
{processor()}, by a short schedule; accuracies as above, with the activations quantized. Of a plan with constraints it is
the low branch that is evaluated.

| plan | network | epochs | seeds | best | at the end | bytes |
|---|---|---|---|---|---|---|
{lines}{notes}
How the multipliers of seed 1 went: after each epoch the multiplier and, in brackets, the mean distance over the training set
that has just moved it. Above the bound it has risen, below the bound fallen, though never below 0.

{moves}"""


def replaced(page, section):
    """The page with the section of this title in the place of the one that it has."""
    title = "\n" + section.split("\n", 1)[0] + "\n"
    before, found, rest = page.partition(title)
    after = rest.partition("\n## ") if found else ("", "", "")
    return before.rstrip("\n") + "\n\n" + section + (after[1] + after[2] if after[1] else "")


arguments.runs.mkdir(parents=True, exist_ok=True)
if arguments.plans:
    for name in [name for name in plans if name in (arguments.methods or plans)]:
        for seed in range(1, arguments.seeds + 1):
            if not (planFolder(name, seed) / "result.json").exists():
                trainPlan(name, seed)
else:
    chosen = arguments.methods if arguments.methods is not None else list(methods())
    if "float" not in chosen and arguments.methods is None:
        chosen = ["float", *chosen]
    for name in chosen:
        for seed in range(1, arguments.seeds + 1):
            if not (folder(name, seed) / "result.json").exists():
                train(name, seed, folder(name, seed), epochs)
    for name in chosen if arguments.times else []:
        train(name, 1, timed(name), 0.2)
if arguments.page:
    page = root / "docs" / "results.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(replaced(text, plansSection() if arguments.plans else section()), encoding="utf-8")
