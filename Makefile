PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNS := nus-sms self-dialogue
SEEDS := 0 1 2

.PHONY: demo test check results clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/nextword demo

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# RESULTS.md from nothing: hours. PUBLIC is a folder of public text, .txt.gz, one utterance a line.
results: $(READY)
	@test -n "$(PUBLIC)" || { echo "make results PUBLIC=FOLDER: name the folder of public text to pretrain on"; exit 2; }
	test -d runs/base || $(BIN)/nextword pretrain $(PUBLIC) --out runs/base --epochs 2 --share sgd=0.2
	for run in $(RUNS); do for seed in $(SEEDS); do \
		folder=runs/$$run-$$seed; test -f $$folder/evaluation.json && continue; \
		$(BIN)/nextword simulate scripts/runs/$$run.toml --set seed=$$seed --out $$folder && \
		$(BIN)/nextword evaluate --model $$folder || exit 1; \
	done; done
	$(BIN)/nextword results $(foreach run,$(RUNS),$(foreach seed,$(SEEDS),runs/$(run)-$(seed)))

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
