"""Forges tell who reviewed what.  A forge is asked once, for all late commits, and answers with one ``Evidence``."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lastcall.model import Commit, Evidence, LastcallError, Moment, Progress, no_progress
from lastcall.plugins import load, names


@dataclass(frozen=True)
class Question:
    """What a forge is asked: the late commits of a branch of a repository.

    ``remotes`` are the clone's remote URLs, ``origin`` first; ``pull`` is the number of the pull request under judgement, where the run is
    for one; ``file`` is the evidence file of the recorded forge.

    ``origins`` are commits that are not late: what late commits were picked from, of which the same is asked; ``pulls`` are pull requests
    that may hold late commits although no commit says so (a merge group's); ``checks`` is the commit whose check runs are wanted (empty:
    none are); ``owners`` are the owners that are no logins (``@acme/db``, an e-mail address), whose people are wanted; ``tags`` are names
    of tags whose place on the server is wanted.  ``signer`` tells by whose key of the base's allowed signers a commit is signed (None: by
    none).  ``told`` takes what only a curious user wants to know (``-v``).
    """

    commits: Sequence[Commit]
    branch: str | None = None
    pull: int | None = None
    remotes: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    progress: Progress = no_progress
    origins: Sequence[Commit] = ()
    pulls: Sequence[int] = ()
    checks: str = ""
    owners: Sequence[str] = ()
    tags: Sequence[str] = ()
    signer: Callable[[str], str | None] | None = None
    told: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Forge:
    """``detect`` says whether this is the forge of a clone (from its remotes and the environment); ``collect`` asks it.

    ``collect`` never raises for what the forge does not answer: that is an ``Unread`` in the evidence.  It raises ``LastcallError`` for
    what the user must set up (no evidence file, a repository that cannot be named).

    ``moment`` tells where the server had a branch at a time (ISO 8601 with its zone); it raises ``LastcallError`` where that cannot be
    told.  None: this forge keeps no such log.
    """

    detect: Callable[[Question], bool]
    collect: Callable[[Question], Evidence]
    moment: Callable[[Question, str, str], Moment] | None = None


def pick(name: str, question: Question) -> tuple[str, Forge]:
    """The forge ``name``, or where that is empty the first that finds itself in the question: an evidence file before any clone.

    Raises LastcallError for a name that no forge has.  Where no forge finds itself it is ``none``, whose evidence then says that.
    """
    known = names(__name__)
    if name and name not in known:
        near = difflib.get_close_matches(name.lower()[:80], known, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise LastcallError(f"there is no forge {name[:80]!r}", f"{meant}the forges are {', '.join(known)}")
    if name:
        return name, load(__name__, name, Forge)
    for each in sorted(known, key=lambda each: (each != "recorded", each)):
        forge = load(__name__, each, Forge)
        if forge.detect(question):
            return each, forge
    from lastcall.forges.none import not_found  # noqa: PLC0415  it imports this module

    return "none", replace(load(__name__, "none", Forge), collect=not_found)
