# The GoogleTest programs, each of their cases a test of its own. Features and environment are those
# of lit.cfg.py, which was read before.
import os

import lit.formats

config.name = "unit"
config.suffixes = []
config.test_source_root = config.test_exec_root = os.path.join(config.bregman_build, "test", "unit")
keep = os.path.join(config.bregman_source, "test", "keep-output.sh")
config.test_format = lit.formats.GoogleTest(".", "Tests", run_under=[keep])
