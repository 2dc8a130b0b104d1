"""Late commits, evidence and policy in; changes out, each with a verdict on its approval.

A change is the commits that landed together.  Its verdict is decided by content, never by dates: an approval counts for the tree that a
mechanical merge makes of the approved commit, and for nothing else.  The pure heart of the review half: git is asked through ``History``.

Every reason, what it means, and which rule speaks of it (an approved or exempt change is silent).  A clean pick or revert that the policy
does not accept keeps the reason that it has otherwise, and its detail says so.

=====================  =========  ======================================================================  =====================
reason                 verdict    meaning                                                                 rule
=====================  =========  ======================================================================  =====================
approved               approved   enough independent people approved what landed                          —
mechanical-merge       approved   a merge commit that git makes the same way, of commits judged by        —
                                  themselves
clean-pick             approved   what git makes of commits that were approved for a branch that picks    —
                                  are accepted from
reapplied              approved   a clean revert of late clean reverts: what comes back is approved       —
                                  here, or was frozen and taken out without an approval
exempt                 exempt     the policy exempts its paths or its authors                             —
waived                 exempt     two people let it through by a waiver of the policy                     —
clean-revert           exempt     it only takes back what was here, which the policy allows               —
undone                 exempt     taken back later, by what is approved or exempt: nothing of it is left  —
stale-approval         blocked    the approval is for an older head, and what came after changed it       stale-approval
direct-push            blocked    no pull request brought it                                              unreviewed-change
no-approval            blocked    nobody approved the pull request                                        unreviewed-change
too-few-approvals      blocked    fewer people approved than the policy asks for                          unreviewed-change
self-approval          blocked    everybody who approved wrote part of it: nobody independent did         unreviewed-change
changes-requested      blocked    somebody who can write asked for changes and has not taken that back    unreviewed-change
dismissed-approval     blocked    the approval was dismissed                                              unreviewed-change
late-approval          blocked    approved only after it was merged                                       unreviewed-change
no-write-access        blocked    whoever approved cannot write to the repository                         unreviewed-change
bot-approval           blocked    approved by a bot or an imported placeholder account, by no person      unreviewed-change
altered-merge          blocked    the merge commit is not what git makes of its parents                   altered-merge
altered-squash         blocked    the squashed commit is not what was approved                            altered-merge
altered-rebase         blocked    the rebased commits are not what was approved                           altered-merge
altered-cherry-pick    blocked    it says what it was picked from, and is not what git makes of that      altered-cherry-pick
altered-revert         blocked    it says what it reverts, and is not what git makes of that              altered-cherry-pick
no-owner-approval      blocked    enough people approved, and no owner by CODEOWNERS of what it changes   unreviewed-change
unmerged-pull          blocked    its pull request is open or was closed: an approval of that is no       unreviewed-change
                                  approval to land
other-head             blocked    the pull request under judgement is at another commit on the forge      unreviewed-change
other-branch           blocked    the pull request was merged into another branch, or approved while it   unreviewed-change
                                  was pointed at one
other-repository       blocked    the pull request belongs to another repository                          unreviewed-change
partial-pull           blocked    only a part of the pull request is here, or it landed as other commits  unreviewed-change
unseen-submodule       blocked    it moves a submodule, whose commits nobody here has seen                unreviewed-change
unknown-reviews        unknown    the forge did not say who reviewed it                                   unknown-reviews
missing-object         unknown    the clone lacks what it takes to compare what was approved with what    unknown-reviews
                                  landed
unmapped-identity      unknown    whoever wrote part of it has no account: independence is not proved     unknown-reviews
deleted-account        unknown    the account that approved was deleted                                   unknown-reviews
unknown-owners         unknown    whether an approver is an owner (a member of the team) is not known     unknown-reviews
octopus-merge          unknown    a merge of more than two parents cannot be made again                   unknown-reviews
criss-cross-merge      unknown    a merge of branches that were merged crosswise before comes out         unknown-reviews
                                  another way than it does here
unrelated-histories    unknown    a merge of what has no history in common cannot be made again           unknown-reviews
unknown-branch         unknown    the branch under judgement has no name to compare with                  unknown-reviews
=====================  =========  ======================================================================  =====================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lastcall.model import Change, Commit, Evidence, History, LastcallError, ReviewPolicy, Verdict
from lastcall.review.exempt import finish
from lastcall.review.facts import Facts, Judged, Late, lacking
from lastcall.review.grouping import Assignment
from lastcall.review.landed import Claim
from lastcall.review.picks import origins
from lastcall.review.reverts import Reverts
from lastcall.review.submodules import watch

__all__ = ["Judged", "changes", "origins"]


def changes(commits: Sequence[Commit], evidence: Evidence, history: History, policy: ReviewPolicy, judged: Judged) -> tuple[Change, ...]:
    """The late ``commits`` (parents before children, the judged head last) as changes, in the order in which they came in.

    What evidence or clone do not have is a verdict, never an exception.

    What git is asked, besides a merge for each pull request: the paths and the submodules of each late commit once, and a pick or a revert
    again for each commit that says that it is one, or looks like one.
    """
    if not commits:
        return ()
    facts = Facts(Late(commits), evidence, history, policy, judged)
    reverts = Reverts(facts)
    return reverts.settle([_finished(facts, reverts, change, claim) for change, claim in Assignment(facts).changes()])


def _finished(facts: Facts, reverts: Reverts, change: Change, claim: Claim | None) -> Change:
    try:
        return finish(facts, watch(facts, reverts.weigh(change)), claim)
    except LastcallError as error:
        detail = f"{change.title} cannot be compared with what landed: {lacking(error)}"
        return replace(change, verdict=Verdict.UNKNOWN, reason="missing-object", detail=detail)
