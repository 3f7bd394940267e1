#!/usr/bin/env python3
"""The steps of `bregman bench --device cuda` made of PyTorch's operations, as JSON.

Each case is torch.optim's optimizer, once fused and once foreach, and the projection beside it in
foreach operations, in place into tensors that are there already. Models, numbers and the way of
timing are those of `bregman bench`; weight decay is 0.

usage: pytorch.py [--device cuda] [--models 1M,16M,64M,256M,ResNet-18] [--only TEXT] [--seconds 1]
"""
import argparse
import gc
import json
import statistics
import sys
import time

import torch

LR, MU, BETAS, EPS, BETA = 1e-3, 0.9, (0.9, 0.999), 1e-8, 1.02


def resnet18():
    """As it is trained on CIFAR-10: a 3x3 stem, ten classes."""
    sizes = []

    def convolution(before, after, kernel):
        sizes.extend([before * after * kernel * kernel, after, after])

    convolution(3, 64, 3)
    before = 64
    for after in (64, 128, 256, 512):
        for _ in range(2):
            convolution(before, after, 3)
            convolution(after, after, 3)
            if before != after:
                convolution(before, after, 1)
            before = after
    return sizes + [512 * 10, 10]


MODELS = {"1M": [1 << 20], "16M": [16 << 20], "64M": [64 << 20], "256M": [256 << 20], "ResNet-18": resnet18()}
# Quantizer, levels where the latent has a value for each, optimizer.
CASES = [("md_tanh_s", None, "momentum"), ("md_tanh_s", None, "adam"),
         ("md_softmax_s", (-1, 1), "momentum"), ("md_softmax_s", (-1, 0, 1), "momentum"),
         ("md_softmax_s", (-1, -0.5, 0.5, 1), "momentum"), ("md_softmax_s", (-1, 1), "adam"),
         ("binary_connect", None, "adam"), ("float", None, "momentum"), ("float", None, "adam")]


def title(quantizer, levels, optimizer):
    return f"{quantizer}{f' of {len(levels)} levels' if levels else ''} by {optimizer}"


class Step:
    """One training step on the tensors of a model."""

    def __init__(self, quantizer, levels, optimizer, form, sizes, device):
        self.quantizer = quantizer
        spread = lambda size, scale: (torch.rand(size, device=device) * 2 - 1) * scale
        self.gradients = [spread(size, 1e-3) for size in sizes]
        self.levels = torch.tensor(levels, device=device).unsqueeze(1) if levels else None
        planes = len(levels) if levels else 1
        self.latents = [spread((planes, size) if levels else size, 0.1).requires_grad_() for size in sizes]
        for latent, gradient in zip(self.latents, self.gradients):
            latent.grad = torch.zeros_like(latent) if levels else gradient
        self.weights = None if quantizer == "float" else [torch.zeros_like(g) for g in self.gradients]
        kind = {form: True}
        self.optimizer = (torch.optim.SGD(self.latents, lr=LR, momentum=MU, **kind) if optimizer == "momentum"
                          else torch.optim.Adam(self.latents, lr=LR, betas=BETAS, eps=EPS, **kind))

    def __call__(self):
        if self.levels is not None:
            for latent, gradient in zip(self.latents, self.gradients):
                torch.mul(gradient.unsqueeze(0), self.levels, out=latent.grad)
        self.optimizer.step()
        with torch.no_grad():
            self.project()

    def project(self):
        if self.quantizer == "md_tanh_s":
            scaled = torch._foreach_mul(self.latents, BETA)
            torch._foreach_tanh_(scaled)
            torch._foreach_copy_(self.weights, scaled)
        elif self.quantizer == "binary_connect":
            torch._foreach_clamp_min_(self.latents, -1)
            torch._foreach_clamp_max_(self.latents, 1)
            for latent, weight in zip(self.latents, self.weights):
                weight.copy_(torch.where(latent >= 0, 1.0, -1.0))
        elif self.quantizer == "md_softmax_s":
            for latent, weight in zip(self.latents, self.weights):
                torch.sum(torch.softmax(latent * BETA, 0).mul_(self.levels), 0, out=weight)


def times(work, wait, seconds):
    """Seconds of one `work`, for each round of as many as take some hundredths of a second."""
    rounds, steps, warm, begin = [], 1, False, time.perf_counter()
    while len(rounds) < 7 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for _ in range(steps):
            work()
        wait()
        taken = time.perf_counter() - start
        if not warm and taken < 0.01 and steps < 1000:
            steps = min(1000, steps * 4)
            continue
        if warm:
            rounds.append(taken / steps)
        warm = True
    return rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--models", default=",".join(MODELS), metavar="NAME,...")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose title contains it")
    parser.add_argument("--seconds", type=float, default=1, help="time for each case, model and form")
    given = parser.parse_args()
    names = given.models.split(",")
    if unknown := [name for name in names if name not in MODELS]:
        parser.error(f"there is no model '{unknown[0]}'; it is {', '.join(MODELS)}")
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        sys.exit(f"error: this PyTorch, {torch.__version__}, finds no GPU")
    wait = torch.cuda.synchronize if given.device.startswith("cuda") else lambda: None
    rows, skipped = [], []
    for quantizer, levels, optimizer in CASES:
        match = title(quantizer, levels, optimizer)
        if given.only not in match:
            continue
        for name in names:
            sizes = MODELS[name]
            for form in ("fused", "foreach"):
                step = None
                try:
                    step = Step(quantizer, levels, optimizer, form, sizes, given.device)
                    found = times(step, wait, given.seconds)
                except torch.OutOfMemoryError:
                    skipped.append(f"{match}, {name}, {form}: out of memory")
                    continue
                finally:
                    del step
                    gc.collect()
                    if given.device.startswith("cuda"):
                        torch.cuda.empty_cache()
                rows.append({"match": match, "model": name, "weights": sum(sizes), "tensors": len(sizes), "side": form,
                             "ns_per_weight": 1e9 * statistics.median(found) / sum(sizes), "rounds": len(found)})
                print(f"{match}, {name}, {form}", file=sys.stderr)
    print(json.dumps({"torch": torch.__version__, "rows": rows, "skipped": skipped}, indent=2))


if __name__ == "__main__":
    main()
