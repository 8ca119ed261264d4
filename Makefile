# What can be done with a clone of Rubato. The work is in packaging/targets.py, which needs nothing but Python:
# where there is no make (Windows), `py packaging/targets.py run` is the same as `make run`.
#
#   make run          everything that is missing is made, then the window opens
#   make setup        only makes it: .venv with the program in it (.venv/bin/rubato), and the starter model
#   make test         setup, then the tests
#   make check        setup, then ruff, mypy, the import contracts and the tests
#   make screenshots  setup, then the pictures of the README; ARGUMENTS=--states: of each state, into build/screens
#   make languages    setup, then new sentences of the window into assets/languages/*.po
#   make licenses     setup, then packaging/LICENSES.md anew, from what is installed
#   make lock         requirements.lock anew, from pyproject.toml
#   make package      setup, then dist/rubato_VERSION_amd64.deb: a program that needs no Python (on Debian 12)
#   make test-package tries that package in a bare Debian: needs root and debootstrap, takes minutes
#
# Options of a target go into ARGUMENTS: make lock ARGUMENTS=--upgrade

PYTHON ?= python3

.PHONY: run setup test check screenshots languages licenses lock package test-package
run setup test check screenshots languages licenses lock package test-package:
	@command -v $(PYTHON) >/dev/null || { echo "Rubato needs Python 3.11 or newer, and there is no $(PYTHON). Install it, or name one: make $@ PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) packaging/targets.py $@ $(ARGUMENTS)
