"""Writes the seeds of a fuzzer into a folder: seeds.py spec|dialect FOLDER

The library's specs, or the examples of the ODS descriptions and the texts of the dialect's tests.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(__file__).resolve().parents[2]
kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)

if kind == "spec":
    texts = [path.read_text() for path in sorted((root / "examples" / "specs").glob("*.breg"))]
    for path in sorted((root / "test" / "frontend" / "spec").glob("*.breg")):
        texts.append(path.read_text())
else:
    texts = []
    for path in sorted((root / "dialect").glob("*.td")):
        texts += [textwrap.dedent(t) for t in re.findall(r"```mlir\n(.*?)```", path.read_text(), re.S)]
    for path in sorted((root / "test" / "passes").glob("*.mlir")):
        texts += re.split(r"^// -----.*\n", path.read_text(), flags=re.M)
for index, text in enumerate(texts):
    (folder / f"seed{index}").write_text(text)
print(len(texts), "seeds")
