"""Every pass that a Passes.td declares is defined in a file of its name beside it, and nowhere else."""

import re
import sys

from tree import SOURCE, read, tracked

errors = []
for table in [name for name in tracked() if name.endswith("Passes.td")]:
    folder = table.rsplit("/", 1)[0]
    for name in re.findall(r"^def (\w+)\s*:\s*Pass<", read(table), re.M):
        stem = name.removesuffix("Pass")
        if not (SOURCE / folder / f"{stem}.cpp").is_file():
            errors.append(f"{table}: the pass {name} has no file {folder}/{stem}.cpp")
        elif f"GEN_PASS_DEF_{name.upper()}" not in read(f"{folder}/{stem}.cpp"):
            errors.append(f"{folder}/{stem}.cpp does not define the pass {name}")

for name in tracked():
    if name.endswith(".cpp") and not name.startswith("test/"):
        defined = re.findall(r"^#define GEN_PASS_DEF_(\w+)", read(name), re.M)
        if len(defined) > 1:
            errors.append(f"{name} defines {len(defined)} passes")

print("\n".join(errors))
sys.exit(1 if errors else 0)
