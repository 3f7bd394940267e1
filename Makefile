# Everything a user types. Each target installs what is missing first, and does nothing twice.
#
# Variables: TORCH=DIR   an existing LibTorch (2.11 to 2.13), else one is looked for, else installed
#            JOBS=N      how many compilers and tests run at once, default: one for each core
#            ONLY=REGEX  with `make test` and `make sanitize`: only the tests whose name matches
#            PREFIX=DIR  with `make install`: where to, default /usr/local

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
export TORCH JOBS

build: ## build the compiler, the programs, the LibTorch part and the tests (the default)
	@.ci/build release all

demo: ## train a network with 1-bit weights on handwritten digits and show what it costs
	@.ci/build release bregman BregmanTrain
	@build/bin/bregman train --recipe examples/recipes/demo.json --out build/demo --overwrite

test: ## run every test; the last line counts passed, failed and skipped (ONLY=REGEX picks some)
	@.ci/build release all
	@test/run.py build --only '$(ONLY)'

sanitize: ## build and run every test under the address, undefined-behaviour and thread sanitizers
	@.ci/sanitize '$(ONLY)'

bench: ## measure kernels and compile times against hand-written loops and LibTorch
	@.ci/build release bregman BregmanTrain
	@build/bin/bregman bench

gpu-bundle: ## pack what tests and measures on a machine with a GPU: build/bregman-gpu.tar.xz
	@.ci/build release all
	@.ci/gpu-bundle build

format: ## put every C++ file into the project's format
	@.ci/setup build check
	@git ls-files '*.cpp' '*.h' | xargs --no-run-if-empty clang-format-22 -i

tidy: ## run clang-tidy with the naming rules over every C++ file
	@.ci/build release all
	@.ci/tidy build

docs: ## write the generated parts of the pages: the dialect, the passes, what --help says
	@.ci/build release bregman BregmanTrain
	@docs/generate.py --llvm "$$(llvm-config-22 --prefix)" --bregman "$(CURDIR)/build/bin/bregman"

install: ## install the programs, the library, its headers and the specs into PREFIX
	@.ci/build release all
	@cmake --install build --prefix '$(PREFIX)'

clean: ## remove what was built; an installed LibTorch in .deps stays
	@rm -rf build build-debug build-asan build-tsan

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' Makefile
	@echo
	@sed -n 's/^# \(Variables:.*\)/\1/p; s/^#  *\([A-Z]*=.*\)/           \1/p' Makefile

.PHONY: build demo test sanitize bench gpu-bundle format tidy docs install clean help
