PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNS := nus-sms nus-sms-reptile self-dialogue
SEEDS := 0 1 2
METHODS := fedper fedrep adapters ditto apfl per-fedavg
CLUSTERS := nus-sms-clusters synthetic-clusters self-dialogue-clusters
ROWS := $(METHODS:%=nus-sms-%) nus-sms-private self-dialogue-short ubuntu-irc $(CLUSTERS)
BESIDE_0 := $(addprefix nus-sms-,small rounded unrotated int8 rows int4 int2 rotated-int2 eden2 eden1 ternary sign topk \
	feedback randomk lowrank frozen in-turn dp dp-noisier dp-noisiest dpsgd)
BESIDE_1 := nus-sms-small
BESIDE_2 := nus-sms-small
MEASURED := scripts/runs/measured

.PHONY: demo test check results bundled clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/nextword demo

test: $(READY)
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/nextword results --check

# RESULTS.md. What is published already in $(MEASURED) is kept: delete a file there to measure that run anew. A
# run that was cut off is resumed.
EVALUATE_nus-sms := --at-hand 5,10,20,50,100
EVALUATE_nus-sms-reptile := --methods trigram,trigram+own,federated+own,federated+near,finetuned,personal --at-hand 5,10,20,50,100
EVALUATE_self-dialogue := --users 60 --central-epochs 4
$(foreach row,$(CLUSTERS),$(eval EVALUATE_$(row) := --methods trigram,finetuned,personal --at-hand 5,20))
EVALUATE_synthetic-clusters += --users 60
EVALUATE_self-dialogue-clusters += --users 60
$(foreach method,$(METHODS),$(eval EVALUATE_nus-sms-$(method) := --methods $(method),finetuned,personal-$(method),personal --at-hand 5,20))
EVALUATE_nus-sms-private := --methods finetuned --epsilon 1,2,4,8,inf --users 15
FEW_ROWS := --users 60 --methods trigram,trigram+own,pretrained,federated+own,federated+near,finetuned,personal
EVALUATE_self-dialogue-short := $(FEW_ROWS)
EVALUATE_ubuntu-irc := $(FEW_ROWS)
SIMULATE = if test -f runs/$(1)-$(2)/config.toml; then $(BIN)/nextword simulate --resume runs/$(1)-$(2); \
	else $(BIN)/nextword simulate scripts/runs/$(1).toml --set seed=$(2) --out runs/$(1)-$(2); fi
define RUN
$(MEASURED)/$(1)-$(2).json: | $(READY)
	$(call SIMULATE,$(1),$(2))
	$(BIN)/nextword evaluate --model runs/$(1)-$(2) $(EVALUATE_$(1))
	$(BIN)/nextword results runs/$(1)-$(2)
endef
$(foreach run,$(RUNS),$(foreach seed,$(SEEDS),$(eval $(call RUN,$(run),$(seed)))))
$(foreach row,$(ROWS),$(eval $(call RUN,$(row),0)))
define COMPARISON
$(MEASURED)/$(1)-$(2).comparison.json: | $(READY)
	for run in $(1) $(3); do $(call SIMULATE,$$$$run,$(2)) || exit; done
	$(BIN)/nextword compare runs/$(1)-$(2) $(3:%=runs/%-$(2)) $(4)
	$(BIN)/nextword results runs/$(1)-$(2)
COMPARED += $(MEASURED)/$(1)-$(2).comparison.json
endef
$(foreach seed,$(SEEDS),$(eval $(call COMPARISON,nus-sms,$(seed),$(BESIDE_$(seed)))))
$(eval $(call COMPARISON,nus-sms-norms,0,$(addprefix nus-sms-norms-,dp dp-strict ftrl distributed \
	dpsgd dpsgd-epsilon4 dpsgd-epsilon2 dpsgd-epsilon1) nus-sms))
$(eval $(call COMPARISON,self-dialogue-short,0,self-dialogue-short-small,--users 150))
$(eval $(call COMPARISON,nus-sms-clusters,0,nus-sms))
$(eval $(call COMPARISON,synthetic-clusters,0,demo))
$(eval $(call COMPARISON,self-dialogue-clusters,0,self-dialogue-short,--users 150))

results: $(foreach run,$(RUNS),$(foreach seed,$(SEEDS),$(MEASURED)/$(run)-$(seed).json)) $(ROWS:%=$(MEASURED)/%-0.json) \
		$(COMPARED)
	$(BIN)/nextword results

# A new model to bundle, in runs/student, from the public text in the folder TEXT: hours on two cores. What was cut off is resumed.
TRAIN = if test -d runs/$(1)/training; then $(BIN)/nextword pretrain --resume runs/$(1); \
	elif ! test -d runs/$(1); then $(BIN)/nextword $(2) $(TEXT) --run scripts/runs/$(1).toml --out runs/$(1); fi
bundled: | $(READY)
	test -n "$(TEXT)" || { echo "name the folder of public text: make bundled TEXT=FOLDER" >&2; exit 2; }
	$(call TRAIN,teacher,pretrain)
	$(call TRAIN,student,distill --teacher runs/teacher --eight-bit)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
