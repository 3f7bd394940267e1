"""The dynamic sections: what libbregman.so and bregman load is neither LLVM, MLIR nor LibTorch, the
library exports nothing of LLVM or MLIR, and what trains links it and holds no second copy of it."""

import re
import subprocess
import sys

from tree import BUILD

errors = []


def readelf(option, path):
    return subprocess.run(["readelf", "--wide", option, path], check=True, capture_output=True,
                          text=True).stdout


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", path))


def functions(path, binding="GLOBAL|WEAK|UNIQUE", table="--dyn-syms"):
    """The names of what a library defines."""
    pattern = rf" (?:{binding}) +(?:DEFAULT|PROTECTED|HIDDEN) +\d+ (\S+)"
    return set(re.findall(pattern, readelf(table, path)))


for name in ["lib/libbregman.so", "bin/bregman"]:
    if not (BUILD / name).is_file():
        sys.exit(f"{name} was not built")
    errors += [f"{name} needs {library}" for library in needed(BUILD / name)
               if re.match(r"lib(LLVM|MLIR|clang|torch|c10|gomp|omp|iomp)", library)]

exported = functions(BUILD / "lib/libbregman.so")
if not any("bregman" in symbol for symbol in exported):
    errors.append("lib/libbregman.so exports nothing of ours")
errors += [f"lib/libbregman.so exports {symbol}" for symbol in sorted(exported)
           if re.search(r"4llvm|4mlir|^LLVM|^mlir", symbol) and "bregman" not in symbol]

ours = {symbol for symbol in functions(BUILD / "lib/libbregman.so", "GLOBAL") if "bregman" in symbol}
for name in ["lib/libbregman_torch.so", "lib/libbregman_train.so"]:
    path = BUILD / name
    if not path.is_file():
        continue
    if "libbregman.so" not in needed(path):
        errors.append(f"{name} does not link libbregman.so")
    errors += [f"{name} needs {library}" for library in needed(path)
               if re.match(r"lib(LLVM|MLIR|clang|omp|iomp)", library)]
    # Hidden symbols are local in the table of a library.
    second = functions(path, "GLOBAL|LOCAL", "--syms") & ours
    errors += [f"{name} has its own {symbol}" for symbol in sorted(second)]

print("\n".join(errors))
sys.exit(1 if errors else 0)
