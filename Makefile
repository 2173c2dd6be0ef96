# `make help` lists what there is. A fresh machine needs Python 3.11, Java 17 and Maven.

PYTHON ?= python3
BIN := .venv/bin

# A Kafka that is there already needs no Maven; one that runs already needs no Java either.
ifdef KAFKA_HOME
  BROKER_PROGRAMS := java
else
  BROKER_PROGRAMS := java maven
  BROKER_LIBRARIES := kafka
endif
ifdef BLO_BOOTSTRAP
  DEMO_PROGRAMS :=
else
  DEMO_PROGRAMS := $(BROKER_PROGRAMS)
  DEMO_LIBRARIES := $(BROKER_LIBRARIES)
endif

# Many tests wait for a broker or a process; so two at a time, file by file, take half the time.
TEST_PROCESSES ?= 2
PYTEST := $(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# How often `make test-faults` has each role ask each operation; `make test` has it ask once.
FUZZ_EXAMPLES ?= 25

# How long `make test-faults` plays rounds of a hostile office; `make test` plays for a minute.
HOSTILE_SECONDS ?= 900

export PYTHON

# A checkout may lie under any name. Python reads where it lies by the locale.
ifneq ($(shell locale charmap 2>/dev/null),UTF-8)
  export LC_ALL := C.UTF-8
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-fast test-faults bench check format schemas diagrams holidays lock kafka kafka-sums \
        environment clean can-broker can-demo can-test can-work

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r name words; do printf '  %-12s %s\n' "$$name" "$$words"; done

demo: can-demo environment $(DEMO_LIBRARIES) ## play a year of exchanges on a real Kafka and print the report
	@mkdir -p build/demo
	$(BIN)/blo demo --report build/demo/report.json --replace

test: can-test environment $(BROKER_LIBRARIES) check ## everything that must pass, on a real Kafka too
	$(PYTEST)

test-fast: can-work environment check ## the same without a broker and what takes seconds, for daily work
	$(PYTEST) -m "not broker and not slow"

test-faults: can-broker environment $(BROKER_LIBRARIES) ## be hostile for HOSTILE_SECONDS, then kill and starve the processors; writes docs/faults.md
	HOSTILE_SECONDS=$(HOSTILE_SECONDS) $(BIN)/pytest tests/hostile
	$(BIN)/python -m tests.faults
	BLO_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest tests/people/test_every_role_asks.py

bench: can-broker environment $(BROKER_LIBRARIES) ## measure, print a table, write build/bench/report.json
	@mkdir -p build/bench
	$(BIN)/python -m tests.bench --report build/bench/report.json

check: can-work environment ## format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: can-work environment ## format the code and repair what the linter can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

schemas: can-work environment ## write the JSON Schemas into schemas/json, the API into schemas/openapi.json
	$(BIN)/python -m blo_schemas.jsonschema schemas/json
	$(BIN)/python -m blo_agent.api.openapi_file schemas/openapi.json

diagrams: can-work environment ## write docs/lifecycles.md, people.md, problems.md and cli.md anew
	$(BIN)/python -m blo_domain.lifecycle.diagram docs/lifecycles.md
	$(BIN)/python -m blo_domain.people.page docs/people.md
	$(BIN)/python -m blo_agent.api.problem_document docs/problems.md
	$(BIN)/python -m blo_cli.reference docs/cli.md
	$(BIN)/python -m blo_cli.monitoring.runbook docs/runbook.md
	$(BIN)/blo monitoring rules deploy/prometheus/blo.rules.yml --replace --node la-xiengkhouang --node vn-kyson
	$(BIN)/blo monitoring dashboard deploy/grafana/operator.json --replace

holidays: can-work environment ## write the next table of public holidays: make holidays VERSION=2
	$(BIN)/python deploy/setup/holidays $(VERSION)

lock: can-work ## resolve the dependencies anew (UPGRADE=1 takes newer versions)
	$(PYTHON) deploy/setup/lock $(if $(UPGRADE),--upgrade)

kafka: ## get the broker's jars by Maven and verify them
	@$(PYTHON) deploy/kafka/fetch

kafka-sums: ## write deploy/kafka/SHA256SUMS anew after a change of its pom.xml
	@$(PYTHON) deploy/kafka/fetch --write-sums

environment:
	@$(PYTHON) deploy/setup/environment

can-demo:
	@deploy/setup/prerequisites python $(DEMO_PROGRAMS)

can-broker:
	@deploy/setup/prerequisites python $(BROKER_PROGRAMS)

can-test:
	@deploy/setup/prerequisites python curl $(BROKER_PROGRAMS) chromium fonts prometheus

can-work:
	@deploy/setup/prerequisites python

clean: ## remove what was built and cached; .venv stays
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find schemas services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +
