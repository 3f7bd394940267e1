#!/usr/bin/env python3
"""Runs the tests of a build folder by lit and ends with one line that counts them."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

REASONS = {
    "data": "data sets not found; set BREGMAN_DATA or put them into ../shared/data",
    "torch": "built without LibTorch",
    "ptxas": "ptxas, of NVIDIA's CUDA toolkit, is not installed",
    "avx512": "this CPU has no AVX-512",
    "avx2": "this CPU has no AVX2",
}


def setting(build, name):
    """The value of a variable of the build's configuration."""
    match = re.search(rf"^{name}:[A-Z]+=(.*)$", (build / "CMakeCache.txt").read_text(), re.M)
    return match.group(1) if match else ""


def gtest_reasons(unit):
    """Why each GoogleTest case was skipped: what it printed before it said so."""
    reasons = {}
    for log in unit.glob("*.log"):
        said = []
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("[ RUN      ]"):
                said = []
            elif match := re.match(r"\[  SKIPPED \] (\S+) \(", line):
                said = [text for text in said if text and not text.endswith(": Skipped")]
                reasons[match.group(1)] = " ".join(said)
            else:
                said.append(line.strip())
    return reasons


def lit_reason(message):
    features = message.removeprefix("Missing required feature(s): ")
    return "; ".join(REASONS.get(name, "needs " + name) for name in features.split(", "))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="the build folder")
    parser.add_argument("--only", default="", metavar="REGEX", help="the tests whose name matches")
    arguments, rest = parser.parse_known_args()
    try:
        re.compile(arguments.only)
    except re.error as error:
        sys.exit(f"bregman: '{arguments.only}' is no regular expression: {error}")
    tests = arguments.build / "test"
    lit = setting(arguments.build, "BREGMAN_LIT")
    if not lit or lit.endswith("NOTFOUND"):
        sys.exit("bregman: lit was not found when this folder was configured; install llvm-22-tools "
                 "and configure again")
    results = tests / "results.xml"
    for stale in [results, *(tests / "unit").glob("*.log"), *(tests / "unit").glob("*.json")]:
        stale.unlink(missing_ok=True)

    command = [lit, "-sv", "--xunit-xml-output", str(results), *rest]
    if jobs := os.environ.get("JOBS"):
        command.append("-j" + jobs)
    if arguments.only:
        command += ["--filter", arguments.only]
    with tempfile.TemporaryDirectory(prefix="bregman-test-") as temporary:
        # lit's own folder for temporary files would let only its owner in; tests that cease to be
        # root, for whom nothing is read-only, must still reach what they made.
        os.chmod(temporary, 0o711)
        environment = dict(os.environ, LIT_PRESERVES_TMP="1", TMPDIR=temporary)
        status = subprocess.run(command + [str(tests), str(tests / "unit")],
                                env=environment).returncode
    if not results.exists():
        sys.exit(f"bregman: lit left no results (exit code {status})")

    passed = failed = 0
    skipped = []
    reasons = gtest_reasons(tests / "unit")
    for case in xml.parse(results).iter("testcase"):
        suite, _, folder = case.get("classname").partition(".")
        name = case.get("name")
        skip = case.find("skipped")
        if case.find("failure") is not None:
            failed += 1
        elif skip is None:
            passed += 1
        elif skip.get("message").startswith("Test not selected"):
            continue
        elif suite == "unit":
            name = f"{folder.split('/')[-1]}.{name}"
            skipped.append((name, reasons.get(name, "")))
        else:
            folder = "" if folder == suite else folder + "/"
            skipped.append((folder + name, lit_reason(skip.get("message"))))

    if skipped:
        print("\nSkipped:")
        for name, reason in sorted(skipped):
            print(f"  {name}: {reason or 'no reason given'}")
    if passed + failed == 0:
        of = f" of those that match '{arguments.only}'" if arguments.only else ""
        print(f"\nbregman: no test{of} ran")
        status = status or 1
    count = f"{passed} passed, {failed} failed, {len(skipped)} skipped"
    (tests / "count").write_text(count + "\n")
    print("\n" + count, flush=True)
    sys.exit(1 if failed else status)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
