"""Git, started so that nothing is inherited and nothing that the repository configures has a say."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from lastcall.model import LastcallError

try:
    from git.cmd import Git
except ModuleNotFoundError:
    raise
except ImportError as error:  # GitPython looks for git when it is imported
    raise LastcallError("git is not installed, or not on the PATH", "install git 2.38 or newer") from error


FETCH_ALL = "fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"
FETCH_OBJECTS = "clone again without --filter (for actions/checkout: no `filter`, and `fetch-depth: 0`)"
FETCH_OR_CHECK = "fetch it (`fetch-depth: 0` for actions/checkout), or see with `git fsck` whether the repository is whole"

_NOTHING = {
    "GIT_ALLOW_PROTOCOL": "none",  # no transport has that name, so none is allowed, whatever protocol.* says
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "advice.graftFileDeprecated=false",
    f"core.attributesFile={os.devnull}",
    "core.commitGraph=false",  # a derived file could lie about parents; the commits cannot
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "diff.external=",
    "diff.ignoreSubmodules=none",
    "hook.reference-transaction.enabled=false",
    "log.mailmap=false",
    "log.showSignature=false",
    "mailmap.blob=",
    "mailmap.file=",
    "submodule.recurse=false",
)
_SPAWN = threading.Lock()
_KEPT = 1 << 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a git process ended and what it printed."""

    status: int
    output: bytes
    error: str


class Refused(Exception):  # noqa: N818 - a word between two classes, never seen outside
    """Git could not do it, most likely since the clone lacks an object."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class Plumbing:
    """Starts git in one directory, with nothing inherited."""

    def __init__(self, directory: Path, *more: str, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._environment = _NOTHING | dict(environment or {})
        self._options = [*options(_SETTINGS), *more]
        self._git = Git(directory)

    @property
    def version(self) -> tuple[int, ...]:
        with _nothing_inherited():
            return tuple(self._git.version_info)[:3]

    @property
    def objects(self) -> Path | None:
        """Where new objects lie, in a quarantine."""
        path = self._environment.get("GIT_OBJECT_DIRECTORY")
        return Path(path) if path else None

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Git.AutoInterrupt:
        """A running git, to be written to and read from."""
        with _nothing_inherited():
            return self._git.execute(
                [str(Git.GIT_PYTHON_GIT_EXECUTABLE), *self._options, *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                env=self._environment | dict(environment or {}),
            )

    def run(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None, accept: Sequence[int] | None = (0,)
    ) -> Answer:
        """Waits for git to end; LastcallError where it does so with a status that is not to be accepted (None: any is)."""
        process = self.start(*arguments, environment=environment)
        output, error = process.communicate(stdin)
        answer = Answer(process.returncode, output, text(error))
        if accept is not None and answer.status not in accept:
            command = next(word for word in arguments if not word.startswith("-"))
            raise LastcallError(f"git {command} failed: {last_line(answer.error)}")
        return answer


class Conversation:
    """A git that is asked and answers, again and again; it is started when it is first needed, and again when it has ended.

    What it complains of is listened to all the time: into a pipe that nobody empties it could not write for ever.
    """

    def __init__(self, git: Plumbing, *arguments: str) -> None:
        self._git = git
        self._arguments = arguments
        self._process: Git.AutoInterrupt | None = None
        self._complaints = b""
        self._listener = threading.Thread()

    def ask(self, question: bytes) -> BufferedReader:
        """Where the answer can be read; nothing comes of a git that has ended."""
        if self._process is None:
            self._process = self._git.start(*self._arguments)
            self._complaints = b""
            self._listener = threading.Thread(target=self._listen, args=(self._process.stderr,), daemon=True)
            self._listener.start()
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            stdin.write(question)
            stdin.flush()
        except OSError:
            pass  # it ended; why, it said on its way
        return cast("BufferedReader", stdout)

    def end(self) -> str:
        """Ends it; what it complained of."""
        if self._process is None:
            return ""
        process, self._process = self._process, None
        _close(process.stdin)  # which ends it, if nothing has
        _close(process.stdout)
        self._listener.join()
        _close(process.stderr)
        if process.proc:
            process.proc.wait()
        return text(self._complaints)

    def _listen(self, stderr: BufferedReader) -> None:
        while said := stderr.read1(_KEPT):
            self._complaints = (self._complaints + said)[:_KEPT]


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return  # something was left to be written, to a git that has ended


@contextmanager
def _nothing_inherited() -> Iterator[None]:
    """GitPython hands its children all of ``os.environ`` and can only add to it: so nothing of git's is in it while a child is born."""
    with _SPAWN:
        taken = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("GIT_")}
        try:
            yield
        finally:
            os.environ.update(taken)


def incoming(common: Path) -> dict[str, str]:
    """The environment in which the objects of a push can be seen, from what git tells its pre-receive hook."""
    inherited = os.environ.get("GIT_QUARANTINE_PATH") or os.environ.get("GIT_OBJECT_DIRECTORY")
    if not inherited:
        return {}
    folder = Path(inherited).resolve()
    if not folder.is_relative_to(common):
        raise LastcallError(f"the objects of the push do not lie in the repository ({inherited})")
    main = str(common / "objects")
    return {"GIT_OBJECT_DIRECTORY": str(folder), "GIT_QUARANTINE_PATH": str(folder), "GIT_ALTERNATE_OBJECT_DIRECTORIES": main}


# -------------------------------------------------------------------------------------------------------------------- words


def options(settings: Iterable[str]) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def plain(text: str) -> str:
    """Text of the repository's, fit for a message."""
    return _CONTROL.sub("?", text)


def last_line(error: str) -> str:
    """The reason that git gives, which is the first line that says fatal or error, else the last."""
    lines = [line for line in error.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "")
    return plain(said.removeprefix("fatal: ").removeprefix("error: "))


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
