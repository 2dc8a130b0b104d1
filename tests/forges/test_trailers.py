"""``Reviewed-by`` on signed commits: real keys, real signatures, real commits; and every way to forge one is blocked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from lastcall.cli import cli
from lastcall.forges import Question, pick
from lastcall.forges.recorded import read, write
from lastcall.forges.trailers import ALLOWED_SIGNERS, NO_TIME, collect, trailers
from lastcall.model import Commit, Evidence, LastcallError, Person
from repositories import ANN, Repo

RELEASE = "release/2.4"
ANNA, BEN, EVE = "ann@example.org", "ben@example.org", "eve@example.org"
REVIEWED = "Fix it\n\nIt was broken.\n\nReviewed-by: Ben <ben@example.org>\n"


class Keys:
    """ssh keys made for one test, by the name of whoever has them."""

    def __init__(self, folder: Path) -> None:
        assert shutil.which("ssh-keygen"), "these tests need ssh-keygen: install OpenSSH's client"
        self.folder = folder
        folder.mkdir()

    def of(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    def listed(self, principals: str, name: str, options: str = "") -> str:
        """A line of an allowed-signers file."""
        kind, key, *_ = self.of(name).with_suffix(".pub").read_text().split()
        return f"{' '.join(filter(None, (principals, options, kind, key)))}\n"


@pytest.fixture(autouse=True)
def nobody_else_has_a_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GH_", "GIT_", "CI_", "SSH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("LASTCALL_CACHE", "off")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
def shop(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A frozen release whose base lists the keys of ann and rita (who releases)."""
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {"a.txt": "1\n", "allowed-signers": keys.listed(ANNA, "ann") + keys.listed("rita@example.org", "rita")})
    repo.checkout(RELEASE, new=True)
    repo.tag(f"freeze/{RELEASE}", message="Code freeze")
    monkeypatch.chdir(repo.root)
    return repo


def sign(repo: Repo, key: Path, message: str | None = None) -> str:
    """Signs the commit that HEAD is at, with another message where one is given."""
    said = ["--message", message] if message is not None else ["--no-edit"]
    options = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"]
    keep = {f"GIT_COMMITTER_{part}": repo.git("log", "-1", f"--format=%c{letter}") for part, letter in (("NAME", "n"), ("EMAIL", "e"))}
    keep["GIT_COMMITTER_DATE"] = repo.git("log", "-1", "--format=@%ct +0000")
    repo.git(*options, "commit", "--quiet", "--amend", "-S", "--cleanup=verbatim", "--allow-empty", *said, env=keep)
    return repo.head


def judged(*arguments: str, only: str = "review") -> list[tuple[str, str]]:
    """The verdict and the reason of each change."""
    found = CliRunner().invoke(cli, ["check", "--forge", "trailers", "--only", only, "--format", "json", *arguments])
    assert found.exit_code in (0, 1), found.output
    return [(each["verdict"], each["reason"]) for each in json.loads(found.stdout)["changes"]]


# ---------------------------------------------------------------------------------------------------------------- what counts


def test_a_review_on_a_commit_that_a_listed_key_signed_is_an_approval(shop: Repo, keys: Keys) -> None:
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))
    found = CliRunner().invoke(cli, ["check", "--forge", "trailers", "--format", "json"])
    (change,) = json.loads(found.stdout)["changes"]
    assert (found.exit_code, change["verdict"]) == (0, "approved"), found.stdout
    (approval,) = change["approvals"]
    assert (approval["reviewer"], approval["commit"], approval["carried_by"]) == (BEN, shop.head, "signature")
    assert approval["submitted_at"] == NO_TIME


def test_whoever_releases_vouches_for_the_reviews_of_others(shop: Repo, keys: Keys) -> None:
    shop.commit(REVIEWED, {"a.txt": "2\n"}, author=ANN, committer="Rita <rita@example.org>")
    sign(shop, keys.of("rita"))
    assert judged() == [("approved", "approved")]


def test_two_reviewers_where_the_policy_asks_for_two(shop: Repo, keys: Keys) -> None:
    shop.git("tag", "--delete", f"freeze/{RELEASE}")
    shop.commit("Ask for two", {".lastcall.yml": "review: {approvals: 2}\n"})
    shop.tag(f"freeze/{RELEASE}", message="Code freeze")
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("ann"), REVIEWED + "Reviewed-by: BEN <Ben@Example.ORG>\n")
    assert judged() == [("blocked", "too-few-approvals")], "one person, however the address is written"
    sign(shop, keys.of("ann"), REVIEWED + "Reviewed-by: Eve <eve@example.org>\n")
    assert judged() == [("approved", "approved")]


@pytest.mark.parametrize("path", ALLOWED_SIGNERS)
def test_the_usual_places_of_the_file(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    repo = Repo(tmp_path / "repo")
    base = repo.commit("Start", {path: keys.listed(ANNA, "ann")})
    repo.commit(REVIEWED, {"a.txt": "2\n"})
    sign(repo, keys.of("ann"))
    monkeypatch.chdir(repo.root)
    assert judged("--base", base) == [("approved", "approved")]


def test_the_policy_names_the_file(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "repo")
    policy = "review: {allowed-signers: keys/who}\n"
    base = repo.commit("Start", {".lastcall.yml": policy, "keys/who": keys.listed(BEN, "ben"), "allowed-signers": keys.listed(ANNA, "ann")})
    monkeypatch.chdir(repo.root)
    repo.commit(REVIEWED, {"a.txt": "2\n"})
    sign(repo, keys.of("ann"))
    assert judged("--base", base) == [("blocked", "direct-push")], "only the file that is named counts"
    sign(repo, keys.of("ben"), REVIEWED.replace("Ben", "Eve").replace(BEN, EVE))
    assert judged("--base", base) == [("approved", "approved")]


# ---------------------------------------------------------------------------------------------------------------- what does not


def unsigned(shop: Repo, _: Keys) -> None:
    shop.commit(REVIEWED, {"a.txt": "2\n"})


def signed_by_a_key_that_nobody_knows(shop: Repo, keys: Keys) -> None:
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("eve"))


def signed_by_a_key_that_the_commit_itself_lists(shop: Repo, keys: Keys) -> None:
    shop.commit(REVIEWED, {"allowed-signers": keys.listed(ANNA, "eve")})
    sign(shop, keys.of("eve"))


def signed_and_then_changed(shop: Repo, keys: Keys) -> None:
    """The signature of one commit in the object of another."""
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))
    tree, stolen = shop.tree(), shop.git_bytes("cat-file", "commit", "HEAD")
    shop.commit("Take it", {"a.txt": "evil\n"}, amend=True)
    forged = stolen.replace(tree.encode(), shop.tree().encode())
    sha = shop.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=forged)
    shop.git("reset", "--quiet", "--hard", sha)


def review_taken_from_another_message(shop: Repo, keys: Keys) -> None:
    shop.commit("Fix it\n\nReviewed-by: Ben <ben@example.org>\n\nThat was the last one; this one nobody saw.\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))


def review_in_a_quotation(shop: Repo, keys: Keys) -> None:
    shop.commit("Fix it\n\n> Reviewed-by: Ben <ben@example.org>\n    Reviewed-by: Ben <ben@example.org>\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))


def review_in_the_subject(shop: Repo, keys: Keys) -> None:
    shop.commit("Reviewed-by: Ben <ben@example.org>\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))


def review_among_prose(shop: Repo, keys: Keys) -> None:
    shop.commit("Fix it\n\nI wish that it said\nReviewed-by: Ben <ben@example.org>\nand it does not.\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))


def review_by_nobody_that_can_be_told_apart(shop: Repo, keys: Keys) -> None:
    shop.commit("Fix it\n\nReviewed-by: Ben\nReviewed-by: ben@example.org\nReviewed-by: <>\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        signed_by_a_key_that_nobody_knows,
        signed_by_a_key_that_the_commit_itself_lists,
        signed_and_then_changed,
        review_taken_from_another_message,
        review_in_a_quotation,
        review_in_the_subject,
        review_among_prose,
        review_by_nobody_that_can_be_told_apart,
    ],
)
def test_what_is_no_review(shop: Repo, keys: Keys, forge: Callable[[Repo, Keys], None]) -> None:
    forge(shop, keys)
    assert judged() == [("blocked", "direct-push")]


@pytest.mark.parametrize(
    ("message", "author", "committer", "key"),
    [
        ("Fix it\n\nReviewed-by: Ann <ANN@example.org>\n", ANN, ANN, "ann"),
        ("Fix it\n\nReviewed-by: Ann <ann@example.org>\n", ANN, "Rita <rita@example.org>", "rita"),
        ("Fix it\n\nReviewed-by: Rita <rita@example.org>\n", ANN, "Rita <rita@example.org>", "rita"),
        ("Fix it\n\nReviewed-by: Rita <rita@example.org>\n", ANN, ANN, "rita"),
        ("Fix it\n\nCo-authored-by: Ben <ben@example.org>\nReviewed-by: Ben <Ben@example.org>\n", ANN, ANN, "ann"),
        ("Fix it\n\nCo-developed-by: Ben <ben@example.org>\n\nReviewed-by: Ben <ben@example.org>\n", ANN, ANN, "ann"),
    ],
    ids=["author", "author-of-another-s-commit", "committer", "signer", "co-author", "co-author-elsewhere-in-the-message"],
)
def test_whoever_wrote_it_does_not_review_it(shop: Repo, keys: Keys, message: str, author: str, committer: str, key: str) -> None:
    shop.commit(message, {"a.txt": "2\n"}, author=author, committer=committer)
    sign(shop, keys.of(key))
    assert judged() == [("blocked", "self-approval")]


def test_whoever_signs_is_no_independent_reviewer_under_another_address(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "repo")
    base = repo.commit("Start", {"allowed-signers": keys.listed(f"{ANNA},ann@home.example", "ann")})
    repo.commit("Fix it\n\nReviewed-by: Ann <ann@home.example>\n", {"a.txt": "2\n"})
    sign(repo, keys.of("ann"))
    monkeypatch.chdir(repo.root)
    assert judged("--base", base) == [("blocked", "self-approval")]


def test_a_bot_reviews_nothing(shop: Repo, keys: Keys) -> None:
    shop.commit("Fix it\n\nReviewed-by: review[bot] <bot@example.org>\n", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))
    assert judged() == [("blocked", "bot-approval")]


@pytest.mark.parametrize(
    "options", ['valid-before="20260101"', 'valid-after="20990101"', 'namespaces="file"', "cert-authority"], ids=lambda each: each[:12]
)
def test_an_expired_key_or_one_for_something_else_verifies_nothing(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    """Whatever date the commit gives itself: anybody can write it."""
    repo = Repo(tmp_path / "repo")
    base = repo.commit("Start", {"allowed-signers": keys.listed(ANNA, "ann", options)})
    monkeypatch.chdir(repo.root)
    for year in (1_577_880_000, 4_102_488_000):  # 2020, 2100
        repo.commit(REVIEWED, {"a.txt": f"{year}\n"}, date=year)
        sign(repo, keys.of("ann"))
        assert judged("--base", base) == [("blocked", "direct-push")]
        repo.git("reset", "--quiet", "--hard", base)


def test_only_the_commit_that_is_signed_is_reviewed(shop: Repo, keys: Keys) -> None:
    shop.commit("Slip it in", {"b.txt": "1\n"})
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))
    assert judged() == [("blocked", "direct-push"), ("approved", "approved")]


def test_the_next_step_works(shop: Repo, keys: Keys) -> None:
    """Reverted and made again, each in a signed commit that names its reviewer."""
    evil = shop.commit("Fix it", {"a.txt": "2\n"})
    report = CliRunner().invoke(cli, ["check", "--release", RELEASE, "--forge", "trailers", "--only", "review"]).output
    assert "is not signed by an allowed" in report
    assert "next: revert it and make it again, each in a commit signed by an allowed key" in report
    shop.revert(evil)
    sign(shop, keys.of("ann"), f"{shop.git('log', '-1', '--format=%B')}\n\nReviewed-by: Ben <ben@example.org>\n")
    shop.commit("Fix it", {"a.txt": "2\n"})
    sign(shop, keys.of("ann"), REVIEWED)
    assert judged() == [("exempt", "undone"), ("approved", "approved"), ("approved", "approved")]


@pytest.mark.parametrize("content", [None, b"# " + b"x" * (2 << 20)], ids=["no-file", "too-long"])
def test_without_allowed_signers_nothing_is_known_and_what_to_add_is_told(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    repo = Repo(tmp_path / "repo")
    base = repo.commit("Start", {"allowed-signers": content} if content else {"a.txt": "1\n"})
    repo.commit(REVIEWED, {"allowed-signers": keys.listed(ANNA, "ann")})
    sign(repo, keys.of("ann"))
    monkeypatch.chdir(repo.root)
    assert judged("--base", base) == [("unknown", "unknown-reviews")], "a file that arrives with the change lists nobody"
    told = CliRunner().invoke(cli, ["check", "--forge", "trailers", "--only", "review", "--base", base, "--format", "json"]).stdout
    assert "the base has no file of allowed signers" in told
    assert "review.allowed-signers" in told


# ---------------------------------------------------------------------------------------------------------------- evidence


def test_what_was_collected_gives_the_same_report(shop: Repo, keys: Keys, tmp_path: Path) -> None:
    shop.commit(REVIEWED, {"a.txt": "2\n"})
    sign(shop, keys.of("ann"))
    shop.commit("Slip it in", {"b.txt": "1\n"})
    file = str(tmp_path / "evidence.json")
    done = CliRunner().invoke(cli, ["collect", "-o", file, "--forge", "trailers"])
    assert "2 commits and 0 pull requests from trailers; 0 not read" in done.output
    live = CliRunner().invoke(cli, ["check", "--forge", "trailers", "--format", "json"])
    again = CliRunner().invoke(cli, ["check", "--evidence", file, "--format", "json"])
    assert (live.stdout, live.exit_code) == (again.stdout, again.exit_code)


def commit(message: str, author: str = "Ann <ann@example.org>", sha: str = "a") -> Commit:
    name, _, address = author.partition(" <")
    person = Person(name, address.rstrip(">"))
    return Commit(sha * 40, "0" * 40, (), person, person, message)


def asked(*commits: Commit, signer: Callable[[str], str | None] | None = lambda _: ANNA, **more: object) -> Evidence:
    return collect(Question(commits, signer=signer, **more))  # type: ignore[arg-type]


def test_it_is_never_detected() -> None:
    question = Question([commit(REVIEWED)], signer=lambda _: ANNA)
    assert pick("", question)[0] == "none"
    name, forge = pick("trailers", question)
    assert (name, forge.detect(question), forge.moment) == ("trailers", False, None)


def test_people_are_told_apart_by_their_addresses() -> None:
    (told,) = asked(commit(REVIEWED, "Someone <BEN@example.org>")).commits
    (review,) = told.reviews
    assert told.author == told.committer == review.reviewer
    assert review.reviewer.id
    assert 0 < review.reviewer.id < 1 << 53
    assert [each.login for each in told.co_authors] == [ANNA], "whoever signed it had a hand in it"
    assert not told.verified, "it is somebody else's signature"


def test_a_pattern_of_the_allowed_signers_is_nobody() -> None:
    (told,) = asked(commit(REVIEWED), signer=lambda _: "*@example.org,!eve@example.org").commits
    assert (told.co_authors, told.verified, len(told.reviews)) == ((), False, 1)


@pytest.mark.parametrize("author", ["Ann <>", "Ann <ann>", "Ann <ann @example.org>"])
def test_an_author_without_an_address_is_nobody_known(author: str) -> None:
    (told,) = asked(commit(REVIEWED, author)).commits
    assert (told.author, told.committer) == (None, None)


def test_co_authors_are_found_wherever_they_are_named() -> None:
    message = "Fix it\nCo-authored-by: Ben <ben@example.org>\n\n> co-authored-by : Eve <eve@example.org>\n\nCo-Developed-By: Somebody\n"
    (told,) = asked(commit(message), signer=lambda _: None).commits
    assert [(each.login, each.id is None) for each in told.co_authors] == [(BEN, False), (EVE, False), ("Somebody", True)]
    (many,) = asked(commit("Fix it\n\n" + "".join(f"Co-authored-by: P <p{n}@example.org>\n" for n in range(60)))).commits
    assert many.co_authors[50].id is None, "those that are not read are nobody known, and that proves nothing"


def test_what_the_question_wants_besides() -> None:
    origin = commit(REVIEWED, sha="b")
    told = asked(commit("Pick it"), origins=[origin], checks="a" * 40, owners=["Ben@Example.org", "@acme/db"])
    assert [len(each.reviews) for each in told.commits] == [0, 1]
    assert [(team.name, team.members[0].login) for team in told.teams] == [("Ben@Example.org", BEN)]
    assert [each.subject for each in told.unread] == [f"checks:{'a' * 40}", "owner:@acme/db"]


def test_a_signature_that_cannot_be_verified_is_unread() -> None:
    def broken(_: str) -> str | None:
        raise LastcallError("ssh-keygen is not installed")

    told = asked(commit(REVIEWED), signer=broken)
    assert told.commits == ()
    assert [(each.subject, each.reason) for each in told.unread] == [
        (f"commit:{'a' * 40}", "its signature could not be verified: ssh-keygen is not installed")
    ]


def test_the_evidence_is_valid() -> None:
    told = asked(commit(REVIEWED), owners=["ben@example.org"])
    assert read(write(told)) == told


# ---------------------------------------------------------------------------------------------------------------- trailers


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Subject",
        "Reviewed-by: Ben <b@x>",
        "Subject\nReviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by: Ben <b@x>\n\n\n \t\n",
        "\nReviewed-by: Ben <b@x>",
        "Subject\n \t\nReviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by: Ben <b@x>\n\nBody",
        "Subject\n\nBody\nReviewed-by: Ben <b@x>",
        "Subject\n\nBody\nReviewed-by: Ben <b@x>\nSigned-off-by: Ann <a@x>",
        "Subject\n\nOne\nTwo\nThree\nFour\nFive\nSix\nSeven\nReviewed-by: Ben <b@x>\nSigned-off-by: Ann <a@x>",
        "Subject\n\nOne\nTwo\nThree\nReviewed-by: Ben <b@x>\n(cherry picked from commit 0123)",
        "Subject\n\nReviewed-by: Ben <b@x>\n(cherry picked from commit 0123)\n with more\nX: y",
        "Subject\n\n Reviewed-by: Ben <b@x>",
        "Subject\n\nX: y\n Reviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by: Ben\n  <b@x>\n\t!",
        "Subject\n\nReviewed-by : Ben <b@x>\nreviewed-BY:Eve <e@x>  ",
        "Subject\n\nReviewed by: Ben <b@x>",
        "Subject\n\n: Ben <b@x>",
        "Subject\n\n> Reviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by\u00a0: Ben <b@x>",
        "Subject\n\nR\u00e9viewed-by: Ben <b@x>",
        "Subject\n\nBody\n\u00a0\nReviewed-by: Ben <b@x>",
        "Subject\n\nReviewed-by: Ben <b@x>\r\nX: y\r\n",
        "Subject\n\nReviewed-by:\nX: y",
        "Subject\n\nText:\n\nSee: this\nnot that\n\nReviewed-by: Ben <b@x>",
    ],
)
def test_trailers_are_read_as_git_reads_them(message: str, tmp_path: Path) -> None:
    told = Repo(tmp_path / "repo").git_bytes("interpret-trailers", "--parse", "--no-divider", stdin=message.encode()).decode()
    expected = [line.partition(":") for line in told.replace("\r", "").split("\n") if line]
    assert trailers(message) == tuple((key.strip(), value.strip()) for key, _, value in expected)


def test_long_messages_take_no_long_time() -> None:
    assert trailers("Subject\n\n" + "a" * 5_000_000) == ()
    assert len(trailers("Subject\n\n" + "A: b\n" * 200_000)) == 200_000
    (told,) = asked(commit("Subject\n\nReviewed-by: Ben <b@x>\n" + " c\n" * 1_000_000)).commits
    assert told.reviews == ()
    (told,) = asked(commit("Co-authored-by: " + "a" * 5_000_000)).commits
    assert [len(each.login) for each in told.co_authors] == [320]
