"""`python -m tests.faults.sabotage.site`: the supervisor, with web nodes that can be sabotaged."""

import asyncio
import dataclasses
import sys

from backend.config.environment import load
from backend.supervisor.child import Spec
from backend.supervisor.run import Supervisor

NODE = "tests.faults.sabotage.node"


class Site(Supervisor):
    """Starts other nodes, and is otherwise the same."""

    def _web(self, node: int, env: dict[str, str]) -> Spec:
        spec = super()._web(node, env)
        return dataclasses.replace(
            spec, command=[NODE if word == "backend.config.serve" else word for word in spec.command]
        )


if __name__ == "__main__":
    sys.exit(asyncio.run(Site(load()).run()))
