"""The repository, read so that nothing in it is run and nothing in it has a say.

All git is plumbing, started by GitPython with no inherited ``GIT_*`` variable, no replace ref, no graft, no hook, no network and no lazy
fetch; what a repository could configure (fsmonitor, external diffs, text conversion, attributes, mailmap, ignored revisions) is set to
nothing.  Objects come as they are stored, through one ``cat-file --batch``.  Merges are made again in a throw-away bare repository that
borrows the objects, because ``merge-tree`` obeys the ``.gitattributes`` that it finds where it stands.

Paths are bytes to git and ``str`` here: UTF-8, other bytes as lone surrogates (``surrogateescape``), so that ``os.fsencode`` gives the
bytes back; ``json.dumps`` writes such a character as ``\\udcNN``, a stream needs ``errors="surrogateescape"`` or ``"backslashreplace"``.
"""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import re
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lastcall.model import Blob, Commit, Kind, LastcallError, Location, Person, Tree, Unread

try:
    from git.cmd import Git
except ModuleNotFoundError:
    raise
except ImportError as error:  # GitPython looks for git when it is imported
    raise LastcallError("git is not installed, or not on the PATH", "install git 2.38 or newer") from error

OLDEST = (2, 31)
"""The first git that can be used at all (``rev-parse --path-format``)."""

MERGE_TREE = (2, 38)
"""The first git that can merge without a work tree (``merge-tree --write-tree``)."""

FETCH_ALL = "fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"
FETCH_OBJECTS = "clone again without --filter (for actions/checkout: no `filter`, and `fetch-depth: 0`)"
FETCH_OR_CHECK = "fetch it (`fetch-depth: 0` for actions/checkout), or see with `git fsck` whether the repository is whole"

_NOTHING = {
    "GIT_ALLOW_PROTOCOL": "none",  # no transport has that name, so none is allowed, whatever protocol.* says
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_SETTINGS = (
    "advice.graftFileDeprecated=false",
    f"core.attributesFile={os.devnull}",
    "core.commitGraph=false",  # a derived file could lie about parents; the commits cannot
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "diff.external=",
    "diff.ignoreSubmodules=none",
    "hook.reference-transaction.enabled=false",
    "log.mailmap=false",
    "log.showSignature=false",
    "mailmap.blob=",
    "mailmap.file=",
    "submodule.recurse=false",
)
_NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "lastcall"), ("EMAIL", "lastcall@localhost"), ("DATE", "@1 +0000"))
}
_SPAWN = threading.Lock()
_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)[^/@]*@")
_SIGNATURE = re.compile(r"^-----BEGIN [A-Z ]+-----$", re.MULTILINE)
_TEXT_CODEC = re.compile(
    r"(?:us-)?ascii|utf-?8|latin-?1|iso-?8859-?\d+|(?:windows|cp)-?\d+|koi8-[ru]|euc-(?:jp|kr)|shift[-_]jis|sjis|gbk|gb2312|gb18030|big5",
    re.IGNORECASE,
)
_BLAMED = re.compile(rb"([0-9a-f]{40,64}) \d+ \d+(?: \d+)?")
_LARGEST_COMMIT = 16 << 20
_LARGEST_HASHED = 64 << 20
_CHEAP_TO_SKIP = 1 << 20
_KINDS = {"120000": Kind.SYMLINK, "160000": Kind.SUBMODULE}


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a branch is: ``ref`` as one writes it (``release/2.4``, ``origin/release/2.4``); ``note`` tells what was chosen between."""

    ref: str
    commit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a commit: ``object`` is the tag object's id (the commit's, for a lightweight tag); ``message`` has no signature."""

    name: str
    object: str
    commit: str
    annotated: bool
    message: str = ""


class Repository:
    """A git repository, read safely: a context manager, with one ``cat-file --batch`` process for its life.

    Commits are given as full ids; any other ref is resolved first.  Everything raises LastcallError where the clone lacks what is needed.
    """

    def __init__(self, git: _Git, root: Path | None, common: Path, *, shallow: bool, object_format: str) -> None:
        self.root = root
        self.git_dir = git.directory
        self.shallow = shallow
        self.object_format = object_format
        self._git = git
        self._common = common
        self._objects = _Objects(git)
        self._bench: _Bench | None = None
        self._commits: dict[str, Commit] = {}

    @classmethod
    def open(cls, path: Path, *, quarantine: bool = False) -> Self:
        """The repository that ``path`` lies in.

        ``quarantine`` also sees the objects that a push is bringing in (in a pre-receive hook); they must lie in the repository.
        """
        start = path if path.is_dir() else path.parent
        if not path.exists():
            raise LastcallError(f"{path} does not exist")
        git = _Git(start)
        facts = ("--is-shallow-repository", "--show-object-format", "--path-format=absolute", "--git-common-dir", "--git-dir")
        answer = git.run("rev-parse", *facts, accept=None)
        lines = _text(answer.output).removesuffix("\n").split("\n")
        if answer.status or len(lines) != 4:  # noqa: PLR2004 - one line for each fact
            raise _no_repository(path, answer.error, git.version)
        common, git_dir = (Path(line).resolve() for line in lines[2:])
        top = git.run("rev-parse", "--show-toplevel", accept=None)
        root = None if top.status else Path(_text(top.output).removesuffix("\n")).resolve()
        if root and not start.resolve().is_relative_to(root):
            root = None  # core.worktree points somewhere else; that is not where we stand
        environment = _quarantine(common) if quarantine else {}
        inside = _Git(git_dir, "--git-dir", str(git_dir), environment=environment)
        return cls(inside, root, common, shallow=lines[0] == "true", object_format=lines[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the git process and removes the throw-away repository."""
        self._objects.close()
        if self._bench:
            self._bench.close()
            self._bench = None

    # -------------------------------------------------------------------------------------------------------------- refs

    def head(self) -> str | None:
        """The commit of HEAD; None in a repository without commits."""
        return self._peeled("HEAD")

    def current_branch(self) -> str | None:
        """The branch that is checked out; None where HEAD is detached."""
        answer = self._git.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        return _text(answer.output).removesuffix("\n").removeprefix("refs/heads/") or None

    def default_branch(self) -> str | None:
        """The branch that origin/HEAD names, else main or master where there is one."""
        answer = self._git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", accept=None)
        if not answer.status:
            return _text(answer.output).removesuffix("\n").removeprefix("refs/remotes/origin/")
        return next((name for name in ("main", "master") if self._branches(name)), None)

    def find_branch(self, name: str) -> Tip:
        """The local branch ``name``, else the remote-tracking one; the note tells where they differ."""
        found = self._branches(name)
        if not found:
            raise self._missing(name, "branch")
        ref, commit = found[0]
        if ref != name:
            return Tip(ref, commit, f"there is no local {name}; {ref} is taken")
        notes = [self._compared(ref, commit, *other) for other in found[1:] if other[1] != commit]
        return Tip(ref, commit, "; ".join(notes))

    def resolve(self, ref: str) -> str:
        """The commit that ``ref`` names; where a branch and a tag of that name differ, neither is guessed."""
        found = None if _looks_like_option(ref) else self._peeled(ref)
        if found is None:
            raise self._missing(ref, "commit")
        if not _FULL_ID.fullmatch(ref):
            same = {self._peeled(full) for full, *_ in self._refs(f"refs/heads/{ref}", f"refs/tags/{ref}", exact=True)}
            if len(same) > 1:
                raise LastcallError(f"{ref} is a branch and a tag, and they differ", f"say refs/heads/{ref} or refs/tags/{ref}")
        return found

    def tags(self, prefix: str) -> tuple[Tag, ...]:
        """The tags whose names begin with ``prefix``, sorted by name; tags of anything but a commit are no freeze and are left out."""
        names = ((ref.removeprefix("refs/tags/"), target) for ref, target, _ in self._refs("refs/tags"))
        found = (self._tag(name, target) for name, target in names if name.startswith(prefix))
        return tuple(sorted((tag for tag in found if tag), key=lambda tag: tag.name))

    def create_tag(self, name: str, commit: str, message: str, *, sign: bool = False) -> None:
        """Makes an annotated tag, in the user's own name; signed by the user's own program, never by one that the repository configures."""
        self._check_tag_name(name)
        if self._refs(f"refs/tags/{name}", exact=True):
            raise LastcallError(f"the tag {name} exists already", f"`lastcall thaw` ends a freeze; `git show {name}` shows the tag")
        identity = {
            key: value for key, value in os.environ.items() if key in {f"GIT_COMMITTER_{part}" for part in ("NAME", "EMAIL", "DATE")}
        }
        settings = ["user.useConfigOnly=true", *self._own_programs(), *self._no_hooks()]
        options = ["--annotate", "--sign" if sign else "--no-sign", "--cleanup=verbatim", "--file=-"]
        answer = self._git.run(
            *_set(settings),
            "tag",
            *options,
            "--",
            name,
            self._id(commit),
            stdin=f"{message.rstrip()}\n".encode(),
            environment=identity,
            accept=None,
        )
        if answer.status and ("user.email" in answer.error or "auto-detection is disabled" in answer.error):
            raise LastcallError("git does not know who makes the tag", "set user.name and user.email: `git config --global user.name …`")
        if answer.status:
            raise LastcallError(
                f"the tag {name} could not be made: {_last_line(answer.error)}", "signing uses your own git settings" if sign else ""
            )

    def delete_tag(self, name: str) -> None:
        """Takes the tag ``name`` away."""
        self._check_tag_name(name)
        found = self._refs(f"refs/tags/{name}", exact=True)
        if not found:
            raise self._missing(name, "tag")
        self._git.run(*_set(self._no_hooks()), "update-ref", "-d", "--no-deref", f"refs/tags/{name}", found[0][1])

    def remotes(self) -> tuple[str, ...]:
        """The URLs of the remotes, origin's first, without the user names and passwords that stand in them."""
        urls = [(name, value) for name, value in self._remote_settings("url") if value]
        return tuple(_CREDENTIALS.sub(r"\1", url) for _, url in sorted(urls, key=lambda pair: pair[0] != "origin"))

    # -------------------------------------------------------------------------------------------------------------- history

    def has(self, sha: str) -> bool:
        """Whether the object with this full id is in the clone."""
        return bool(_FULL_ID.fullmatch(sha)) and self._objects.read(sha, 0) is not None

    def commit(self, sha: str) -> Commit:
        """The commit as its object says it: no mailmap, graft or replace ref; text that is not in its encoding is shown with U+FFFD."""
        sha = self._id(sha)
        if sha not in self._commits:
            found = self._objects.read(sha, _LARGEST_COMMIT)
            if found is None:
                raise self._absent(f"commit {sha}")
            kind, content = found
            if kind != "commit" or content is None:
                raise LastcallError(f"{sha} is {'too large a' if kind == 'commit' else 'a ' + kind + ', no'} commit")
            self._commits[sha] = _parse_commit(sha, content)
        return self._commits[sha]

    def commits(self, exclude: str | None, include: str) -> tuple[Commit, ...]:
        """What is reachable from ``include`` and not from ``exclude`` (None: all), parents before children; dates decide nothing."""
        included, excluded = self._id(include), self._id(exclude) if exclude else ""
        found = tuple(self.commit(sha) for sha in self._listed(included, *([f"^{excluded}"] if excluded else [])))
        cut = next((commit for commit in found if commit.sha in self._cut and commit.parents), None)
        if cut:
            raise LastcallError(f"this clone is shallow: the history before {cut.sha[:12]} is missing", FETCH_ALL)
        return self._without_ancestors(found, excluded) if excluded else found

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether ``ancestor`` is reachable from ``descendant``; in a shallow clone a "no" is not known, and raises."""
        answer = self._git.run("merge-base", "--is-ancestor", self._id(ancestor), self._id(descendant), accept=None)
        self._check_reach(answer, f"whether {ancestor[:12]} is an ancestor of {descendant[:12]}")
        return answer.status == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None where they have none."""
        answer = self._git.run("merge-base", self._id(one), self._id(other), accept=None)
        self._check_reach(answer, f"what {one[:12]} and {other[:12]} have in common")
        return _text(answer.output).strip() or None

    def changed_paths(self, commit: str) -> tuple[str, ...]:
        """The paths in which a commit differs from its first parent, a rename counted as both its paths; all paths of a root commit."""
        after = self.commit(commit)
        before = self.commit(after.parents[0]).tree if after.parents else self._empty_tree
        options = ("-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none", "--no-ext-diff", "--no-textconv")
        answer = self._git.run("diff-tree", *options, before, after.tree, "--", accept=None)
        if answer.status:
            raise self._failed(f"the changes of {after.sha[:12]} could not be listed", answer)
        return tuple(sorted(_path(name) for name in answer.output.split(b"\0") if name))

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a mechanical merge of two commits; None where they conflict or have no common history."""
        return self._merged(self._id(ours), self._id(theirs))

    def replay_tree(self, original: str, onto: str) -> str | None:
        """The tree of a mechanical cherry-pick of ``original`` (against its first parent) onto ``onto``; None where it conflicts."""
        picked, target = self.commit(original), self.commit(onto)
        before = self.commit(picked.parents[0]).tree if picked.parents else self._empty_tree
        bench = self._workbench
        try:
            base = bench.commit(before)
            return self._merged(bench.commit(target.tree, base), bench.commit(picked.tree, base))
        except _Refused as refused:
            raise self._failed(f"the pick of {picked.sha[:12]} could not be made again", refused.answer) from None

    def blame(self, commit: str, path: str, first: int, last: int, exclude: str | None = None) -> tuple[str, ...]:
        """The commits of ``exclude..commit`` that last touched lines ``first`` to ``last``; none where there are no such lines."""
        wanted = [self._id(commit), *([f"^{self._id(exclude)}"] if exclude else [])]
        # blame.ignoreRevsFile is a list that "" does not empty: git sorts it first.
        options = ("--porcelain", "--root", "--no-textconv", "--no-ignore-revs-file")
        answer = self._git.run("blame", *options, f"-L{first},{last}", *wanted, "--", path, accept=None)
        if answer.status and self.has(wanted[0]) and re.search(r"no such path|has only \d+ line", answer.error):
            return ()
        if answer.status:
            raise self._failed(f"the lines of {path} could not be traced", answer)
        found: dict[str, bool] = {}
        sha = ""
        for line in answer.output.split(b"\n"):
            if match := _BLAMED.fullmatch(line):
                sha = match[1].decode()
                found.setdefault(sha, True)
            elif line == b"boundary":
                found[sha] = False
        return tuple(sha for sha, brought in found.items() if brought)

    # -------------------------------------------------------------------------------------------------------------- trees

    def tree(self, commit: str) -> Tree:
        """The files of a commit."""
        answer = self._git.run("ls-tree", "-r", "-z", "--full-tree", self._id(commit), accept=None)
        if answer.status:
            raise self._failed(f"the files of {commit[:12]} could not be listed", answer)
        entries = (entry.partition(b"\t") for entry in answer.output.split(b"\0") if entry)
        return _StoredTree(self, (_stored(*_text(head).split()[::2], path=path) for head, _, path in entries))

    def index_tree(self, index_file: Path | None = None) -> Tree:
        """The files of the index.

        None: the index of the commit that is being made, which git tells its hooks in ``GIT_INDEX_FILE`` (``git commit -a``, ``git commit
        PATH``), else the ordinary one.  An index outside the git directory is refused, an inherited one there is another repository's.
        """
        inherited = os.environ.get("GIT_INDEX_FILE")
        index = index_file or (Path(inherited) if inherited else None)
        index = ((self.root or self.git_dir) / index).resolve() if index else None
        if index and not index.is_relative_to(self.git_dir):
            if index_file:
                raise LastcallError(f"{index_file} is no index of this repository")
            index = None
        entries = self._index({"GIT_INDEX_FILE": str(index)} if index else {})
        if any(stage != "0" for _, _, _, stage, _ in entries):
            raise LastcallError("the index has unmerged paths", "finish the merge (`git add`) or abort it first")
        return _StoredTree(self, (_stored(mode, name, path=path) for _, mode, name, _, path in entries))

    def work_tree(self) -> WorkTree:
        """The files on disk that are tracked, or neither tracked nor ignored."""
        entries = self._index({})
        root = self._need_root()
        # What to ignore is said by .gitignore files and by the user, not by the repository's configuration.
        excludes = f"core.excludesFile={self._user_excludes}"
        listed = self._git.run(
            "-C", str(root), "--work-tree", str(root), *_set([excludes]), "ls-files", "-z", "--others", "--exclude-standard"
        )
        untracked = (_path(name) for name in listed.output.split(b"\0") if name)
        modules = {_path(path): name for _, mode, name, _, path in entries if mode == "160000"}
        sparse = {_path(path) for tag, _, _, _, path in entries if tag == "S"}
        return WorkTree(root, {_path(path) for *_, path in entries} | set(untracked), modules, sparse, self.object_format)

    def _read(self, blob: Blob, limit: int) -> bytes | None:
        found = self._objects.read(blob.id, limit)
        if found is None:
            raise self._absent(f"{blob.path} ({blob.id[:12]})")
        return found[1]

    def _index(self, environment: Mapping[str, str]) -> list[tuple[str, str, str, str, bytes]]:
        """Tag, mode, id, stage and path of each index entry."""
        root = str(self._need_root())
        answer = self._git.run(
            "-C", root, "--work-tree", root, "ls-files", "-z", "--stage", "-t", "--full-name", environment=environment, accept=None
        )
        if answer.status:
            raise self._failed("the index could not be read", answer)
        entries: list[tuple[str, str, str, str, bytes]] = []
        for entry in answer.output.split(b"\0"):
            head, _, path = entry.partition(b"\t")
            if path:
                tag, mode, name, stage = _text(head).split()
                entries.append((tag, mode, name, stage, path))
        return entries

    def _need_root(self) -> Path:
        if self.root is None:
            raise LastcallError(f"{self.git_dir} has no work tree", "say which commit to read: `--head REF`")
        return self.root

    # -------------------------------------------------------------------------------------------------------------- parts

    def _id(self, ref: str) -> str:
        return ref if _FULL_ID.fullmatch(ref) else self.resolve(ref)

    def _peeled(self, ref: str) -> str | None:
        answer = self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", accept=None)
        found = _text(answer.output).strip()
        return found if not answer.status and _FULL_ID.fullmatch(found) else None

    def _listed(self, *wanted: str) -> list[str]:
        answer = self._git.run("rev-list", "--topo-order", "--reverse", *wanted, "--", accept=None)
        if answer.status:
            raise self._failed("the history could not be listed", answer)
        return _text(answer.output).split()

    def _without_ancestors(self, found: tuple[Commit, ...], excluded: str) -> tuple[Commit, ...]:
        """Takes out what ``rev-list`` lists too much: it stops looking by date, so backdated commits can hide what is excluded behind them.

        Whatever it lists too much, it lists the ancestors of too: so if the eldest of each line are right, all are.
        """
        listed = {commit.sha for commit in found}
        eldest = [commit.sha for commit in found if not listed.intersection(commit.parents)]
        if all(self._git.run("merge-base", "--is-ancestor", sha, excluded, accept=None).status for sha in eldest):
            return found
        known = set(self._listed(excluded))
        return tuple(commit for commit in found if commit.sha not in known)

    def _refs(self, *patterns: str, exact: bool = False) -> list[tuple[str, str, str]]:
        """Full name, object id and object type of the refs under the patterns, or of those that a pattern names in full."""
        answer = self._git.run("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", *patterns)
        rows = [line.split(" ") for line in _text(answer.output).split("\n") if line]
        return [(ref, name, kind) for ref, name, kind in rows if not exact or ref in patterns]

    def _branches(self, name: str) -> list[tuple[str, str]]:
        """The local branch and the remote-tracking ones of that name, origin's first: how one would write each, and its commit."""
        remotes = dict.fromkeys(["origin", *sorted({remote for remote, _ in self._remote_settings("url")})])
        wanted = [f"refs/heads/{name}", *(f"refs/remotes/{remote}/{name}" for remote in remotes), f"refs/remotes/{name}"]
        found = {ref: commit for ref, commit, kind in self._refs(*wanted, exact=True) if kind == "commit"}
        return [(ref.split("/", 2)[2], found[ref]) for ref in wanted if ref in found]

    def _compared(self, ref: str, commit: str, other: str, its: str) -> str:
        answer = self._git.run("rev-list", "--count", "--left-right", f"{commit}...{its}", "--", accept=None)
        if answer.status:
            return f"{other} is elsewhere"
        ahead, behind = _text(answer.output).split()
        parts = [f"{count} {word}" for count, word in ((ahead, "ahead of"), (behind, "behind")) if count != "0"]
        return f"local {ref} is {' and '.join(parts)} {other}"

    def _tag(self, name: str, target: str) -> Tag | None:
        """The tag that names the object ``target``; None where that leads to no commit."""
        messages: list[str] = []
        pointed = target
        while found := self._objects.read(pointed, _LARGEST_COMMIT):
            kind, content = found
            if kind != "tag" or content is None:
                return Tag(name, target, pointed, bool(messages), messages[0] if messages else "") if kind == "commit" else None
            head, _, body = content.partition(b"\n\n")
            messages.append(_SIGNATURE.split(body.decode("utf-8", "replace"))[0].strip())
            pointed = head.partition(b"\n")[0].removeprefix(b"object ").decode()
        raise self._absent(f"what the tag {name} names")

    def _check_tag_name(self, name: str) -> None:
        if _looks_like_option(name) or self._git.run("check-ref-format", f"refs/tags/{name}", accept=None).status:
            raise LastcallError(f"{_plain(name)!r} cannot be the name of a tag")

    @cached_property
    def _settings(self) -> tuple[tuple[str, str, str], ...]:
        """Scope, key and value of everything that is configured."""
        parts = _text(self._git.run("config", "--list", "--null", "--show-scope").output).split("\0")
        pairs = zip(parts[::2], parts[1::2], strict=False)
        return tuple((scope, *setting.partition("\n")[::2]) for scope, setting in pairs if scope != "command")

    def _remote_settings(self, variable: str) -> list[tuple[str, str]]:
        keys = ((key.removeprefix("remote.").removesuffix(f".{variable}"), key, value) for _, key, value in self._settings)
        return [(name, value) for name, key, value in keys if key == f"remote.{name}.{variable}"]

    def _own(self, key: str) -> str:
        """What the user or the machine configures for ``key``, never the repository."""
        return next((value for scope, each, value in reversed(self._settings) if each == key and scope in {"global", "system"}), "")

    def _own_programs(self) -> list[str]:
        """The settings that name programs which sign, as the user has them."""
        openpgp = self._own("gpg.openpgp.program") or self._own("gpg.program") or "gpg"
        programs = {"gpg.program": openpgp, "gpg.openpgp.program": openpgp, "gpg.x509.program": self._own("gpg.x509.program") or "gpgsm"}
        programs["gpg.ssh.program"] = self._own("gpg.ssh.program") or "ssh-keygen"
        programs["gpg.ssh.defaultKeyCommand"] = self._own("gpg.ssh.defaultkeycommand")
        return [f"{key}={value}" for key, value in programs.items()]

    def _no_hooks(self) -> list[str]:
        """Switches off the hooks that newer git takes from the configuration (``hook.NAME.command``), which core.hooksPath does not."""
        names = sorted({key[5:].rpartition(".")[0] for _, key, _ in self._settings if key.startswith("hook.")} - {""})
        if any("=" in name for name in names):
            raise LastcallError("a hook in the git configuration has a name that cannot be switched off", "rename it")
        return [f"hook.{name}.enabled=false" for name in names]

    @property
    def _user_excludes(self) -> str:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
        return os.path.expanduser(self._own("core.excludesfile")) or str(home / "git" / "ignore")  # noqa: PTH111 - "" must stay ""

    @cached_property
    def _cut(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out."""
        return frozenset((self._common / "shallow").read_text().split()) if self.shallow else frozenset()

    @property
    def _partial(self) -> bool:
        return any(key == "extensions.partialclone" for _, key, _ in self._settings) or bool(self._remote_settings("promisor"))

    @property
    def _empty_tree(self) -> str:
        return hashlib.new(self.object_format, b"tree 0\0").hexdigest()

    @property
    def _workbench(self) -> _Bench:
        if self._bench is None:
            if self._git.version < MERGE_TREE:
                has = _dotted(self._git.version)
                raise LastcallError(f"merges cannot be made again with git {has}", f"install git {_dotted(MERGE_TREE)} or newer")
            self._bench = _Bench(self._git.objects or self._common / "objects", self._common / "objects", self.object_format)
        return self._bench

    def _merged(self, ours: str, theirs: str) -> str | None:
        answer = self._workbench.merge(ours, theirs)
        tree = _text(answer.output).split("\n", 1)[0]
        if answer.status in {0, 1} and _FULL_ID.fullmatch(tree):
            return None if answer.status else tree  # a conflict writes a tree too; without one, something is missing
        if not self.shallow and "unrelated histories" in answer.error:
            return None
        raise self._failed(f"the merge of {ours[:12]} and {theirs[:12]} could not be made again", answer)

    # -------------------------------------------------------------------------------------------------------------- errors

    def _missing(self, ref: str, what: str) -> LastcallError:
        """There is no such ref: the nearest names, and how it could come to be here."""
        shown = _plain(ref)
        if self.head() is None and not self._refs("refs/"):
            return LastcallError(f"there is no {what} {shown}: the repository has no commits")
        kinds = {"branch": ("refs/heads", "refs/remotes"), "tag": ("refs/tags",)}.get(what, ("refs/heads", "refs/remotes", "refs/tags"))
        names = {full.split("/", 2)[2] for full, *_ in self._refs(*kinds)}
        near = [name for name in sorted(names) if name.partition("/")[2] == ref]
        near += [name for name in difflib.get_close_matches(ref, sorted(names), n=3) if name not in near]
        hints = [f"did you mean {', '.join(near[:3])}?"] if near else []
        if self.shallow:
            hints.append(f"this clone is shallow: {FETCH_ALL}")
        elif not near and what != "tag":
            hints.append("fetch it first; lastcall never fetches")
        return LastcallError(f"there is no {what} {shown} in this clone", "; ".join(hints))

    def _absent(self, what: str) -> LastcallError:
        if self.shallow:
            return LastcallError(f"this clone is shallow and lacks {what}", FETCH_ALL)
        if self._partial:
            return LastcallError(f"this clone is partial and lacks {what}", FETCH_OBJECTS)
        return LastcallError(f"the repository lacks {what}", FETCH_OR_CHECK)

    def _failed(self, what: str, answer: _Answer) -> LastcallError:
        reason = _last_line(answer.error)
        hint = FETCH_ALL if self.shallow else FETCH_OBJECTS if self._partial else FETCH_OR_CHECK
        return LastcallError(f"{what}{': ' + reason if reason else ''}", hint)

    def _check_reach(self, answer: _Answer, what: str) -> None:
        """Merge-base says 1 for "no": true in a whole clone, not known in a shallow one."""
        if answer.status > 1:
            raise self._failed(f"git cannot tell {what}", answer)
        if answer.status and self.shallow:
            raise LastcallError(f"this clone is shallow: git cannot tell {what}", FETCH_ALL)


# -------------------------------------------------------------------------------------------------------------------- trees


class _StoredTree:
    """The files of a commit or of the index: read from the object store."""

    unread: tuple[Unread, ...] = ()

    def __init__(self, repository: Repository, blobs: Iterable[Blob]) -> None:
        self._repository = repository
        self.blobs: Sequence[Blob] = tuple(sorted(blobs, key=lambda blob: blob.path))

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content (a symbolic link's is where it points to, a submodule has none), or None where it is longer than ``limit``."""
        return b"" if blob.kind is Kind.SUBMODULE else self._repository._read(blob, limit)  # noqa: SLF001 - a tree is part of its repository


class WorkTree:
    """Files on disk, read as they are, never through a symbolic link; ``unread`` tells what is there and cannot be read.

    Ids are those of the bytes on disk: no filter is run, so a file that a filter changes (line ends, LFS) has another id than in the
    index.  A file above 64 MiB, which nobody reads, has an id of its size and time.
    """

    def __init__(self, root: Path, paths: Iterable[str], modules: Mapping[str, str], sparse: set[str], object_format: str) -> None:
        self._root = root
        self._modules = modules
        self._hash = object_format
        self._real: dict[str, bool] = {"": True}
        self._unread: list[Unread] = []
        found = (self._blob(path) for path in paths)
        self.blobs: Sequence[Blob] = tuple(sorted((blob for blob in found if blob), key=lambda blob: blob.path))
        left_out = len(sparse - {blob.path for blob in self.blobs})
        if left_out:
            self._unread.append(Unread("file", f"{left_out} tracked files are left out of the work tree by a sparse checkout"))
        self.unread = tuple(sorted(self._unread, key=lambda each: each.subject))

    def read(self, blob: Blob, limit: int) -> bytes | None:
        """The content, or None where it is longer than ``limit``; LastcallError where it changed since the tree was listed."""
        if blob.kind is Kind.SUBMODULE:
            return b""
        try:
            content = self._content(blob.path, blob.kind, limit)
        except OSError as error:
            raise LastcallError(f"{blob.path} cannot be read any more: {error.strerror}", "run lastcall again") from error
        if content is not None and _blob_id(content, self._hash) != blob.id:
            raise LastcallError(f"{blob.path} changed while lastcall was reading", "run lastcall again")
        return content

    def _blob(self, path: str) -> Blob | None:
        """None for what is not on disk (any more), and for what cannot be read."""
        if path.endswith("/") or path in self._modules:
            return Blob(path.rstrip("/"), self._modules.get(path, "0" * 40), Kind.SUBMODULE)
        try:
            if not self._is_real(path.rpartition("/")[0]):
                return None
            status = os.lstat(self._root / path)
            kind = Kind.SYMLINK if stat.S_ISLNK(status.st_mode) else Kind.FILE
            content = self._content(path, kind, _LARGEST_HASHED)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._unread.append(Unread("file", f"cannot be opened: {error.strerror}", Location(path, 1), path))
            return None
        if content is None:
            content = f"{status.st_size} {status.st_mtime_ns}".encode()
        return Blob(path, _blob_id(content, self._hash), kind)

    def _content(self, path: str, kind: Kind, limit: int) -> bytes | None:
        if kind is Kind.SYMLINK:
            content = os.fsencode((self._root / path).readlink())
        else:
            with open(self._root / path, "rb", opener=_no_follow) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(errno.EINVAL, "it is no regular file")
                content = file.read(min(status.st_size, limit) + 1)  # not limit + 1: so much memory would be reserved
        return content if len(content) <= limit else None

    def _is_real(self, folder: str) -> bool:
        """Whether a folder is reached from the root without a symbolic link."""
        if folder not in self._real:
            above = self._is_real(folder.rpartition("/")[0])
            self._real[folder] = above and stat.S_ISDIR(os.lstat(self._root / folder).st_mode)
        return self._real[folder]


def _no_follow(path: str, flags: int) -> int:
    """Opens neither through a link nor with a wait for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _blob_id(content: bytes, algorithm: str) -> str:
    name = hashlib.new(algorithm, b"blob %d\0" % len(content), usedforsecurity=False)
    name.update(content)
    return name.hexdigest()


def _stored(mode: str, name: str, *, path: bytes) -> Blob:
    return Blob(_path(path), name, _KINDS.get(mode, Kind.FILE))


# -------------------------------------------------------------------------------------------------------------------- git itself


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a git process ended and what it printed."""

    status: int
    output: bytes
    error: str


class _Refused(Exception):  # noqa: N818 - a word between two classes, never seen outside
    """Git could not do it, most likely since the clone lacks an object."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class _Git:
    """Starts git in one directory, with nothing inherited."""

    def __init__(self, directory: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._environment = _NOTHING | dict(environment or {})
        self._options = [*_set(_SETTINGS), *options]
        self._git = Git(directory)

    @property
    def version(self) -> tuple[int, ...]:
        with _nothing_inherited():
            return tuple(self._git.version_info)[:3]

    @property
    def objects(self) -> Path | None:
        """Where new objects lie, in a quarantine."""
        path = self._environment.get("GIT_OBJECT_DIRECTORY")
        return Path(path) if path else None

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Git.AutoInterrupt:
        """A running git, to be written to and read from."""
        with _nothing_inherited():
            return self._git.execute(
                [str(Git.GIT_PYTHON_GIT_EXECUTABLE), *self._options, *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                env=self._environment | dict(environment or {}),
            )

    def run(
        self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None, accept: Sequence[int] | None = (0,)
    ) -> _Answer:
        """Waits for git to end; LastcallError where it does so with a status that is not to be accepted (None: any is)."""
        process = self.start(*arguments, environment=environment)
        output, error = process.communicate(stdin)
        answer = _Answer(process.returncode, output, _text(error))
        if accept is not None and answer.status not in accept:
            command = next(word for word in arguments if not word.startswith("-"))
            raise LastcallError(f"git {command} failed: {_last_line(answer.error)}")
        return answer


@contextmanager
def _nothing_inherited() -> Iterator[None]:
    """GitPython hands its children all of ``os.environ`` and can only add to it: so nothing of git's is in it while a child is born."""
    with _SPAWN:
        taken = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("GIT_")}
        try:
            yield
        finally:
            os.environ.update(taken)


class _Objects:
    """The object store, through one ``cat-file --batch`` that is started when it is first needed."""

    def __init__(self, git: _Git) -> None:
        self._git = git
        self._process: Git.AutoInterrupt | None = None

    def read(self, name: str, limit: int) -> tuple[str, bytes | None] | None:
        """Type and content of an object (None where that is longer than ``limit``); None where the object is not there."""
        if self._process is None:
            self._process = self._git.start("cat-file", "--batch")
        stdin, stdout = self._pipes(self._process)
        try:
            stdin.write(name.encode() + b"\n")
            stdin.flush()
            header = stdout.readline()
        except OSError:
            header = b""
        if header.endswith(b" missing\n"):
            return None
        fields = header.split()
        if len(fields) != 3:  # noqa: PLR2004 - id, type, size
            self._check_missing(name)
            return None
        return fields[1].decode(), self._content(stdout, int(fields[2]), limit)

    def _check_missing(self, name: str) -> None:
        """Git ends where it may not fetch what a partial clone left out, which is missing like anything else; other ends are errors."""
        reason = _text(self._process.stderr.read()) if self._process else ""
        self.close()
        if "promisor remote" not in reason:
            raise LastcallError(f"git could not read the object {name}: {_last_line(reason)}", FETCH_OR_CHECK)

    def _content(self, stdout: IO[bytes], size: int, limit: int) -> bytes | None:
        if size > max(limit, _CHEAP_TO_SKIP):
            self.close()  # the next read starts another; cheaper than to pump a huge blob through
            return None
        content = stdout.read(size + 1)
        if len(content) != size + 1:
            self.close()
            raise LastcallError("git broke off in the middle of an object", FETCH_OR_CHECK)
        return content[:-1] if size <= limit else None

    @staticmethod
    def _pipes(process: Git.AutoInterrupt) -> tuple[IO[bytes], IO[bytes]]:
        return process.stdin, process.stdout

    def close(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            for pipe in (*self._pipes(process), process.stderr):
                try:
                    pipe.close()
                except OSError:
                    continue  # git ended first
            if process.proc:
                process.proc.wait()


class _Bench:
    """A throw-away bare repository in which merges are made again.

    It borrows the objects and has no configuration, no hooks, no work tree and no attributes, so that a merge in it is mechanical;
    what a merge writes stays in it.
    """

    def __init__(self, objects: Path, alternates: Path, object_format: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lastcall-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name).resolve()
        self._git = _Git(folder, environment=_NOBODY)
        self._git.run("init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(folder))
        self._git = _Git(folder, "--git-dir", str(folder), environment=_NOBODY)
        borrowed = folder / "objects" / "info" / "alternates"
        borrowed.parent.mkdir(exist_ok=True)
        borrowed.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in dict.fromkeys((objects, alternates))))

    def commit(self, tree: str, *parents: str) -> str:
        """A commit of ``tree`` that says nothing else."""
        answer = self._git.run("commit-tree", *(word for parent in parents for word in ("-p", parent)), tree, accept=None)
        if answer.status:
            raise _Refused(answer)
        return _text(answer.output).strip()

    def merge(self, ours: str, theirs: str) -> _Answer:
        return self._git.run("merge-tree", "--write-tree", "--no-messages", ours, theirs, accept=None)

    def close(self) -> None:
        self._folder.cleanup()


def _quarantine(common: Path) -> dict[str, str]:
    """The environment in which the objects of a push can be seen, from what git tells its pre-receive hook."""
    inherited = os.environ.get("GIT_QUARANTINE_PATH") or os.environ.get("GIT_OBJECT_DIRECTORY")
    if not inherited:
        return {}
    incoming = Path(inherited).resolve()
    if not incoming.is_relative_to(common):
        raise LastcallError(f"the objects of the push do not lie in the repository ({inherited})")
    main = str(common / "objects")
    return {"GIT_OBJECT_DIRECTORY": str(incoming), "GIT_QUARANTINE_PATH": str(incoming), "GIT_ALTERNATE_OBJECT_DIRECTORIES": main}


# -------------------------------------------------------------------------------------------------------------------- words


def _set(settings: Iterable[str]) -> list[str]:
    return [word for setting in settings for word in ("-c", setting)]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


_path = _text


def _plain(text: str) -> str:
    """Text of the repository's, fit for a message."""
    return _CONTROL.sub("?", text)


def _last_line(error: str) -> str:
    """The reason that git gives, which is the first line that says fatal or error, else the last."""
    lines = [line for line in error.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1] if lines else "")
    return _plain(said.removeprefix("fatal: ").removeprefix("error: "))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _looks_like_option(name: str) -> bool:
    return not name or name.startswith("-") or "\0" in name or "\n" in name


def _no_repository(path: Path, error: str, version: tuple[int, ...]) -> LastcallError:
    if version < OLDEST:
        return LastcallError(f"git {_dotted(version)} is too old to be used", f"install git {_dotted(MERGE_TREE)} or newer")
    if "dubious ownership" in error:
        return LastcallError(
            f"{path} belongs to another user, so git does not trust it", "`git config --global --add safe.directory PATH` trusts it"
        )
    if "not a git repository" in error:
        return LastcallError(f"{path} is in no git repository", "`lastcall audit FOLDER` needs none")
    return LastcallError(f"the git repository of {path} cannot be opened: {_last_line(error) or 'its path has a line break in it'}")


def _parse_commit(sha: str, content: bytes) -> Commit:
    """A commit from its object; whatever is missing in it is empty."""
    head, _, message = content.partition(b"\n\n")
    headers: dict[str, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")  # the lines of a signature begin with a space: their key is empty
        headers.setdefault(key.decode("ascii", "replace"), []).append(value)
    codec = headers.get("encoding", [b""])[0].decode("ascii", "replace")

    def text(raw: bytes) -> str:
        """Text in the commit's encoding; the codec is one that only decodes, since a commit may name any."""
        try:
            return raw.decode(codec if _TEXT_CODEC.fullmatch(codec) else "utf-8", "replace")
        except LookupError:
            return raw.decode("utf-8", "replace")

    def person(role: str) -> Person:
        name, _, rest = text(headers.get(role, [b""])[0]).partition("<")
        return Person(name.strip(), rest.partition(">")[0].strip())

    parents = tuple(value.decode() for value in headers.get("parent", []))
    return Commit(sha, headers.get("tree", [b""])[0].decode(), parents, person("author"), person("committer"), text(message))
