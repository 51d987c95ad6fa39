# Every target is one line below; `make` alone prints them. Needs Python 3.11 and make, nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN = $(VENV)/bin
DISTRICT ?= sample
NARROW = $(if $(SCHOOL),--school "$(SCHOOL)") $(if $(STAGE),--stage "$(STAGE)") $(if $(KIND),--kind "$(KIND)") $(if $(GROUP),--group "$(GROUP)") $(if $(YEAR),--year "$(YEAR)")

.DEFAULT_GOAL := help
.PHONY: help setup report test proof study bench lint lab docs sample star fonts lock clean

help: ## print what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(VENV)/ready ## set up .venv with everything, from requirements.lock

$(VENV)/ready: requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "evalib needs Python 3.11 or newer; found $$("$(PYTHON)" --version). Try: make PYTHON=/path/to/python3.11"; exit 2; }
	"$(PYTHON)" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch "$@"

report: setup ## make reports, HTML and PDF; DISTRICT=star; SCHOOL=…, STAGE=…, KIND=…, GROUP=…, YEAR=… narrow it
	@"$(BIN)/evalib" run "params/$(DISTRICT).yaml" $(NARROW)

test: setup ## run the fast tests
	"$(BIN)/python" -m pytest -n auto --dist worksteal

proof: setup ## run the long proofs: whatever takes more than a few seconds
	@"$(BIN)/python" -m pytest -m "proof and not study" -n auto --dist worksteal; status=$$?; if [ $$status -eq 5 ]; then echo "no proof exists yet"; else exit $$status; fi

study: setup ## run the studies, which take an hour, and keep what they show
	"$(BIN)/python" benchmarks/studies.py

bench: setup ## time reports, reviews and models beside what else can make them
	@for name in intake page report review judging multilevel percentiles memory production; do "$(BIN)/python" benchmarks/bench_$$name.py || exit 1; done

lint: setup ## check style and types
	"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check . && "$(BIN)/mypy"

lab: setup ## open the notebooks in JupyterLab
	"$(BIN)/jupyter" lab notebooks

docs: setup ## write docs/measures.md, docs/data.md and docs/balance.md again
	"$(BIN)/python" -m evalib.handbook

sample: setup ## write the invented district's workbooks again
	"$(BIN)/evalib" sample data/sample

star: setup ## convert Project STAR again
	"$(BIN)/python" data/star/convert.py

fonts: setup ## build the font subsets again (needs Debian's fonts-noto-cjk)
	"$(BIN)/python" -m evalib.fonts.build

lock: setup ## pin every dependency again (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra test pyproject.toml -o requirements.lock

clean: ## remove .venv, output and caches
	rm -rf "$(VENV)" output/* .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info
