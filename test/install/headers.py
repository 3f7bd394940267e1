"""Every installed header without LibTorch compiles alone, and shows neither MLIR nor LLVM.

usage: headers.py INCLUDE-FOLDER CXX
"""

import pathlib
import subprocess
import sys

folder, cxx = pathlib.Path(sys.argv[1]), sys.argv[2]
headers = [path.relative_to(folder) for path in sorted(folder.rglob("*.h"))]
alone = [header for header in headers if "torch" not in header.parts]
if not alone:
    sys.exit(f"no header in {folder}")
for header in alone:
    run = subprocess.run([cxx, "-std=c++20", "-x", "c++", "-", "-E", "-I", folder],
                         input=f'#include "{header}"\n', text=True, capture_output=True)
    if run.returncode:
        sys.exit(f"{header} does not stand alone:\n{run.stderr}")
    for word in ("mlir/", "llvm/IR", "llvm/ADT", "llvm/Support"):
        if word in run.stdout:
            sys.exit(f"{header} shows {word}")
subprocess.run([cxx, "-std=c++20", "-x", "c++", "-", "-fsyntax-only", "-I", folder], text=True,
               input="".join(f'#include "{header}"\n' for header in alone), check=True)
