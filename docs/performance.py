#!/usr/bin/env python3
"""Writes the measured parts of docs/performance.md from what `bregman bench --json` printed.

usage: performance.py RUN.json...

Several runs, of any cases and threads, become one: a number is the median over those that have it.
A part stands between `<!-- measured: NAME -->` and `<!-- end measured -->`.
"""
import json
import os
import re
import statistics
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "performance.md")
MODELS = ["64K", "1M", "11M", "ResNet-18"]
TANH, ADAM = "md_tanh_s by momentum", "md_tanh_s by adam"
SOFTMAX = "md_softmax_s of 2 levels by momentum"


class Runs:
    """All values of each quantity."""

    def __init__(self, paths):
        self.reports = []
        self.rows = {}
        self.compiles = {}
        for path in paths:
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
            self.reports.append(report)
            for row in report["rows"]:
                side = row["side"]
                if side == "torch":
                    side = "fused" if "fused" in row["contender"] else "eager"
                key = (row["match"], row["model"], row["threads"], side)
                self.rows.setdefault(key, []).append(row)
            for times in report["compile"]:
                self.compiles.setdefault(times["match"], []).append(times)
        self.matches = list(dict.fromkeys(key[0] for key in self.rows))
        self.threads = sorted({key[2] for key in self.rows})

    def values(self, field, match, model, threads, side="bregman"):
        return [row[field] for row in self.rows.get((match, model, threads, side), [])]

    def median(self, *what):
        values = self.values(*what)
        return statistics.median(values) if values else None


def shown(value, form):
    return "" if value is None else format(value, form)


def table(head, lines):
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine(runs):
    found = {(r["cpu"], r["cores"], r["second_level_cache"]) for r in runs.reports}
    if len(found) != 1:
        sys.exit("the runs are of several machines: " + str(found))
    cpu, cores, cache = found.pop()
    torch = {r["torch"] for r in runs.reports if r["torch"]}
    with_torch = f", LibTorch {' and '.join(sorted(torch))}" if torch else ""
    counts = [len(rows) for key, rows in runs.rows.items() if key[3] == "bregman"]
    return (f"{cpu}, {cores} cores, {cache / 2**20:g} MiB of second-level cache each{with_torch}. "
            f"Medians of {min(counts)} to {max(counts)} runs.")


def goals(runs):
    lines = []

    def goal(what, values, limit, form, at_least=True):
        if not values:
            return
        value = statistics.median(values)
        reached = value >= limit if at_least else value <= limit
        lines.append([what, ("at least " if at_least else "at most ") + format(limit, form),
                      format(value, form), f"{min(values):{form}} to {max(values):{form}}",
                      "yes" if reached else "**no**"])

    for match, limit in [(TANH, 0.97), (ADAM, 0.92), (SOFTMAX, 0.92)]:
        for model in ["11M", "ResNet-18"]:
            goal(f"`{match}`, {model}, of the reference",
                 runs.values("ratio_to_reference", match, model, 1), limit, ".2f")
    for match in [TANH, ADAM, SOFTMAX]:
        goal(f"`{match}`, 64K, of the reference",
             runs.values("ratio_to_reference", match, "64K", 1), 0.5, ".2f")
    for match in [TANH, ADAM, SOFTMAX]:
        # The flat tensor's time, in units of ours.
        flat = runs.values("times_of_bregman", match, "ResNet-18", 1, "flat")
        goal(f"`{match}`, 62 tensors over one flat tensor", [1 / value for value in flat], 1.02,
             ".3f", at_least=False)
    for match in [TANH, ADAM, SOFTMAX]:
        for field, name, limit, form in [("fresh_process_ms", "a kernel cold, ms", 15, ".1f"),
                                         ("from_cache_ms", "a kernel from the cache, ms", 0.2, ".2f")]:
            goal(f"`{match}`, {name}", [one[field] for one in runs.compiles.get(match, [])], limit,
                 form, at_least=False)
    return table(["", "goal", "median", "runs", "reached"], lines)


def times(runs, threads):
    lines = []
    for match in runs.matches:
        for model in MODELS:
            here = (match, model, threads)
            ns = runs.median("ns_per_weight", *here)
            if ns is None:
                continue
            size = runs.median("bytes_per_weight", *here)
            lines.append([
                f"`{match}`" if model == MODELS[0] else "", model, f"{ns:.3f}", f"{size / ns:.0f}",
                f"{runs.median('ratio_to_reference', *here):.2f}",
                shown(runs.median("times_of_bregman", *here, "eager"), ".1f"),
                shown(runs.median("times_of_bregman", *here, "fused"), ".1f")])
    return table(["", "weights", "ns per weight", "GB/s", "of the reference", "LibTorch takes ×",
                  "fused ×"], lines)


def bounds(runs):
    lines = []
    for match in runs.matches:
        memory = runs.median("ns_per_weight", match, "11M", 1, "reference")
        arithmetic = runs.median("ns_per_weight", match, "64K", 1)
        measured = runs.median("ns_per_weight", match, "11M", 1)
        if None in (memory, arithmetic, measured):
            continue
        size = runs.median("bytes_per_weight", match, "11M", 1)
        by = "memory" if memory > 1.2 * arithmetic else \
            "arithmetic" if arithmetic > 1.2 * memory else "both"
        lines.append([f"`{match}`", f"{size:g}", f"{size / memory:.0f}", f"{memory:.3f}",
                      f"{arithmetic:.3f}", f"{measured:.3f}",
                      f"{100 * max(memory, arithmetic) / measured:.0f} %", by])
    return table(["", "bytes", "GB/s of the reference", "memory, ns", "arithmetic, ns", "step, ns",
                  "the larger bound over the step", "bound by"], lines)


def compile_times(runs):
    lines = []
    for match, found in runs.compiles.items():
        lines.append([f"`{match}`", str(found[0]["kernels"])] + [
            f"{statistics.median(one[field] for one in found):{form}}"
            for field, form in [("fresh_process_ms", ".1f"), ("warm_process_ms", ".1f"),
                                ("from_cache_ms", ".2f")]])
    return table(["", "kernels", "cold, fresh process", "cold, warm process", "from the cache"],
                 lines)


PARTS = {
    "machine": machine, "goals": goals, "bounds": bounds, "compile": compile_times,
    "one thread": lambda runs: times(runs, 1), "two threads": lambda runs: times(runs, 2),
}


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__.strip())
    runs = Runs(sys.argv[1:])
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()

    def replace(found):
        if found[1] not in PARTS:
            sys.exit(f"unknown part: {found[1]}")
        return f"<!-- measured: {found[1]} -->\n{PARTS[found[1]](runs)}\n<!-- end measured -->"

    page = re.sub(r"<!-- measured: ([a-z ]+) -->\n.*?<!-- end measured -->", replace, page,
                  flags=re.S)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
