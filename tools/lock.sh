#!/usr/bin/env bash
# Renews the lock files: universal, hash-pinned, and the same versions for running and for testing. Needs uv.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { # input output [constraints]
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$1" -o "$2" "${@:3}"
}
compile requirements-dev.txt requirements-dev.lock
compile requirements.txt requirements.lock -c requirements-dev.lock
