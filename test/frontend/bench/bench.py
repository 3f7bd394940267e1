"""bregman bench --json: every row that a run must have, and numbers that can be. Nothing is said
about how fast anything is: a test machine is busy.

usage: bench.py BREGMAN [torch]
"""

import json
import subprocess
import sys

BREGMAN = sys.argv[1]
TORCH = "torch" in sys.argv[2:]
MODELS = {"64K": (65536, 1), "ResNet-18": (11173962, 62)}


def bench(*flags):
    command = [BREGMAN, "bench", "--json", "--quiet", "--seconds", "0.001", *flags]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def check(report, match, models, threads, sides):
    """Each model and number of threads has one entry of each side, with numbers that can be."""
    entries = [row for row in report["rows"] if row["match"] == match]
    wanted = {(model, count): sorted(sides + (["flat"] if MODELS[model][1] > 1 else []))
              for model in models for count in threads}
    found = {}
    for row in entries:
        found.setdefault((row["model"], row["threads"]), []).append(row["side"])
        weights, tensors = MODELS[row["model"]]
        assert row["weights"] == weights, row
        assert row["tensors"] == (1 if row["side"] == "flat" else tensors), row
        assert 0 < row["ns_per_weight"] < 1e6, row
        assert row["ratio_to_reference"] > 0 and row["rounds"] >= 11, row
        if row["side"] == "reference":
            assert row["ratio_to_reference"] == 1, row
        if row["side"] != "bregman":
            assert row["times_of_bregman"] > 0, row
    assert {key: sorted(value) for key, value in found.items()} == wanted, (match, found, wanted)
    return entries


if TORCH:
    report = bench("--only", "md_", "--models", "64K", "--threads", "1", "--no-compile-times")
    assert report["torch"].startswith("2."), report["torch"]
    for match in ["md_tanh_s by momentum", "md_tanh_s by adam", "md_softmax_s of 2 levels by momentum"]:
        check(report, match, ["64K"], [1], ["reference", "bregman", "torch", "torch"])
    check(report, "md_softmax by sgd", ["64K"], [1], ["reference", "bregman"])
    # LibTorch came to our weights, by other operations, before anything was timed.
    compared = {(one["match"], one["contender"]): one["largest_difference"] for one in report["agreement"]}
    timed = {(row["match"], row["contender"]) for row in report["rows"] if row["side"] == "torch"}
    assert compared.keys() == timed and len(timed) == 14, (compared, timed)
    assert all(0 < difference <= 4e-6 for difference in compared.values()), compared
    sys.exit()

# One case in whole: bytes and compile times too.
title = "md_tanh_s by momentum"
report = bench("--no-torch", "--only", title, "--models", "64K,ResNet-18")
assert report["cpu"] and report["torch"] == "" and report["agreement"] == [], report
rows = check(report, title, ["64K", "ResNet-18"], [1, 2], ["reference", "bregman"])
# In: gradient; in and out: latent and momentum; out: weight.
assert {row["bytes_per_weight"] for row in rows} == {24}, rows
(times,) = report["compile"]
assert times["match"] == title and times["kernels"] >= 1, times
for key in ["fresh_process_ms", "warm_process_ms", "from_cache_ms"]:
    assert 0 < times[key] < 1e5, times

# All cases.
report = bench("--no-torch", "--models", "64K", "--threads", "1", "--no-compile-times")
titles = list(dict.fromkeys(row["match"] for row in report["rows"]))
assert len(titles) >= 12 and not report["compile"], report
for title in titles:
    check(report, title, ["64K"], [1], ["reference", "bregman"])
for levels in [2, 3, 4]:
    assert f"md_softmax_s of {levels} levels by momentum" in titles, titles
