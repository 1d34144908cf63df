# Every word here prepares what it needs; nothing has to be installed by hand first.
PYTHON ?= python3
T ?=
DEMO ?=
COV ?=
ARGS ?=

.PHONY: help demo test lint bench chaos api-check standin-check pot clean

help:
	@echo 'make demo            the main job on stand-ins; leaves Odoo running (DEMO=once: stops after it)'
	@echo 'make test            the whole suite (T=part of a file, class or method: only that; COV=1: coverage)'
	@echo 'make lint            ruff, pylint-odoo, the OCA checks, mypy, the walls between rooms'
	@echo 'make bench           what things cost, beside Odoo itself'
	@echo 'make chaos           repeated, reordered, concurrent and forged events; killed workers'
	@echo 'make api-check       schemathesis tries all of the REST interface on a running server'
	@echo 'make standin-check   Stripe CLI drives the Stripe stand-in'
	@echo 'make pot             writes the texts to translate into i18n, by Odoo itself'
	@echo 'make clean           removes what the set-up made (.dev)'

demo:
	@$(PYTHON) -m dev demo $(if $(filter once,$(DEMO)),--once) $(ARGS)

test:
	@$(PYTHON) -m dev test $(if $(T),'$(T)') $(if $(COV),--coverage) $(ARGS)

lint bench chaos api-check standin-check pot clean:
	@$(PYTHON) -m dev $@ $(ARGS)
