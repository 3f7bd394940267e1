#!/usr/bin/env python3
"""The stages of cuda of every quantizer: `text` checks what is written, `fast` the same of approximate
code, `assemble` what NVIDIA's assembler makes of it, and `optimizers` the same of every optimizer.

usage: cuda.py text BREGMAN SPECS
       cuda.py fast BREGMAN SPECS
       cuda.py assemble BREGMAN SPECS CHIP TYPE
       cuda.py optimizers BREGMAN SPECS CHIP
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What rounds otherwise than IEEE 754 says, calls something, or keeps values in memory.
FORBIDDEN = re.compile(r"\.approx|\.ftz|\.sat\.f32|\bcall\b|__nv_|\.extern|\.local\b|\bex2|\blg2|\btanh\.|\brcp\.(?!rn)|\brsqrt")
# `add.f32` may be contracted, `add.rn.f32` may not.
UNROUNDED = re.compile(r"\b(add|sub|mul|div|fma|mad|sqrt)\.(f32|f64|f16|bf16)\b")
HEADER = re.compile(r"^// (\S+), (sm_\d+)\n// streams: ?(.*)\n// scalars: ?(.*)\n", re.M)
failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)


def emit(bregman, path, quantizer, *flags):
    done = subprocess.run([bregman, "emit", str(path), "--quantizer", quantizer, *flags], capture_output=True, text=True)
    # Warnings of the rules may stand there; an error ends the program with a code.
    expect(done.returncode == 0, f"{quantizer} {' '.join(flags)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def quantizers(specs):
    for path in sorted(specs.glob("*.breg")):
        for name in re.findall(r"^quantizer (\w+)", path.read_text(), re.M):
            yield name, path


def optimizers(specs):
    names = sorted(name for path in specs.glob("*.breg") for name in re.findall(r"^optimizer (\w+)", path.read_text(), re.M))
    expect("adam" in names, "there are no optimizers")
    return names


def kernels(ptx):
    """For each kernel of a text its name, streams, scalars and code."""
    heads = list(HEADER.finditer(ptx))
    for head, after in zip(heads, heads[1:] + [None]):
        yield (head[1], *(field.split(", ") if field else [] for field in (head[3], head[4])),
               ptx[head.end():after.start() if after else None])


def check_text(bregman, quantizer, path, element):
    flags = ["--by", "adam", "--element", element, "--target=cuda"]
    title = f"{quantizer} in {element}"
    gpu = emit(bregman, path, quantizer, *flags, "--stage=gpu")
    ptx = emit(bregman, path, quantizer, *flags, "--stage=ptx")
    found = list(kernels(ptx))
    expect(found, f"{title}: no kernel")
    expect(gpu.count("llvm.func @bregman_kernel(") == len(found) == ptx.count(".entry"), f"{title}: kernels are missing")
    for name, streams, scalars, code in found:
        for pattern in (FORBIDDEN, UNROUNDED):
            bad = pattern.search(code)
            expect(not bad, f"{name}: {bad and bad[0]}")
        expect(".maxntid 256" in code, f"{name}: blocks of another size")
        # A kernel over weights moves 16 bytes at once; one over an extent does too.
        expect(re.search(r"(ld|st)\.global\.v4\.b32", code), f"{name}: no wide access")
        for stream in streams + scalars:
            expect(re.search(rf"%\"?{re.escape(stream.replace('[', '_').replace(']', '_'))}", gpu) or
                   not re.fullmatch(r"[\w.]+", stream), f"{name}: no {stream} in the stage gpu")
    for stage, text in [("gpu", gpu), ("ptx", ptx)]:
        beside = emit(bregman, path, quantizer, *flags, f"--stage={stage}", "--locations")
        notes = re.findall(r" +// (\w+\.breg):\d+: .*$", beside, re.M)
        # A quantizer of activations has no `final`, and no optimizer in its passes.
        files = 2 if re.search(r"^ +final\b", path.read_text(), re.M) else 1
        expect(len(set(notes)) == files or quantizer == "float", f"{title}, {stage}: the spec's lines are missing")
        bare = re.sub(r" +// \w+\.breg:\d+: .*$|^\t\.(loc|file)\t.*\n|^ *\n", "", beside, flags=re.M)
        expect(bare == re.sub(r" +$|^ *\n", "", text, flags=re.M), f"{title}, {stage}: --locations changes more than it adds")
        if stage == "ptx":
            files = re.findall(r"^\t\.file\t(\d+) \"(\w+\.breg)\"$", beside, re.M)
            expect({file for _, file in files} == set(notes), f"{title}: line directives of {files}")
            expect(re.search(r"^\t\.loc\t1 \d+ \d+$", beside, re.M), f"{title}: no line directive")


def check_fast(bregman, quantizer, path):
    """The approximations that approximate code has."""
    ptx = emit(bregman, path, quantizer, "--by", "adam", "--fast", "--target=cuda", "--stage=ptx")
    count = len(list(kernels(ptx)))
    expect(count and ptx.count("\n// fast: ") == count, f"{quantizer}: a kernel does not say that it is fast")
    expect(not re.search(r"\.ftz|\bcall\b|\.local\b|\.approx\.f64|(?<!\.rn)\.f64\s.*\bfma", ptx), f"{quantizer}: more than is stated")
    return set(re.findall(r"\b(\w+\.approx\S*)\s", ptx))


def check_assembly(bregman, quantizer, path, chip, element, optimizer="adam"):
    ptx = emit(bregman, path, quantizer, "--by", optimizer, "--element", element, f"--target=cuda:{chip}", "--stage=ptx")
    expect(".entry" in ptx, f"{quantizer} by {optimizer}: no kernel")
    for name, _, _, code in kernels(ptx):
        spills = spills_of(name, code, chip)
        if any(spills):  # as it is done on a device
            spills = spills_of(name, re.sub(r"\n\.maxntid 256\n(\.minnctapersm 2\n)?", "\n.maxntid 256\n.minnctapersm 1\n", code), chip)
        expect(not any(spills), f"{name} on {chip}: {spills}")


def spills_of(name, code, chip):
    """Bytes of the stack frame, spill stores and spill loads."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "kernel.ptx")
        with open(source, "w", encoding="utf-8") as file:
            file.write(code)
        done = subprocess.run(["ptxas", "-v", f"-arch={chip}", source, "-o", os.path.join(folder, "cubin")],
                              capture_output=True, text=True)
    expect(done.returncode == 0, f"{name} on {chip}: {done.stderr}")
    found = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", done.stderr)
    return [int(number) for number in found.groups()]


approximations = set()
mode, program, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
for each, spec in quantizers(folder):
    if mode == "text":
        check_text(program, each, spec, "f32")
        check_text(program, each, spec, "bf16")
    elif mode == "fast":
        approximations |= check_fast(program, each, spec)
    elif mode == "optimizers":
        # What the latent is decides how a kernel looks: the weight, a value for it, one for each level, one with a learned scale.
        if each in ("float", "md_tanh_s", "md_softmax_s", "lsq", "ttq"):
            for optimizer in optimizers(folder):
                check_assembly(program, each, spec, *sys.argv[4:], "f32", optimizer)
    else:
        check_assembly(program, each, spec, *sys.argv[4:])

if mode == "fast":
    expect(approximations == {"div.approx.f32", "rcp.approx.f32", "tanh.approx.f32", "ex2.approx.f32"}, str(approximations))
print("\n".join(dict.fromkeys(failures)))
sys.exit(bool(failures))
