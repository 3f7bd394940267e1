"""Dependencies point one way, read from the #include lines.

dialect <- passes <- codegen <- runtime; dialect <- frontend/spec; frontend/Compiler ties them
together behind a header without MLIR; frontend/torch sees only public headers; frontend/train sees
frontend/torch.
"""

import sys

from tree import SOURCE, includes, tracked

PUBLIC = {
    "frontend/Compiler.h", "frontend/Constraint.h", "runtime/Activator.h", "runtime/Extent.h",
    "runtime/HostProgram.h", "runtime/Kernel.h", "runtime/Memory.h", "runtime/Method.h",
    "runtime/Result.h",
    "runtime/Stepper.h",
}

# What the files of a folder may include of ours; the longest folder that fits decides.
MAY = {
    "dialect": ["dialect/"],
    "passes": ["passes/", "dialect/"],
    "codegen": ["codegen/", "passes/", "dialect/"],
    "runtime": ["runtime/", "codegen/", "passes/", "dialect/"],
    "frontend": ["frontend/", "runtime/", "codegen/", "passes/", "dialect/"],
    "frontend/spec": ["frontend/spec/", "dialect/"],
    # The oracle shares nothing with what it judges.
    "frontend/reference": ["frontend/reference/", "dialect/", "runtime/Stepper.h"],
    "frontend/bench/torch": ["frontend/bench/", "runtime/Result.h"],
    "frontend/torch": ["frontend/torch/", *PUBLIC],
    "frontend/train": ["frontend/train/", "frontend/torch/", *PUBLIC],
}
OURS = ("dialect/", "passes/", "codegen/", "runtime/", "frontend/")
TORCH = ("torch/", "ATen/", "c10/", "caffe2/")
SEES_TORCH = ("frontend/bench/torch/", "frontend/torch/", "frontend/train/",
              "frontend/tools/", "examples/", "test/frontend/torch/", "test/frontend/train/",
              "test/install/")
COMPILER = ("mlir/", "llvm/", "llvm-c/", "mlir-c/")

errors = []
seen = 0
for name in tracked():
    if not name.endswith((".cpp", ".h", ".inc")):
        continue
    folder = max((key for key in MAY if name.startswith(key + "/")), key=len, default=None)
    for line, path in includes(name):
        seen += 1
        place = f"{name}:{line}"
        # A generated header has the name of its folder too, but no source file.
        if folder and path.startswith(OURS):
            if not any(path == allowed or allowed.endswith("/") and path.startswith(allowed)
                       for allowed in MAY[folder]):
                errors.append(f"{place}: {folder} must not include {path}")
        if path.startswith(TORCH) and not name.startswith(SEES_TORCH):
            errors.append(f"{place}: only what trains may include LibTorch's {path}")
        if path.startswith(COMPILER):
            if name in PUBLIC:
                errors.append(f"{place}: a public header must not show {path}")
            elif folder in ("frontend/torch", "frontend/train"):
                errors.append(f"{place}: {folder} must not include {path}")
        if name in PUBLIC and path.startswith(OURS) and path not in PUBLIC:
            errors.append(f"{place}: a public header must not include {path}, which is not public")

for name in sorted(PUBLIC):
    if not (SOURCE / name).is_file():
        errors.append(f"{name} is missing")
if not seen:
    errors.append("no #include found")
print("\n".join(errors))
sys.exit(1 if errors else 0)
