"""What is compared: with a freeze or without, for a pair, for the index, for an event of GitHub; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lastcall import event
from lastcall.commands.check import policy_of
from lastcall.comparison import Choice, Comparison, Merge, NothingToCompareError, Push, compare
from lastcall.git import Repository
from lastcall.model import LastcallError, Position
from repositories import Repo


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """``main`` with one commit more than what ``release/2.4`` left it with; HEAD is on ``release/2.4``."""
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {"a.txt": "1\n"})
    repo.branch("release/2.4")
    repo.commit("Go on", {"a.txt": "2\n"})
    repo.checkout("release/2.4")
    return repo


def look(repo: Repo, asked: Choice | Push | Merge | None = None) -> Comparison:
    with Repository.open(repo.root) as repository:
        return compare(repository, asked or Choice(), policy_of)


# ---------------------------------------------------------------------------------------------------------------- a release branch


def test_a_release_branch_is_compared_with_its_freeze(shop):
    shop.tag("freeze/release/2.4", message="Freeze")
    freeze = shop.head
    late = [shop.commit("One"), shop.commit("Two")]
    found = look(shop)
    assert found.position is Position.RELEASE
    assert (found.branch, found.base, found.head) == ("release/2.4", freeze, late[1])
    assert [commit.sha for commit in found.commits] == late
    assert found.freeze
    assert found.freeze.source == "tag freeze/release/2.4"
    assert found.reviewed
    assert found.headline == (f"release/2.4 at {late[1][:7]} since its freeze {freeze[:7]} (tag freeze/release/2.4): 2 late commits")
    assert found.notes == ()


def test_nothing_late_is_said(shop):
    shop.tag("freeze/release/2.4", message="Freeze")
    assert look(shop).headline.endswith(": 0 late commits")


def test_a_lightweight_freeze_counts_and_is_noted(shop):
    shop.tag("freeze/release/2.4")
    shop.commit("One")
    found = look(shop)
    assert len(found.commits) == 1
    assert "the tag freeze/release/2.4 is lightweight" in found.notes[0]


def test_the_freeze_can_be_named(shop):
    shop.tag("v2.4.0-rc1")
    shop.commit("One")
    found = look(shop, Choice(release="release/2.4", freeze="v2.4.0-rc1"))
    assert found.freeze
    assert found.freeze.source == "--freeze v2.4.0-rc1"
    assert len(found.commits) == 1


def test_a_named_freeze_makes_any_branch_a_release_branch_even_a_detached_one(shop):
    shop.tag("rc1")
    shop.checkout("hotfix", new=True)
    shop.commit("One")
    assert look(shop, Choice(freeze="rc1")).branch == "hotfix"
    shop.git("checkout", "--quiet", "--detach")
    found = look(shop, Choice(freeze="rc1"))
    assert (found.branch, len(found.commits)) == (None, 1)


def test_the_freeze_can_stand_in_the_policy_of_the_default_branch(shop):
    shop.tag("rc1")
    shop.commit("Late", {".lastcall.yml": "freeze: {at: HEAD}\n"})
    shop.checkout("main")
    shop.commit("Say when", {".lastcall.yml": "freeze: {at: rc1}\n"})
    found = look(shop, Choice(release="release/2.4"))
    assert found.freeze
    assert found.freeze.source == "policy freeze.at rc1"
    assert len(found.commits) == 1, "the policy of the branch under judgement has no say"


def test_without_a_freeze_it_is_compared_with_where_it_left_the_default_branch(shop):
    base = shop.head
    shop.commit("One")
    found = look(shop)
    assert (found.freeze, found.base, len(found.commits)) == (None, base, 1)
    assert "no freeze found" in found.headline
    assert "lastcall freeze release/2.4" in found.headline


def test_without_a_freeze_or_a_default_branch_it_is_refused(tmp_path):
    repo = Repo(tmp_path / "shop", branch="release/1")
    repo.commit("Start")
    with pytest.raises(LastcallError, match="no freeze found for release/1, and no default branch") as caught:
        look(repo)
    assert "lastcall freeze release/1" in caught.value.hint


def test_a_freeze_that_the_history_lost_is_told_with_what_was_lost(shop):
    lost = shop.commit("One")
    shop.tag("freeze/release/2.4", message="Freeze")
    late = shop.commit("Another", amend=True)
    found = look(shop)
    assert found.rewritten
    assert [commit.sha for commit in found.rewritten.lost] == [lost]
    assert (found.rewritten.freeze, found.rewritten.branch, found.rewritten.head) == (found.freeze, "release/2.4", late)
    assert [commit.sha for commit in found.commits] == [late], "late is what the freeze does not have, as ever"
    assert (found.base, found.reviewed) == (lost, True)
    assert found.headline.endswith("(tag freeze/release/2.4): 1 late commit, 1 frozen commit lost")


def test_a_branch_that_only_the_remote_has(shop, tmp_path):
    shop.tag("freeze/release/2.4", message="Freeze")
    shop.commit("One")
    shop.checkout("main")
    clone = shop.clone(tmp_path / "clone")
    found = look(clone, Choice(release="release/2.4"))
    assert len(found.commits) == 1
    assert "origin/release/2.4" in found.notes[0]


def test_the_branches_of_the_policy(shop):
    shop.checkout("main")
    shop.commit("Say which", {".lastcall.yml": "branches: ['stable-*']\n"})
    shop.checkout("stable-3", new=True)
    shop.commit("One")
    assert look(shop).position is Position.RELEASE
    shop.checkout("release/2.4")
    assert look(shop).position is Position.PAIR


def test_a_frozen_branch_is_a_release_branch_whatever_its_name(shop):
    shop.checkout("candidate", new=True)
    assert look(shop).position is Position.PAIR
    shop.tag("freeze/candidate", message="Freeze")
    assert look(shop).position is Position.RELEASE


def test_a_shallow_clone_says_what_to_fetch(shop, tmp_path):
    shop.tag("freeze/release/2.4", message="Freeze")
    shop.commit("One")
    shop.commit("Two")
    clone = shop.clone(tmp_path / "clone", "--depth=1", "--branch=release/2.4")
    with pytest.raises(LastcallError) as caught:
        look(clone)
    assert "fetch-depth: 0" in caught.value.hint


# ---------------------------------------------------------------------------------------------------------------- a pair


def test_a_topic_is_compared_with_the_default_branch_as_a_pull_request_is(shop):
    fork = shop.head
    shop.checkout("topic", new=True)
    shop.commit("One")
    found = look(shop)
    assert (found.position, found.base, len(found.commits), found.reviewed) == (Position.PAIR, fork, 1, False)
    assert f"(merge base {fork[:7]})" in found.headline
    assert found.notes == ("main is not a release branch: approvals are not judged",)


def test_a_pair_that_the_user_names_is_reviewed(shop):
    base = shop.head
    head = shop.commit("One")
    found = look(shop, Choice(base=base, head=head))
    assert (found.reviewed, found.branch, len(found.commits)) == (True, None, 1)
    assert look(shop, Choice(base=base)).branch == "release/2.4", "a base that is no branch: the commits landed on the head's"
    assert look(shop, Choice(base="release/2.4~1")).branch == "release/2.4", "nor is the ancestor of one"
    assert look(shop, Choice(head="HEAD")).branch == "main", "the base is the default branch"


def test_the_policy_is_that_of_the_bases_tip(shop):
    shop.checkout("topic", new=True)
    shop.commit("One", {".lastcall.yml": "review: {approvals: 1}\n"})
    shop.checkout("main")
    shop.commit("Be strict", {".lastcall.yml": "review: {approvals: 2}\n"})
    shop.checkout("topic")
    assert look(shop).policy.review.approvals == 2, "where a topic left its base is its author's choice"


def test_a_topic_that_would_land_on_a_release_branch_is_reviewed(shop):
    base = shop.head
    shop.checkout("fix", new=True)
    head = shop.commit("One")
    found = look(shop, Merge(into="release/2.4", base=base, head=head, pull=7))
    assert (found.reviewed, found.branch, found.pull) == (True, "release/2.4", 7)
    assert found.headline == f"pull request #7 at {head[:7]} against release/2.4 at {base[:7]}: 1 commit"


def test_a_topic_that_would_land_on_a_frozen_branch_is_reviewed_whatever_its_name(shop):
    base = shop.head
    shop.tag("freeze/candidate", message="Freeze")
    shop.checkout("fix", new=True)
    head = shop.commit("One")
    found = look(shop, Merge(into="candidate", base=base, head=head, pull=7))
    assert (found.position, found.reviewed, found.branch, found.pull) == (Position.PAIR, True, "candidate", 7)
    assert (found.group, found.hinted) == (False, ())


@pytest.mark.parametrize("base", ["release/2.4", "origin/release/2.4", "refs/remotes/origin/release/2.4"])
def test_a_topic_for_a_frozen_branch_without_its_number(shop, tmp_path, base):
    shop.tag("freeze/release/2.4", message="Freeze")
    shop.commit("Late already")
    clone = shop.clone(tmp_path / "clone")
    clone.checkout("fix", new=True)
    head = clone.commit("Fix it")
    found = look(clone, Choice(base=base))
    assert (found.reviewed, found.branch, found.pull) == (True, "release/2.4", None)
    assert [commit.sha for commit in found.commits] == [head], "what the branch has already is judged where the branch is"


def test_a_merge_group_hints_at_the_pull_requests_that_wait_in_it(shop):
    base = shop.head
    for subject in (
        "Merge pull request #11 from acme/one",
        "Two (#12)",
        'Revert "Three (#9)" (#13)\n\nAs said in (#14)',
        "Of (#15) it",
        "(#0)",
    ):
        head = shop.commit(subject)
    shop.checkout("topic", new=True, at=base)
    shop.commit("Four (#16)", {"b.txt": "1\n"})
    shop.checkout("release/2.4")
    head = shop.merge("topic")
    found = look(shop, Merge(into="release/2.4", base=base, head=head, pull=13, group=True))
    assert (found.group, found.hinted) == (True, (13, 12, 11)), "by their own words, in the first-parent history"
    assert found.headline.startswith(f"merge group of pull request #13 at {head[:7]} against release/2.4")
    alone = look(shop, Merge(into="release/2.4", base=base, head=head, group=True))
    assert alone.headline.startswith(f"merge group at {head[:7]}")


def test_a_merge_group_hints_at_so_many_and_no_more(shop):
    base = shop.head
    for number in range(1, 104):
        shop.git("commit", "--quiet", "--allow-empty", "--message", f"Land it (#{number})")
    found = look(shop, Merge(into="release/2.4", base=base, head=shop.head, group=True))
    assert found.hinted == tuple(range(103, 3, -1))


def test_the_default_branch_by_itself_has_nothing_to_be_compared_with(shop, tmp_path):
    shop.checkout("main")
    with pytest.raises(NothingToCompareError, match="main is the default branch") as caught:
        look(shop)
    assert "lastcall audit" in caught.value.hint
    clone = shop.clone(tmp_path / "clone")
    clone.commit("Not pushed yet")
    assert len(look(clone).commits) == 1, "what has not been pushed is compared with what has"


def test_a_detached_head_is_compared_with_the_default_branch(shop):
    shop.git("checkout", "--quiet", "--detach")
    found = look(shop)
    assert found.position is Position.PAIR
    assert found.headline.startswith(f"HEAD at {shop.head[:7]} against main")


def test_a_detached_head_without_a_default_branch_is_refused(tmp_path):
    repo = Repo(tmp_path / "shop", branch="trunk")
    repo.commit("Start")
    repo.git("checkout", "--quiet", "--detach")
    with pytest.raises(LastcallError, match="the detached HEAD is no release branch"):
        look(repo)


def test_histories_that_have_nothing_in_common_are_refused(shop):
    shop.git("checkout", "--quiet", "--orphan", "other")
    shop.commit("Start again")
    with pytest.raises(LastcallError, match="have no commit in common"):
        look(shop)


@pytest.mark.parametrize("asked", [Choice(release="nope"), Choice(base="nope"), Choice(head="nope"), Choice(freeze="nope")])
def test_a_missing_ref_is_named(shop, asked):
    with pytest.raises(LastcallError, match="nope"):
        look(shop, asked)


# ---------------------------------------------------------------------------------------------------------------- the index


def test_the_index_is_compared_with_head(shop):
    found = look(shop, Choice(staged=True))
    assert (found.position, found.base, found.head, found.reviewed) == (Position.STAGED, shop.head, None, False)
    assert found.headline == f"the index against HEAD {shop.head[:7]}"


def test_the_index_before_the_first_commit(tmp_path):
    found = look(Repo(tmp_path / "new"), Choice(staged=True))
    assert (found.base, found.headline) == (None, "the index, before the first commit")


def test_nothing_else_goes_without_a_commit(tmp_path):
    with pytest.raises(LastcallError, match="no commits yet"):
        look(Repo(tmp_path / "new"))


# ---------------------------------------------------------------------------------------------------------------- pushes and events


def test_a_push_to_a_release_branch_is_a_release_check(shop):
    shop.tag("freeze/release/2.4", message="Freeze")
    new = shop.commit("One")
    shop.checkout("main")
    found = look(shop, Push("release/2.4", new))
    assert (found.position, found.head, len(found.commits)) == (Position.RELEASE, new, 1)


def test_any_other_push_is_compared_with_what_was_there(shop):
    shop.checkout("topic", new=True)
    old, new = shop.commit("One"), shop.commit("Two")
    found = look(shop, Push("topic", new, old))
    assert (found.position, found.base, found.reviewed, len(found.commits)) == (Position.PAIR, old, False, 1)
    assert len(look(shop, Push("topic", new)).commits) == 2, "a new branch is compared with the default branch"
    assert len(look(shop, Push("topic", new, "1" * 40)).commits) == 2, "so is one whose old end is not here"


def test_the_first_push_has_nothing_to_be_compared_with(shop):
    with pytest.raises(NothingToCompareError, match="main is new"):
        look(shop, Push("main", shop.sha("main")))


def read(tmp_path: Path, name: str, payload: object, **environ: str) -> Push | Merge | None:
    file = tmp_path / "event.json"
    file.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return event.read({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file), **environ})


PULL = {"number": 12, "base": {"ref": "release/2.4", "sha": "b" * 40}, "head": {"ref": "fix", "sha": "a" * 40}}


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_pull_request_is_judged_at_its_own_head(tmp_path, name):
    assert read(tmp_path, name, {"pull_request": PULL}) == Merge("release/2.4", "b" * 40, "a" * 40, 12)


def test_a_merge_group(tmp_path):
    group = {"base_ref": "refs/heads/main", "base_sha": "b" * 40, "head_sha": "a" * 40}
    assert read(tmp_path, "merge_group", {"merge_group": group}) == Merge("main", "b" * 40, "a" * 40, group=True)
    group["head_ref"] = f"refs/heads/gh-readonly-queue/main/pr-104-{'b' * 40}"
    assert read(tmp_path, "merge_group", {"merge_group": group}) == Merge("main", "b" * 40, "a" * 40, 104, group=True)


def test_a_push(tmp_path):
    payload = {"ref": "refs/heads/release/2.4", "before": "b" * 40, "after": "a" * 40}
    assert read(tmp_path, "push", payload) == Push("release/2.4", "a" * 40, "b" * 40)
    assert read(tmp_path, "push", payload | {"before": "0" * 40}) == Push("release/2.4", "a" * 40)
    assert read(tmp_path, "push", payload | {"after": "0" * 40}) is None, "the branch was deleted"
    assert read(tmp_path, "push", payload | {"ref": "refs/tags/v1"}) is None


def test_a_run_by_hand_is_for_its_branch(tmp_path):
    environ = {"GITHUB_REF": "refs/heads/release/2.4", "GITHUB_SHA": "a" * 40}
    assert read(tmp_path, "workflow_dispatch", {}, **environ) == Push("release/2.4", "a" * 40)
    assert event.read({}) is None


@pytest.mark.parametrize("payload", ["", "[]", "{}", '{"pull_request": {"number": 1}}', '{"pull_request": null}'])
def test_an_event_that_cannot_be_read_is_refused(tmp_path, payload):
    with pytest.raises(LastcallError, match="the pull_request event of this workflow run cannot be read"):
        read(tmp_path, "pull_request", payload)


def test_an_event_without_a_file_is_refused():
    with pytest.raises(LastcallError, match="GITHUB_EVENT_PATH is not set"):
        event.read({"GITHUB_EVENT_NAME": "push"})


GITLAB = {"GITLAB_CI": "true", "CI_COMMIT_SHA": "a" * 40}
REQUEST = {
    "CI_MERGE_REQUEST_IID": "12",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release/2",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "b" * 40,
}


def test_a_pipeline_of_a_merge_request_judges_its_head():
    assert event.read(GITLAB | REQUEST) == Merge(into="release/2", base="b" * 40, head="a" * 40, pull=12)
    tried = GITLAB | REQUEST | {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "c" * 40}
    assert event.read(tried) == Merge(into="release/2", base="b" * 40, head="c" * 40, pull=12)


def test_a_pipeline_of_a_branch_judges_what_was_pushed():
    pushed = GITLAB | {"CI_COMMIT_BRANCH": "release/2", "CI_COMMIT_BEFORE_SHA": "0" * 40}
    assert event.read(pushed) == Push("release/2", "a" * 40, None)
    assert event.read(GITLAB) is None
