"""nginx before several web nodes: found on this machine, configured from the template that deployments use."""

import re
import resource
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from backend.config.environment import ROOT
from backend.supervisor.child import Spec, StartFailed

TEMPLATE = ROOT / "deploy" / "nginx" / "nginx.conf.template"
PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
FAIL_TIMEOUT = "2s"

_NAME = re.compile(r"\$\{([A-Z_]+)\}")


def find_nginx() -> str:
    """Where nginx is. Raises `StartFailed` with what to install."""
    found = shutil.which("nginx") or shutil.which("nginx", path=PLACES)
    if found is None:
        raise StartFailed(
            "NODES: several nodes stand behind nginx, and there is none on this machine: install it "
            "(Debian: apt-get install nginx-light), or set NODES=1."
        )
    return found


def render(template: str, **values: str) -> str:
    """Fill in `${NAME}`s; nginx's own `$variables` stay. Raises KeyError for a name without a value."""
    return _NAME.sub(lambda match: values[match[1]], template)


def configuration(
    *,
    folder: Path,
    temp: Path,
    listen: Sequence[str],
    nodes: Sequence[str],
    trusted: Sequence[str] = (),
    upload_mib: int = 100,
) -> str:
    """The configuration of one nginx: `listen` lines, `nodes` as host:port, `trusted` networks of proxies before it."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    main = [f"worker_rlimit_nofile {files};"] if files != resource.RLIM_INFINITY else []
    main += [f"pid {folder}/nginx.pid;", "daemon off;", "worker_processes auto;"]
    servers = [f"server {node} max_fails=1 fail_timeout={FAIL_TIMEOUT};" for node in nodes]
    return render(
        TEMPLATE.read_text("utf-8"),
        RIVULET_MAIN="\n".join(main),
        RIVULET_TEMP=str(temp),
        RIVULET_SERVERS="\n        ".join(servers),
        RIVULET_LISTEN="\n        ".join(listen),
        RIVULET_TRUSTED="\n        ".join(f"{network} 1;" for network in trusted),
        RIVULET_ACCESS_LOG="off",
        RIVULET_UPLOAD_MIB=str(upload_mib + 1),
    )


def spec(
    *,
    folder: Path,
    listen: Sequence[str],
    nodes: Sequence[str],
    trusted: Sequence[str],
    probe: Callable[[], Awaitable[str | None]],
    upload_mib: int = 100,
) -> Spec:
    """nginx as a child. Raises `StartFailed` where there is none."""
    program = find_nginx()
    temp = Path(tempfile.mkdtemp(prefix="rivulet-nginx-"))
    temp.chmod(0o711)  # the workers of a root's nginx are somebody else
    path = folder / "nginx.conf"
    text = configuration(folder=folder, temp=temp, listen=listen, nodes=nodes, trusted=trusted, upload_mib=upload_mib)
    path.write_text(text, "utf-8")
    return Spec(
        name="nginx",
        command=[program, "-c", str(path), "-e", "stderr", "-p", str(folder)],
        stop_signal=signal.SIGTERM,
        stop_within=5.0,
        probe=probe,
        gone=lambda: shutil.rmtree(temp, ignore_errors=True),
    )
