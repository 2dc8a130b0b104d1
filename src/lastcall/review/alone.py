"""The verdict on a commit that no merged pull request brought."""

from __future__ import annotations

from lastcall.model import (
    Commit,
    Pull,
    Verdict,
)
from lastcall.review.facts import MERGE_PARENTS, Facts, Judgement, blocked, short, unknown
from lastcall.review.signed import AGAIN as SIGNED_AGAIN
from lastcall.review.signed import approved_alone
from lastcall.review.wording import AGAIN, octopus
from lastcall.review.wording import instead as again


def alone(facts: Facts, commit: Commit) -> Judgement:
    """The verdict on a commit that no merged pull request brought.  Raises LastcallError where the clone lacks what it takes to tell."""
    reason = facts.unread_commit(commit.sha)
    pulls = facts.known[commit.sha].pulls if commit.sha in facts.known else ()
    for number in pulls:
        reason = (
            reason or facts.unread(f"pull:{number}") or (None if number in facts.pulls else f"pull request {number} was never asked for")
        )
    if reason:
        return unknown("unknown-reviews", f"who reviewed {short(commit.sha)} is not known: {reason}")
    if len(commit.parents) >= MERGE_PARENTS:
        merged = _merge_alone(facts, commit)
        return merged if merged.verdict is Verdict.APPROVED else approved_alone(facts, commit) or merged
    own = None if pulls else approved_alone(facts, commit)
    return own or _unlanded(facts, commit, [facts.pulls[number] for number in pulls])


def _merge_alone(facts: Facts, commit: Commit) -> Judgement:
    if len(commit.parents) > MERGE_PARENTS:
        return octopus(commit)
    absent = next((parent for parent in commit.parents if not facts.history.has(parent)), None)
    if absent:
        return unknown(
            "missing-object", f"{short(commit.sha)} merges {short(absent)}, which is not in this clone; fetch it (git fetch --unshallow)"
        )
    if facts.merged_tree(*commit.parents) == commit.tree:
        return Judgement(
            Verdict.APPROVED, "mechanical-merge", f"{short(commit.sha)} is the merge that git makes; what it brings is judged by itself"
        )
    crossed = cannot_be_made_again(facts, commit)
    if crossed:
        return crossed
    detail = (
        f"{short(commit.sha)} is not the merge that git makes of its parents: something was changed by hand "
        f"(git show --remerge-diff {commit.sha}); {AGAIN}"
    )
    return blocked("altered-merge", detail)


def cannot_be_made_again(facts: Facts, merge: Commit) -> Judgement | None:
    """Unknown, where what git makes of the parents is no measure: they have nothing in common, or were merged crosswise before.

    Of the latter every git, and every strategy, may make something else; one that comes out the same is proved all the same.
    """
    if len(merge.parents) != MERGE_PARENTS or not all(facts.history.has(parent) for parent in merge.parents):
        return None
    bases = facts.history.merge_bases(*merge.parents)
    if len(bases) == 1:
        return None
    if bases:
        was = f"{short(merge.sha)} merges branches that were merged crosswise before ({' and '.join(map(short, bases))})"
        return unknown("criss-cross-merge", f"{was} and cannot be made again to compare; {AGAIN}")
    was = f"{short(merge.sha)} merges {short(merge.parents[1])}, which has no history in common with what it came to"
    return unknown("unrelated-histories", f"{was}; {AGAIN}")


def _unlanded(facts: Facts, commit: Commit, pulls: list[Pull]) -> Judgement:
    """Why none of the pull requests that hold the commit, if any, brought it here."""
    this, instead = short(commit.sha), again(facts, commit.sha)
    for pull in pulls:
        if not facts.ours(pull):
            detail = f"{this} was reviewed only in {pull.base_repository} (pull request {pull.number}); {instead}"
            return blocked("other-repository", detail)
        if pull.number == facts.judged and pull.state == "open":
            head = short(facts.late.head.sha)
            return blocked(
                "other-head", f"pull request {pull.number} is at {short(pull.head)} on the forge, but {head} is judged; check out its head"
            )
        if pull.state != "merged":
            state = "is still open" if pull.state == "open" else "was closed without a merge"
            holds = f"{this} belongs to pull request {pull.number}, which {state}"
            todo = again(facts, commit.sha, "have that approved and merged" if pull.state == "open" else "")
            return blocked("unmerged-pull", f"{holds}; {todo}")
    if pulls:
        landed = f"landed as {short(pulls[0].merge_commit or pulls[0].head)}, without {this}"
        return blocked("partial-pull", f"pull request {pulls[0].number} {landed}; {instead}")
    detail = f"{this} by {commit.author} came in without a pull request; {instead}"
    if facts.evidence.forge == "trailers":
        detail = f"{this} by {commit.author} is not signed by an allowed key, or names no reviewer in a Reviewed-by trailer; {SIGNED_AGAIN}"
    return blocked("direct-push", detail)
