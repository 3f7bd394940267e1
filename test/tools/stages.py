#!/usr/bin/env python3
"""Every stage of every spec under every optimizer: the same text fresh, from the cache and without
one; the spec's names in it; with --locations the same text again, the spec's line beside each.

usage: stages.py BREGMAN SPECS quantizers|optimizers PART/PARTS
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

bregman, specs = sys.argv[1], Path(sys.argv[2])
COMMENT = {"loops": "//", "llvm": ";", "asm": "#"}
failures = []


def names(kind):
    pattern = re.compile(rf"^{kind} (\w+)", re.M)
    return {name: path for path in sorted(specs.glob("*.breg")) for name in pattern.findall(path.read_text())}


def emit(path, cache, *flags):
    environment = dict(os.environ, BREGMAN_CACHE=cache)
    done = subprocess.run([bregman, "emit", str(path), *flags], env=environment, capture_output=True, text=True)
    # Warnings of the rules may stand there; an error ends the program with a code.
    if done.returncode:
        failures.append(f"{path.name} {' '.join(flags)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def expect(condition, message):
    if not condition:
        failures.append(message)


def check(quantizer, path, optimizer, optimizer_path, every):
    # What is for activations has a forward and a backward pass, which no optimizer enters.
    passes = re.search(r"^ +levels\b", path.read_text(), re.M) and not re.search(r"^ +final\b", path.read_text(), re.M)
    with tempfile.TemporaryDirectory() as cache:
        for stage in ["ast", "bregman", "derived", "kernel", "loops", "llvm", "asm"]:
            title = f"{quantizer} by {optimizer}, {stage}"
            flags = [f"--stage={stage}", "--by", optimizer]
            fresh = emit(path, cache, *flags)
            expect(fresh.strip(), f"{title}: empty")
            # A folder's name in it would make two machines' texts differ.
            expect(str(specs) not in fresh, f"{title}: the folder of the specs is in the text")
            if stage in COMMENT or every:
                expect(emit(path, cache, *flags) == fresh, f"{title}: another text from the cache")
            if every:
                expect(emit(path, cache, *flags, "--no-cache") == fresh, f"{title}: another text without cache")
            # A state of the whole run is the host's and comes to a kernel under other names.
            states = re.findall(r"^  state +(\w+)(?! per run)\b", optimizer_path.read_text(), re.M)
            if stage not in ("ast", "bregman"):
                stored = [] if passes else [f"optimizer.{state}" for state in states]
                for name in (["w"] if stage != "derived" else []) + stored:
                    expect(re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", fresh), f"{title}: no {name}")
                if "schedule  beta" in path.read_text():
                    expect("beta" in fresh, f"{title}: no beta")
            if stage == "ast":
                continue
            beside = emit(path, cache, *flags, "--locations")
            comment = COMMENT.get(stage, "//")
            note = re.compile(rf" +{comment} (\w+\.breg):(\d+): (.*)$", re.M)
            bare = re.sub(r" +$", "", fresh, flags=re.M)
            expect(note.sub("", beside) == bare, f"{title}: --locations changes more than it adds")
            sources = {file.name: file.read_text().splitlines() for file in (path, optimizer_path)}
            seen = set()
            for file, line, text in note.findall(beside):
                wanted = sources.get(file, [])
                wanted = wanted[int(line) - 1].split("//")[0].strip() if int(line) <= len(wanted) else None
                expect(text == wanted, f"{title}: beside a line '{text}' for '{wanted}'")
                seen.add((file, wanted))
            # `float` is one line, and its optimizer comes in at the next stage.
            least = 1 if (quantizer, stage) == ("float", "bregman") or passes else 2
            expect(len(seen) >= least, f"{title}: the spec's lines are missing")
            if stage != "bregman" and quantizer != "float":
                found = " ".join(text for _, text in seen if text)
                what = r"\b(project|prox|update|penalty|every)\b"
                if re.search(r"^ +" + what, path.read_text(), re.M):
                    expect(re.search(what, found), f"{title}: no line of what moves the weight")
                expect(passes or optimizer_path.name in {file for file, _ in seen}, f"{title}: no line of the optimizer")


def cases():
    """Every quantizer by adam, in all three ways; two quantizers by every optimizer."""
    quantizers, optimizers = names("quantizer"), names("optimizer")
    every = sys.argv[3] == "quantizers"
    for name, path in optimizers.items():
        if every and name != "adam":
            continue
        for quantizer, spec in quantizers.items():
            # A prox is scaled by `lr` (Q10), which bop has not.
            fits = "lr" in path.read_text() or not re.search(r"^ +prox\b", spec.read_text(), re.M)
            if fits and (every or quantizer in ("md_tanh_s", "proxquant")):
                yield quantizer, spec, name, path, every


part, parts = map(int, sys.argv[4].split("/"))
for case in list(cases())[part - 1::parts * int(os.environ.get("BREGMAN_TEST_SHARE", "1"))]:
    check(*case)

print("\n".join(dict.fromkeys(failures)))
sys.exit(bool(failures))
