"""The order of things: what is started, in which order it is stopped, and what people are told."""

import asyncio
import importlib.util
import secrets
import signal
import sys
from pathlib import Path

from backend.config.environment import ROOT, Environment, inherited, split
from backend.engines import EngineError, EnginePair, HomeLock, prepare
from backend.supervisor import edge, steps
from backend.supervisor.child import Child, Spec, StartFailed
from backend.supervisor.console import say
from backend.supervisor.leftovers import end_leftovers

PYTHON = sys.executable
AGAIN_AFTER = 1.0  # seconds
READY_WITHIN = 30.0  # seconds


class Supervisor:
    """Starts everything, waits for a signal, stops everything. `settings` is the environment as given."""

    def __init__(self, settings: Environment) -> None:
        self.settings = settings
        self.home: Path = settings.rivulet_home
        self.run_folder = self.home / "run"
        self._groups: list[list[Child]] = []  # in the order of their start
        self._name = secrets.token_hex(4)
        self._told = asyncio.Event()
        self._told_at: float | None = None

    async def run(self) -> int:
        """Returns the exit status: 0 after an ordinary stop, 1 when the start failed."""
        loop = asyncio.get_running_loop()
        starting: asyncio.Task[None] | None = None
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(which, self._signalled, which)
        try:
            with HomeLock(self.home):
                try:
                    starting = asyncio.create_task(self._start())
                    told = asyncio.create_task(self._told.wait())
                    await asyncio.wait([starting, told], return_when=asyncio.FIRST_COMPLETED)
                    if starting.done():
                        starting.result()
                        await told
                    return 0
                finally:
                    if starting is not None and not starting.done():
                        starting.cancel()
                        await asyncio.gather(starting, return_exceptions=True)
                    await self._stop()
        except (EngineError, StartFailed) as error:
            say(f"Rivulet did not start. {error}")
            return 1

    def _signalled(self, which: signal.Signals) -> None:
        """The first signal is an orderly stop. Ctrl-C once more ends everything, but not what comes with the first:
        make, a terminal and a service manager may each pass the same signal on.
        """
        now = asyncio.get_running_loop().time()
        if self._told_at is None:
            self._told_at = now
        if which == signal.SIGINT and now - self._told_at > AGAIN_AFTER:
            say("Ending everything at once.")
            for group in self._groups:
                for child in group:
                    child.kill()
        self._told.set()

    async def _start(self) -> None:
        settings = self.settings
        for port in self._ports():
            steps.check_port(host=settings.host, port=port)
        if settings.nodes > 1:
            edge.find_nginx()
        for name in end_leftovers(self.run_folder):
            say(f"Ended {name}, which an earlier run had left behind.")
        pair = await asyncio.to_thread(self._prepare)
        if pair is not None:
            say(f"Starting {pair.told}.")
            engines = [Spec.of_engine(one) for one in (pair.postgres, pair.redis) if one is not None]
            await self._start_group(engines)
        if settings.database_url:
            await steps.await_postgres(settings.database_url)
        if settings.redis_url:
            await steps.await_redis(settings.redis_url)
        env = self._child_env(pair)
        await steps.migrate(root=ROOT, env=env)
        if not (ROOT / "frontend" / "dist" / "index.html").exists():
            say("The page is not built, so only the API answers: `make run` builds it.")
        guide = self._guide(env)
        if guide is not None:
            await self._start_group([guide])
        if settings.nodes > 1:
            await self._start_group([self._edge()])
        await self._start_group([self._web(node, env) for node in range(1, settings.nodes + 1)])
        await self._site_answers()
        say(f"ready http://{self._shown_host()}:{settings.port}")
        say("Stop it with Ctrl-C.")
        await self._start_group(self._celery(env))

    def _celery(self, env: dict[str, str]) -> list[Spec]:
        """The worker, which serves all queues, and beat."""
        lean = env | {"DATABASE_POOL": "0"}
        as_root = "ignore:You're running the worker with superuser privileges"
        celery = [PYTHON, "-W", as_root, "-m", "celery", "--quiet", "-A", "backend.config.celery"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = [*celery, "worker", "--loglevel=WARNING", *quiet]
        beat = [*celery, "beat", "--loglevel=WARNING", "--pidfile="]
        return [Spec(name="worker", command=worker, env=lean), Spec(name="beat", command=beat, env=lean)]

    async def _start_group(self, specs: list[Spec]) -> None:
        """Start some at the same time. They are stopped at the same time too."""
        group = [Child(spec, run=self.run_folder) for spec in specs]
        self._groups.append(group)
        await asyncio.gather(*(child.start() for child in group))

    async def _stop(self) -> None:
        if self._groups:
            say("Stopping …")
        for group in reversed(self._groups):
            await asyncio.gather(*(child.stop() for child in group))
        self._groups.clear()
        say("Stopped.")

    def _prepare(self) -> EnginePair | None:
        settings = self.settings
        if settings.database_url and settings.redis_url:
            return None
        return prepare(
            self.home,
            want_postgres=not settings.database_url,
            want_redis=not settings.redis_url,
            durable=settings.rivulet_env != "test",
        )

    def _child_env(self, pair: EnginePair | None) -> dict[str, str]:
        settings = self.settings
        env = {**inherited(), "RIVULET_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        if pair is not None:
            env["DATABASE_URL"] = settings.database_url or pair.urls.database
            env["REDIS_URL"] = settings.redis_url or pair.urls.redis
        return env

    def _guide(self, env: dict[str, str]) -> Spec | None:
        """The built-in model's server, on a free port that the other processes are told."""
        if self.settings.guide_url or importlib.util.find_spec("backend.guide.__main__") is None:
            return None
        port = steps.free_port()
        env["GUIDE_URL"] = f"http://127.0.0.1:{port}/v1"

        async def probe() -> str | None:
            return await steps.live(host="127.0.0.1", port=port, path="/v1/models")

        return Spec(
            name="guide",
            command=[PYTHON, "-m", "backend.guide", "--host", "127.0.0.1", "--port", str(port)],
            env=env,
            stop_within=5.0,
            probe=probe,
        )

    def _ports(self) -> list[int]:
        """The site's, then those of its nodes: one node has the site's own, several stand behind nginx."""
        settings = self.settings
        behind = range(settings.port + 1, settings.port + settings.nodes + 1) if settings.nodes > 1 else ()
        return [settings.port, *behind]

    def _web(self, node: int, env: dict[str, str]) -> Spec:
        ports = self._ports()
        host, port = ("127.0.0.1", ports[node]) if len(ports) > 1 else (self._reachable_host(), ports[0])

        async def probe() -> str | None:
            return await steps.live(host=host, port=port)

        own = env | {"NODE_NAME": f"{self._name}-{node}"}
        command = [PYTHON, "-m", "backend.config.serve", "--port", str(port)]
        if len(ports) > 1:
            command += ["--host", host]
            own.setdefault("DRAIN_SECONDS", "5")
        return Spec(name=f"web-{node}", command=command, env=own, stop_within=30.0, probe=probe)

    def _edge(self) -> Spec:
        """nginx on the site's port. Started first and stopped last, so that clients of a node that leaves move on."""
        settings = self.settings
        host = settings.host or "*"
        address = f"[{host}]" if ":" in host else host
        nodes = [f"127.0.0.1:{port}" for port in self._ports()[1:]]
        return edge.spec(
            folder=self.run_folder,
            listen=[f"listen {address}:{settings.port};"],
            nodes=nodes,
            trusted=split(settings.trusted_proxies),
            upload_mib=max(settings.upload_mib, settings.import_mib),
            probe=lambda: steps.listening(host=self._reachable_host(), port=settings.port),
        )

    async def _site_answers(self) -> None:
        """Wait for the site's own port. Raises `StartFailed`."""
        until = asyncio.get_running_loop().time() + READY_WITHIN
        while (reason := await steps.live(host=self._reachable_host(), port=self.settings.port)) is not None:
            if asyncio.get_running_loop().time() > until:
                raise StartFailed(f"The site does not answer on port {self.settings.port}: {reason}")
            await asyncio.sleep(0.1)

    def _reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.settings.host, self.settings.host)  # noqa: S104

    def _shown_host(self) -> str:
        host = self._reachable_host()
        return f"[{host}]" if ":" in host else host
