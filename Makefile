# The commands of the project. Each is one line here; the work is in scripts/ and in the packages.
.DEFAULT_GOAL := help
.PHONY: help setup run test audit security test-unit test-integration test-faults faults test-e2e check lock format schemas screenshots conformance bench bench-page
PY := .venv/bin/python

help: ## show the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

setup: ## install everything into .venv and frontend/node_modules, build the page
	@sh scripts/setup.sh --dev --page

run: ## install, start everything, print the address; Ctrl-C stops it
	@sh scripts/setup.sh --page && exec $(PY) -m backend.supervisor

test: ## every test, in a real browser too; prints the slowest 20
	@sh scripts/setup.sh --dev --page && exec $(PY) scripts/test.py

test-unit: ## tests without services
	@sh scripts/setup.sh --dev && exec $(PY) scripts/test.py unit

test-integration: ## tests on a real PostgreSQL and a real Redis
	@sh scripts/setup.sh --dev && exec $(PY) scripts/test.py integration

test-faults: ## nodes that are killed, frozen and restarted under running answers; SEED=… repeats a run
	@sh scripts/setup.sh --dev && exec $(PY) scripts/test.py faults

faults: ## the fault table at random points; ROWS=9,11 SEEDS=20 SEED=… SCALE=1 JOBS=2, PROVE=1; the soak: ROWS=35 MINUTES=20
	@sh scripts/setup.sh --dev && exec $(PY) scripts/faults.py

test-e2e: ## tests in a real browser
	@sh scripts/setup.sh --dev --page && exec $(PY) scripts/test.py e2e

check: ## lint, format, types, import contracts, drift of generated files, secrets
	@sh scripts/setup.sh --dev --node && exec $(PY) scripts/check.py

lock: ## resolve requirements/*.in and frontend/package.json into lock files
	@sh scripts/setup.sh --dev && exec sh scripts/lock.sh

format: ## format Python and TypeScript
	@sh scripts/setup.sh --dev --node && exec $(PY) scripts/check.py --format

security: ## long forms of the tests by tools that others wrote: the OpenAPI document, frames by the grammar
	@sh scripts/setup.sh --dev --page && SECURITY=long exec $(PY) -m pytest -q -n0 tests/integration/strangers

audit: ## known advisories of every locked package, kept as docs/audit-report.json
	@sh scripts/setup.sh --dev --node && exec $(PY) scripts/audit.py

schemas: ## write everything generated: .env.example, schemas, OpenAPI, types
	@sh scripts/setup.sh --dev --node && exec $(PY) scripts/generated.py

screenshots: ## pictures of the page in its judging list
	@sh scripts/setup.sh --dev --page && exec $(PY) -m tests.e2e.screenshots

conformance: ## does a server keep the protocol's promises? URL=… KEY=… [OTHER=…] [MODEL=…]
	@sh scripts/setup.sh && exec $(PY) -m rivulet_client.conformance --url "$(URL)" --key "$(KEY)" \
		$(if $(OTHER),--other-key "$(OTHER)") $(if $(MODEL),--model "$(MODEL)")

bench: ## speed of the whole product, as a table; PARTS=steady,fast
	@sh scripts/setup.sh --dev --page && exec $(PY) -m tests.load.bench $(if $(PARTS),--parts $(PARTS))

bench-page: ## speed of the page in a browser, as a table
	@sh scripts/setup.sh --dev --page && exec $(PY) -m tests.load.bench_page
