"""Every C++ file of the project is as clang-format-22 leaves it."""

import subprocess
import sys

from tree import SOURCE, tracked

files = [name for name in tracked() if name.endswith((".cpp", ".h"))]
if not files:
    sys.exit("no C++ file found")
sys.exit(subprocess.run(["clang-format-22", "--dry-run", "-Werror", *files], cwd=SOURCE).returncode)
