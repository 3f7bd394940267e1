"""Runs what the documentation shows, so that a page cannot grow old unnoticed.

usage: examples.py [--torch] SOURCE BUILD PAGE...

A fenced block is an example by its first line:
  ```breg            a spec: `bregman check` accepts it
  ```console         lines `$ command`, run one after the other in a folder of the page; what a command
                     prints is what follows it, where a line `...` stands for any number of lines
  ```console torch   the same for a build with LibTorch: these alone run with --torch, not without
  ```cpp FILE        part of that file of the project, word for word
A block of another kind is not looked at. The folder has examples/ in it, and build/bin in its PATH.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

arguments = sys.argv[1:]
torch = arguments[0] == "--torch"
source, build, *pages = map(pathlib.Path, arguments[torch:])
environment = dict(os.environ, PATH=f"{build}/bin:{os.environ['PATH']}", COLUMNS="100")


def blocks(page):
    """(line, kind, argument, text) of each fenced block."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and (match := re.match(r"```(\w+) *(\S*)$", line)):
            start, kind, argument = number, match.group(1), match.group(2)
        elif start is None and line.startswith("```"):
            start, kind, argument = number, "", ""
        elif start is not None and line.startswith("```"):
            yield start + 1, kind, argument, "\n".join(lines[start:number - 1]) + "\n"
            start = None


def run(command, folder):
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def agrees(expected, printed):
    """Whether the text is what is shown, lines `...` standing for any."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", expected, flags=re.M)]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), printed) is not None


def check_spec(text, folder):
    (folder / "page.breg").write_text(text, encoding="utf-8")
    status, printed = run("bregman check page.breg", folder)
    return "" if status == 0 else f"bregman check refuses it:\n{printed}"


def check_console(text, folder):
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        while command.endswith("\\"):
            more, _, expected = expected.partition("\n")
            command = command[:-1] + more
        _, printed = run(command, folder)
        if not agrees(expected, printed):
            return f"`{command}` prints\n{printed}and the page says\n{expected}"
    return ""


def check_cpp(text, name):
    if not name:
        return "a block of C++ names the file that it is part of: ```cpp FILE"
    shown = [line.strip() for line in text.splitlines() if line.strip() not in ("", "...")]
    whole = [line.strip() for line in (source / name).read_text(encoding="utf-8").splitlines()]
    at = 0
    for line in shown:
        if line not in whole[at:]:
            return f"{name} does not have this line, or not here: {line}"
        at = whole.index(line, at) + 1
    return ""


count, failed = 0, 0
for page in pages:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "examples").symlink_to(source / "examples")
        for line, kind, argument, text in blocks(page):
            if torch != (kind == "console" and argument == "torch"):
                continue
            if kind == "breg":
                error = check_spec(text, folder)
            elif kind == "console":
                error = check_console(text, folder)
            elif kind == "cpp":
                error = check_cpp(text, argument)
            else:
                continue
            count += 1
            if error:
                failed += 1
                print(f"{page.relative_to(source)}:{line}: {error}")

print(f"{count} examples, {failed} failed")
sys.exit(1 if failed or not count else 0)
