#!/bin/sh
# Finds a Python that is new enough and hands over to setup.py. Options: --dev, --node, --page.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
for python in "$root/.venv/bin/python" python3 python3.13 python3.12 python3.11 python3.14; do
    if command -v "$python" >/dev/null 2>&1 && "$python" -c "$new_enough" 2>/dev/null; then
        exec "$python" "$here/setup.py" "$@"
    fi
done
echo "Rivulet needs Python 3.11 or newer as python3 on the PATH (found: $(python3 --version 2>&1 || true))." >&2
exit 1
