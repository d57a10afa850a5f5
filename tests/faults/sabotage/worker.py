"""A worker that can be sabotaged while it runs: `celery -A tests.faults.sabotage.worker`, as `backend.config.celery`.

Each of its places looks for itself: what is patched before a fork would stay in all of them.
"""

import sys
import threading

from celery.signals import worker_process_init

from backend.config.celery import app
from backend.config.environment import environment
from tests.faults.sabotage.node import Saboteur

__all__ = ["app"]

if environment().rivulet_env == "production":
    sys.exit("This is for tests.")


@worker_process_init.connect
def _begin(**_: object) -> None:
    from tests.faults.sabotage import patches

    saboteur = Saboteur(environment().rivulet_home, patches.ALL)
    saboteur.look()
    threading.Thread(target=saboteur.keep_looking, daemon=True).start()
