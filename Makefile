PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo play run test lint clean
.DEFAULT_GOAL := demo

# Everything below needs only this: a virtual environment with the exact versions of constraints.txt.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: $(STAMP)  ## a local Discord, the real bot, the seed's giro: out/giro.gif
	$(BIN)/python -m playground demo --out out/giro.gif

play: $(STAMP)  ## the same local Discord, staying up, with its chat page
	$(BIN)/python -m playground serve

run: $(STAMP)  ## the real Discord; the token comes from DISCORD_TOKEN or the file named in config.toml
	$(BIN)/python bot.py

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) out build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
