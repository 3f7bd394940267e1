"""The dynamic sections: libbregman.so and bregman load no LLVM, MLIR or LibTorch, and the library
exports nothing of LLVM, of MLIR or of the C++ library."""

import re
import subprocess
import sys

from tree import BUILD

errors = []


def readelf(option, path):
    return subprocess.run(["readelf", "--wide", option, path], check=True, capture_output=True,
                          text=True).stdout


for name in ["lib/libbregman.so", "bin/bregman"]:
    path = BUILD / name
    if not path.is_file():
        errors.append(f"{name} was not built")
        continue
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", path)):
        if re.match(r"lib(LLVM|MLIR|clang|torch|c10|gomp|omp|iomp)", needed):
            errors.append(f"{name} needs {needed}")

library = BUILD / "lib/libbregman.so"
if library.is_file():
    exported = [line.split()[-1] for line in readelf("--dyn-syms", library).splitlines()
                if re.search(r" (GLOBAL|WEAK|UNIQUE) +DEFAULT +\d+ ", line)]
    if not any("bregman" in symbol for symbol in exported):
        errors.append("lib/libbregman.so exports nothing of ours")
    errors += [f"lib/libbregman.so exports {symbol}" for symbol in exported
               if re.search(r"4llvm|4mlir|^LLVM|^mlir", symbol) and "bregman" not in symbol]

print("\n".join(errors))
sys.exit(1 if errors else 0)
