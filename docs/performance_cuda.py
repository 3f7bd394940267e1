#!/usr/bin/env python3
"""Writes what was measured on a GPU into docs/performance.md.

usage: performance_cuda.py [--print] BENCH.json [PYTORCH.json]

BENCH.json is what `bregman bench --device cuda --json` printed, PYTORCH.json what
frontend/bench/cuda/pytorch.py did. With --print the text goes to the output and the page stays.
The part stands between `<!-- measured on a GPU -->` and `<!-- end measured -->`.
"""
import json
import os
import re
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "performance.md")
GOAL_OF_COPY, GOAL_HOST = 0.95, 10
LARGE = ("64M", "256M")


def table(head, lines):
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def part(bench, torch):
    peers = {(row["match"], row["model"], row["side"]): row["ns_per_weight"] for row in torch["rows"]} if torch else {}
    name = re.sub(r"^cuda:\d+ \((.*)\)$", r"\1", bench["device"])
    text = (f"{name}, compute capability {bench['compute_capability']}, driver of CUDA {bench['driver']}"
            f"{', approximate arithmetic' if bench.get('fast') else ''}"
            f"{', PyTorch ' + torch['torch'] if torch else ''}. Copies within the device read and write "
            f"{bench['copy_gb_per_s']:.0f} GB/s.\n\n")
    lines, last, short, slower, hosts = [], None, [], [], []
    has_large = any(row["model"] in LARGE for row in bench["rows"])
    for row in bench["rows"]:
        match, model, ns = row["match"], row["model"], row["ns_per_weight"]
        ratios = []
        for side in ("fused", "foreach"):
            peer = peers.get((match, model, side))
            ratios.append(f"{peer / ns:.2f}" if peer else "")
            if side == "fused" and peer and peer < ns:
                slower.append(f"`{match}`, {model}")
        if model in LARGE and row["share_of_copy"] < GOAL_OF_COPY:
            short.append(f"`{match}`, {model}: {100 * row['share_of_copy']:.1f} %")
        if row["tensors"] > 1:
            hosts.append(row["host_us"])
        lines.append([f"`{match}`" if match != last else "", model, f"{ns:.5f}", f"{row['bytes_per_weight'] / ns:.0f}",
                      f"{100 * row['share_of_copy']:.1f} %", *ratios, f"{row['host_us']:.1f}"])
        last = match
    text += table(["", "weights", "ns per weight", "GB/s", "of copy", "PyTorch fused takes ×", "foreach ×", "host µs a step"],
                  lines) + "\n\n"
    goals = [["at least 95 % of copies from 64M weights on", "; ".join(short) if short else "yes" if has_large else "not measured"],
             ["a whole model's step asked for in at most 10 µs",
              "not measured" if not hosts else "yes" if max(hosts) <= GOAL_HOST else f"**no**: {max(hosts):.1f} µs"]]
    if torch:
        goals.insert(1, ["never slower than PyTorch's fused optimizer with the projection beside it",
                         "; ".join(slower) if slower else "yes"])
    text += table(["goal", "reached"], goals) + "\n"
    if bench["compile"]:
        text += "\n" + table(
            ["ms for a method", "kernels", "to PTX, cold", "first steps", "to PTX, cached", "first steps"],
            [[f"`{one['match']}`", str(one["kernels"]), f"{one['cold_ms']:.1f}", f"{one['cold_first_step_ms']:.1f}",
              f"{one['cached_ms']:.2f}", f"{one['cached_first_step_ms']:.1f}"] for one in bench["compile"]]) + "\n"
    for line in bench["skipped"] + (torch["skipped"] if torch else []):
        text += f"\nNot measured: {line}.\n"
    return text


def main():
    paths = [path for path in sys.argv[1:] if path != "--print"]
    if not 1 <= len(paths) <= 2 or any(path.startswith("-") for path in paths):
        sys.exit(__doc__.strip())
    text = part(read(paths[0]), read(paths[1]) if len(paths) == 2 else None)
    if "--print" in sys.argv:
        print(text, end="")
        return
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    page, count = re.subn(r"(<!-- measured on a GPU -->\n).*?(<!-- end measured -->)",
                          lambda found: found[1] + text + found[2], page, flags=re.S)
    if count != 1:
        sys.exit(f"{PAGE} has {count} places for what was measured on a GPU")
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
