"""``check``: compare, gather, ask the rules, weigh.  ``collect`` stops after the forge has answered."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall import __version__, comparison, event, release
from lastcall.check import check, rules
from lastcall.commands.judged import judged
from lastcall.comparison import Choice, Comparison, Merge, Moments, Push
from lastcall.forges import Question, pick
from lastcall.model import Evidence, LastcallError, Moment, Policy, Progress, Report, Severity, Tree, no_progress
from lastcall.policy import load, weigh
from lastcall.release import Source

if TYPE_CHECKING:  # git.py refuses to be loaded where there is no git, and a folder can be audited without
    from lastcall.git import Repository


@dataclass(frozen=True)
class Wishes:
    """What holds for every position: where evidence comes from, which half is judged (``only``), and how the verdict is found."""

    source: Source = field(default_factory=Source)
    only: str = ""
    fail_on: Severity = Severity.ERROR
    progress: Progress = no_progress
    judge: bool = False
    """Whether a real planner is to confirm or clear what asks for an index."""


def policy_of(tree: Tree | None) -> Policy:
    """The policy of a tree."""
    return load(tree, {name: rule.options for name, rule in rules().items()})


def compare(repository: Repository, asked: Choice | Push | Merge, source: Source) -> Comparison:
    """What was asked for; where the user named nothing, what the workflow run is for, else what the current branch says."""
    named = asked if asked != Choice() else event.read(source.environ) or asked
    return comparison.compare(repository, named, policy_of, _moments(repository, source))


def _moments(repository: Repository, source: Source) -> Moments:
    """Asks the forge where a branch was at a time; an evidence file that is replayed answers what was answered then."""

    def ask(branch: str, time: str) -> Moment:
        question = Question((), branch, remotes=repository.remotes(), environ=source.environ, file=source.file, told=source.told)
        name, forge = pick("recorded" if source.file else source.forge, question)
        if forge.moment is None:
            instead = f"name a commit or a tag instead, or declare the freeze: lastcall freeze {shlex.quote(branch)} --at REF"
            who = "no forge is asked here" if name == "none" else f"the forge {name} keeps no log of it"
            raise LastcallError(f"the freeze is a time ({time}), and where {branch} was then is not known: {who}", instead)
        return forge.moment(question, branch, time)

    return ask


def run(start: Path, asked: Choice, wishes: Wishes) -> Report:
    """``lastcall check`` in the repository that holds ``start``."""
    from lastcall.git import Repository  # noqa: PLC0415

    with Repository.open(start) as repository:
        return judge(repository, compare(repository, asked, wishes.source), wishes)


def judge(repository: Repository, compared: Comparison, wishes: Wishes) -> Report:
    """The report on what was compared."""
    facts = release.gather(repository, compared, wishes.source, wishes.only, wishes.progress)
    found, silenced = check(facts, compared.policy)
    if wishes.judge:
        found, facts = judged(found, facts, compared.policy, wishes.progress)
    placed = release.place([*found, *silenced], repository, compared, facts)
    return weigh(facts, placed[: len(found)], placed[len(found) :], compared.policy, wishes.fail_on, __version__)


def collect(start: Path, asked: Choice, wishes: Wishes) -> Evidence:
    """All review evidence about what would be judged.  LastcallError where there is nobody to ask."""
    from lastcall.git import Repository  # noqa: PLC0415

    with Repository.open(start) as repository:
        compared = compare(repository, asked, wishes.source)
        evidence = release.collect(repository, compared, wishes.source, wishes.progress)
    if evidence.forge == "none":
        raise LastcallError("no forge was recognised to collect evidence from", "name one: --forge github")
    return evidence
