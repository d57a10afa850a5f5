"""`python -m tests.faults.sabotage.site`: the supervisor, with web nodes and a worker that can be sabotaged."""

import asyncio
import dataclasses
import sys

from backend.config.environment import load
from backend.supervisor.child import Spec
from backend.supervisor.run import Supervisor

NODE = "tests.faults.sabotage.node"
WORKER = "tests.faults.sabotage.worker"


class Site(Supervisor):
    """Starts other nodes, and is otherwise the same."""

    def _web(self, node: int, env: dict[str, str]) -> Spec:
        return _other(super()._web(node, env), {"backend.config.serve": NODE})

    def _celery(self, env: dict[str, str]) -> list[Spec]:
        return [_other(spec, {"backend.config.celery": WORKER}) for spec in super()._celery(env)]


def _other(spec: Spec, words: dict[str, str]) -> Spec:
    return dataclasses.replace(spec, command=[words.get(word, word) for word in spec.command])


if __name__ == "__main__":
    sys.exit(asyncio.run(Site(load()).run()))
