# The whole ritual. Needs Python 3.11 or newer with venv; everything else is installed into .venv.
PYTHON ?= python3
PORT ?= 8000
N ?= 200
BIN := .venv/bin
DEMO := demo
CHECKPOINT := $(DEMO)/runs/demo/checkpoint

.PHONY: demo test test-services check faults
demo: .venv/installed $(DEMO)/ingested
	@echo "open http://127.0.0.1:$(PORT) (stop with Ctrl-C)"
	$(BIN)/python -m service --checkpoint $(CHECKPOINT) --index $(DEMO)/index --port $(PORT)

# A process a core, each file in one of them, so that its fixtures are made once.
test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile

test-services: .venv/installed
	@command -v chromium >/dev/null || { echo "installing chromium" && apt-get -qq update && apt-get -qq install -y chromium; }
	$(BIN)/python -m pytest -q -m services

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: .venv/installed
	AGA_FAULTS=$(N) $(BIN)/python -m pytest -q -m faults

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --progress-bar on -e ".[serve,train,dev]"
	touch $@

# Each finished step stays: a second run goes straight to serving. A step leaves a stamp when its
# program has ended well: training writes its checkpoint long before.
$(DEMO)/data/pairs.jsonl: | .venv/installed
	$(BIN)/python -m training.data phantom --kind chest --n 3000 --seed 0 --out $@

# Threads that wait asleep: where another program takes a core, waiting awake can cost tenfold.
$(DEMO)/trained: $(DEMO)/data/pairs.jsonl
	rm -rf $(DEMO)/runs/demo
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m training.pretrain --config demo data.manifest=$< out=$(DEMO)/runs
	touch $@

$(DEMO)/exported: $(DEMO)/trained
	$(BIN)/python -m models.export $(CHECKPOINT)
	touch $@

$(DEMO)/ingested: $(DEMO)/exported
	$(BIN)/python -m service.ingest $(DEMO)/data/pairs.jsonl --checkpoint $(CHECKPOINT) --index $(DEMO)/index
	touch $@
