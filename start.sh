#!/usr/bin/env bash
# ElCaro's front door: sets itself up, then runs, tests, stops or reports. See --help.
set -euo pipefail
cd "$(dirname "$0")"

PYTHON_MINIMUM="3.11"
VENV="${ELCARO_VENV:-.venv}"
PY="$VENV/bin/python"

usage() {
  cat <<'HELP'
Usage: ./start.sh [what] [options]

  (nothing)       set up, then run everything in the foreground; Ctrl-C stops it
  --daemon        the same in the background
  --stop          stop what --daemon started
  --restart       --stop, then --daemon
  --status        what is running
  --bot           only the bot           --webapp    only the web app
  --sandbox       only the simulated venues and the chat page
  --install       only set up
  --test [ARGS]   install what testing needs and run every test; ARGS go to pytest
  --chaos [N]     N orders while everything goes wrong and the bot is killed; the ledger judges
  --doctor        check this installation, one line a check
  --backup        copy the database, while running too
  --restore FILE  put a backup in place; trading stays halted until you resume it
  --import FILE   take over people and keys of an older bot's database
  --clean         delete environment, caches and run files; never data
  --help          this text
HELP
}

fail() { echo "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  command -v uv >/dev/null && { echo "$PYTHON_MINIMUM"; return; }
  fail "Python $PYTHON_MINIMUM to 3.13 is needed: sudo apt-get install python3 python3-venv"
}

# Installs from a hash-pinned lock file, and only when this release's locks are not the ones installed last.
install_from() {
  local lock="$1" stamp="$VENV/.installed-from" release
  release="$(cat requirements.lock requirements-dev.lock | cksum)"
  create_environment
  # what testing needs holds what running needs, in the same versions
  if [ -f "$stamp" ] && grep -qxF -e "$lock $release" -e "requirements-dev.lock $release" "$stamp"; then return; fi
  echo "Installing from $lock …"
  uv_install "$lock" || pip_install "$lock"
  # another release's lines go: after a step back its packages are not installed any more
  { [ ! -f "$stamp" ] || grep -F " $release" "$stamp" || true; echo "$lock $release"; } >"$stamp.new"
  mv "$stamp.new" "$stamp"
}

create_environment() {
  local python
  if "$PY" -c "" 2>/dev/null; then return; fi
  if [ -f "$VENV/pyvenv.cfg" ]; then # its Python is gone, or out of this user's reach
    [ -O "$VENV" ] || fail "$VENV belongs to another user, whose Python this one cannot run: run ./start.sh as that user"
    rm -rf "$VENV"
  fi
  python="$(find_python)"
  if command -v uv >/dev/null; then
    uv venv --quiet --seed --python "$python" "$VENV"
  else
    "$python" -m venv "$VENV" || fail "The venv module is missing: sudo apt-get install python3-venv"
  fi
}

# Several times faster than pip, and as strict; wherever it cannot be had or cannot reach the index, pip does it.
uv_install() {
  local uv="uv"
  if ! command -v uv >/dev/null; then
    pip_install requirements-uv.lock 2>/dev/null || return 1
    uv="$VENV/bin/uv"
  fi
  # trust what this machine trusts, as pip does: the newer and the older name of the switch
  UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true "$uv" pip install --quiet --python "$PY" --require-hashes -r "$1" 2>/dev/null
}

pip_install() {
  "$PY" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
}

is_set_up() {
  [ -x "$PY" ] && [ -f "$VENV/.installed-from" ]
}

create_env_file() {
  [ -f .env ] && return
  [ -e .env ] && fail ".env is no file; move it away, and the next start makes one"
  (umask 077 && cp .env.example .env)
  echo "Created .env from .env.example: sandbox mode, simulated money."
}

run_tests() {
  install_from requirements-dev.lock
  local workers
  workers="$(($(nproc 2>/dev/null || echo 2) + 1))" # tests wait for processes and threads: one more fills the gaps
  exec "$PY" -m pytest -n "$workers" --dist worksteal "$@"
}

run_chaos() {
  install_from requirements.lock
  exec "$PY" -m benchmarks.chaos "$@"
}

what="${1:-}"
[ $# -gt 0 ] && shift
case "$what" in
  --help | -h) usage ;;
  --test | -t) run_tests "$@" ;;
  --chaos) run_chaos "$@" ;;
  --clean | -c)
    if is_set_up; then "$PY" -m launcher --stop; fi
    rm -rf "$VENV" run .pytest_cache .mypy_cache .ruff_cache .hypothesis
    find . -name __pycache__ -type d -prune -exec rm -rf {} +
    echo "Removed the environment, caches and run files. Data, logs and .env are untouched."
    ;;
  --stop | --status | -s)
    # neither is worth an installation
    if is_set_up; then exec "$PY" -m launcher "$what"; fi
    echo "ElCaro is not running."
    if [ "$what" != --stop ]; then exit 3; fi
    ;;
  "" | --daemon | -d | --restart | -r | --bot | --webapp | --web | --sandbox | --install | -i | --doctor | --backup | --restore | --import)
    install_from requirements.lock
    create_env_file
    exec "$PY" -m launcher "${what:---foreground}" "$@"
    ;;
  *)
    usage >&2
    fail "Unknown: $what"
    ;;
esac
