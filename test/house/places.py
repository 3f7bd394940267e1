"""No file of the project names a folder of the machine on which it was written."""

import re
import sys

from tree import read, tracked

# A home folder, a temporary file with a fixed name, a mount of a build machine.
PLACE = re.compile(r"(?<![\w.$}/~-])/(?:home/\w|root/|work/|tmp/\w|mnt/|Users/\w)")

errors = []
for name in tracked():
    if name.endswith((".gz", ".png")):
        continue
    for number, line in enumerate(read(name).splitlines(), 1):
        if PLACE.search(line) and name != "test/house/places.py":
            errors.append(f"{name}:{number}: {line.strip()}")
print("\n".join(errors))
sys.exit(1 if errors else 0)
