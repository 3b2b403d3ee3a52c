# make demo and make test set up everything they need, in .venv. Where they run as root on Debian, system libraries that
# Blender lacks are installed too.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUT := demo
BENCH ?=
DEMO_CLASSES := airplane,bench,cabinet,car,chair,guitar,lamp,loudspeaker,mailbox,mug,piano,table

.PHONY: demo test bench lint setup clean help

help:  ## Say what there is to make
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## Virtual environment with pinned versions

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed; give its name: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/3die doctor --install
	@touch $@

demo: setup  ## Models -> dataset -> SIE and VICReg -> leaderboard page, in demo/
	$(BIN)/3die render --classes $(DEMO_CLASSES) --objects 8 --views 12 --size 64 --quality draft --out "$(OUT)/data"
	$(BIN)/3die data verify "$(OUT)/data/dataset.h5"
	$(BIN)/3die bench run vicreg --data "$(OUT)/data/dataset.h5" --recipe smoke --out "$(OUT)/runs"
	$(BIN)/3die bench run sie --data "$(OUT)/data/dataset.h5" --recipe smoke --out "$(OUT)/runs"
	$(BIN)/3die bench figures "$(OUT)/runs" --data "$(OUT)/data/dataset.h5" -o "$(OUT)/figures"
	$(BIN)/3die leaderboard "$(OUT)/runs" -o "$(OUT)/leaderboard" --contact-sheet "$(OUT)/data/contact_sheet.png"
	@echo
	@echo "Contact sheet: $(OUT)/data/contact_sheet.png"
	@echo "Records:       $(OUT)/runs/*/record.json"
	@echo "Figures:       $(OUT)/figures/*.png"
	@echo "Leaderboard:   $(OUT)/leaderboard/index.html"

test: setup  ## All tests, lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: setup  ## Compare speed and memory with the plain way; BENCH="render pairs" for some only
	$(BIN)/python -m benchmark.speed $(BENCH)

lint: setup  ## Lint, formatting and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## Remove what make made
	rm -rf $(VENV) demo
