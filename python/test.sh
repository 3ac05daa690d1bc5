#!/usr/bin/env bash
# The package's tests on pinned frameworks, in a virtual environment of their own that is made once per requirements file (in the cache
# directory, by hash). `test.sh torch` adds PyTorch. More arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
python=${PYTHON:-python3}
requirements=(requirements-test.txt)
if [ "${1:-}" = torch ]; then
  requirements+=(requirements-torch.txt)
  shift
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "test-python: $python is too old: Python 3.11 is needed (PYTHON=python3.12)" >&2; exit 1; }

hash=$( { "$python" --version; cat "${requirements[@]}"; } | sha256sum | cut -c1-12)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/modeldeployment/python/test-$hash
if [ ! -e "$venv/.complete" ]; then
  echo "==> python packages, into $venv"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  # torch's own list is platform's: with CUDA on Linux x86-64, without elsewhere.
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-test.txt
  [ ${#requirements[@]} = 1 ] || "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements-torch.txt
  touch "$venv/.complete"
fi

bin=$venv/bin
cache=${XDG_CACHE_HOME:-$HOME/.cache}/modeldeployment/python
export PYTHONDONTWRITEBYTECODE=1
echo '==> ruff'
"$bin/python" -m ruff check --quiet --cache-dir "$cache/ruff" .
"$bin/python" -m ruff format --quiet --check --cache-dir "$cache/ruff" .
echo '==> mypy'
"$bin/python" -m mypy --cache-dir "$cache/mypy" --no-error-summary
echo '==> wheel'
wheel=$(mktemp -d)
trap 'rm -rf "$wheel"' EXIT
"$bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$wheel" .
# The tests run what users install, not the sources.
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$wheel/installed" "$wheel"/*.whl
echo '==> pytest'
PYTHONPATH=$wheel/installed "$bin/python" -m pytest "$@"
