"""The repository is hostile, forged or incomplete; what is read of it is the truth, and none of it runs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from git.cmd import Git

from lastcall.git import Repository, WorkTree
from lastcall.git.process import Plumbing
from lastcall.model import Blob, Commit, Kind, LastcallError, Person, SubmoduleMove, Tree
from repositories import START, Repo

Open = Callable[[Repo], Repository]

BODY = "def pay(user):\n    check(user)\n    if user.owes:\n        charge(user)\n    log(user)\n"


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person who runs lastcall has no configuration."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "home").mkdir()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "shop")


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens repositories and closes them after the test."""
    still_open: list[Repository] = []

    def do(repo: Repo, *, quarantine: bool = False) -> Repository:
        still_open.append(Repository.open(repo.root, quarantine=quarantine))
        return still_open[-1]

    yield do
    for each in still_open:
        each.close()


def paths(tree: Tree) -> list[str]:
    return [blob.path for blob in tree.blobs]


def read(tree: Tree, path: str) -> bytes | None:
    return tree.read(next(blob for blob in tree.blobs if blob.path == path), 1 << 20)


def shas(commits: tuple[Commit, ...]) -> list[str]:
    return [commit.sha for commit in commits]


# -------------------------------------------------------------------------------------------------------------------- where it stands


def test_open_finds_the_repository_above_a_path(repo: Repo) -> None:
    repo.commit("Start", {"a/b/c.sql": "SELECT 1;\n"})
    for path in (repo.root, repo.root / "a/b", repo.root / "a/b/c.sql"):
        with Repository.open(path) as repository:
            assert repository.root == repo.root
            assert repository.git_dir == repo.root / ".git"
            assert not repository.shallow


def test_a_folder_without_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(LastcallError, match="in no git repository"):
        Repository.open(tmp_path)
    with pytest.raises(LastcallError, match="does not exist"):
        Repository.open(tmp_path / "nowhere")


def test_a_repository_without_commits(repo: Repo, opened: Open) -> None:
    repo.stage({"a.sql": "SELECT 1;\n"})
    repository = opened(repo)
    assert repository.head() is None
    assert repository.current_branch() == "main"
    assert repository.default_branch() is None
    assert repository.tags("") == ()
    assert repository.remotes() == ()
    assert paths(repository.index_tree()) == paths(repository.work_tree()) == ["a.sql"]
    with pytest.raises(LastcallError, match="no commit HEAD: the repository has no commits"):
        repository.resolve("HEAD")


def test_a_detached_head_has_no_branch(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    repo.git("checkout", "--quiet", "--detach")
    assert opened(repo).current_branch() is None
    assert opened(repo).head() == first


def test_a_bare_repository_has_commits_and_no_files(repo: Repo, opened: Open, tmp_path: Path) -> None:
    first = repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    repository = opened(repo.clone(tmp_path / "bare.git", "--bare"))
    assert repository.root is None
    assert paths(repository.tree(first)) == ["a.sql"]
    for tree in (repository.index_tree, repository.work_tree):
        with pytest.raises(LastcallError, match="has no work tree"):
            tree()


def test_a_second_work_tree_has_its_own_head_and_index(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    repo.branch("topic")
    other = repo.worktree(tmp_path / "other", "topic")
    other.stage({"b.sql": "SELECT 2;\n"})
    repository = opened(other)
    assert repository.root == other.root
    assert repository.current_branch() == "topic"
    assert paths(repository.index_tree()) == ["a.sql", "b.sql"]
    assert paths(opened(repo).index_tree()) == ["a.sql"]


def test_a_sha256_repository(tmp_path: Path, opened: Open) -> None:
    repo = Repo(tmp_path / "new", object_format="sha256")
    repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    repo.checkout("topic", new=True)
    topic = repo.commit("More", {"b.sql": "SELECT 2;\n"})
    repository = opened(repo)
    assert len(topic) == 64
    assert repository.tree(topic).blobs == repository.work_tree().blobs == repository.index_tree().blobs
    root = repository.commits(None, topic)[0].sha
    assert repository.replay_tree(topic, root) == repo.tree(topic)
    assert repository.changed_paths(root) == ("a.sql",)


# -------------------------------------------------------------------------------------------------------------------- refs


def test_find_branch_takes_the_local_one_and_tells_how_the_remote_one_differs(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start")
    clone = repo.clone(tmp_path / "clone")
    assert opened(clone).find_branch("main").note == ""
    for name in ("One", "Two", "Three"):
        repo.commit(name)
    clone.git("fetch", "--quiet")
    assert opened(clone).find_branch("main").note == "local main is 3 behind origin/main"
    clone.commit("Mine")
    tip = opened(clone).find_branch("main")
    assert opened(clone).tip("main") == repo.head  # what the server had, not what is here
    assert (tip.ref, tip.commit) == ("main", clone.head)
    assert tip.note == "local main is 1 ahead of and 3 behind origin/main"


def test_find_branch_takes_the_remote_tracking_one_where_only_that_exists(repo: Repo, opened: Open, tmp_path: Path) -> None:
    tip = repo.commit("Start")
    repo.branch("release/1")
    found = opened(repo.clone(tmp_path / "clone")).find_branch("release/1")
    assert (found.ref, found.commit) == ("origin/release/1", tip)
    assert "no local release/1" in found.note


def test_branches_are_those_of_origin_and_then_the_local_ones(repo: Repo, opened: Open, tmp_path: Path) -> None:
    first = repo.commit("Start")
    repo.branch("release/1")
    clone = repo.clone(tmp_path / "clone")
    mine = clone.commit("Mine")
    clone.branch("topic")
    clone.git("update-ref", "refs/remotes/fork/main", mine)
    repository = opened(clone)
    assert repository.branches() == {"main": first, "release/1": first, "topic": mine}
    assert [repository.tip(name) for name in ("main", "topic", "HEAD", "origin/main", "nowhere", "", "-x", "a\0b")] == [
        *(first, mine),
        *([None] * 6),
    ]


def test_a_missing_branch_names_the_nearest(repo: Repo, opened: Open) -> None:
    repo.commit("Start")
    repo.branch("release/2.4")
    with pytest.raises(LastcallError, match="no branch release/24") as told:
        opened(repo).find_branch("release/24")
    assert told.value.hint == "did you mean release/2.4?"


def test_a_ref_that_only_the_remote_has_is_named(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start")
    repo.branch("release/1")
    with pytest.raises(LastcallError) as told:
        opened(repo.clone(tmp_path / "clone")).resolve("release/1")
    assert told.value.hint.startswith("did you mean origin/release/1")


@pytest.mark.parametrize("ref", ["--output=canary", "-h", "", "a\0b", "main..main", "HEAD\n--all", "^main", "HEAD^{tree}", "*"])
def test_resolve_takes_no_options_ranges_or_trees(repo: Repo, opened: Open, ref: str) -> None:
    repo.commit("Start")
    with pytest.raises(LastcallError, match="no commit"):
        opened(repo).resolve(ref)
    assert [path.name for path in repo.root.iterdir()] == [".git"]


def test_resolve_follows_tags_and_expressions(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    repo.tag("v1", message="One")
    repo.commit("More")
    repository = opened(repo)
    assert {repository.resolve(ref) for ref in ("v1", "HEAD~1", first, first[:9], "refs/tags/v1", "main^")} == {first}


def test_a_tag_cannot_pass_for_a_branch(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    second = repo.commit("More")
    repo.tag("main", at=first)
    with pytest.raises(LastcallError, match="a branch and a tag"):
        opened(repo).resolve("main")
    assert opened(repo).resolve("refs/heads/main") == second
    assert opened(repo).find_branch("main").commit == second


def test_the_default_branch(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start")
    assert opened(repo).default_branch() == "main"
    repo.git("branch", "--move", "trunk")
    assert opened(repo).default_branch() is None
    assert opened(repo.clone(tmp_path / "clone")).default_branch() == "trunk"


def test_remotes_tell_no_password(repo: Repo, opened: Open) -> None:
    repo.git("remote", "add", "fork", "git@example.org:me/shop.git")
    repo.git("remote", "add", "origin", "https://x-access-token:secret@example.org/we/shop.git")
    assert opened(repo).remotes() == ("https://example.org/we/shop.git", "git@example.org:me/shop.git")


# -------------------------------------------------------------------------------------------------------------------- tags


def test_tags_are_made_listed_and_taken_away(repo: Repo, opened: Open) -> None:
    frozen = repo.commit("Start")
    repo.commit("More")
    repository = opened(repo)
    repository.create_tag("freeze/release/1", frozen, "# Frozen for 1.0\n\nBy the team")
    repo.tag("freeze/release/2")
    repo.tag("v1")
    annotated, light = repository.tags("freeze/")
    assert (annotated.name, annotated.commit, annotated.annotated) == ("freeze/release/1", frozen, True)
    assert annotated.message == "# Frozen for 1.0\n\nBy the team"
    assert annotated.object == repo.sha("freeze/release/1")
    assert annotated.named == "freeze/release/1"
    assert light.named == ""
    assert (light.commit, light.annotated, light.object) == (repo.head, False, repo.head)
    with pytest.raises(LastcallError, match="exists already"):
        repository.create_tag("freeze/release/1", repo.head, "Again")
    repository.delete_tag("freeze/release/1")
    assert [tag.name for tag in repository.tags("freeze/")] == ["freeze/release/2"]
    with pytest.raises(LastcallError, match="no tag freeze/release/1"):
        repository.delete_tag("freeze/release/1")


def test_a_tag_of_a_tag_leads_to_its_commit_and_a_tag_of_a_file_to_none(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start", {"a": "a"})
    repo.tag("inner", message="Inner")
    repo.tag("freeze/outer", at="inner", message="Outer")
    repo.tag("freeze/file", at="HEAD:a", message="A file")
    repo.git("update-ref", "refs/tags/freeze/copy", repo.sha("inner"))
    assert [(tag.name, tag.commit, tag.message, tag.named) for tag in opened(repo).tags("freeze/")] == [
        ("freeze/copy", first, "Inner", "inner"),
        ("freeze/outer", first, "Outer", "freeze/outer"),
    ]


def test_a_tag_object_that_names_a_ref_leads_nowhere(repo: Repo, opened: Open) -> None:
    repo.commit("Start")
    odd = b"object HEAD\ntype commit\ntag freeze/1\ntagger A <a@x> 1 +0000\n\nFrozen\n"
    tag = repo.git("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=odd)
    repo.write({".git/refs/tags/freeze/1": f"{tag}\n"})
    assert opened(repo).tags("freeze/") == ()


@pytest.mark.parametrize("name", ["--delete", "-d", "", "a b", "a..b", "a\nb", "x.lock"])
def test_tags_that_look_like_options_are_refused(repo: Repo, opened: Open, name: str) -> None:
    commit = repo.commit("Start")
    repository = opened(repo)
    with pytest.raises(LastcallError, match="cannot be the name of a tag"):
        repository.create_tag(name, commit, "Frozen")
    with pytest.raises(LastcallError, match="cannot be the name of a tag"):
        repository.delete_tag(name)


def test_a_tag_needs_a_name_and_an_address(repo: Repo, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repo.commit("Start")
    repo.git("config", "--remove-section", "user")
    monkeypatch.setenv("EMAIL", "guess@example.org")
    with pytest.raises(LastcallError, match="does not know who makes the tag") as told:
        opened(repo).create_tag("freeze/1", commit, "Frozen")
    assert "user.email" in told.value.hint
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Robot")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "robot@example.org")
    opened(repo).create_tag("freeze/1", commit, "Frozen")
    assert "tagger Robot <robot@example.org>" in repo.git("cat-file", "tag", "freeze/1")


def test_a_signature_is_made_by_the_users_program_and_never_by_the_repositorys(repo: Repo, opened: Open, tmp_path: Path) -> None:
    commit = repo.commit("Start")
    canary = tmp_path / "canary"
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    signature = "-----BEGIN PGP SIGNATURE-----\\n\\nours\\n-----END PGP SIGNATURE-----\\n"
    ours.write_text(f"#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\nprintf -- '{signature}'\n")
    theirs.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(canary))}\nexit 1\n")
    for script in (ours, theirs):
        script.chmod(0o755)
    (tmp_path / "home" / ".gitconfig").write_text(f"[gpg]\n\tprogram = {ours}\n")
    for key in ("gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand"):
        repo.configure({key: str(theirs)})
    opened(repo).create_tag("freeze/1", commit, "Frozen", sign=True)
    assert "ours" in repo.git("cat-file", "tag", "freeze/1")
    assert opened(repo).tags("freeze/")[0].message == "Frozen"
    assert not canary.exists()


# -------------------------------------------------------------------------------------------------------------------- late commits


def test_commits_come_parents_first_and_dates_decide_nothing(repo: Repo, opened: Open) -> None:
    freeze = repo.commit("Start")
    repo.checkout("topic", new=True)
    old = repo.commit("Forged to be old", date=START - 40_000_000)
    repo.checkout("main")
    early = repo.commit("On main", date=START + 90_000_000)
    merge = repo.merge("topic")
    late = repo.commit("After", date=1_000_000)
    found = opened(repo).commits(freeze, late)
    assert shas(found)[-2:] == [merge, late]
    assert set(shas(found)) == {old, early, merge, late}
    assert opened(repo).commits(late, late) == ()
    assert len(opened(repo).commits(None, late)) == 5


def test_backdated_commits_do_not_make_old_ones_late(repo: Repo, opened: Open) -> None:
    repo.commit("Start")
    old = repo.commit("Old")
    for number in range(10):
        repo.commit(f"Before the freeze {number}", date=1_000_000)
    freeze = repo.commit("Freeze", date=1_000_000)
    repo.checkout("topic", new=True, at=old)
    topic = repo.commit("Topic")
    repo.checkout("main")
    merge = repo.merge("topic")
    assert old in repo.git("rev-list", f"{freeze}..{topic}").split()  # git itself lists too much
    assert shas(opened(repo).commits(freeze, topic)) == [topic]
    assert shas(opened(repo).commits(freeze, merge)) == [topic, merge]


def test_a_commit_is_read_as_it_was_written(repo: Repo, opened: Open) -> None:
    repo.write({".mailmap": "Somebody Else <else@example.org> <ben@example.org>\n"})
    first = repo.commit("Start\n\nWhy it starts", author="Ben Ü <ben@example.org>", committer="Cy <cy@example.org>")
    repo.configure({"mailmap.file": str(repo.root / ".mailmap"), "log.mailmap": "true"})
    commit = opened(repo).commit(first)
    assert commit.subject == "Start"
    assert commit.message == "Start\n\nWhy it starts\n"
    assert (commit.author, commit.committer) == (Person("Ben Ü", "ben@example.org"), Person("Cy", "cy@example.org"))
    assert (commit.tree, commit.parents) == (repo.tree(), ())
    assert commit.authored == repo.git("show", "--no-patch", "--format=%ad", "--date=raw", first)


def test_a_commit_by_a_part_of_its_id_and_never_by_a_ref(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    second = repo.commit("More")
    repo.branch("deadbeef1", at=first)
    repo.branch(second[:9], at=first)
    repository = opened(repo)
    assert repository.commit(first[:7]).sha == first
    assert repository.commit(first[:12].upper()).sha == first
    for name in ("deadbeef1", second[:9], "1" * 39, repo.tree()[:10], first[:3]):
        with pytest.raises(LastcallError, match=r"no (one )?commit"):
            repository.commit(name)
    assert repository.commit(second).sha == second


def test_parents_are_those_that_git_reads(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    other = repo.commit("Other")
    people = "author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000"
    forged = write_commit(repo, f"parent {first}\n{people}\nparent {other}\n", b"A merge of nothing")
    assert repo.git("rev-list", "--parents", "-1", forged).split() == [forged, first]
    assert opened(repo).commit(forged).parents == (first,)


def test_a_commit_under_another_ones_name_is_refused(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start")
    second = repo.commit("More")
    loose = [repo.root / ".git/objects" / sha[:2] / sha[2:] for sha in (first, second)]
    loose[1].unlink()
    loose[1].write_bytes(loose[0].read_bytes())
    for question in (lambda: opened(repo).commit(second), lambda: opened(repo).is_ancestor(first, second)):
        with pytest.raises(LastcallError, match="is not what its name says"):
            question()


def write_commit(repo: Repo, headers: str, message: bytes) -> str:
    """A commit object made by hand, which git's own commands would not make."""
    content = f"tree {repo.tree()}\n{headers}\n".encode() + message
    return repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=content)


@pytest.mark.parametrize(
    ("headers", "message", "expected"),
    [
        ("author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\n", b"", ""),
        ("author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\n", b"caf\xe9", "caf\ufffd"),
        ("author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\nencoding ISO-8859-1\n", b"caf\xe9", "café"),
        ("author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\nencoding unicode_escape\n", b"\\x41\\d", "\\x41\\d"),
        ("author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\nencoding cp0\n", b"x", "x"),
        (
            "author Ann <a@x> 1 +0000\ncommitter Ann <a@x> 1 +0000\ngpgsig -----BEGIN-----\n \n author Mal <m@x>\n -----END-----\n",
            b"S",
            "S",
        ),
        ("author Ann <a@x> 1 +0000\n", b"no committer", "no committer"),
    ],
)
def test_odd_commits_can_be_read(repo: Repo, opened: Open, headers: str, message: bytes, expected: str) -> None:
    repo.commit("Start")
    commit = opened(repo).commit(write_commit(repo, headers, message))
    assert commit.message == expected
    assert commit.author == Person("Ann", "a@x")


def test_a_commit_of_nobody(repo: Repo, opened: Open) -> None:
    repo.commit("Start")
    commit = opened(repo).commit(write_commit(repo, "author  <> 1 +0000\ncommitter\n", b"Who?"))
    assert (commit.author, commit.committer) == (Person("", ""), Person("", ""))


def test_replace_refs_and_grafts_have_no_say(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    late = repo.commit("Late", {"a.sql": "SELECT 2;\n"})
    last = repo.commit("Last")
    repo.git("replace", late, first)
    repo.git("replace", repo.git("rev-parse", f"{first}:a.sql"), repo.git("hash-object", "-w", "--stdin", stdin=b"SELECT 3;\n"))
    repo.write({".git/info/grafts": f"{last} {first}\n"})
    assert repo.git("rev-list", f"{first}..{last}").split() == [last]  # so git itself is fooled
    repository = opened(repo)
    assert shas(repository.commits(first, last)) == [late, last]
    assert repository.commit(late).subject == "Late"
    assert read(repository.tree(first), "a.sql") == b"SELECT 1;\n"
    assert read(repository.tree(late), "a.sql") == b"SELECT 2;\n"
    assert repository.changed_paths(late) == ("a.sql",)
    assert repository.merge_base(late, last) == late
    assert repository.is_ancestor(late, last)
    assert repository.merge_tree(late, last) == repository.revert_tree(last, late) == repository.commit(late).tree


def test_ancestors_and_merge_bases(repo: Repo, opened: Open) -> None:
    base = repo.commit("Start")
    repo.checkout("topic", new=True)
    topic = repo.commit("Topic")
    repo.checkout("main")
    main = repo.commit("Main")
    repo.git("checkout", "--quiet", "--orphan", "other")
    stranger = repo.commit("Another root")
    repository = opened(repo)
    assert repository.is_ancestor(base, topic)
    assert not repository.is_ancestor(topic, main)
    assert repository.merge_base(topic, main) == base
    assert repository.merge_base(topic, stranger) is None
    assert repository.merge_bases(topic, stranger) == ()
    assert not repository.is_ancestor(topic, stranger)
    assert repository.merge_tree(topic, stranger) is None
    assert repository.has(base)
    assert not repository.has("0" * 40)
    assert not repository.has("main")
    with pytest.raises(LastcallError, match="the repository lacks commit"):
        repository.commit("0" * 40)


def test_branches_merged_crosswise_have_several_bases(repo: Repo, opened: Open) -> None:
    start = repo.commit("Start")
    one = repo.commit("One")
    repo.checkout("topic", new=True, at=start)
    other = repo.commit("Other")
    here = repo.merge(one, message="Mine")
    repo.checkout("main")
    there = repo.merge(other, message="Theirs")
    repository = opened(repo)
    assert set(repository.merge_bases(here, there)) == {one, other}
    assert repository.merge_base(here, there) in {one, other}
    assert repository.merge_tree(here, there) == repo.tree()


def test_what_is_far_away_is_found_too(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    line = "".join(
        f"commit refs/heads/{branch}\ncommitter A <a@x> {number} +0000\ndata 1\nx\n{f'from {first}{chr(10)}' if number == 1 else ''}"
        f"M 644 inline {branch}.sql\ndata 1\n{number % 10}\n\n"
        for branch in ("main", "topic")
        for number in range(1, 1200)
    )
    repo.git("fast-import", "--quiet", "--force", stdin=line.encode())
    main, topic = repo.sha("main"), repo.sha("topic")
    repository = opened(repo)
    assert repository.merge_bases(main, topic) == (first,)
    assert not repository.is_ancestor(main, topic)
    assert repository.is_ancestor(first, topic)
    assert repository.merge_tree(main, topic) == repo.git("merge-tree", "--write-tree", main, topic)
    assert len(repository.commits(main, topic)) == 1199


def test_changed_paths_are_those_of_the_first_parent(repo: Repo, opened: Open) -> None:
    root = repo.commit("Start", {"a.sql": "A long enough line to be a rename\n", "tab\tand\nline": "x"})
    moved = repo.commit("Move", {"a.sql": None, "b.sql": "A long enough line to be a rename\n"})
    repo.checkout("topic", new=True, at=root)
    repo.commit("Topic", {"topic.sql": "SELECT 1;\n"})
    repo.checkout("main")
    merge = repo.merge("topic", evil={"evil.sql": "SELECT 2;\n"})
    repository = opened(repo)
    assert repository.changed_paths(root) == ("a.sql", "tab\tand\nline")
    assert repository.changed_paths(moved) == ("a.sql", "b.sql")
    assert repository.changed_paths(merge) == ("evil.sql", "topic.sql")
    assert repository.changed_paths(merge, root) == ("a.sql", "b.sql", "evil.sql", "topic.sql")
    assert repository.changed_paths(root, merge) == ("a.sql", "b.sql", "evil.sql", "topic.sql")
    assert repository.changed_paths(merge) == ("evil.sql", "topic.sql")


# -------------------------------------------------------------------------------------------------------------------- merges and picks


def test_a_mechanical_merge_gives_the_same_tree_and_an_evil_one_does_not(repo: Repo, opened: Open) -> None:
    base = repo.commit("Start", {"app.py": BODY})
    repo.checkout("topic", new=True)
    topic = repo.commit("Topic", {"topic.py": "pass\n"})
    repo.checkout("main")
    main = repo.commit("Main", {"main.py": "pass\n"})
    honest = repo.merge("topic")
    repo.git("reset", "--quiet", "--hard", main)
    evil = repo.merge("topic", evil={"app.py": BODY.replace("check", "skip")})
    repository = opened(repo)
    assert repository.merge_tree(main, topic) == repo.tree(honest)
    assert repository.merge_tree(main, topic) != repo.tree(evil)
    assert repository.merge_tree(base, topic) == repository.merge_tree(topic, base) == repo.tree(topic)


@pytest.mark.parametrize("attributes", ["app.py merge=union\n", "app.py merge=cheat\n"])
def test_attributes_cannot_make_a_conflict_clean(repo: Repo, opened: Open, monkeypatch: pytest.MonkeyPatch, attributes: str) -> None:
    repo.configure({"merge.cheat.driver": "true"})
    repo.write({".git/info/attributes": attributes})
    base = repo.commit("Start", {"app.py": BODY, ".gitattributes": attributes})
    ours = repo.commit("Ours", {"app.py": BODY.replace("check", "test")})
    repo.checkout("topic", new=True, at=base)
    theirs = repo.commit("Theirs", {"app.py": BODY.replace("check", "look")})
    monkeypatch.chdir(repo.root)
    assert repo.git("merge-tree", "--write-tree", ours, theirs)  # git itself calls it clean
    assert opened(repo).merge_tree(ours, theirs) is None
    assert opened(repo).replay_tree(theirs, ours) is None
    last = repo.commit("Last", {"app.py": BODY.replace("check", "stare")})
    assert opened(repo).revert_tree(theirs, last) is None


def test_a_clean_pick_replays(repo: Repo, opened: Open) -> None:
    base = repo.commit("Start", {"app.py": BODY, "other.py": "pass\n"})
    original = repo.commit("Fix", {"app.py": BODY.replace("check", "verify")})
    repo.checkout("release", new=True, at=base)
    onto = repo.commit("Release", {"other.py": "pass  # released\n"})
    pick = repo.pick(original)
    repository = opened(repo)
    assert repository.replay_tree(original, onto) == repo.tree(pick)


@pytest.mark.parametrize(
    ("case", "landed"),
    [
        ("re-indented", BODY.replace("        charge(user)\n", "    charge(user)\n")),
        ("relocated", BODY.replace("    log(user)\n", "") + "\n\ndef log_out(user):\n    log(user)\n"),
        ("altered", BODY.replace("log(user)", "log(user, again=True)")),
    ],
)
def test_a_pick_that_lands_differently_does_not_replay(repo: Repo, opened: Open, case: str, landed: str) -> None:
    without = BODY.replace("    log(user)\n", "") if case != "re-indented" else BODY.replace("        charge(user)\n", "")
    base = repo.commit("Start", {"app.py": without})
    original = repo.commit("Add a line", {"app.py": BODY})
    repo.checkout("release", new=True, at=base)
    onto = repo.commit("Release", {"note.txt": case})
    pick = repo.pick(original, evil={"app.py": landed})
    replayed = opened(repo).replay_tree(original, onto)
    assert replayed is not None
    assert replayed != repo.tree(pick)


def test_a_mode_change_is_a_change(repo: Repo, opened: Open) -> None:
    base = repo.commit("Start", {"run.sh": "true\n"})
    original = repo.commit("Note", {"note.txt": "x"})
    repo.checkout("release", new=True, at=base)
    repo.git("cherry-pick", "--no-commit", original)
    repo.git("update-index", "--chmod=+x", "run.sh")
    repo.git("commit", "--quiet", "--message", "Note")
    assert opened(repo).replay_tree(original, base) != repo.tree()


def test_a_root_commit_replays_from_nothing(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.git("rm", "--quiet", "-r", "--force", ".")
    onto = repo.commit("Another root", {"b.sql": "SELECT 2;\n"})
    pick = repo.pick(first)
    assert opened(repo).replay_tree(first, onto) == repo.tree(pick)


def test_a_clean_revert_is_what_git_makes_and_another_is_not(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"app.py": BODY})
    change = repo.commit("Change", {"app.py": BODY.replace("check", "skip"), "new.py": "pass\n"})
    onto = repo.commit("Go on", {"app.py": f"import os\n{BODY.replace('check', 'skip')}", "other.py": "pass\n"})
    reverted = repo.revert(change)
    repository = opened(repo)
    assert repository.revert_tree(change, onto) == repo.tree(reverted)
    assert repository.revert_tree(reverted, reverted) == repo.tree(onto)
    altered = repo.commit("Revert, and more", {"app.py": BODY.replace("log", "dump")}, amend=True)
    assert repository.revert_tree(change, onto) != repo.tree(altered)
    assert repository.revert_tree(change, altered) is None


def test_a_merge_is_reverted_against_its_first_parent_and_a_root_commit_against_nothing(repo: Repo, opened: Open) -> None:
    root = repo.commit("Start", {"a.py": "pass\n"})
    repo.checkout("topic", new=True)
    repo.commit("One", {"b.py": "pass\n"})
    repo.commit("Two", {"c.py": "pass\n"})
    repo.checkout("main")
    repo.commit("Main", {"d.py": "pass\n"})
    merge = repo.merge("topic")
    repo.git("revert", "--no-edit", "--mainline", "1", merge)
    repository = opened(repo)
    assert repository.revert_tree(merge, merge) == repo.tree()
    assert repository.revert_tree(root, root) == repo.git("hash-object", "-t", "tree", "/dev/null")


def test_several_picks_and_reverts_one_after_another(repo: Repo, opened: Open) -> None:
    """Some are plain, and some take git to merge what lines of a file say: each goes on from where the one before ended."""
    base = repo.commit("Start", {"app.py": BODY, "gone.py": "pass\n"})
    picks = [
        repo.commit("One", {"new/a.py": "pass\n"}),
        repo.commit("Two", {"app.py": BODY.replace("check", "verify")}),
        repo.commit("Three", {"app.py": BODY.replace("check", "verify").replace("log", "tell")}),
        repo.commit("Four", {"new/a.py": "pass  # again\n", "gone.py": None}),
    ]
    repo.checkout("release", new=True, at=base)
    onto = repo.commit("Release", {"app.py": f"import os\n{BODY}", "new/b.py": "import os\n"})
    for pick in picks:
        repo.pick(pick)
    repository = opened(repo)
    assert repository.replay_line(picks, onto) == repo.tree()
    assert repository.replay_line([], onto) == repo.tree(onto)
    assert repository.replay_line(picks[2:], onto) is None
    assert repository.revert_line(picks[::-1], repo.head) == repo.tree(onto)
    assert repository.revert_line(picks[1:2], repo.head) is not None
    assert repository.revert_line(picks[:1], repo.head) is None


def test_the_repository_is_not_written_to(repo: Repo, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    base = repo.commit("Start", {"a.py": BODY})
    ours = repo.commit("Ours", {"a.py": f"import os\n{BODY}"})
    repo.checkout("topic", new=True, at=base)
    theirs = repo.commit("Theirs", {"a.py": f"{BODY}    save(user)\n"})
    before = sorted(str(path) for path in repo.root.rglob("*"))
    repository = opened(repo)
    assert repository.merge_tree(ours, theirs)
    assert repository.replay_tree(theirs, ours)
    repository.work_tree()
    repository.index_tree()
    assert [path.name.startswith("lastcall-") for path in temporary.iterdir()] == [True]
    repository.close()
    assert sorted(str(path) for path in repo.root.rglob("*")) == before
    assert list(temporary.iterdir()) == []


# -------------------------------------------------------------------------------------------------------------------- trees


def test_the_three_trees(repo: Repo, opened: Open) -> None:
    commit = repo.commit("Start", {"a.sql": "SELECT 1;\n", "sub/b.sql": "SELECT 2;\n", ".gitignore": "*.log\n"})
    repo.stage({"a.sql": "SELECT 'staged';\n"})
    repo.write({"a.sql": "SELECT 'disk';\n", "new.sql": "SELECT 3;\n", "x.log": "ignored"})
    (repo.root / "sub/b.sql").unlink()
    repository = opened(repo)
    committed, staged, disk = repository.tree(commit), repository.index_tree(), repository.work_tree()
    assert paths(committed) == paths(staged) == [".gitignore", "a.sql", "sub/b.sql"]
    assert paths(disk) == [".gitignore", "a.sql", "new.sql"]
    assert [read(tree, "a.sql") for tree in (committed, staged, disk)] == [b"SELECT 1;\n", b"SELECT 'staged';\n", b"SELECT 'disk';\n"]
    assert next(blob for blob in disk.blobs if blob.path == "new.sql").id == repo.git("hash-object", "new.sql")


def test_a_file_longer_than_the_limit_is_not_given(repo: Repo, opened: Open) -> None:
    commit = repo.commit("Start", {"a.sql": "1234", "huge.sql": b"x" * 3_000_000, "z.sql": "5"})
    repository = opened(repo)
    for tree in (repository.tree(commit), repository.work_tree()):
        a, huge, z = tree.blobs
        assert tree.read(a, 4) == b"1234"
        assert tree.read(a, 3) is None
        assert tree.read(huge, 1000) is None
        assert tree.read(z, 1) == b"5"
        assert tree.read(huge, 3_000_000) == b"x" * 3_000_000


@pytest.mark.parametrize(
    "name", [b"new\nline.sql", b"tab\t.sql", b'"quoted".sql', b"caf\xe9.sql", "schön\u2028.sql".encode(), b"-rf", b" "]
)
def test_any_file_name_survives(repo: Repo, opened: Open, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(repo.root) + b"/" + name)).write_bytes(b"SELECT 1;\n")
    commit = repo.commit("Start")
    repository = opened(repo)
    for tree in (repository.tree(commit), repository.index_tree(), repository.work_tree()):
        (path,) = paths(tree)
        assert os.fsencode(path) == name
        assert json.loads(json.dumps(path)) == path
        assert read(tree, path) == b"SELECT 1;\n"
    assert repository.changed_paths(commit) == (os.fsdecode(name),)
    assert repository.blame(commit, os.fsdecode(name), 1, 1) == (commit,)


def test_symbolic_links_are_never_followed(repo: Repo, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key.sql").write_text("secret")
    repo.write({"sub/key.sql": "SELECT 1;\n"})
    (repo.root / "link.sql").symlink_to(tmp_path / "secret/key.sql")
    (repo.root / "folder").symlink_to(tmp_path / "secret")
    commit = repo.commit("Start")
    # Afterwards a folder of the work tree becomes a link that leads out of it.
    (repo.root / "sub").rename(tmp_path / "moved")
    (repo.root / "sub").symlink_to(tmp_path / "secret")
    repository = opened(repo)
    disk = repository.work_tree()
    kinds = {blob.path: blob.kind for blob in disk.blobs}
    assert kinds == dict.fromkeys(["folder", "link.sql", "sub"], Kind.SYMLINK)
    assert read(disk, "link.sql") == os.fsencode(tmp_path / "secret/key.sql")
    committed = repository.tree(commit)
    assert committed.blobs[:2] == disk.blobs[:2]
    assert paths(committed) == ["folder", "link.sql", "sub/key.sql"]


def test_submodules_are_named_and_have_no_content(repo: Repo, opened: Open, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    pinned = other.commit("Start", {"x.sql": "SELECT 1;\n"})
    repo.submodule(other, "vendor/other")
    commit = repo.commit("Add")
    repository = opened(repo)
    for tree in (repository.tree(commit), repository.index_tree(), repository.work_tree()):
        assert [blob for blob in tree.blobs if blob.kind is Kind.SUBMODULE] == [Blob("vendor/other", pinned, Kind.SUBMODULE)]
        assert read(tree, "vendor/other") == b""
        assert paths(tree) == [".gitmodules", "vendor/other"]
    inside = Repo(repo.root / "vendor/other", existing=True)
    assert paths(opened(inside).work_tree()) == ["x.sql"]


def test_a_submodule_bump_cannot_be_hidden(repo: Repo, opened: Open, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    other.commit("Start")
    repo.submodule(other, "vendor")
    repo.git("config", "--file", ".gitmodules", "submodule.vendor.ignore", "all")
    repo.configure({"diff.ignoreSubmodules": "all", "submodule.vendor.ignore": "all"})
    repo.commit("Add")
    bump = Repo(repo.root / "vendor", existing=True).commit("Bump")
    repo.git("update-index", "--cacheinfo", f"160000,{bump},vendor")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "Nothing to see")
    assert opened(repo).changed_paths(repo.head) == ("vendor",)
    (moved,) = opened(repo).submodules(repo.head)
    assert (moved.path, moved.after) == ("vendor", bump)
    assert moved.before != bump


def test_submodules_that_come_move_and_go(repo: Repo, opened: Open) -> None:
    one, two, three = "1" * 40, "2" * 40, "3" * 40

    def commit(message: str, *entries: str, gone: str = "") -> str:
        for entry in entries:
            repo.git("update-index", "--add", "--cacheinfo", entry)
        if gone:
            repo.git("update-index", "--force-remove", gone)
        repo.git("commit", "--quiet", "--allow-empty", "--message", message)
        return repo.head

    file = repo.git("hash-object", "-w", "--stdin", stdin=b"pass\n")
    root = commit("Start", f"160000,{one},vendor/a", f"100644,{file},app.py")
    more = commit("More", f"160000,{two},vendor/b", f"160000,{two},vendor/a")
    turned = commit("A file in its place", f"100644,{file},vendor/b")
    back = commit("And back", f"160000,{three},vendor/b")
    gone = commit("Gone", gone="vendor/a")
    plain = commit("Plain", f"100755,{file},app.py")
    repository = opened(repo)
    assert [repository.submodules(sha) for sha in (root, more, turned, back, gone, plain)] == [
        (SubmoduleMove("vendor/a", None, one),),
        (SubmoduleMove("vendor/a", one, two), SubmoduleMove("vendor/b", None, two)),
        (SubmoduleMove("vendor/b", two, None),),
        (SubmoduleMove("vendor/b", None, three),),
        (SubmoduleMove("vendor/a", two, None),),
        (),
    ]
    assert repository.changed_paths(plain) == ("app.py",)


def test_another_repository_inside_is_named_and_not_read(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    Repo(repo.root / "nested").commit("Start", {"x.sql": "SELECT 1;\n"})
    assert [(blob.path, blob.kind) for blob in opened(repo).work_tree().blobs] == [("a.sql", Kind.FILE), ("nested", Kind.SUBMODULE)]


def test_what_is_no_file_is_unread(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"pipe.sql": "SELECT 1;\n", "b.sql": "SELECT 2;\n"})
    (repo.root / "pipe.sql").unlink()
    os.mkfifo(repo.root / "pipe.sql")
    tree = opened(repo).work_tree()
    assert paths(tree) == ["b.sql"]
    assert isinstance(tree, WorkTree)
    assert [(each.what, each.subject, each.reason) for each in tree.unread] == [
        ("file", "pipe.sql", "cannot be opened: it is no regular file")
    ]


def test_files_left_out_by_a_sparse_checkout_are_told(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"in/a.sql": "1", "out/b.sql": "2", "out/c.sql": "3"})
    repo.git("sparse-checkout", "set", "in")
    tree = opened(repo).work_tree()
    assert paths(tree) == ["in/a.sql"]
    assert isinstance(tree, WorkTree)
    assert [each.reason for each in tree.unread] == ["2 tracked files are left out of the work tree by a sparse checkout"]


def test_a_file_that_changes_under_our_eyes_is_told(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"a.sql": "1", "b.sql": "2"})
    tree = opened(repo).work_tree()
    repo.write({"a.sql": "changed", "b.sql": None})
    for path in ("a.sql", "b.sql"):
        with pytest.raises(LastcallError, match=path):
            read(tree, path)


def test_the_users_own_ignored_files_count_and_the_repositorys_configuration_does_not(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start")
    repo.write({"late.sql": "SELECT 1;\n", "notes.mine": "x", "hide": "*\n"})
    repo.configure({"core.excludesFile": str(repo.root / "hide")})
    (tmp_path / "home/.config/git").mkdir(parents=True)
    (tmp_path / "home/.config/git/ignore").write_text("*.mine\n")
    assert paths(opened(repo).work_tree()) == ["hide", "late.sql"]


# -------------------------------------------------------------------------------------------------------------------- the index


def test_an_unmerged_index_is_refused(repo: Repo, opened: Open) -> None:
    repo.commit("Start", {"a.sql": "1\n"})
    repo.checkout("topic", new=True)
    repo.commit("Theirs", {"a.sql": "2\n"})
    repo.checkout("main")
    repo.commit("Ours", {"a.sql": "3\n"})
    repo.git("merge", "--quiet", "topic", check=False)
    with pytest.raises(LastcallError, match="unmerged paths"):
        opened(repo).index_tree()
    assert paths(opened(repo).work_tree()) == ["a.sql"]


def test_the_index_of_the_commit_that_is_being_made(repo: Repo, opened: Open, tmp_path: Path) -> None:
    """``git commit -a`` and ``git commit PATH`` keep it apart, and tell their hooks where."""
    repo.commit("Start", {"a.sql": "1\n", "b.sql": "1\n"})
    seen = tmp_path / "seen"
    hook = repo.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\necho "$GIT_INDEX_FILE" >> {shlex.quote(str(seen))}\ncp "$GIT_INDEX_FILE" .git/index.copy\n')
    hook.chmod(0o755)
    repo.stage({"a.sql": "2\n", "b.sql": "2\n"})
    repo.git("commit", "--quiet", "--message", "Only a", "a.sql")
    assert "index" in seen.read_text()
    repository = opened(repo)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_INDEX_FILE", ".git/index.copy")
        assert [read(repository.index_tree(), path) for path in ("a.sql", "b.sql")] == [b"2\n", b"1\n"]
    assert [read(repository.index_tree(Path(".git/index.copy")), path) for path in ("a.sql", "b.sql")] == [b"2\n", b"1\n"]
    assert [read(repository.index_tree(), path) for path in ("a.sql", "b.sql")] == [b"2\n", b"2\n"]


def test_an_index_outside_the_repository_is_refused(repo: Repo, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("Start", {"a.sql": "1\n"})
    other = Repo(tmp_path / "other")
    other.commit("Start", {"x.sql": "1\n"})
    with pytest.raises(LastcallError, match="no index of this repository"):
        opened(repo).index_tree(other.root / ".git/index")
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    assert paths(opened(repo).index_tree()) == ["a.sql"]


# -------------------------------------------------------------------------------------------------------------------- blame


def test_blame_names_the_late_commits_that_touched_the_lines(repo: Repo, opened: Open, tmp_path: Path) -> None:
    freeze = repo.commit("Start", {"a.py": "one\ntwo\nthree\n"})
    late = repo.commit("Late", {"a.py": "one\ntwo changed\nthree\n"})
    later = repo.commit("Later", {"a.py": "one\ntwo changed\nthree changed\n", "b.py": "new\n"})
    ignored = tmp_path / "ignored"
    ignored.write_text(f"{late}\n{later}\n")
    repo.configure({"blame.ignoreRevsFile": str(ignored)})
    repository = opened(repo)
    assert repository.blame(later, "a.py", 1, 3, freeze) == (late, later)
    assert repository.blame(later, "a.py", 1, 1, freeze) == ()
    assert repository.blame(later, "a.py", 1, 1) == (freeze,)
    assert repository.blame(later, "b.py", 1, 1, freeze) == (later,)
    assert repository.blame(later, "a.py", 7, 9, freeze) == ()
    assert repository.blame(later, "nowhere.py", 1, 1, freeze) == ()


# -------------------------------------------------------------------------------------------------------------------- poor clones


def test_a_shallow_clone_says_what_to_do(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start", {"a.py": BODY})
    freeze = repo.commit("Freeze")
    repo.tag("freeze/release/1")
    repo.checkout("topic", new=True)
    topic = repo.commit("Topic", {"b.py": "pass\n"})
    repo.checkout("main")
    repo.commit("Main", {"c.py": "pass\n"})
    merge = repo.merge("topic")
    clone = repo.clone(tmp_path / "clone", "--depth=1")
    repository = opened(clone)
    assert repository.shallow
    assert repository.head() == merge
    assert paths(repository.tree(merge)) == ["a.py", "b.py", "c.py"]
    for question in (
        lambda: repository.resolve("freeze/release/1"),
        lambda: repository.resolve("HEAD~1"),
        lambda: repository.commits(None, merge),
        lambda: repository.commits(freeze, merge),
        lambda: repository.commit(topic),
        lambda: repository.is_ancestor(freeze, merge),
        lambda: repository.changed_paths(merge),
        lambda: repository.merge_tree(topic, freeze),
        lambda: repository.replay_tree(merge, merge),
        lambda: repository.revert_tree(merge, merge),
        lambda: repository.submodules(merge),
        lambda: repository.merge_bases(freeze, merge),
        lambda: repository.signer(topic, b""),
    ):
        with pytest.raises(LastcallError) as told:
            question()
        assert "fetch-depth: 0" in told.value.hint


def test_a_shallow_clone_that_has_what_is_needed_will_do(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start", {"a.py": BODY})
    freeze = repo.commit("Freeze")
    late = repo.commit("Late", {"b.py": "pass\n"})
    repository = opened(repo.clone(tmp_path / "clone", "--depth=2"))
    assert shas(repository.commits(freeze, late)) == [late]
    assert repository.is_ancestor(freeze, late)
    assert repository.changed_paths(late) == ("b.py",)


def test_a_shallow_clone_never_calls_a_cut_branch_whole(repo: Repo, opened: Open, tmp_path: Path) -> None:
    freeze = repo.commit("Freeze")
    repo.checkout("topic", new=True)
    for name in ("Hidden 1", "Hidden 2", "Hidden 3"):
        repo.commit(name)
    repo.checkout("main")
    merge = repo.merge("topic")
    clone = repo.clone(tmp_path / "clone", "--depth=2")
    repository = opened(clone)
    assert repository.has(freeze)
    assert clone.git("rev-list", "--count", f"{freeze}..{merge}") == "2"  # git itself shows a part
    with pytest.raises(LastcallError, match="shallow"):
        repository.commits(freeze, merge)


def test_a_partial_clone_answers_from_trees_and_never_fetches(repo: Repo, opened: Open, tmp_path: Path) -> None:
    base = repo.commit("Start", {"a.py": BODY})
    late = repo.commit("Late", {"a.py": BODY + "\n"})
    other = repo.commit("Other", {"a.py": "\n" + BODY})
    clone = repo.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    repository = opened(clone)
    assert shas(repository.commits(base, late)) == [late]
    assert repository.changed_paths(late) == ("a.py",)
    tree = repository.tree(late)
    for question in (
        lambda: read(tree, "a.py"),
        lambda: repository.replay_tree(other, base),
        lambda: repository.blame(late, "a.py", 1, 1),
    ):
        with pytest.raises(LastcallError) as told:
            question()
        assert "fetch-depth: 0" in told.value.hint
    assert not repository.has(repo.git("rev-parse", f"{late}:a.py"))


def test_a_partial_clone_without_trees_says_so_and_goes_on(repo: Repo, opened: Open, tmp_path: Path) -> None:
    """Git ends itself where it may not fetch a tree; the next question starts another."""
    first = repo.commit("Start", {"a/b.py": "pass\n"})
    empty = repo.commit("Nothing")
    repo.branch("ours", at=empty)
    second = repo.commit("More", {"a/c.py": "pass\n"})
    repo.checkout("ours")
    ours = repo.commit("Ours", {"a/d.py": "pass\n"})
    repository = opened(repo.clone(tmp_path / "clone", "--filter=tree:0", "--no-checkout"))
    for _ in range(2):
        for question in (
            lambda: repository.changed_paths(second),
            lambda: repository.submodules(first),
            lambda: repository.replay_tree(second, first),
            lambda: repository.revert_tree(first, second),
            lambda: repository.merge_tree(ours, second),
        ):
            with pytest.raises(LastcallError) as told:
                question()
            assert "fetch-depth: 0" in told.value.hint
    assert repository.is_ancestor(first, second)
    assert repository.merge_bases(first, empty) == (first,)
    assert repository.commit(second).subject == "More"


def test_a_git_that_ends_is_told_and_another_is_started(repo: Repo, opened: Open) -> None:
    first = repo.commit("Start", {"a.py": "pass\n"})
    second = repo.commit("More", {"b.py": "pass\n"})
    third = repo.commit("And more", {"c.py": "pass\n"})
    repository = opened(repo)
    assert repository.changed_paths(first) == ("a.py",)
    for process in started_by(repository):
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    with pytest.raises(LastcallError, match="could not read the object"):
        repository.commit(second)
    with pytest.raises(LastcallError, match="could not be listed"):
        repository.changed_paths(second)
    assert repository.changed_paths(second) == ("b.py",)
    assert repository.changed_paths(third) == ("c.py",)


def started_by(repository: Repository) -> list[int]:
    """The processes that a repository keeps."""
    kept = (repository._objects._git, repository._differences._git)
    return [each._process.proc.pid for each in kept if each._process and each._process.proc]


def test_objects_of_a_push_are_seen_in_quarantine(repo: Repo, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    freeze = repo.commit("Start", {"a.py": BODY})
    server = repo.clone(tmp_path / "server.git", "--bare")
    late = repo.commit("Late", {"b.py": "pass\n"})
    incoming = server.root / "objects/tmp_objdir-incoming-x"
    (incoming / "pack").mkdir(parents=True)
    packed = repo.git_bytes("pack-objects", "--stdout", "--revs", stdin=f"{late}\n^{freeze}\n".encode())
    server.git("index-pack", "--stdin", stdin=packed, env={"GIT_OBJECT_DIRECTORY": str(incoming)})
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(incoming))
    assert not opened(server).has(late)
    repository = Repository.open(server.root, quarantine=True)
    with repository:
        assert shas(repository.commits(freeze, late)) == [late]
        assert repository.replay_tree(late, freeze) == repo.tree(late)
    monkeypatch.setenv("GIT_QUARANTINE_PATH", str(repo.root / ".git/objects"))
    with pytest.raises(LastcallError, match="do not lie in the repository"):
        Repository.open(server.root, quarantine=True)


# -------------------------------------------------------------------------------------------------------------------- nothing runs


HOOKS = ("reference-transaction", "post-index-change", "pre-commit", "post-checkout", "post-merge", "pre-auto-gc", "post-rewrite")
PROGRAMS = (
    *("core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.alternateRefsCommand", "core.gitProxy"),
    *("diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"),
    *("merge.evil.driver", "merge.tool", "gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand"),
    *("sequence.editor", "credential.helper", "uploadpack.packObjectsHook", "remote.origin.uploadpack", "trailer.evil.command"),
    *("interactive.diffFilter", "alias.rev-list", "alias.ls-files", "hook.evil.command"),
)
SETTINGS = {
    "hook.evil.event": "reference-transaction",
    "protocol.allow": "always",
    "protocol.ext.allow": "always",
    "remote.origin.promisor": "true",
    "extensions.partialClone": "origin",
    "core.repositoryFormatVersion": "1",
    "log.showSignature": "true",
    "tag.gpgSign": "true",
    "tag.forceSignAnnotated": "true",
    "commit.gpgSign": "true",
    "submodule.recurse": "true",
    "fetch.recurseSubmodules": "true",
}


def armed(repo: Repo, canary: Path) -> None:
    """Everything in which a repository can name a program names one that leaves a trace."""
    script = repo.root / ".git/evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(canary))}\nexit 1\n')
    script.chmod(0o755)
    hooks = repo.root / ".git/evil-hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).symlink_to(script)
    repo.configure(dict.fromkeys(PROGRAMS, str(script)) | SETTINGS)
    repo.configure({"core.hooksPath": str(hooks), "remote.origin.url": f"ext::{script} %S", "alias.cat-file": f"!{script}"})


def test_nothing_of_the_repository_runs(repo: Repo, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write({".gitattributes": "* diff=evil filter=evil merge=evil\n", ".mailmap": "X <x@x> <ann@example.org>\n"})
    base = repo.commit("Start", {"a.py": BODY, "b.py": BODY})
    ours = repo.commit("Ours", {"a.py": BODY.replace("check", "test")})
    repo.checkout("topic", new=True, at=base)
    theirs = repo.commit("Theirs", {"b.py": BODY.replace("check", "look")})
    repo.checkout("main")
    merge = repo.merge("topic")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    tree, options = repo.tree(), ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    signed = repo.git(*options, "commit-tree", "-S", "-m", "Signed", tree)
    canary = tmp_path / "canary"
    armed(repo, canary)
    repo.git("diff", "HEAD~1", check=False)
    assert canary.exists()  # the traps are set
    canary.unlink()
    monkeypatch.chdir(repo.root)
    repo.write({"a.py": "touched\n", "untracked.py": "pass\n"})
    repository = opened(repo)
    assert (repository.head(), repository.current_branch(), repository.default_branch()) == (merge, "main", "main")
    assert repository.find_branch("topic").commit == theirs
    assert len(repository.commits(base, merge)) == 3
    assert repository.merge_tree(ours, theirs) == repo.git("rev-parse", f"{merge}^{{tree}}")
    assert repository.replay_tree(theirs, ours) == repo.git("rev-parse", f"{merge}^{{tree}}")
    assert repository.revert_tree(theirs, merge) == repository.commit(ours).tree
    assert repository.changed_paths(merge) == ("b.py",)
    assert repository.submodules(merge) == ()
    assert repository.tip("topic") == theirs
    assert repository.signer(signed, f"ann@example.org {key.with_suffix('.pub').read_text()}".encode()) == "ann@example.org"
    assert repository.blame(merge, "a.py", 1, 5, base) == (ours,)
    assert read(repository.tree(merge), "b.py") == BODY.replace("check", "look").encode()
    assert read(repository.index_tree(), "a.py") == BODY.replace("check", "test").encode()
    assert read(repository.work_tree(), "a.py") == b"touched\n"
    assert not repository.has("1" * 40)  # which a partial clone would fetch
    repository.create_tag("freeze/release/1", ours, "Frozen")
    assert [tag.name for tag in repository.tags("freeze/")] == ["freeze/release/1"]
    repository.delete_tag("freeze/release/1")
    assert repository.remotes()
    assert not canary.exists()


def test_inherited_variables_have_no_say(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    second = repo.commit("More", {"b.sql": "SELECT 2;\n"})
    other = Repo(tmp_path / "other")
    other.commit("Other", {"x.sql": "SELECT 3;\n"})
    trace = tmp_path / "trace"
    inherited = {
        "GIT_DIR": str(other.root / ".git"),
        "GIT_WORK_TREE": str(other.root),
        "GIT_INDEX_FILE": str(other.root / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other.root / ".git/objects"),
        "GIT_COMMON_DIR": str(other.root / ".git"),
        "GIT_NAMESPACE": "other",
        "GIT_CEILING_DIRECTORIES": str(repo.root.parent),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.bare",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_CONFIG_PARAMETERS": "'core.bare'='true'",
        "GIT_EXTERNAL_DIFF": f"touch {trace}",
        "GIT_TRACE": str(trace),
        "GIT_SHALLOW_FILE": "/dev/null",
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_PREFIX": "sub/",
    }
    for name, value in inherited.items():
        monkeypatch.setenv(name, value)
    (repo.root / "sub").mkdir()
    with Repository.open(repo.root / "sub") as repository:
        assert repository.root == repo.root
        assert repository.head() == second
        assert shas(repository.commits(first, second)) == [second]
        assert paths(repository.tree(second)) == paths(repository.index_tree()) == paths(repository.work_tree()) == ["a.sql", "b.sql"]
        assert repository.replay_tree(second, first) == repository.commit(second).tree
        assert repository.changed_paths(second) == ("b.sql",)
        assert repository.revert_tree(second, second) == repository.commit(first).tree
        assert repository.branches() == {"main": second}
    assert not trace.exists()
    assert {name: os.environ[name] for name in inherited} == inherited


def test_a_work_tree_cannot_be_pointed_elsewhere(repo: Repo, opened: Open, tmp_path: Path) -> None:
    repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    (tmp_path / "secret").mkdir()
    repo.configure({"core.worktree": str(tmp_path / "secret")})
    repository = opened(repo)
    assert repository.root is None
    with pytest.raises(LastcallError, match="has no work tree"):
        repository.work_tree()


def test_one_process_reads_all_files(repo: Repo, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repo.commit("Start", {f"{number}.sql": f"SELECT {number};\n" for number in range(200)})
    repository = opened(repo)
    tree = repository.tree(commit)
    started: list[str] = []
    start = Plumbing.start

    def counted(self: Plumbing, *arguments: str, environment: Mapping[str, str] | None = None) -> Git.AutoInterrupt:
        started.append(arguments[0])
        return start(self, *arguments, environment=environment)

    monkeypatch.setattr(Plumbing, "start", counted)
    assert sum(len(tree.read(blob, 100) or b"") for blob in tree.blobs) > 2000
    assert started == ["cat-file"]


def test_one_process_compares_all_commits_and_plain_merges_take_none(repo: Repo, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    base = repo.commit("Start", {"a.py": "pass\n"})
    topics = []
    for number in range(5):
        repo.checkout(f"topic{number}", new=True, at=base)
        topics.append(repo.commit("Topic", {f"topic{number}.py": "pass\n"}))
    repo.checkout("main")
    merges = [repo.merge(topic) for topic in topics]
    repository = opened(repo)
    started: list[str] = []
    start = Plumbing.start

    def counted(self: Plumbing, *arguments: str, environment: Mapping[str, str] | None = None) -> Git.AutoInterrupt:
        started.append(arguments[0])
        return start(self, *arguments, environment=environment)

    monkeypatch.setattr(Plumbing, "start", counted)
    for merge in merges:
        ours, theirs = repository.commit(merge).parents
        assert repository.is_ancestor(base, theirs)
        assert not repository.is_ancestor(theirs, ours)
        assert repository.merge_tree(ours, theirs) == repository.commit(merge).tree
        assert repository.replay_tree(theirs, ours) == repository.commit(merge).tree
        assert repository.revert_tree(merge, merge) == repository.commit(ours).tree
        assert len(repository.changed_paths(merge)) == 1
        assert repository.submodules(merge) == ()
    assert sorted(started) == ["cat-file", "diff-tree"]
