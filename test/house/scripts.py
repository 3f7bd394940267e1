"""Every shell script of the project passes shellcheck."""

import subprocess
import sys

from tree import SOURCE, read, tracked

scripts = [name for name in tracked() if name.endswith(".sh") or
           name.startswith(".ci/") and read(name).startswith(("#!/bin/sh", "#!/bin/bash"))]
if not scripts:
    sys.exit("no script found")
sys.exit(subprocess.run(["shellcheck", *scripts], cwd=SOURCE).returncode)
