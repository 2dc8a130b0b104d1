"""The verdict on a pull request and what it landed as: whose approvals cover that, and whose are wanting."""

from __future__ import annotations

from dataclasses import replace

from lastcall.model import Verdict
from lastcall.review import wording
from lastcall.review.demands import Owned, nobody, only_wrote, owns
from lastcall.review.facts import Facts, Judgement, blocked, names_of, short, unknown
from lastcall.review.landed import Claim
from lastcall.review.people import Opinion, Quorum, moment, objections_to
from lastcall.review.weighed import Weighed, weigh_pull

OWNERS = frozenset({"no-owner-approval", "unknown-owners"})
"""Reasons that hang on the paths of the commits that a pull request is judged by."""


def judge(facts: Facts, claim: Claim, commits: int | None = None) -> Judgement:
    """The verdict on a pull request and what it landed as; ``commits`` as for ``weigh_pull``."""
    pull = claim.pull
    if not facts.accepted(pull):
        return _elsewhere(facts, claim)
    silence = _silence(facts, claim)
    if silence:
        return silence
    weighed = weigh_pull(facts, claim, commits)
    objections = objections_to(pull)
    if objections:
        return _objected(weighed, names_of(objections))
    return _decide(weighed)


def _objected(weighed: Weighed, who: str) -> Judgement:
    """Whoever asked for changes can take that back, also after the merge; approvals that are wanting besides cannot be given then."""
    why, again = f"{who} asked for changes to {weighed.claim.name}", f"ask {who} for a new review of {short(weighed.claim.pull.head)}"
    if _decide(weighed).verdict is not Verdict.BLOCKED:
        return blocked("changes-requested", f"{why}; {again}")
    mend = weighed.ask() if weighed.late else f"{again}, and {weighed.ask()}"
    return replace(blocked("changes-requested", f"{why}; {mend}"), needs=weighed.need)


def _elsewhere(facts: Facts, claim: Claim) -> Judgement:
    if facts.branch is None:
        detail = f"{claim.name} was merged into {claim.pull.base}, and which branch is judged is not known; name it with --release BRANCH"
        return unknown("unknown-branch", detail)
    why = f"{claim.name} was approved for {claim.pull.base}, not for {facts.branch}"
    return blocked("other-branch", f"{why} (accept-base: [{claim.pull.base}] accepts that {wording.LATER}); {wording.AGAIN}")


def _silence(facts: Facts, claim: Claim) -> Judgement | None:
    """Unknown, where anything that the verdict hangs on was not told."""
    reason = facts.unread(f"pull:{claim.pull.number}")
    # What was squashed or rebased is told by this list alone; GitHub lists the first 250 commits.
    if reason is None and claim.kind in {"squash", "rebase"} and claim.pull.head not in {commit.sha for commit in claim.pull.commits}:
        reason = "the evidence does not list all of its commits"
    # The merge that the forge makes to try out an open pull request is nothing that it would tell of.
    tried = {commit.sha for commit in claim.landing if claim.pull.state == "open"}
    for commit in facts.late.of(claim.commits):
        reason = reason or (None if commit.sha in tried else facts.unread_commit(commit.sha))
    return unknown("unknown-reviews", f"the reviews of {claim.name} are not known: {reason}") if reason else None


def _decide(weighed: Weighed) -> Judgement:
    facts, claim, quorum = weighed.facts, weighed.claim, weighed.quorum
    if not quorum.met(weighed.valid):
        return _not_enough(weighed)
    if not quorum.met(weighed.carried):
        return _not_covered(weighed)
    if not quorum.proved(weighed.carried):
        return _unmapped(weighed)
    wanting = weighed.owned(weighed.carried)
    if wanting.wanting:
        return _no_owner(weighed, wanting)
    edited = [opinion.reviewer for opinion in weighed.carried if opinion.review.edited_at]
    noted = f" ({names_of(edited)} edited the text of the review later)" if edited else ""
    detail = f"{claim.name} was approved by {names_of(opinion.reviewer for opinion in weighed.carried)}{noted}"
    after = [opinion.reviewer for opinion in weighed.carried if facts.policy.allow_post_merge and _after_merge(claim, opinion)]
    detail += f" ({names_of(after)} did so only after it was merged, which the policy allows)" if after else ""
    return Judgement(Verdict.APPROVED, "approved", detail, weighed.approvals)


def _after_merge(claim: Claim, opinion: Opinion) -> bool:
    merged, given = moment(claim.pull.merged_at), moment(opinion.review.submitted_at)
    return merged is not None and given is not None and given > merged


def _not_enough(weighed: Weighed) -> Judgement:
    """Too few people approved, whatever they approved: the most telling reason, and whom to ask."""
    facts, claim, quorum, valid = weighed.facts, weighed.claim, weighed.quorum, weighed.valid
    uncertain = [opinion for opinion in weighed.opinions if opinion.uncertain]
    if uncertain and quorum.met([*valid, *uncertain]):
        return weighed.unknown(uncertain[0].uncertain, f"{wording.why_uncertain(claim, uncertain[0])}; {weighed.ask()}")
    wrote = [opinion for opinion in valid if quorum.wrote(opinion)]
    sure = quorum.writers.sure
    if sure and Quorum(quorum.needed, sure).met(valid):
        doubted = [opinion for opinion in wrote if opinion.reviewer.id not in sure.accounts]
        return unknown("missing-object", wording.perhaps_wrote(claim, doubted or wrote, quorum.writers.absent))
    if wrote and len(wrote) == len(valid):
        perhaps = wording.perhaps(facts, claim, claim.pull.head) or wording.perhaps_pushed(facts, claim, wrote)
        return weighed.blocked("self-approval", wording.wrote(claim, wrote, quorum.writers), perhaps)
    refused = {opinion.refused: opinion for opinion in reversed(weighed.opinions) if opinion.refused}
    if valid:
        return weighed.blocked("too-few-approvals", _too_few(weighed, refused.get("late-approval")))
    for reason in ("dismissed-approval", "late-approval", "no-write-access", "bot-approval"):
        if reason in refused:
            post = f" (allow-post-merge: true accepts that {wording.LATER})" if reason == "late-approval" else ""
            return weighed.blocked(reason, wording.why_refused(claim, refused[reason]) + post)
    if claim.pull.state == "open":
        return replace(blocked("no-approval", f"nobody approved it; {weighed.ask(claim.name)}"), needs=weighed.need)
    return weighed.blocked("no-approval", f"nobody approved {claim.name}")


def _too_few(weighed: Weighed, late: Opinion | None) -> str:
    wrote = [opinion for opinion in weighed.valid if weighed.quorum.wrote(opinion)]
    who = names_of(opinion.reviewer for opinion in weighed.valid if opinion not in wrote)
    had = f"{weighed.claim.name} has {weighed.quorum.counted(weighed.valid)} of {weighed.quorum.needed} approvals ({who})"
    had += f", for {names_of(each.reviewer for each in wrote)}, who approved as well, wrote part of it" if wrote else ""
    older = ", not all of them of what it holds now" if not weighed.late and len(weighed.carried) < len(weighed.valid) else ""
    return had + older + (f", and {late.reviewer.login} approved only after it was merged" if late else "")


def _not_covered(weighed: Weighed) -> Judgement:
    """Enough people approved, but not what landed."""
    facts, claim = weighed.facts, weighed.claim
    head = claim.pull.head
    uncovered = [opinion for opinion, how in weighed.carries if not how.how and not how.missing]
    missing = next((how.missing for _, how in weighed.carries if how.missing), "")
    if claim.kind == "octopus":
        return wording.octopus(claim.landing[-1])
    if missing and weighed.quorum.met([opinion for opinion, how in weighed.carries if how.how or how.missing]):
        return replace(unknown("missing-object", wording.fetch(claim, missing)), approvals=weighed.approvals)
    if claim.partial:
        return blocked("partial-pull", f"only a part of {claim.name} is here, up to before its head {short(head)}; take all of it, or none")
    at_head = [opinion for opinion in uncovered if opinion.review.commit == head]
    if at_head and claim.landing:
        mend = weighed.ask() if weighed.late else "merge it again without that"
        return replace(blocked(f"altered-{claim.kind}", wording.altered(claim, at_head, mend), weighed.approvals), needs=weighed.need)
    latest = max(uncovered, key=lambda opinion: opinion.review.submitted_at)
    approved = latest.review.commit or ""
    perhaps = wording.perhaps(facts, claim, approved) if facts.policy.carry != "none" else ""
    return weighed.blocked("stale-approval", wording.stale(claim, latest, weighed.forbidden(approved)), perhaps)


def _unmapped(weighed: Weighed) -> Judgement:
    why, mend = wording.unmapped(weighed.claim, weighed.quorum.writers), "have the address added to its account"
    what = f"{mend}, or {weighed.ask()}" if weighed.late else f"{weighed.ask()} (or {mend})"
    if not wording.can_be_mapped(weighed.quorum.writers):
        what = weighed.ask()
    return weighed.unknown("unmapped-identity", f"{why}; {what}")


def _no_owner(weighed: Weighed, wanting: Owned) -> Judgement:
    """Enough people approved what landed, and nobody of those who own a part of it."""
    claim, writers = weighed.claim, weighed.quorum.writers
    if writers.sure and not weighed.owned(weighed.carried, writers.sure).wanting:
        doubted = [each for each in weighed.carried if weighed.quorum.wrote(each) and each.reviewer.id not in writers.sure.accounts]
        return unknown("missing-object", wording.perhaps_wrote(claim, doubted, writers.absent))
    had = f"{claim.name} was approved by {names_of(opinion.reviewer for opinion in weighed.carried)}"
    if wanting.missing:
        return _no_owner_approved(weighed, wanting, had)
    if wanting.untold:
        owners = wording.owners_in_words(wanting.untold).removeprefix("by ")
        why = f"{had}, but whether that is {owners}, is not known: {wanting.why}"
        return weighed.unknown("unknown-owners", f"{why}; {wording.tell_owners(wanting.untold, weighed.need.at)}, or {weighed.ask()}")
    why = wording.unmapped(claim, writers).replace("the approval", "the approval of an owner")
    return weighed.unknown("unmapped-identity", f"{why}; {weighed.ask()}")


def _no_owner_approved(weighed: Weighed, wanting: Owned, had: str) -> Judgement:
    """No owner did who counts: because they all wrote it, or may not write to the repository, or there is nobody."""
    facts, writers = weighed.facts, weighed.quorum.writers
    stuck = next((each for each in wanting.missing if only_wrote(facts, each, writers)), None)
    if stuck:
        who, paths = " and ".join(stuck.owners), wording.paths_in_words(stuck.paths)
        own = "own" if len(stuck.owners) > 1 else "owns"
        why = f"{had}, and {who}, who alone {own} {paths}, wrote part of it, so that no owner can approve"
        other = "have CODEOWNERS of the base name one more owner" if weighed.need.at else f"CODEOWNERS may name one more {wording.LATER}"
        mend = f"{other}, or have two people waive it" if weighed.need.at else f"have two people waive it ({other})"
        return replace(blocked("no-owner-approval", f"{why}; {mend}", weighed.approvals), needs=weighed.need)
    why = f"{had}, but by no owner of {wording.paths_in_words([path for each in wanting.missing for path in each.paths])}"
    empty = [owner for each in wanting.missing for owner in each.owners if nobody(facts, owner)]
    if empty:
        why += f" (nobody is in {' and '.join(dict.fromkeys(empty))})"
    powerless = [each.reviewer for each in weighed.opinions if each.refused == "no-write-access" and owns(facts, wanting.missing, each)]
    if powerless:
        who = names_of(powerless)
        access = f"{why}, and {who} approved and cannot write to the repository; give {who} write access, or {weighed.ask()}"
        return replace(blocked("no-owner-approval", access, weighed.approvals), needs=weighed.need)
    return weighed.blocked("no-owner-approval", why)
