"""Counts the instructions of the innermost loop of the assembly on standard input."""

import argparse
import re
import sys

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--at-most", type=int, required=True)
limit = parser.parse_args().at_most

loop = re.search(r"^(\.LBB0_\d+):\n((?:\t.*\n)*?)\tj\w+\t\1$", sys.stdin.read(), re.M)
if not loop:
    sys.exit("no loop found")
count = 1 + sum(1 for line in loop.group(2).splitlines() if not line.startswith("\t."))
print(f"{count} instructions")
sys.exit(0 if count <= limit else f"more than {limit} instructions")
