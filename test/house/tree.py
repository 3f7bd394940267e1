"""What the tests of the house share: the project's files and what they include."""

import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BREGMAN_BUILD", SOURCE / "build"))


def tracked():
    """Every file under version control; in an unpacked archive, every file that is no build."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=SOURCE, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.is_file()]
        names = [name for name in names if not re.match(r"(build[^/]*|\.deps|\.git)/", name)]
    return sorted(name for name in names if (SOURCE / name).is_file())


def read(name):
    return (SOURCE / name).read_text(encoding="utf-8", errors="replace")


def includes(name):
    """(line, path) of each #include of a file."""
    for number, line in enumerate(read(name).splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line):
            yield number, match.group(1)
