"""Where a release was frozen: by a tag that may have been moved, at a time that the server resolves, in a history that may be rewritten."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lastcall.check import rules
from lastcall.cli import cli
from lastcall.commands.check import policy_of
from lastcall.comparison import Choice, Comparison, Merge, Moments, Push, compare, moved, open_pull
from lastcall.forges.recorded import write
from lastcall.git import Repository
from lastcall.model import (
    Account,
    Commit,
    CommitEvidence,
    Evidence,
    Freeze,
    LastcallError,
    Moment,
    Person,
    Pull,
    PullCommit,
    Review,
    ReviewState,
    Rewritten,
    Severity,
    TagEvidence,
)
from repositories import Repo

RELEASE = "release/2.4"
TAG = f"freeze/{RELEASE}"
NOON = "2026-03-02T12:00:00Z"
ANN, BEN = Account(1, "ann"), Account(2, "ben")


@pytest.fixture(autouse=True)
def nobody_else_has_a_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GH_", "GIT_", "CI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("LASTCALL_CACHE", "off")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """``main`` and ``release/2.4``, which is checked out and has one commit more."""
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {"a.txt": "1\n"})
    repo.checkout(RELEASE, new=True)
    repo.commit("Ready", {"a.txt": "2\n"})
    monkeypatch.chdir(repo.root)
    return repo


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="lastcall")


def check(*arguments: str) -> dict[str, Any]:
    found = run("check", "--only", "review", "--format", "json", *arguments)
    assert found.exit_code in (0, 1), found.output
    told: dict[str, Any] = json.loads(found.stdout)
    return told


def look(repo: Repo, asked: Choice | Push | Merge | None = None, moments: Moments | None = None) -> Comparison:
    with Repository.open(repo.root) as repository:
        return compare(repository, asked or Choice(), policy_of, moments)


def server(*told: Moment) -> Moments:
    """A server that knows where branches were at these times, and at no others."""

    def ask(branch: str, time: str) -> Moment:
        for moment in told:
            if (moment.branch, moment.time) == (branch, time):
                return moment
        raise LastcallError(f"{branch} did not exist at {time}")

    return ask


# ---------------------------------------------------------------------------------------------------------------- rewritten history


def test_what_was_frozen_and_is_lost_is_a_finding(shop: Repo) -> None:
    for number in range(5):
        shop.commit(f"Frozen {number}", {f"{number}.txt": "1\n"})
    lost = shop.head
    run("freeze", RELEASE)
    shop.git("reset", "--quiet", "--hard", "main")
    late = shop.commit("Instead")
    report = check("--forge", "none")
    (finding,) = [each for each in report["findings"] if each["rule"] == "rewritten-history"]
    assert (finding["severity"], finding["commit"], report["verdict"]) == ("error", late, "fail")
    message = finding["message"]
    assert "6 frozen commits are lost" in message
    assert "Ready; " in message
    assert "Frozen 0; " in message
    assert "and 3 more" in message
    assert f"git merge {lost[:7]}" in message
    assert f"lastcall thaw {RELEASE} && lastcall freeze {RELEASE}" in message
    assert [each["commits"] for each in report["changes"]] == [[late]]


def test_a_branch_that_was_only_reset_has_nothing_late_and_still_fails(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.git("reset", "--quiet", "--hard", "main")
    report = check("--forge", "none")
    assert (report["verdict"], report["changes"]) == ("fail", [])
    assert [each["rule"] for each in report["findings"]] == ["rewritten-history"]


def test_nothing_in_common_is_a_rewritten_history_too(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.git("checkout", "--quiet", "--orphan", "other")
    shop.commit("Start again")
    shop.branch(RELEASE)
    shop.checkout(RELEASE)
    found = look(shop)
    assert found.rewritten
    assert [commit.subject for commit in found.rewritten.lost] == ["Start", "Ready"]
    assert [commit.subject for commit in found.commits] == ["Start again"]


def test_what_was_lost_comes_back_by_a_merge(shop: Repo) -> None:
    run("freeze", RELEASE)
    frozen = shop.head
    shop.git("reset", "--quiet", "--hard", "main")
    shop.commit("Instead", {"b.txt": "1\n"})
    shop.git("merge", "--quiet", "--no-edit", frozen)
    found = look(shop)
    assert found.rewritten is None
    assert len(found.commits) == 2


def test_what_a_shallow_clone_lost_is_not_known(shop: Repo, tmp_path: Path) -> None:
    run("freeze", RELEASE)
    shop.git("reset", "--quiet", "--hard", "main")
    shop.commit("Instead")
    clone = shop.clone(tmp_path / "clone", "--depth=1", "--no-single-branch", f"--branch={RELEASE}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "tag", TAG)
    with pytest.raises(LastcallError, match="shallow") as caught:
        look(clone)
    assert "fetch-depth: 0" in caught.value.hint


def test_the_finding_stays_the_same_one_when_more_is_lost() -> None:
    rule = rules()["rewritten-history"]
    nobody = Person("Nobody", "nobody@example.org")
    one, other = (Commit(sha * 40, "0" * 40, (), nobody, nobody, f"{sha * 80}\n\nBody") for sha in "ab")
    freeze = Freeze(other.sha, "--freeze v1")
    ((_, ask),) = rule.checks
    (first,) = ask(Rewritten(freeze, "release/$(x)", "c" * 40, (one,)), None)
    (second,) = ask(Rewritten(freeze, "release/$(x)", "d" * 40, (one, other)), None)
    assert first.fingerprint == second.fingerprint
    assert first.severity is Severity.ERROR
    assert "1 frozen commit is lost" in first.message
    assert "bring it back" in first.message
    assert f"{'a' * 59}…)" in first.message, "a long subject is cut, and only the subject is told"
    assert first.message.endswith("declare the freeze anew: lastcall freeze 'release/$(x)'"), "no tag says so: there is nothing to thaw"


def test_explain_works_with_a_rewritten_history(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.git("reset", "--quiet", "--hard", "main")
    late = shop.commit("Instead")
    found = run("explain", late[:10], "--forge", "none")
    assert (found.exit_code, "Instead" in found.output) == (0, True), found.output
    assert run("explain", f"{TAG}^{{commit}}", "--forge", "none").exit_code == 0


# ---------------------------------------------------------------------------------------------------------------- a time


def test_a_time_is_resolved_once_by_the_server(shop: Repo) -> None:
    frozen = shop.head
    late = shop.commit("Late", date=1_000_000_000)
    moment = Moment(RELEASE, NOON, frozen, "GitHub's activity log")
    found = look(shop, Choice(release=RELEASE, freeze=NOON), server(moment))
    assert [commit.sha for commit in found.commits] == [late], "dates of commits have no say"
    assert found.moments == (moment,)
    assert f"since its freeze {frozen[:7]} ({RELEASE} at {NOON}, by GitHub's activity log): 1 late commit" in found.headline
    assert found.freeze == Freeze(frozen, f"{RELEASE} at {NOON}, by GitHub's activity log")


def test_a_time_in_the_policy(shop: Repo) -> None:
    frozen = shop.head
    shop.commit("Late")
    shop.checkout("main")
    shop.commit("Say when", {".lastcall.yml": f'freeze: {{at: "{NOON}"}}\n'})
    found = look(shop, Choice(release=RELEASE), server(Moment(RELEASE, NOON, frozen)))
    assert found.freeze
    assert found.freeze.source == f"{RELEASE} at {NOON}, by the server's activity log, policy freeze.at"
    assert len(found.commits) == 1


def test_a_time_that_was_collected_is_replayed_offline(shop: Repo, tmp_path: Path) -> None:
    frozen = shop.head
    late = shop.commit("Late")
    moment = Moment(RELEASE, NOON, frozen, "GitHub's activity log")
    file = tmp_path / "evidence.json"
    file.write_text(write(Evidence("github", commits=(CommitEvidence(late, author=ANN, committer=ANN),), moments=(moment,))))
    report = check("--freeze", NOON, "--evidence", str(file))
    assert report["release"]["freeze"]["commit"] == frozen
    assert "by GitHub's activity log" in report["release"]["freeze"]["source"]
    same = check("--freeze", "2026-03-02T13:00:00+01:00", "--evidence", str(file))
    assert same["release"]["freeze"]["commit"] == frozen, "it is the moment that counts, not how it is written"
    other = run("check", "--freeze", "2026-03-02T12:30:00Z", "--evidence", str(file))
    assert other.exit_code == 2
    assert "is not in it" in other.stderr


@pytest.mark.parametrize(
    ("time", "told", "instead"),
    [
        ("2026-03-02T12:00:00", "has no zone", "write 2026-03-02T12:00:00Z"),
        ("2026-03-02 12:00", "has no zone", "2026-03-02T12:00:00+02:00"),
        ("2026-03-02", "is a day", "write the time, too: 2026-03-02T18:00:00Z"),
        ("20260302", "is a day", "2026-03-02T18:00:00Z"),
        ("2026-03-02 12:00 UTC", "is neither a commit nor a time", "2026-03-01T18:00:00Z"),
        ("2026-13-02T12:00:00Z", "is neither a commit nor a time", "2026-03-01T18:00:00Z"),
        ("2999-03-02T12:00:00Z", "is yet to come", "when that is past"),
        ("release/2.4@{yesterday}", "this clone's own log", "2026-03-01T18:00:00Z"),
        ("HEAD@{1}", "this clone's own log", "a commit or a tag"),
    ],
)
def test_what_is_no_one_moment_is_refused_with_what_to_write(shop: Repo, time: str, told: str, instead: str) -> None:
    with pytest.raises(LastcallError) as caught:
        look(shop, Choice(release=RELEASE, freeze=time), server())
    assert told in caught.value.message
    assert instead in caught.value.hint


def test_what_reads_as_a_time_and_is_a_ref_is_the_ref(shop: Repo) -> None:
    for name in ("20260302T1200Z", "2026-03-02", "2026-W10"):
        shop.tag(name, message="A tag of a date")
        found = look(shop, Choice(release=RELEASE, freeze=name))
        assert found.freeze
        assert found.freeze.source == f"--freeze {name}"


@pytest.mark.parametrize("forge", ["none", "trailers"])
def test_a_time_that_nobody_can_resolve_is_refused_with_what_to_do_instead(shop: Repo, forge: str) -> None:
    found = run("check", "--release", RELEASE, "--freeze", NOON, "--forge", forge)
    assert found.exit_code == 2
    told = " ".join(found.stderr.split())
    assert f"where {RELEASE} was then is not known" in told
    assert f"name a commit or a tag instead, or declare the freeze: lastcall freeze {RELEASE} --at REF" in told
    with pytest.raises(LastcallError, match="nobody can be asked here"):
        look(shop, Choice(release=RELEASE, freeze=NOON))


def test_a_time_wants_a_branch_that_was_somewhere(shop: Repo) -> None:
    shop.git("checkout", "--quiet", "--detach")
    with pytest.raises(LastcallError, match="no branch is checked out") as caught:
        look(shop, Choice(freeze=NOON), server())
    assert "--release" in caught.value.hint


def test_a_time_whose_commit_is_not_in_the_clone(shop: Repo, tmp_path: Path) -> None:
    gone = Moment(RELEASE, NOON, "1" * 40)
    with pytest.raises(LastcallError, match="does not have that commit") as caught:
        look(shop, Choice(freeze=NOON), server(gone))
    assert caught.value.hint.startswith("fetch it")
    shallow = shop.clone(tmp_path / "clone", "--depth=1", f"--branch={RELEASE}")
    with pytest.raises(LastcallError, match="does not have that commit") as caught:
        look(shallow, Choice(freeze=NOON), server(gone))
    assert "fetch-depth: 0" in caught.value.hint


def test_a_time_before_the_branch_was_pushed_by_force(shop: Repo) -> None:
    frozen = shop.head
    shop.commit("Another", amend=True)
    found = look(shop, Choice(freeze=NOON), server(Moment(RELEASE, NOON, frozen)))
    assert found.rewritten
    assert [commit.sha for commit in found.rewritten.lost] == [frozen]


def test_a_freeze_is_declared_at_a_commit(shop: Repo) -> None:
    found = run("freeze", RELEASE, "--at", NOON)
    assert found.exit_code == 2
    assert f"lastcall check --release {RELEASE} --freeze {NOON}" in found.stderr
    assert shop.git("tag") == ""


def test_the_default_branch_as_a_freeze_is_where_the_release_left_it(shop: Repo) -> None:
    left = shop.sha("main")
    shop.checkout("main")
    shop.commit("Go on", {"b.txt": "1\n"})
    found = look(shop, Choice(release=RELEASE, freeze="main"))
    assert found.freeze == Freeze(left, "where it left main, --freeze main")
    assert (found.rewritten, [commit.subject for commit in found.commits]) == (None, ["Ready"])


# ---------------------------------------------------------------------------------------------------------------- tags


def test_a_freeze_says_which_tag_and_which_object_declare_it(shop: Repo) -> None:
    run("freeze", RELEASE)
    freeze = look(shop).freeze
    assert freeze == Freeze(shop.head, f"tag {TAG}", shop.sha(TAG), annotated=True, name=TAG)
    run("thaw", RELEASE)
    shop.tag(TAG)
    light = look(shop)
    assert light.freeze == Freeze(shop.head, f"tag {TAG}", shop.head, annotated=False, name=TAG)
    assert f"the tag {TAG} is lightweight" in light.notes[0]


def test_a_tag_that_lastcall_made_holds_its_commit(shop: Repo) -> None:
    run("freeze", RELEASE)
    assert f"\nEvery commit after {shop.head} is late and needs an approval." in shop.git("cat-file", "tag", TAG)
    assert look(shop).notes == ()


def test_a_tag_that_was_moved_with_its_message_is_told(shop: Repo) -> None:
    run("freeze", RELEASE)
    before = shop.head
    after = shop.commit("Late")
    shop.git("tag", "--force", "--annotate", "--message", shop.git("tag", "--list", "--format=%(contents)", TAG), TAG)
    found = look(shop)
    assert found.commits == ()
    assert found.notes == (f"the tag {TAG} was moved: its message says {before[:7]}, it names {after[:7]}",)
    assert f"Note: {found.notes[0]}\n" in run("freeze", "--list").output


def test_a_tag_object_under_another_name_is_told(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.commit("Late")
    shop.tag("v1", message="Release")
    shop.git("update-ref", f"refs/tags/{TAG}", shop.sha("v1"))
    assert look(shop).notes == (f"the tag {TAG} is the tag v1 under another name: nobody declared a freeze by it",)


def test_a_tag_that_is_another_one_on_the_server_is_told() -> None:
    freeze = Freeze("a" * 40, f"tag {TAG}", "b" * 40, name=TAG)
    assert moved(freeze, [], TAG) is None, "the server was not asked"
    assert moved(freeze, [TagEvidence("other", "1" * 40, "2" * 40)], TAG) is None
    assert moved(freeze, [TagEvidence(TAG, "b" * 40, "a" * 40)], TAG) is None
    there = moved(freeze, [TagEvidence(TAG, "c" * 40, "d" * 40)], TAG)
    assert there
    assert there.startswith(f"the tag {TAG} was moved: it names aaaaaaa in this clone and ddddddd on the server")
    assert f"git fetch --force origin tag {TAG}" in there
    anew = moved(freeze, [TagEvidence(TAG, "c" * 40, "a" * 40)], TAG)
    assert anew
    assert "was made anew" in anew
    assert moved(replace(freeze, tag=""), [TagEvidence(TAG, "c" * 40, "d" * 40)], TAG) is None, "no tag says where the freeze is"


def test_another_tag_that_the_policy_names_is_known_too(shop: Repo) -> None:
    shop.tag("v2.4.0-rc1", message="Release candidate")
    found = look(shop, Choice(release=RELEASE, freeze="v2.4.0-rc1"))
    assert found.freeze == Freeze(shop.head, "--freeze v2.4.0-rc1", shop.sha("v2.4.0-rc1"), annotated=True, name="v2.4.0-rc1")


# ---------------------------------------------------------------------------------------------------------------- waivers


def waiver(change: str) -> str:
    return f"waivers:\n- {{change: '{change}', reason: The shop is down, expiry: 2026-12-01, people: [ann, ben]}}\n"


def waived(found: Comparison) -> list[str]:
    return [each.change for each in found.policy.waivers]


def test_waivers_stand_in_the_policy_of_the_base_and_of_the_default_branch(shop: Repo) -> None:
    shop.commit("Waive", {".lastcall.yml": waiver("pull:1")})
    run("freeze", RELEASE)
    shop.commit("Let me through", {".lastcall.yml": waiver("pull:2")})
    shop.checkout("main")
    shop.commit("Waive", {".lastcall.yml": waiver("pull:3")})
    assert waived(look(shop, Choice(release=RELEASE))) == ["pull:1", "pull:3"], "what is judged waives nothing"
    shop.commit("The same once more", {".lastcall.yml": waiver("pull:1")})
    assert waived(look(shop, Choice(release=RELEASE))) == ["pull:1"], "once, where both have it"


def test_waivers_for_a_topic_are_those_of_its_base_and_of_the_default_branch(shop: Repo) -> None:
    run("freeze", RELEASE)
    base = shop.commit("Waive", {".lastcall.yml": waiver("pull:1")})
    shop.checkout("fix", new=True)
    head = shop.commit("Fix", {".lastcall.yml": waiver("pull:2")})
    shop.checkout("main")
    shop.commit("Waive", {".lastcall.yml": waiver("pull:3")})
    assert waived(look(shop, Merge(RELEASE, base, head, 2))) == ["pull:1", "pull:3"]


def test_the_default_branch_waives_nothing_where_it_is_judged_itself(shop: Repo, tmp_path: Path) -> None:
    shop.checkout("main")
    shop.tag("freeze/main", message="Freeze")
    base, head = shop.head, shop.commit("Let me through", {".lastcall.yml": waiver("pull:3")})
    assert waived(look(shop, Choice(release="main"))) == []
    assert waived(look(shop, Choice(base=base))) == []
    assert waived(look(shop, Choice(base=RELEASE, head=head))) == [], "nor where only its commit is named"
    clone = shop.clone(tmp_path / "clone")
    clone.commit("Not pushed yet", {".lastcall.yml": waiver("pull:4")})
    assert waived(look(clone, Choice(base="origin/main"))) == ["pull:3"]


def test_a_repository_without_a_default_branch_has_no_other_waivers(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "trunk", branch="trunk")
    repo.commit("Start")
    repo.tag("freeze/trunk", message="Freeze")
    repo.commit("Let me through", {".lastcall.yml": waiver("pull:1")})
    assert waived(look(repo, Choice(release="trunk"))) == []


def test_a_broken_policy_of_the_default_branch_waives_nothing_and_stops_nobody(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.commit("Late")
    shop.checkout("main")
    shop.commit("Break it", {".lastcall.yml": "nope: 1\n"})
    found = look(shop, Choice(release=RELEASE))
    assert (waived(found), len(found.commits)) == ([], 1)
    assert found.notes[0].startswith("waivers of main are not looked at: .lastcall.yml:1")


# ---------------------------------------------------------------------------------------------------------------- several branches, thaw


def test_each_release_branch_has_its_own_freeze(shop: Repo) -> None:
    older = shop.sha("main")
    shop.branch("release/2", older)
    run("freeze", "release/2")
    assert look(shop, Choice(release=RELEASE)).freeze is None, "freeze/release/2 is not the freeze of release/2.4"
    run("freeze", RELEASE)
    newer = shop.head
    shop.commit("Late")
    shop.git("branch", "--force", "release/2", RELEASE)
    two, other = look(shop, Choice(release="release/2")), look(shop, Choice(release=RELEASE))
    assert two.freeze
    assert other.freeze
    assert (two.freeze.commit, two.freeze.name, len(two.commits)) == (older, "freeze/release/2", 2)
    assert (other.freeze.commit, other.freeze.name, len(other.commits)) == (newer, TAG, 1)
    assert run("freeze", "--list").output.splitlines() == [
        f"release/2    {older[:7]}  Code freeze of release/2",
        f"release/2.4  {newer[:7]}  Code freeze of release/2.4",
    ]


def test_a_thaw_takes_away_one_tag_and_nothing_else(shop: Repo) -> None:
    for branch in ("release/2", "release/2.4.1"):
        shop.branch(branch)
    for branch in ("release/2", RELEASE, "release/2.4.1"):
        assert run("freeze", branch).exit_code == 0
    shop.tag("release/2.4-rc1")
    before = {line for line in shop.git("for-each-ref").splitlines() if not line.endswith(f"refs/tags/{TAG}")}
    assert run("thaw", RELEASE).exit_code == 0
    assert set(shop.git("for-each-ref").splitlines()) == before
    assert run("thaw", RELEASE).exit_code == 2
    assert run("thaw", "release").exit_code == 2, "a name is no prefix"
    assert set(shop.git("for-each-ref").splitlines()) == before


def test_a_frozen_branch_is_not_frozen_twice(shop: Repo) -> None:
    run("freeze", RELEASE)
    tag = shop.sha(TAG)
    shop.commit("Late")
    again = run("freeze", RELEASE)
    assert again.exit_code == 2
    assert f"{RELEASE} is frozen already" in again.stderr
    assert f"lastcall thaw {RELEASE}" in again.stderr
    assert shop.sha(TAG) == tag


def test_after_a_thaw_and_a_freeze_nothing_is_late(shop: Repo) -> None:
    run("freeze", RELEASE)
    shop.commit("Late")
    assert len(look(shop).commits) == 1
    run("thaw", RELEASE)
    run("freeze", RELEASE)
    assert look(shop).commits == ()


def test_one_commit_in_two_release_branches_has_two_verdicts(shop: Repo, tmp_path: Path) -> None:
    """Approved for the one that its pull request was for; that says nothing of the other."""
    shop.branch("release/2.3")
    for branch in (RELEASE, "release/2.3"):
        run("freeze", branch)
    head = shop.commit("Fix it", {"fix.txt": "1\n"})
    shop.git("branch", "--force", "release/2.3", RELEASE)
    pull = Pull(
        number=7,
        url="https://github.example/acme/shop/pull/7",
        title="Fix it",
        state="merged",
        author=ANN,
        base=RELEASE,
        head=head,
        merge_commit=head,
        merged_at="2026-03-05T10:00:00Z",
        reviews=(Review(BEN, ReviewState.APPROVED, head, "2026-03-04T10:00:00Z", can_write=True),),
        commits=(PullCommit(head, ANN, ANN, "Ann"),),
    )
    file = tmp_path / "evidence.json"
    file.write_text(write(Evidence("github", commits=(CommitEvidence(head, (7,), ANN, ANN),), pulls=(pull,))))
    verdicts = {
        branch: [each["verdict"] for each in check("--release", branch, "--evidence", str(file))["changes"]]
        for branch in (RELEASE, "release/2.3")
    }
    assert verdicts == {RELEASE: ["approved"], "release/2.3": ["blocked"]}


# ---------------------------------------------------------------------------------------------------------------- into a frozen branch


def opened(number: int, head: str, **told: str) -> Pull:
    return replace(
        Pull(number, f"https://github.example/acme/shop/pull/{number}", "Fix it", "open", ANN, RELEASE, head),
        commits=(PullCommit(head, ANN, ANN),),
        **told,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
def test_a_pull_request_into_a_frozen_branch_is_told_what_it_needs(
    shop: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    run("freeze", RELEASE)
    shop.commit("Late already")
    base = shop.head
    shop.checkout("fix", new=True)
    head = shop.commit("Fix it", {"fix.txt": "1\n"})
    pull = opened(12, head)
    file, payload = tmp_path / "evidence.json", tmp_path / "event.json"
    file.write_text(write(Evidence("github", commits=(CommitEvidence(head, (12,), ANN, ANN),), pulls=(pull,))))
    payload.write_text(
        json.dumps({"pull_request": {"number": 12, "base": {"ref": RELEASE, "sha": base}, "head": {"ref": "fix", "sha": head}}})
    )
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(payload))
    (change,) = check("--evidence", str(file))["changes"]
    assert (change["id"], change["verdict"], change["commits"]) == ("pull:12", "blocked", [head])
    assert re.search(r"pull request 12 needs (one more|an) approval.* by somebody who did not write it", change["detail"]), change["detail"]
    assert head[:7] in change["detail"]


def test_whoever_asks_before_the_push_is_told_the_same(shop: Repo, tmp_path: Path) -> None:
    run("freeze", RELEASE)
    shop.checkout("fix", new=True)
    head = shop.commit("Fix it", {"fix.txt": "1\n"})
    file = tmp_path / "evidence.json"
    file.write_text(write(Evidence("github", commits=(CommitEvidence(head, (12,), ANN, ANN),), pulls=(opened(12, head),))))
    (change,) = check("--base", RELEASE, "--evidence", str(file))["changes"]
    assert (change["id"], change["verdict"]) == ("pull:12", "blocked")
    assert "pull request 12 needs one more approval, by somebody who did not write it" in change["detail"]


def test_the_pull_request_under_judgement(shop: Repo) -> None:
    base = shop.head
    shop.checkout("fix", new=True)
    head = shop.commit("Fix it", {"fix.txt": "1\n"})
    found = look(shop, Choice(base=RELEASE))
    this, other, elsewhere, merged = opened(12, head), opened(13, base), opened(14, head, base="main"), opened(15, head, state="merged")
    assert open_pull(found, [this, other, elsewhere, merged]) == 12
    assert open_pull(found, [other, elsewhere, merged]) is None
    assert open_pull(found, [this, opened(16, head)]) is None, "which of the two, nobody said"
    assert open_pull(look(shop, Merge(RELEASE, base, head, 7)), [this]) == 7, "the run says which"
    assert open_pull(look(shop, Merge(RELEASE, base, head, group=True)), [this]) is None
    shop.branch(RELEASE)
    assert open_pull(look(shop, Choice(release=RELEASE)), [this]) is None, "it landed already, as no merge did it"
