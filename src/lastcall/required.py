"""Required checks: which of those that the policy asks for are green on exactly the release head.  Only a run that passed is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lastcall.model import Check, CheckRun, CheckState, Evidence, RequiredCheck, RunState

_NAMED = 3
"""Names of runs that a message lists."""
_COMPARED = 1000
"""Runs among which the nearest name is looked for."""
_LONGEST = 100
"""Characters of a name that a message shows: a forge's texts are anybody's."""


def required(checks: Sequence[RequiredCheck], evidence: Evidence, head: str) -> tuple[Check, ...]:
    """Each of ``checks`` as it stands on the commit ``head``, in the order of the policy.

    A check has passed where a run of its name (and of its app, where the policy names one) did, and every other run of that name and app on
    the same commit as well.  Names are compared to the letter, as GitHub does.  What the evidence does not hold is unknown.
    """
    heard = evidence.checks if evidence.checks and evidence.checks.commit == head else None
    reasons = {unread.subject: unread.reason for unread in reversed(evidence.unread)}
    silence = reasons.get(f"checks:{head}", reasons.get(""))
    if heard is None and silence is None:
        silence = "the evidence does not hold them: they were never asked for"
    head_runs = _Runs(heard.runs if heard else (), head, silence)
    return tuple(head_runs.judge(check) for check in checks)


@dataclass(frozen=True)
class _Runs:
    """The runs of a commit; ``silence`` says why there may be more that nobody told of."""

    runs: tuple[CheckRun, ...]
    commit: str
    silence: str | None

    def judge(self, check: RequiredCheck) -> Check:
        named = [run for run in self.runs if run.name == check.name]
        mine = [run for run in named if _told_by(run, check.app)]
        state, run = _together(mine)
        if state is not CheckState.FAILED and self.silence is not None:
            state = CheckState.UNKNOWN
        detail = self._detail(check, state, run, named)
        return Check(check.name, check.app, self.commit, state, detail, run.url if run else "")

    def _detail(self, check: RequiredCheck, state: CheckState, run: CheckRun | None, named: Sequence[CheckRun]) -> str:
        at = self.commit[:7]
        who = f"the check {_name(check.name)}{f' of the app {_name(check.app)}' if check.app else ''}"
        told = f" ({_name(run.app)})" if run and run.app and not check.app else ""
        match state:
            case CheckState.PASSED:
                skipped = run is not None and run.state is RunState.SKIPPED
                return f"{who} was skipped on {at}: that counts as green, and looked at nothing" if skipped else f"{who} passed on {at}"
            case CheckState.FAILED:
                return f"{who}{told} failed on {at}; mend what it found, or run it again on this commit"
            case CheckState.PENDING:
                return f"{who}{told} has not finished on {at}; wait for it, and check again"
            case CheckState.UNKNOWN:
                return f"whether {who} passed on {at} is not known: {self.silence}"
        return f"{who} has not run on {at}: {self._instead(check, named)}"

    def _instead(self, check: RequiredCheck, named: Sequence[CheckRun]) -> str:
        """What ran instead of a missing check, and what to do."""
        if not self.runs:
            return "no check at all ran there; run it on exactly this commit"
        if named:
            apps = _listed({run.app or "a commit status" for run in named})
            return f"one of that name is told by {apps}; run it on exactly this commit, or change `app` in the policy"
        rows = [run.name for run in self.runs if run.name.startswith(f"{check.name} (")]
        if rows:
            return f"there are {_listed(rows)}; list each of them under `checks`, or add a job of that name that needs them all"
        near = _nearest(check.name, [run.name for run in self.runs[:_COMPARED]])
        if near:
            return f"there is {_name(near)}; correct the name in the policy, or run it on exactly this commit"
        return f"only {_listed(run.name for run in self.runs)} did; run it on exactly this commit"


def _told_by(run: CheckRun, app: str) -> bool:
    if not app:
        return True
    return str(run.app_id) == app if app.isdigit() else run.app.casefold() == app.casefold()


def _together(runs: Sequence[CheckRun]) -> tuple[CheckState, CheckRun | None]:
    """The state of all runs of a check together, and the run that decides it: the worst one."""
    for state, worst in (
        (CheckState.FAILED, RunState.FAILED),
        (CheckState.PENDING, RunState.PENDING),
        (CheckState.PASSED, RunState.SKIPPED),
        (CheckState.PASSED, RunState.PASSED),
    ):
        found = next((run for run in runs if run.state is worst), None)
        if found:
            return state, found
    return CheckState.MISSING, None


def _nearest(name: str, names: Iterable[str]) -> str | None:
    folded = {each[:_LONGEST].casefold(): each for each in names}
    near = difflib.get_close_matches(name[:_LONGEST].casefold(), folded, n=1)
    return folded[near[0]] if near else None


def _listed(names: Iterable[str]) -> str:
    every = sorted(set(names))
    listed = [_name(each) for each in every[:_NAMED]]
    more = [f"{len(every) - _NAMED} more"] if len(every) > _NAMED else []
    *first, last = [*listed, *more]
    return f"{', '.join(first)} and {last}" if first else last


def _name(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
