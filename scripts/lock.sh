#!/bin/sh
# Resolves the lock files again. No address of a registry may stand in them.
set -eu
cd "$(dirname "$0")/.."
for name in base dev embedded; do
    case $name in embedded) only=--no-deps ;; *) only= ;; esac
    # shellcheck disable=SC2086
    .venv/bin/uv pip compile $only --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header "requirements/$name.in" -o "requirements/$name.lock"
done
if [ -f frontend/package.json ]; then
    cd frontend && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
fi
