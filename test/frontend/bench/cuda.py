"""The JSON of `bregman bench --device cuda`, and that a whole model's step costs the host little.

usage: cuda.py RUN.json
"""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
assert report["device"] == "cuda:0 (stand-in 0)", report["device"]
assert report["driver"] == "13.0" and report["fast"] is False and report["compute_capability"] == "9.0"
assert report["copy_gb_per_s"] > 0 and report["skipped"] == [] and report["compile"] == []
(row,) = report["rows"]
assert (row["match"], row["model"], row["tensors"]) == ("md_tanh_s by adam", "ResNet-18", 62), row
assert row["bytes_per_weight"] == 32 and row["rounds"] >= 7 and row["ns_per_weight"] > 0, row
# Some 2 us on an idle machine; a hundred would be an allocation or a table made in every step.
assert 0 < row["host_us"] < 100, row["host_us"]
