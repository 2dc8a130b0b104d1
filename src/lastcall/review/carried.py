"""Whether an approval covers what landed: the same commit, the same tree, or what git makes of the approved commit again."""

from __future__ import annotations

from dataclasses import dataclass

from lastcall.model import (
    Pull,
)
from lastcall.review.facts import Facts
from lastcall.review.landed import Claim, picked_by_rebase, replays


@dataclass(frozen=True)
class Carry:
    """``how`` an approval was carried to what landed; empty where it was not.  ``missing``: the commit that is needed to tell."""

    how: str = ""
    missing: str = ""


def carry(facts: Facts, claim: Claim, approved: str) -> Carry:
    """Whether what landed is what git makes of the ``approved`` commit, within what the policy's ``carry`` allows."""
    head = claim.pull.head
    if claim.partial or (approved != head and facts.policy.carry == "none"):
        return Carry()
    if approved == head and not claim.landing:
        return Carry("same-commit")
    if not facts.history.has(approved):
        return _absent(claim, approved)
    if claim.base is None or not facts.history.has(claim.base):
        return Carry(missing=claim.base or "")
    if approved != head and facts.policy.carry == "same-tree" and facts.tree(approved) != _head_tree(facts, claim.pull):
        return Carry()
    tip = claim.landing[-1].tree if claim.landing else facts.tree(head)
    merged = facts.merged_tree(claim.base, approved)
    # Where a merge comes out another way, something was taken out meanwhile that the pull request only brings back along the way.
    if merged == tip or (merged is None and approved == head and _rebased(facts, claim)):
        return Carry(_how(facts, claim, approved, tip))
    return Carry()


def _absent(claim: Claim, approved: str) -> Carry:
    """The approved commit is not in this clone: the forge's own signature over the squash it made of it is proof enough."""
    pull = claim.pull
    if approved == pull.head:
        proved = claim.kind in {"squash", "merge"} and pull.merge_signed_by_forge and claim.landing[-1].sha == pull.merge_commit
        return Carry("forge-merge") if proved else Carry(missing=approved)
    # It is listed before the head: commits came after it.  Only where it is not listed (a forced push) does it take the object to tell.
    return Carry() if approved in {commit.sha for commit in pull.commits} else Carry(missing=approved)


def _head_tree(facts: Facts, pull: Pull) -> str | None:
    return facts.tree(pull.head) if facts.history.has(pull.head) else pull.head_tree


def _rebased(facts: Facts, claim: Claim) -> bool:
    """Whether what landed are the commits up to the head, each picked mechanically, where a merge of that head cannot be made."""
    originals = picked_by_rebase(facts, claim.pull)
    if claim.kind != "rebase" or not originals or originals[-1].sha != claim.pull.head:
        return False
    return replays(facts, claim.pull, claim.landing)


def _how(facts: Facts, claim: Claim, approved: str, tip: str) -> str:
    if claim.commits & facts.late.among([approved]) and approved == claim.pull.head:
        return "same-commit"
    return "same-tree" if facts.tree(approved) == tip else "replay"
