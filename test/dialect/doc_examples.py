"""Every example in the dialect's ODS descriptions parses, verifies and round-trips.

usage: doc_examples.py BREGMAN_OPT FILE.td...
"""
import re
import subprocess
import sys
import textwrap


def run(tool, text):
    return subprocess.run([tool, "-"], input=text, text=True,
                          capture_output=True)


def main():
    tool, files = sys.argv[1], sys.argv[2:]
    count, failed = 0, 0
    for name in files:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        for match in re.finditer(r"```mlir\n(.*?)```", text, re.S):
            place = f"{name}:{text[:match.start()].count(chr(10)) + 2}"
            count += 1
            first = run(tool, textwrap.dedent(match.group(1)))
            if first.returncode:
                failed += 1
                print(f"{place}: example is refused\n{first.stderr}")
                continue
            second = run(tool, first.stdout)
            if second.returncode or second.stdout != first.stdout:
                failed += 1
                print(f"{place}: example does not round-trip\n{second.stderr}")
    print(f"{count} examples, {failed} failed")
    sys.exit(1 if failed or count == 0 else 0)


main()
