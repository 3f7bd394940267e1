"""The bounds on the page of the functions are those that the tests hold the functions to.

usage: documented.py BREGMAN_ULP PAGE"""

import pathlib
import re
import subprocess
import sys

tool, page = sys.argv[1:]
held = subprocess.run([tool, "--list"], capture_output=True, text=True, check=True).stdout
rows = re.findall(r"^\| `(.*?)` \| ([\d.]+) \| ([\d.]+) at ", pathlib.Path(page).read_text(), re.M)

errors = []
if [f"{name}: {bound}" for name, bound, _ in rows] != held.splitlines():
    errors.append(f"{page}: the table is not that of bregman-ulp --markdown; it must list\n{held}")
for name, bound, measured in rows:
    if float(measured) > float(bound):
        errors.append(f"{page}: {name} was measured at {measured} ulp, above its bound {bound}")
print("\n".join(errors))
sys.exit(1 if errors else 0)
