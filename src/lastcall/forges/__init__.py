"""Forges tell who reviewed what.  A forge is asked once, for all late commits, and answers with one ``Evidence``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lastcall.model import Commit, Evidence, Progress, no_progress


@dataclass(frozen=True)
class Question:
    """What a forge is asked: the late commits of a branch of a repository.

    ``remotes`` are the clone's remote URLs, ``origin`` first; ``pull`` is the number of the pull request under judgement, where the run is for one;
    ``file`` is the evidence file of the recorded forge.
    """

    commits: Sequence[Commit]
    branch: str | None = None
    pull: int | None = None
    remotes: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    progress: Progress = no_progress


@dataclass(frozen=True)
class Forge:
    """``detect`` says whether this is the forge of a clone (from its remotes and the environment); ``collect`` asks it.

    ``collect`` never raises for what the forge does not answer: that is an ``Unread`` in the evidence.  It raises ``LastcallError`` for what the
    user must set up (no evidence file, a repository that cannot be named).
    """

    detect: Callable[[Question], bool]
    collect: Callable[[Question], Evidence]
