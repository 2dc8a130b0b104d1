"""Real git repositories for tests, built a step at a time, the same to the bit on every machine.

repo = Repo(tmp_path / "shop")
freeze = repo.commit("Start", {"schema.sql": "CREATE TABLE t (id INT);\n"})
repo.tag("freeze/release/1")
repo.checkout("topic", new=True)
repo.commit("Look into it", {"q.sql": "SELECT 1;\n"}, author="Ben <ben@example.org>")
repo.checkout("main")
merge = repo.merge("topic")
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ANN = "Ann <ann@example.org>"
START = 1_772_445_600  # 2026-03-02 10:00 UTC

Files = Mapping[str, str | bytes | None]
"""What to write: content by path; None takes the file away."""


class Repo:
    """A git repository at ``root``, made by plain git with nobody's configuration; each commit is a minute younger than the one before."""

    def __init__(
        self, root: Path, *, branch: str = "main", bare: bool = False, object_format: str = "sha1", existing: bool = False
    ) -> None:
        self.root = root
        self.clock = START
        if existing:
            return
        root.mkdir(parents=True, exist_ok=True)
        self.git(
            "init", "--quiet", "--template=", f"--initial-branch={branch}", f"--object-format={object_format}", *["--bare"][: int(bare)]
        )
        self.configure({"user.name": "Tess", "user.email": "tess@example.org"})

    # -------------------------------------------------------------------------------------------------------------- commands

    def git(self, *arguments: str, check: bool = True, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> str:
        """Runs git here, without any configuration but the repository's own, and returns what it prints, stripped."""
        return self.git_bytes(*arguments, check=check, env=env, stdin=stdin).decode("utf-8", "surrogateescape").strip()

    def git_bytes(self, *arguments: str, check: bool = True, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=self._environment() | dict(env or {}), input=stdin, capture_output=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {done.returncode}\n{done.stdout!r}\n{done.stderr!r}")
        return done.stdout

    def configure(self, settings: Mapping[str, str]) -> None:
        for key, value in settings.items():
            self.git("config", key, value)

    # -------------------------------------------------------------------------------------------------------------- files and commits

    def write(self, files: Files) -> None:
        """Writes files into the work tree; nothing is staged."""
        for path, content in files.items():
            target = self.root / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, files: Files | None = None) -> None:
        """Writes ``files`` and stages everything in the work tree."""
        self.write(files or {})
        self.git("add", "--all", "--force")

    def commit(
        self,
        message: str,
        files: Files | None = None,
        *,
        author: str = ANN,
        committer: str | None = None,
        date: int | None = None,
        amend: bool = False,
    ) -> str:
        """Commits everything in the work tree (after writing ``files``) and returns the sha; ``date`` is seconds since 1970."""
        self.stage(files)
        options = ["--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--no-gpg-sign", "--no-verify"]
        self.git(
            "commit", *options, *["--amend", "--reset-author"][: 2 * amend], "--message", message, env=self._people(author, committer, date)
        )
        return self.head

    def merge(self, name: str, *, no_ff: bool = True, evil: Files | None = None, message: str | None = None, author: str = ANN) -> str:
        """Merges ``name`` into the branch that is checked out; ``evil`` slips changes into the merge commit that neither side has.

        Where the sides conflict, ``evil`` must hold the resolution.
        """
        if not no_ff:
            self.git("merge", "--quiet", "--ff-only", name)
            return self.head
        self.git("merge", "--quiet", "--no-ff", "--no-commit", name, env=self._people(author), check=not evil)
        return self.commit(message or f"Merge branch '{name}'", evil, author=author)

    def squash(self, name: str, message: str, *, author: str = ANN, evil: Files | None = None) -> str:
        """Lands ``name`` as one commit."""
        self.git("merge", "--quiet", "--squash", name)
        return self.commit(message, evil, author=author)

    def pick(self, commit: str, *, trailer: bool = False, evil: Files | None = None, committer: str = ANN) -> str:
        """Cherry-picks ``commit`` (``-x`` with ``trailer``); ``evil`` changes what lands. Author and message stay the original's."""
        self.git("cherry-pick", *["-x"][: int(trailer)], commit, env=self._people(committer))
        if evil:
            self.stage(evil)
            self.git("commit", "--quiet", "--amend", "--no-edit", env=self._people(committer))
        return self.head

    def revert(self, commit: str, *, author: str = ANN) -> str:
        self.git("revert", "--no-edit", commit, env=self._people(author))
        return self.head

    def rebase(self, onto: str, *, committer: str = ANN) -> str:
        """Rebases the branch that is checked out onto ``onto`` and returns its new tip."""
        self.git("rebase", "--quiet", onto, env=self._people(committer))
        return self.head

    # -------------------------------------------------------------------------------------------------------------- refs

    @property
    def head(self) -> str:
        return self.sha("HEAD")

    def sha(self, ref: str) -> str:
        return self.git("rev-parse", "--verify", ref)

    def tree(self, ref: str = "HEAD") -> str:
        return self.sha(f"{ref}^{{tree}}")

    def branch(self, name: str, at: str = "HEAD") -> None:
        self.git("branch", "--force", name, at)

    def checkout(self, name: str, *, new: bool = False, at: str = "HEAD") -> None:
        self.git("checkout", "--quiet", *(["-b", name, at] if new else [name]))

    def tag(self, name: str, at: str = "HEAD", message: str | None = None) -> None:
        """An annotated tag where there is a message, else a lightweight one."""
        options = ["--annotate", "--no-sign", "--message", message] if message is not None else []
        self.git("tag", *options, name, at, env=self._people(ANN))

    # -------------------------------------------------------------------------------------------------------------- other repositories

    def clone(self, to: Path, *options: str) -> Repo:
        """Clones over ``file://`` (so that ``--depth`` and ``--filter`` have effect) into ``to``."""
        self.configure({"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true"})
        self.git("clone", "--quiet", "--template=", *options, self.root.as_uri(), str(to))
        return self._other(to)

    def worktree(self, to: Path, branch: str) -> Repo:
        """A second work tree of this repository, with ``branch`` checked out."""
        self.git("worktree", "add", "--quiet", str(to), branch)
        return self._other(to)

    def submodule(self, other: Repo, path: str) -> None:
        """Adds ``other`` as a submodule at ``path``, staged."""
        self.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.root.as_uri(), path)

    def _other(self, root: Path) -> Repo:
        other = Repo(root, existing=True)
        other.clock = self.clock
        other.configure({"user.name": "Tess", "user.email": "tess@example.org"})
        return other

    def _people(self, author: str, committer: str | None = None, date: int | None = None) -> dict[str, str]:
        self.clock += 60
        people: dict[str, str] = {}
        for role, person in (("AUTHOR", author), ("COMMITTER", committer or author)):
            name, _, address = person.partition("<")
            stamp = f"@{self.clock if date is None else date} +0000"
            people |= {f"GIT_{role}_NAME": name.strip(), f"GIT_{role}_EMAIL": address.rstrip(">"), f"GIT_{role}_DATE": stamp}
        return people

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        nobody = str(self.root / ".git" / "nobody")
        return kept | {
            "HOME": nobody,
            "XDG_CONFIG_HOME": nobody,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "true",
            "LC_ALL": "C",
            "TZ": "UTC",
        }
