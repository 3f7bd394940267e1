"""Every relative link of a Markdown page leads to a file, and every page is reached from README.md.

usage: links.py SOURCE
"""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
errors, reached, queue = [], set(), [source / "README.md"]
while queue:
    page = queue.pop().resolve()
    if page in reached:
        continue
    reached.add(page)
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file = page.parent / target
        if not file.exists():
            errors.append(f"{page.relative_to(source.resolve())}: {target} does not exist")
        elif file.suffix == ".md":
            queue.append(file)
for page in sorted((source / "docs").rglob("*.md")):
    if page.resolve() not in reached:
        errors.append(f"no page leads to {page.relative_to(source)}")
print("\n".join(errors))
sys.exit(1 if errors else 0)
