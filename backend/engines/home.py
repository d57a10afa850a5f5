"""The home directory: who holds it, and where engines may write when they run under another user."""

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from backend.engines.errors import EngineError
from backend.engines.process import user_options
from backend.engines.record import Record

SYSTEM_USERS = ("postgres", "rivulet", "nobody")
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


class HomeLock:
    """One supervisor for a home: held from `__enter__` on, and let go with the process however that ends."""

    def __init__(self, home: Path) -> None:
        self.path = home / "run" / "lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        make_home(self.path.parent.parent)
        self.path.parent.mkdir(exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise EngineError(
                f"Rivulet runs from {self.path.parent.parent} already (process {holder}): stop that one first, or set "
                "RIVULET_HOME to another folder."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def make_home(home: Path) -> None:
    """Create the home; others may pass through it (an engine's user must) but not list it."""
    try:
        if not home.is_dir():
            home.mkdir(parents=True, exist_ok=True)
            home.chmod(0o711)
        if not os.access(home, os.W_OK | os.X_OK):
            raise PermissionError("it is not writable")
    except OSError as error:
        raise EngineError(f"RIVULET_HOME {home} can't be used: {error.strerror or error}.") from error


def engine_user(record: Record) -> pwd.struct_passwd | None:
    """The system user for the engines when we are root, since PostgreSQL refuses to run as root; else None."""
    if os.geteuid() != 0:
        if record.user is not None and record.user != pwd.getpwuid(os.geteuid()).pw_name:
            raise EngineError(
                f"The data of this home belongs to the user {record.user}, under whom root ran the engines: start as "
                "root again, or set RIVULET_HOME to another folder."
            )
        return None
    for name in (record.user, *SYSTEM_USERS):
        with contextlib.suppress(KeyError):
            if name is not None:
                return pwd.getpwnam(name)
    raise EngineError(
        "PostgreSQL refuses to run as root, and there is no system user postgres or nobody to run it under: start as "
        "another user, or set DATABASE_URL."
    )


def data_base(*, home: Path, record: Record, user: pwd.struct_passwd | None) -> Path:
    """The folder that holds the engines' data: the home, or one that `user` can reach when the home is closed to it."""
    if user is None:
        return home
    if record.base:
        base = Path(record.base)
        if not base.is_dir():
            raise EngineError(
                f"The engines' data of this home lay in {base}, which is gone: bring it back, or move it."
            )
        return base
    if can_enter(home, user):
        return home
    mark = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    for parent in (Path("/var/lib"), Path("/srv"), Path(tempfile.gettempdir())):
        base = parent / f"rivulet-{mark}"
        with contextlib.suppress(OSError):
            base.mkdir(mode=0o711, exist_ok=True)
            if base.lstat().st_uid == 0 and can_enter(base, user):
                return base
    raise EngineError(
        f"The user {user.pw_name} can reach neither {home} nor /var/lib: set RIVULET_HOME to a folder it can."
    )


def socket_folder(*, base: Path, record: Record, user: pwd.struct_passwd | None) -> Path:
    """A private folder for the sockets: in the base when its path is short and plain, else a short one."""
    owner = os.geteuid() if user is None else user.pw_uid
    group = os.getegid() if user is None else user.pw_gid
    kept = Path(record.sockets) if record.sockets else None
    inside = base / "sockets"
    if len(str(inside)) <= LONGEST_SOCKET_FOLDER and PLAIN_PATH.fullmatch(str(inside)):
        folder = inside
        folder.mkdir(mode=0o700, exist_ok=True)
    elif kept is not None and kept.is_dir() and not kept.is_symlink() and kept.stat().st_uid == owner:
        folder = kept
    else:
        folder = Path(tempfile.mkdtemp(prefix="rivulet-", dir="/tmp"))
    own(folder, uid=owner, gid=group)
    return folder


def data_folder(*, base: Path, name: str, user: pwd.struct_passwd | None) -> Path:
    """`<base>/<name>`, mode 700, owned by whoever runs the engine."""
    folder = base / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        own(folder, uid=user.pw_uid, gid=user.pw_gid)
    return folder


def own(folder: Path, *, uid: int, gid: int) -> None:
    """Make a folder private to one user."""
    if os.geteuid() == 0:
        os.chown(folder, uid, gid)
    folder.chmod(0o700)


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user gets into the folder, found out by trying."""
    return _as_user(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], user)


def can_run(program: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may run the program, found out by trying."""
    return _as_user([str(program), "--version"], user)


def runnable_copy(*, program: Path, base: Path) -> Path:
    """A program's installation copied to where every user can run it; made anew when the original changes.

    A wheel's own libraries lie in `<package>.libs` beside the package, and come along at the same distance.
    """
    install = program.parent.parent if program.parent.name == "bin" else program.parent
    packages = [one for one in (install, install.parent) if one.with_name(f"{one.name}.libs").is_dir()]
    root = packages[0].parent if packages else install.parent
    target = base / "programs" / f"{install.name}-{int(program.stat().st_mtime)}"
    if not target.is_dir():
        fresh = target.with_name(f"{target.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (install, *(one.with_name(f"{one.name}.libs") for one in packages[:1])):
            left_out = shutil.ignore_patterns("include", "*.a", "__pycache__")
            shutil.copytree(folder, fresh / folder.relative_to(root), symlinks=True, ignore=left_out)
        _open_to_all(fresh)
        fresh.parent.chmod(0o711)
        fresh.rename(target)
    return target / program.relative_to(root)


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _as_user(command: list[str], user: pwd.struct_passwd) -> bool:
    try:
        ran = subprocess.run(  # noqa: S603
            command, cwd="/", capture_output=True, timeout=20, check=False, **user_options(user)
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ran.returncode == 0
