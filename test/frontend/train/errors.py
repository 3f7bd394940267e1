"""What goes wrong has one message and the exit code of its kind.

usage: errors.py BREGMAN SPECS FOLDER
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

bregman, specs, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
spec = str(specs / "md_tanh_s.breg")
short = ["--spec", spec, "--epochs", "0.5", "--quiet"]
(folder / "broken.breg").write_text("quantizer q {\n  levels {1, 1}\n}\n")
(folder / "two.breg").write_text((specs / "md_tanh_s.breg").read_text() +
                                 (specs / "gd_tanh.breg").read_text())
(folder / "bad.json").write_text('{"epochs": "many"}')
(folder / "cut.json").write_text('{"epochs": 1,')
(folder / "mnist").mkdir()
(folder / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b\x08\0")

failures = 0


def expect(code, message, *words):
    global failures
    run = subprocess.run([bregman, *words], capture_output=True, text=True, cwd=folder)
    if run.returncode != code or message not in run.stderr:
        failures += 1
        print(f"{' '.join(words)}\n  exit {run.returncode}, expected {code}\n"
              f"  expected: {message}\n  stderr: {run.stderr}")


out = str(folder / "run")
expect(2, "nothing says how to train: give --spec FILE, or --quantizer NAME", "train")
expect(2, "there is no flag '--modle'; did you mean '--model'?", "train", "--modle", "mlp")
expect(2, "got 'digitz'; did you mean 'digits'?", "train", *short, "--data", "digitz")
expect(2, "--shift 8 moves everything out of images of 8x8 pixels", "train", *short, "--shift", "8")
expect(2, "has several quantizers (md_tanh_s, gd_tanh); choose one", "train", "--spec", "two.breg")
expect(2, "--plan follows a plan of a spec; give the file by --spec FILE", "train", "--plan")
expect(2, "'two.breg' has no plan; add one, or leave --plan out, which gives all weight matrices the quantizer",
       "train", "--spec", "two.breg", "--plan")
(folder / "plans.breg").write_text('plan a { "*" : float by adam }\nplan { "*" : float by sgd }\n')
expect(2, "'plans.breg' has several plans ('a', one without a name); choose one by --plan NAME",
       "train", "--spec", "plans.breg", "--plan")
expect(2, "'plans.breg' has no plan 'b'; it has 'a', one without a name", "train", "--spec",
       "plans.breg", "--plan", "b")
expect(2, "is more than the 1199 training images", "train", *short, "--batch", "5000")
expect(2, "lenet5 takes images of 28x28 pixels", "train", *short, "--model", "lenet5")
expect(1, "broken.breg:", "train", "--spec", "broken.breg", "--out", out)
expect(3, "cannot read the spec 'none.breg': No such file or directory", "train", "--spec",
       "none.breg")
expect(3, "recipe 'bad.json': ", "train", "--recipe", "bad.json")
expect(3, "recipe 'cut.json': not JSON at line 1, column 14: ", "train", "--recipe", "cut.json")
expect(3, "found no train-images-idx3-ubyte.gz of the data set fashion-mnist", "train", *short,
       "--data", "fashion-mnist", "--data-dir", "nowhere")
expect(3, "the file is cut off", "train", *short, "--data", "mnist", "--data-dir", ".")
expect(3, "cannot open the checkpoint", "train", "--resume", out)
expect(3, "cannot open the checkpoint", "eval", out)
expect(0, "", "train", *short, "--out", out)
expect(2, "there is a run in", "train", *short, "--out", out)
expect(0, "", "eval", out)
expect(0, "", "eval", out, "--which", "last", "--split", "validation")
expect(0, "", "train", *short, "--out", out, "--overwrite")
expect(2, f"the run in '{out}' has no multipliers: it was not trained by a plan with `subject to`",
       "plan", "--from", out, "--budget", "1")
expect(3, "cannot open the checkpoint 'nowhere': No such file or directory", "plan", "--from",
       "nowhere", "--budget", "1")
expect(2, "--budget takes a number of layers, as 2, or bytes, as 300000B, 120kB or 1.5MB, and not "
       "'some'", "plan", "--from", out, "--budget", "some")
expect(2, "--budget is required", "plan", "--from", out)
constrained = str(folder / "constrained")
expect(0, "", "train", "--spec", str(specs / "pd_lenet.breg"), "--plan", "pd_lenet", "--epochs", "0.5",
       "--quiet", "--out", constrained)
expect(2, "--budget 3 is more than the 2 layers that have a multiplier: fc1, fc2", "plan", "--from",
       constrained, "--budget", "3")
expect(2, "--budget of 1000 bytes is less than the ", "plan", "--from", constrained, "--budget", "1kB")
expect(4, "cannot write 'nowhere/mixed.breg.new': No such file or directory", "plan", "--from",
       constrained, "--budget", "1", "--out", "nowhere/mixed.breg")
expect(1, "are required", "train", *short, "--out", out, "--overwrite", "--require-accuracy", "100")
expect(4, "cannot make the folder", "train", *short, "--out", "two.breg/run")
# Two at once: the second is refused, whichever way it begins, and the first goes on.
first = subprocess.Popen([bregman, "train", "--spec", spec, "--epochs", "2000", "--quiet",
                          "--checkpoint-every", "10", "--out", out, "--overwrite"], cwd=folder)
checkpoint = pathlib.Path(out) / "checkpoint.bregman"
checkpoint.unlink()
while not checkpoint.exists() and first.poll() is None:
    time.sleep(0.01)
busy = f"another run is going on in '{out}'; wait for its end, stop it, or choose another --out"
expect(4, busy, "train", *short, "--out", out, "--overwrite")
expect(4, busy, "train", "--resume", out)
expect(0, "", "eval", out, "--which", "last")
if first.poll() is not None:
    failures += 1
    print("the first of two runs has ended")
first.kill()
first.wait()
damaged = bytearray(checkpoint.read_bytes())
damaged[len(damaged) // 2] ^= 1
checkpoint.write_bytes(damaged)
expect(3, "is damaged: its checksum does not fit", "eval", out)
expect(3, "is damaged: its checksum does not fit", "train", "--resume", out)
os.remove(checkpoint)
print(f"{failures} failures")
sys.exit(failures != 0)
