"""One supervisor for the whole product: engines, migrations, guide, web nodes, worker, beat.

`python -m backend.supervisor` starts them in that order, prints `ready http://…`, starts a crashed one again, and on
SIGTERM or Ctrl-C stops everything that it started, in the opposite order and within a limit. A step that fails ends the
start with one sentence that names it. It reads its settings through `backend.config.environment` and imports no Django.
"""
