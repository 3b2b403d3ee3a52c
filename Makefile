# make demo and make test set up everything they need, in .venv. Where they run as root on Debian, system libraries that
# Blender lacks are installed too.
ifeq ($(wildcard threedie/manifests/.),)
$(error threedie/ holds text files instead of links; clone again with 'git clone -c core.symlinks=true')
endif

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OUT := demo
BENCH ?=
DEMO_CLASSES := airplane,bench,cabinet,car,chair,guitar,lamp,loudspeaker,mailbox,mug,piano,table

# Datasets, and the runs of the tables; see docs/reproduce.md.
MINI := mini
SMALL := P-small
SEEDS := 0
EPOCHS := 130
TUNING := leaderboard/tuning
CATALOGUE := from threedie.baselines.catalogue import CATALOGUE
METHODS = $(shell $(BIN)/python -c "$(CATALOGUE); print(*CATALOGUE)")

# Records of the tables: those in leaderboard/, and while it has none, those of 3DIEBench-P mini.
HISTORY := docs/history/mini
RECORDS := $(if $(wildcard leaderboard/*/record.json),leaderboard,$(HISTORY)/records)
pictures = $(addprefix --figures ,$(wildcard $(1)/figures)) $(addprefix --contact-sheet ,$(wildcard $(1)/contact_sheet.png))

.PHONY: demo test bench docs lint setup mini small tuning runs tables clean help

help:  ## List these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## Virtual environment with pinned versions, in .venv/

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

docs: setup  ## These pages as a site, with a reference of the Python API, in site/; shown by python -m http.server -d site
	$(BIN)/mkdocs build --quiet

bench: setup  ## Compare speed and memory with plain code; BENCH="render pairs" runs only these
	PYTHONPATH=tests/measure $(BIN)/python -m speed $(BENCH)

mini: setup  ## 3DIEBench-P mini, the dataset of the first tables, in mini/: half an hour on two cores
	$(BIN)/3die render --dataset mini --out "$(MINI)"
	$(BIN)/3die data verify "$(MINI)/dataset.h5"

small: setup  ## 3DIEBench-P small, the dataset of the tables, in P-small/
	$(BIN)/3die render --dataset P-small --out "$(SMALL)"
	$(BIN)/3die data verify "$(SMALL)/dataset.h5"

tuning: small  ## Choose every method's settings on a part of its training objects, into P-small/tuning/
	$(BIN)/3die bench tune $(METHODS) --data "$(SMALL)/dataset.h5" --out "$(SMALL)/tuning"

runs: small  ## Train with the settings in leaderboard/tuning/ and evaluate; SEEDS="0 1 2" METHODS="sie vicreg" EPOCHS=413
	for seed in $(SEEDS); do for method in $(METHODS); do \
		tuned=; [ ! -f "$(TUNING)/$$method.json" ] || tuned="--tuned $(TUNING)"; \
		arguments=$$($(BIN)/python -c "$(CATALOGUE); print(CATALOGUE['$$method'].arguments)"); \
		$(BIN)/3die bench run $$method $$arguments $$tuned --data "$(SMALL)/dataset.h5" --recipe micro \
			--set epochs=$(EPOCHS) --seed $$seed --out "$(SMALL)/runs-$(EPOCHS)" || exit; \
	done; done

tables: setup  ## Write the tables of README.md and docs/leaderboard/, and those of docs/history/, from their records
	$(BIN)/3die leaderboard $(RECORDS) --into README.md --out docs/leaderboard $(call pictures,$(RECORDS))
	$(BIN)/3die leaderboard $(HISTORY)/records --into $(HISTORY).md --out $(HISTORY) $(call pictures,$(HISTORY)/records)

lint: setup  ## Lint, formatting and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## Remove .venv/ and demo/
	rm -rf $(VENV) demo
