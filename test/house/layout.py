"""The top level of the project holds what its layout says, dot-files aside."""

import sys

from tree import tracked

ALLOWED = {
    "CMakeLists.txt", "CMakePresets.json", "Makefile", "README.md", "LICENSE",
    "dialect", "passes", "codegen", "frontend", "runtime", "examples", "test", "docs",
}

top = {name.split("/")[0] for name in tracked()}
strays = sorted(name for name in top - ALLOWED if not name.startswith("."))
missing = sorted(ALLOWED - top)
for name in strays:
    print(f"{name} does not belong on the top level")
for name in missing:
    print(f"{name} is missing")
sys.exit(1 if strays or missing else 0)
