"""Whatever of the project the sources in a folder include, directly or not, is in that folder too.

usage: included.py FOLDER
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
OURS = re.compile(r'^#include "((?:frontend|runtime|codegen|passes|dialect|test)/[^"]+)"', re.M)
rest = [source for folder in ("frontend", "test") for source in root.glob(f"{folder}/**/*.cpp")]
if not rest:
    sys.exit(f"{root} has no sources")
seen, missing = set(rest), set()
while rest:
    source = rest.pop()
    for name in OURS.findall(source.read_text(encoding="utf-8")):
        found = root / name
        if not found.exists():
            missing.add(f"{source.relative_to(root)} includes {name}")
        elif found not in seen:
            seen.add(found)
            rest.append(found)
print("\n".join(sorted(missing)))
sys.exit(bool(missing))
