"""Every reason of a verdict: what happened, and what to do: ``explain REASON`` shows one, docs/review.md lists them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AGAIN = "revert it and bring it again, or waive it"
"""What mends a change that has landed; docs/review.md says it at length, once."""


@dataclass(frozen=True)
class Reason:
    """``happened`` is a clause; ``todo`` the smallest step, empty where there is nothing to do."""

    verdict: str
    happened: str
    todo: str = ""


_BLOCKED = {
    "direct-push": ("no pull request brought it", AGAIN),
    "no-approval": ("nobody approved the pull request", "have somebody who did not write it approve its last commit"),
    "too-few-approvals": ("fewer independent people approved than `approvals` asks for", "ask for the rest"),
    "self-approval": (
        "everybody who approved had a hand in it",
        "ask somebody who had none; `allow-suggestions` lets those approve whose suggestion was accepted",
    ),
    "stale-approval": ("the approval is for an older commit, and what came after changed the content", "have the last commit approved"),
    "changes-requested": (
        "somebody who can write asked for changes",
        "settle it with them, and have them review again; that counts after the merge, too",
    ),
    "dismissed-approval": ("the approval was dismissed", "ask for a new one"),
    "late-approval": (
        "approved only after it was merged",
        f"{AGAIN}; or set `allow-post-merge` for the next freeze where an audit is enough",
    ),
    "no-write-access": ("whoever approved cannot write to the repository", "ask somebody who can"),
    "bot-approval": (
        "a bot, or the placeholder of an import, approved it",
        "ask a person; `approving-bots` lists bots whose approval counts",
    ),
    "no-owner-approval": (
        "enough people approved, but no owner of some of its files who can write to the repository and did not write it",
        "ask one of the owners that the report names; for the next freeze, name one more in CODEOWNERS",
    ),
    "altered-merge": (
        "the merge is not what git makes of its parents",
        f"look at what was changed by hand (the report names the command); {AGAIN}",
    ),
    "altered-squash": (
        "the squashed commit is not what git makes of what was approved",
        f"look at what was changed by hand (the report names the command); {AGAIN}",
    ),
    "altered-rebase": (
        "the rebased commits are not what git makes of what was approved",
        f"look at what was changed by hand (the report names the command); {AGAIN}",
    ),
    "altered-cherry-pick": (
        "the pick is not what git makes of the commit that it names",
        f"have it approved; where it has landed, {AGAIN}",
    ),
    "altered-revert": ("the revert takes back something else, or more", f"have it approved; where it has landed, {AGAIN}"),
    "unmerged-pull": ("its pull request is open, or was closed without a merge", AGAIN),
    "partial-pull": ("only a part of the pull request is here, or it landed as other commits", "take all of it, or none"),
    "other-branch": (
        "the approval is for another branch",
        f"{AGAIN}; `accept-base` and `accept-picks-from` accept other branches from the next freeze on",
    ),
    "other-repository": ("it was reviewed in another repository, such as a fork", AGAIN),
    "other-head": ("the pull request is at another commit on the forge than the one that is judged", "check out its head"),
    "unseen-submodule": (
        "it moves a submodule, whose commits nobody here has seen",
        "review those and waive it; for the next freeze, set `submodules: require-approval`",
    ),
}
_UNKNOWN = {
    "unknown-reviews": (
        "the forge did not answer, or not in full",
        "give it a token (`GITHUB_TOKEN`), or try again; the report says what it answered",
    ),
    "missing-object": (
        "a commit that was approved, or that an approver made, is not in this clone",
        "fetch it: the report names the command (`fetch-depth: 0` in a workflow)",
    ),
    "unmapped-identity": (
        "somebody who wrote part of it has no account on the forge, so that nobody can say whether the approver is somebody else",
        "one more approval, or have the address added to its account",
    ),
    "deleted-account": ("the account that approved was deleted", "ask somebody else"),
    "unknown-owners": (
        "the forge does not say who an owner is: a team that the token cannot read, or an e-mail address",
        "let the token read the members of teams; for the next freeze, write `@login` instead of an address, or set `code-owners: false`",
    ),
    "octopus-merge": ("a merge of more than two parents cannot be made again", "revert it, and merge them one at a time"),
    "criss-cross-merge": ("its parents were merged crosswise before, so that git may make more than one thing of them", AGAIN),
    "unrelated-histories": ("its parents have no history in common", AGAIN),
    "unknown-branch": ("the branch that is judged has no name", "name it: `--release BRANCH`"),
}
_APPROVED = {
    "approved": "enough independent people approved what landed",
    "mechanical-merge": "the merge that git makes; what it brings is judged by itself",
    "clean-pick": "a pick that git makes the same way again, of a commit that was approved for an accepted branch",
    "reapplied": "the revert of a revert: it brings back what was approved for this branch",
}
_EXEMPT = {
    "exempt": "the policy's `exempt` names its paths or its authors",
    "clean-revert": "a revert that git makes the same way again, and `allow-clean-revert` is set",
    "undone": "a later change, approved or exempt itself, took it back cleanly: nothing of it is released",
    "waived": "a waiver in the policy lets it through",
}

REASONS: Mapping[str, Reason] = {
    **{name: Reason("blocked", *told) for name, told in _BLOCKED.items()},
    **{name: Reason("unknown", *told) for name, told in _UNKNOWN.items()},
    **{name: Reason("approved", told) for name, told in _APPROVED.items()},
    **{name: Reason("exempt", told) for name, told in _EXEMPT.items()},
}


def table(*verdicts: str) -> str:
    """The reasons of these verdicts as a table in Markdown."""
    found = {name: reason for name, reason in REASONS.items() if reason.verdict in verdicts}
    if not any(reason.todo for reason in found.values()):
        lines = ["| reason | verdict | means |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {reason.verdict} | {reason.happened} |" for name, reason in found.items()]
    else:
        lines = ["| reason | what happened | what to do |", "| --- | --- | --- |"]
        lines += [f"| `{name}` | {reason.happened} | {reason.todo} |" for name, reason in found.items()]
    return "\n".join(lines)


def page(name: str) -> str:
    """What ``explain`` shows of the reason ``name``."""
    reason = REASONS[name]
    fails = " (which fails the check)" if reason.todo else ""
    lines = [f"{name}: a reason for the verdict {reason.verdict}{fails}", "", f"  what happened: {reason.happened}"]
    if reason.todo:
        lines.append(f"  what to do:    {reason.todo}")
    if reason.verdict == "blocked":
        lines += [
            "",
            "Neither an approval nor a pull request with the same content reaches a change that has landed. What does: to revert it",
            "through an approved pull request and bring it again through another; or a waiver of two people, in the policy of the default",
            "branch.",
        ]
    return "\n".join([*lines, "", "docs/review.md lists all reasons; 'lastcall explain COMMIT' tells all that is known of one change.", ""])
