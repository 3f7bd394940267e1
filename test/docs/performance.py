"""docs/performance.py writes into the page what runs say: on a copy of the page, with runs of known
numbers.

usage: performance.py SOURCE FOLDER
"""

import json
import pathlib
import shutil
import subprocess
import sys

source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
for name in ["performance.py", "performance.md"]:
    shutil.copy(source / "docs" / name, folder)


def run(name, ratio, cpu="A CPU"):
    def row(side, ns, **more):
        return {"match": "md_tanh_s by momentum", "model": "11M", "threads": 1, "side": side,
                "contender": side, "ns_per_weight": ns, "bytes_per_weight": 24,
                "ratio_to_reference": ratio, **more}
    report = {"cpu": cpu, "cores": 3, "second_level_cache": 1 << 20, "torch": "",
              "rows": [row("reference", 0.5), row("bregman", 0.5 / ratio)],
              "compile": [{"match": "md_tanh_s by momentum", "kernels": 4, "fresh_process_ms": 15.5,
                           "warm_process_ms": 9, "from_cache_ms": 0.125}]}
    path = folder / name
    path.write_text(json.dumps(report))
    return path


def script(*runs):
    return subprocess.run([sys.executable, folder / "performance.py", *runs], capture_output=True,
                          text=True)


done = script(run("a.json", 0.95), run("b.json", 1.25), run("c.json", 1.0))
assert done.returncode == 0, done.stderr
page = (folder / "performance.md").read_text()
for line in [
    "A CPU, 3 cores, 1 MiB of second-level cache each. Medians of 3 to 3 runs.",
    "| `md_tanh_s by momentum`, 11M, of the reference | at least 0.97 | 1.00 | 0.95 to 1.25 | yes |",
    "| `md_tanh_s by momentum`, a kernel cold, ms | at most 15.0 | 15.5 | 15.5 to 15.5 | **no** |",
    "| `md_tanh_s by momentum` | 4 | 15.5 | 9.0 | 0.12 |",
]:
    assert line in page, (line, page)
# What stands around the parts stays.
original = (source / "docs" / "performance.md").read_text()
assert [l for l in page.splitlines() if l.startswith("#")] == \
    [l for l in original.splitlines() if l.startswith("#")]

# Runs of two machines make no table.
done = script(run("a.json", 1), run("b.json", 1, cpu="Another"))
assert done.returncode != 0 and "several machines" in done.stderr, done
assert script().returncode != 0
