# The commands of this project. Every one installs what it needs first; `make` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# The Node.js of devDependencies comes first: the system's may be too old to run TypeScript.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
# onnxruntime-node would download GPU libraries that nothing here uses.
export ONNXRUNTIME_NODE_INSTALL := skip
# The name of the images: REGISTRY/modeldeployment-operator:VERSION. VERSION defaults to that of package.json.
export REGISTRY VERSION PLATFORMS CLUSTER CLUSTER_NAME

.PHONY: help setup tools test check lint format format-check typecheck generate generated-check build images push \
  install-yaml version release operator serve demo demo-down test-browser test-python test-python-torch test-clients test-fuzz test-e2e bench bench-peers bench-memory bench-soak bench-page \
  bench-operator bench-operator-page chaos

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the npm packages, if the lock file changed
	@cmp -s package-lock.json node_modules/.installed-lock.json || { echo '==> npm ci'; npm ci --no-audit --no-fund --loglevel=error; \
	  cp package-lock.json node_modules/.installed-lock.json; }

tools: setup # the programs of the test bed: from the cache, a release archive, or built
	@echo '==> tools'; node dev/tools.ts etcd kube-apiserver kube-controller-manager kubectl fake-gcs-server helm actionlint kstatus >/dev/null

test: tools check test-python ## everything a change must pass: linter, formatter, types, generated files, the Python package, all tests
	@echo '==> mocha'; mocha

check: setup lint format-check typecheck generated-check

lint: setup ## oxlint, and no conflict of a merge left in a file
	@echo '==> lint'; oxlint --type-aware --deny-warnings --quiet; ! git grep -nE '^(<{7}|>{7}) '

format: setup ## prettier, writing
	@prettier --write --log-level warn .

format-check: setup
	@echo '==> format'; prettier --check --log-level warn .

typecheck: setup ## tsc
	@echo '==> types'; tsc --noEmit

generate: setup ## the files that are made from crds/modeldeployment.yaml, the reasons and the sample models
	@npm run --silent generate

GENERATED = $(wildcard operator/api/generated.ts docs/reasons.md docs/reference.md docs/models.md docs/metrics.md docs/cli.md)
generated-check: setup
	@echo '==> generated files'; before=$$(sha256sum $(GENERATED)); npm run --silent generate; \
	  sha256sum --check --quiet <<<"$$before" || { echo 'these were out of date and are now made again: commit them'; exit 1; }

build: setup ## compile to dist/
	@rm -rf dist; npm run --silent build; npm run --silent bundle -- operator; npm run --silent bundle -- runtime; npm run --silent compile-cache

images: setup ## build both images: REGISTRY=registry.example.com/ml [VERSION=1.2.3] [PLATFORMS='linux/amd64 linux/arm64']
	@node dev/release/images.ts

push: setup ## push both images to REGISTRY
	@node dev/release/images.ts push

install-yaml: setup ## write install.yaml (CRD, namespace, RBAC, operator) for the images of REGISTRY and VERSION
	@node dev/install-yaml.ts

version: setup ## write the version of the next release into every file that says it: VERSION=1.2.3
	@node dev/release/version.ts

release: setup ## make the files of a release, publish nothing: REGISTRY=registry.example.com/ml [VERSION=1.2.3]
	@node dev/release.ts

operator: setup ## run the operator from this checkout against the current kubectl context
	@node operator/main.ts

serve: setup ## serve a model without a cluster: MODEL=./model.onnx [ARGS='--port 8080']
	@node cli/main.ts serve $(or $(MODEL),$(error say which model: make serve MODEL=./model.onnx)) $(ARGS)

demo: setup ## a cluster, the operator, a model, a prediction: CLUSTER=current for the current kubectl context
	@node dev/demo.ts

demo-down: setup ## remove everything make demo made
	@node dev/demo.ts down

test-browser: setup ## tests of the docs page in Chromium (apt-get install chromium): SCREENSHOTS=folder keeps pictures
	@echo "==> browser tests"; mocha --config test/browser/.mocharc.json

test-python: tools ## the Python package: ruff, mypy, tests on pinned frameworks (Python 3.11), the code of docs/guides
	@python/test.sh

test-python-torch: tools # the same with PyTorch, which is large
	@python/test.sh torch

test-e2e: setup ## tests on a real cluster with real pods (kind, or a node in namespaces)
	@echo "==> end-to-end tests"; mocha --config test/e2e/.mocharc.json

# Two clients register the same protobuf package: each gets a process of its own.
test-clients: setup ## the public clients of Triton and KServe, unchanged, against every model (Python packages from PyPI)
	@python=$$(node dev/python-environment.ts test/clients/requirements.txt)/bin/python; cd test/clients; \
	  for client in triton kserve; do echo "==> $$client"; "$$python" -B -m pytest -q -p no:cacheprovider test_$$client.py; done

test-fuzz: setup ## random damage to everything that reads what clients send, and schemathesis against every model's OpenAPI document
	@echo '==> decoders'; node dev/fuzz-decoders.ts $(or $(INPUTS),200000)
	@python=$$(node dev/python-environment.ts test/clients/requirements.txt)/bin/python; cd test/clients; \
	  echo '==> OpenAPI'; "$$python" -B -m pytest -q -p no:cacheprovider test_openapi.py

# Results of a whole run; with ARGS of a part of it they go nowhere unless ARGS says --out.
BENCH_OUT = $(if $(ARGS),,--out bench/results/$(1).json)

bench: build ## how fast the runtime is beside bare node:http and onnxruntime: [ARGS='--only "random-forest v1 1"']
	@node bench/runtime/main.ts $(call BENCH_OUT,runtime) $(ARGS)

bench-peers: build ## the same beside the Python servers one could pick instead (virtual environments from PyPI)
	@node bench/runtime/main-peers.ts $(call BENCH_OUT,peers) $(ARGS)

bench-memory: build ## memory under full load, ten minutes: [ARGS='--minutes 60']
	@node bench/runtime/main-memory.ts $(call BENCH_OUT,memory) $(ARGS)

bench-soak: build ## whether memory grows under a mix of requests and loads, an hour: [ARGS='--minutes 10']
	@node bench/soak.ts $(if $(ARGS),,--out bench/results/soak.txt) $(ARGS)

bench-page: setup ## the results as tables and plots in docs/performance.md
	@node bench/runtime/main-page.ts

bench-operator: build ## the operator with many models on a real API server: [N='100 1000 3000 5000']
	@node bench/operator/main.ts $(or $(N),100 1000)

bench-operator-page: setup ## the results as a table and a plot in docs/performance-operator.md
	@node bench/operator/main-page.ts

chaos: build ## two operators, models that change and everything that can break: [MINUTES=60] [MODELS=500] [SEED=1]
	@node bench/operator/chaos-run.ts $(or $(MINUTES),60) $(or $(MODELS),500) $(SEED)
