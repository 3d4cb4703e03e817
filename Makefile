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

# RESULTS.md from nothing, which takes hours; runs that are there already are kept, and those cut off are resumed.
MEASURED_self-dialogue := --users 250 --central-epochs 2
define RUN
runs/$(1)-$(2)/evaluation.json: | $(READY)
	if test -d $$(@D); then $(BIN)/nextword simulate --resume $$(@D); \
	else $(BIN)/nextword simulate scripts/runs/$(1).toml --set seed=$(2) --out $$(@D); fi
	$(BIN)/nextword evaluate --model $$(@D) $(MEASURED_$(1))
endef
$(foreach run,$(RUNS),$(foreach seed,$(SEEDS),$(eval $(call RUN,$(run),$(seed)))))

results: $(foreach run,$(RUNS),$(foreach seed,$(SEEDS),runs/$(run)-$(seed)/evaluation.json))
	$(BIN)/nextword results $(^D)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
