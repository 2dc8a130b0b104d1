"""By whose key a commit is signed: real keys, real signatures, and everything that is none."""

from __future__ import annotations

import datetime as dt
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lastcall.git import Repository
from lastcall.model import LastcallError
from repositories import Repo

PEOPLE = "author Ann <ann@example.org> 1772445600 +0000\ncommitter Ann <ann@example.org> 1772445600 +0000"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person who runs lastcall has no configuration."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / "home").mkdir()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "shop")
    repo.commit("Start", {"a.sql": "SELECT 1;\n"})
    return repo


@pytest.fixture
def repository(repo: Repo) -> Iterator[Repository]:
    with Repository.open(repo.root) as repository:
        yield repository


class Key:
    """A key pair on disk."""

    def __init__(self, path: Path, kind: str = "ed25519") -> None:
        self.path = path
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)], check=True)

    def listed(self, principals: str, options: str = "") -> bytes:
        """A line of allowed signers."""
        return f"{principals} {options} {self.path.with_suffix('.pub').read_text()}".encode()

    def sign(self, payload: bytes, namespace: str = "git") -> bytes:
        done = subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.path)], input=payload, capture_output=True, check=True
        )
        return done.stdout


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return Key(tmp_path / "key")


def commit_signed(repo: Repo, key: Key, message: str = "Signed") -> str:
    """A commit as git signs it."""
    settings = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key.path}")
    repo.git(*settings, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message", message)
    return repo.head


def write(repo: Repo, content: bytes) -> str:
    return repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=content)


def header(signature: bytes, name: bytes = b"gpgsig") -> bytes:
    return name + b" " + signature.rstrip(b"\n").replace(b"\n", b"\n ") + b"\n"


def content(repo: Repo, sha: str) -> bytes:
    return repo.git_bytes("cat-file", "commit", sha)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_signature_by_a_listed_key(repo: Repo, repository: Repository, tmp_path: Path, kind: str) -> None:
    ann, ben = Key(tmp_path / "ann", kind), Key(tmp_path / "ben")
    sha = commit_signed(repo, ann)
    allowed = b"# who may sign\n\n" + ben.listed("ben@example.org") + ann.listed("ann@example.org", 'namespaces="git"')
    assert repository.signer(sha, allowed) == "ann@example.org"
    assert repository.signer(sha, allowed.replace(b"\n", b"\r\n")) == "ann@example.org"
    assert repository.signer(sha, ben.listed("ben@example.org")) is None
    assert repository.signer(sha, b"") is None
    assert repository.signer(sha, b"#" + ann.listed("ann@example.org")) is None


def test_everybody_for_whom_the_key_is_listed_is_named(repo: Repo, repository: Repository, key: Key) -> None:
    sha = commit_signed(repo, key)
    allowed = key.listed("ann@example.org,anna@example.org") + key.listed("*@example.com", 'namespaces="file"')
    assert repository.signer(sha, allowed) == "ann@example.org,anna@example.org,*@example.com"


def test_unsigned_commits_have_no_signer(repo: Repo, repository: Repository, key: Key) -> None:
    assert repository.signer(repo.head, key.listed("ann@example.org")) is None


def test_a_key_that_is_listed_for_something_else_signs_no_commit(repo: Repo, repository: Repository, key: Key) -> None:
    sha = commit_signed(repo, key)
    assert repository.signer(sha, key.listed("ann@example.org", 'namespaces="file"')) is None


def test_a_signature_for_something_else_signs_no_commit(repo: Repo, repository: Repository, key: Key) -> None:
    before, after = f"tree {repo.tree()}\n{PEOPLE}\n".encode(), b"\nSigned\n"
    for namespace, expected in (("git", "ann@example.org"), ("file", None)):
        sha = write(repo, before + header(key.sign(before + after, namespace)) + after)
        assert repository.signer(sha, key.listed("ann@example.org")) == expected


def test_a_key_counts_as_it_stands_today(repo: Repo, repository: Repository, key: Key) -> None:
    """The committer date of a commit is anybody's to write."""
    sha = commit_signed(repo, key)
    today = dt.datetime.now(dt.UTC).date()
    for option, expected in (
        (f'valid-after="{today - DAY * 2:%Y%m%d}",valid-before="{today + DAY * 2:%Y%m%d}"', "ann@example.org"),
        (f'valid-before="{today - DAY * 2:%Y%m%d}"', None),
        (f'valid-after="{today + DAY * 2:%Y%m%d}"', None),
    ):
        assert repository.signer(sha, key.listed("ann@example.org", option)) == expected


def test_what_was_changed_after_it_was_signed(repo: Repo, repository: Repository, key: Key) -> None:
    sha = commit_signed(repo, key, "Signed\n\nReviewed-by: Ben <ben@example.org>")
    parent = repo.git("rev-parse", f"{sha}^").encode()
    signed = content(repo, sha)
    for changed in (
        signed.replace(b"Ben", b"Eve"),
        signed.replace(b"parent " + parent + b"\n", b""),
        signed.replace(b"author Tess", b"author Eve"),
        signed + b"More\n",
        signed.replace(b"\ngpgsig", b"\nencoding UTF-8\ngpgsig"),
    ):
        assert changed != signed
        assert repository.signer(write(repo, changed), key.listed("ann@example.org")) is None
    assert repository.signer(sha, key.listed("ann@example.org")) == "ann@example.org"


def test_two_signatures_are_none(repo: Repo, repository: Repository, tmp_path: Path, key: Key) -> None:
    before, after = f"tree {repo.tree()}\n{PEOPLE}\n".encode(), b"\nSigned\n"
    ours = header(key.sign(before + after))
    theirs = header(Key(tmp_path / "eve").sign(before + after))
    for signatures in (ours + theirs, theirs + ours, ours + ours, ours + header(b"other", b"gpgsig-sha256")):
        assert repository.signer(write(repo, before + signatures + after), key.listed("ann@example.org")) is None
    assert repository.signer(write(repo, before + ours + after), key.listed("ann@example.org")) == "ann@example.org"


def test_what_only_looks_like_a_signature(repo: Repo, repository: Repository, key: Key) -> None:
    before, after = f"tree {repo.tree()}\n{PEOPLE}\n".encode(), b"\nSigned\n"
    good = key.sign(before + after)
    begin, *lines, end = good.strip().split(b"\n")
    for signature in (
        b"-----BEGIN PGP SIGNATURE-----\n\nwsBcBAABCAAQBQJ\n-----END PGP SIGNATURE-----",
        b"-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----",
        b"",
        b"-----BEGIN SSH SIGNATURE-----",
        b"\n".join([begin, b"!!!!", end]),
        b"\n".join([begin, b"U1NIU0lH", end]),
        b"\n".join([begin, b"AAAA" * 50, end]),
        b"\n".join([begin, *lines[:-1], end]),
        b"\n".join([begin, *lines]),
        good + good,
    ):
        assert repository.signer(write(repo, before + header(signature) + after), key.listed("ann@example.org")) is None
    in_a_message = write(repo, before + b"\n" + header(good) + after)
    in_another_header = write(repo, before + b"mergetag object\n " + header(good) + after)
    for sha in (in_a_message, in_another_header):
        assert repository.signer(sha, key.listed("ann@example.org")) is None


def test_a_replace_ref_makes_no_signer(repo: Repo, repository: Repository, key: Key) -> None:
    sha = commit_signed(repo, key)
    unsigned = repo.commit("Not signed")
    repo.git("replace", unsigned, sha)
    assert "gpgsig" in repo.git("cat-file", "commit", unsigned)  # so git itself is fooled
    assert repository.signer(unsigned, key.listed("ann@example.org")) is None


def test_a_sha256_repository_has_its_own_signatures(tmp_path: Path, key: Key) -> None:
    repo = Repo(tmp_path / "new", object_format="sha256")
    repo.commit("Start")
    sha = commit_signed(repo, key)
    with Repository.open(repo.root) as repository:
        assert repository.signer(sha, key.listed("ann@example.org")) == "ann@example.org"
        other = write(repo, content(repo, sha).replace(b"gpgsig-sha256", b"gpgsig"))
        assert repository.signer(other, key.listed("ann@example.org")) is None


def test_a_certificate_is_listed_by_who_made_it(repo: Repo, repository: Repository, tmp_path: Path, key: Key) -> None:
    authority = Key(tmp_path / "authority")
    public = key.path.with_suffix(".pub")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", str(authority.path), "-I", "Ann", "-n", "ann@example.org", str(public)], check=True, capture_output=True
    )
    key.path.with_suffix(".pub").write_text(Path(f"{key.path}-cert.pub").read_text())
    before, after = f"tree {repo.tree()}\n{PEOPLE}\n".encode(), b"\nSigned\n"
    signature = Key.sign(key, before + after)
    sha = write(repo, before + header(signature) + after)
    assert repository.signer(sha, authority.listed("*@example.org", "cert-authority")) == "ann@example.org"
    assert repository.signer(sha, authority.listed("*@example.org")) is None
    assert repository.signer(sha, authority.listed("*@example.com", "cert-authority")) is None


def test_the_repository_names_no_program_and_no_signers(repo: Repo, key: Key, tmp_path: Path) -> None:
    sha = commit_signed(repo, key)
    canary = tmp_path / "canary"
    evil = repo.root / ".git/evil"
    evil.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(canary))}\necho 'Good \"git\" signature for eve'\n")
    evil.chmod(0o755)
    signers = repo.root / ".git/signers"
    signers.write_bytes(key.listed("eve@example.org"))
    names = ("gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "gpg.openpgp.program", "gpg.x509.program")
    repo.configure(dict.fromkeys(names, str(evil)) | {"gpg.format": "ssh", "gpg.ssh.allowedSignersFile": str(signers)})
    with Repository.open(repo.root) as repository:
        assert repository.signer(sha, key.listed("ann@example.org")) == "ann@example.org"
        assert repository.signer(sha, b"") is None
    assert not canary.exists()


def test_the_users_own_program_is_asked(repo: Repo, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = commit_signed(repo, key)
    trace = tmp_path / "trace"
    own = tmp_path / "home" / "keygen"
    own.write_text(f'#!/bin/sh\nenv | grep -c "^GIT_" >> {shlex.quote(str(trace))}\nexec ssh-keygen "$@"\n')
    own.chmod(0o755)
    (tmp_path / "home" / ".gitconfig").write_text('[gpg "ssh"]\n\tprogram = ~/keygen\n')
    monkeypatch.setenv("GIT_TRACE_CANARY", "inherited")
    with Repository.open(repo.root) as repository:
        assert repository.signer(sha, key.listed("ann@example.org")) == "ann@example.org"
    assert trace.read_text().split() == ["0", "0"]


@pytest.mark.parametrize(("script", "told"), [("", "cannot be started"), ("echo 'unknown option -- Y' >&2; exit 1", "cannot verify")])
def test_where_signatures_cannot_be_verified_it_is_told(repo: Repo, key: Key, tmp_path: Path, script: str, told: str) -> None:
    sha = commit_signed(repo, key)
    own = tmp_path / "home" / "keygen"
    if script:
        own.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
        own.chmod(0o755)
    (tmp_path / "home" / ".gitconfig").write_text('[gpg "ssh"]\n\tprogram = ~/keygen\n')
    with Repository.open(repo.root) as repository:
        with pytest.raises(LastcallError, match=told) as error:
            repository.signer(sha, key.listed("ann@example.org"))
        assert "OpenSSH" in error.value.hint
        assert repository.signer(repo.git("rev-parse", f"{sha}^"), b"") is None
