"""The JSON of frontend/bench/cuda/pytorch.py: a row for each case and form, none left out.

usage: pytorch.py RUN.json
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
assert report["torch"].startswith("2.") and report["skipped"] == [], report
cases = ["md_tanh_s by momentum", "md_tanh_s by adam", "md_softmax_s of 2 levels by momentum",
         "md_softmax_s of 3 levels by momentum", "md_softmax_s of 4 levels by momentum",
         "md_softmax_s of 2 levels by adam", "binary_connect by adam", "float by momentum", "float by adam"]
found = [(row["match"], row["side"]) for row in report["rows"]]
assert found == [(case, side) for case in cases for side in ("fused", "foreach")], found
for row in report["rows"]:
    assert (row["model"], row["weights"], row["tensors"]) == ("1M", 1 << 20, 1), row
    assert row["ns_per_weight"] > 0 and row["rounds"] >= 7, row
