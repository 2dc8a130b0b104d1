"""The repository, read so that nothing in it is run and nothing in it has a say.

All git is plumbing, started by GitPython with no inherited ``GIT_*`` variable, no replace ref, no graft, no hook, no network and no lazy
fetch; what a repository could configure (fsmonitor, external diffs, text conversion, attributes, mailmap, ignored revisions) is set to
nothing.  Objects come as they are stored, through one ``cat-file --batch``; trees are compared through one ``diff-tree --stdin``.  Who
descends from whom is looked up in the commits themselves where it is near.  Merges that leave nothing to decide are made in memory; the
others are made again in a throw-away bare repository that borrows the objects, because ``merge-tree`` obeys the ``.gitattributes`` that it
finds where it stands.

Paths are bytes to git and ``str`` here: UTF-8, other bytes as lone surrogates (``surrogateescape``), so that ``os.fsencode`` gives the
bytes back; ``json.dumps`` writes such a character as ``\\udcNN``, a stream needs ``errors="surrogateescape"`` or ``"backslashreplace"``.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from lastcall.git.ancestry import Ancestry
from lastcall.git.bench import Bench
from lastcall.git.configuration import Configuration
from lastcall.git.differences import Difference, Differences
from lastcall.git.mechanical import Mechanical
from lastcall.git.objects import FULL_ID, LARGEST_COMMIT, Objects, object_id, parse_commit
from lastcall.git.process import (
    FETCH_ALL,
    FETCH_OBJECTS,
    FETCH_OR_CHECK,
    Answer,
    Plumbing,
    Refused,
    dotted,
    incoming,
    last_line,
    options,
    plain,
    text,
)
from lastcall.git.signatures import Signers, signed
from lastcall.git.trees import StoredTree, WorkTree, stored
from lastcall.model import Blob, Commit, LastcallError, SubmoduleMove, Tree

__all__ = ["FETCH_ALL", "MERGE_TREE", "OLDEST", "Repository", "Tag", "Tip", "WorkTree"]

OLDEST = (2, 31)
"""The first git that can be used at all (``rev-parse --path-format``)."""

MERGE_TREE = (2, 38)
"""The first git that can merge without a work tree (``merge-tree --write-tree``)."""

_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)[^/@]*@")
_SIGNATURE = re.compile(r"^-----BEGIN [A-Z ]+-----$", re.MULTILINE)
_BRANCHES = ("refs/heads/", "refs/remotes/origin/")
"""The later ones win."""

_TOGETHER = 100
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{4,64}")
_LARGE_TREE = 1 << 18
_BLAMED = re.compile(rb"([0-9a-f]{40,64}) \d+ \d+(?: \d+)?")


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a branch is: ``ref`` as one writes it (``release/2.4``, ``origin/release/2.4``); ``note`` tells what was chosen between."""

    ref: str
    commit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a commit: ``object`` is the tag object's id (the commit's, for a lightweight tag); ``message`` has no signature.

    ``named`` is the name that stands in the tag object, which another ref to it does not change; empty for a lightweight tag.
    """

    name: str
    object: str
    commit: str
    annotated: bool
    message: str = ""
    named: str = ""


class Repository:
    """A git repository, read safely: a context manager, with one process that reads objects and one that compares trees.

    Commits are given as full ids; any other ref is resolved first.  Everything raises LastcallError where the clone lacks what is needed.
    """

    def __init__(self, git: Plumbing, root: Path | None, common: Path, *, shallow: bool, object_format: str) -> None:
        self.root = root
        self.git_dir = git.directory
        self.shallow = shallow
        self.object_format = object_format
        self._git = git
        self._common = common
        self._configuration = Configuration(git)
        self._objects = Objects(git)
        self._bench: Bench | None = None
        self._commits: dict[str, Commit] = {}
        self._differences = Differences(git)
        self._differing: dict[str, Difference] = {}
        self._ancestry = Ancestry(self._commit_content)
        self._bases: dict[tuple[str, str], tuple[str, ...]] = {}
        self._descent: dict[tuple[str, str], bool] = {}
        self._mechanical = Mechanical(self._tree_content, object_format)
        self._signers: dict[bytes, Signers] = {}

    @classmethod
    def open(cls, path: Path, *, quarantine: bool = False) -> Self:
        """The repository that ``path`` lies in.

        ``quarantine`` also sees the objects that a push is bringing in (in a pre-receive hook); they must lie in the repository.
        """
        start = path if path.is_dir() else path.parent
        if not path.exists():
            raise LastcallError(f"{path} does not exist")
        git = Plumbing(start)
        facts = ("--is-shallow-repository", "--show-object-format", "--path-format=absolute", "--git-common-dir", "--git-dir")
        answer = git.run("rev-parse", *facts, accept=None)
        lines = text(answer.output).removesuffix("\n").split("\n")
        if answer.status or len(lines) != 4:  # noqa: PLR2004 - one line for each fact
            raise _no_repository(path, answer.error, git.version)
        common, git_dir = (Path(line).resolve() for line in lines[2:])
        top = git.run("rev-parse", "--show-toplevel", accept=None)
        root = None if top.status else Path(text(top.output).removesuffix("\n")).resolve()
        if root and not start.resolve().is_relative_to(root):
            root = None  # core.worktree points somewhere else; that is not where we stand
        environment = incoming(common) if quarantine else {}
        inside = Plumbing(git_dir, "--git-dir", str(git_dir), environment=environment)
        return cls(inside, root, common, shallow=lines[0] == "true", object_format=lines[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the git processes and removes the throw-away repository."""
        self._objects.close()
        self._differences.close()
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
        return text(answer.output).removesuffix("\n").removeprefix("refs/heads/") or None

    def default_branch(self) -> str | None:
        """The branch that origin/HEAD names, else main or master where there is one."""
        answer = self._git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", accept=None)
        if not answer.status:
            return text(answer.output).removesuffix("\n").removeprefix("refs/remotes/origin/")
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

    def branches(self) -> Mapping[str, str]:
        """Every branch by its short name, with its commit: origin's remote-tracking one, else the local one."""
        found = {ref: commit for ref, commit, kind in self._refs("refs/heads", "refs/remotes/origin") if kind == "commit"}
        short = {prefix: {ref.removeprefix(prefix): found[ref] for ref in found if ref.startswith(prefix)} for prefix in _BRANCHES}
        return {name: commit for names in short.values() for name, commit in names.items() if name != "HEAD"}

    def tip(self, branch: str) -> str | None:
        """The commit of a branch: the remote-tracking one of origin, else the local one; None where the clone has neither."""
        return self.branches().get(branch)

    def resolve(self, ref: str) -> str:
        """The commit that ``ref`` names; where a branch and a tag of that name differ, neither is guessed."""
        found = None if _looks_like_option(ref) else self._peeled(ref)
        if found is None:
            raise self._missing(ref, "commit")
        if not FULL_ID.fullmatch(ref):
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
        settings = ["user.useConfigOnly=true", *self._configuration.own_programs(), *self._configuration.no_hooks()]
        flags = ["--annotate", "--sign" if sign else "--no-sign", "--cleanup=verbatim", "--file=-"]
        answer = self._git.run(
            *options(settings),
            "tag",
            *flags,
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
                f"the tag {name} could not be made: {last_line(answer.error)}", "signing uses your own git settings" if sign else ""
            )

    def delete_tag(self, name: str) -> None:
        """Takes the tag ``name`` away."""
        self._check_tag_name(name)
        found = self._refs(f"refs/tags/{name}", exact=True)
        if not found:
            raise self._missing(name, "tag")
        self._git.run(*options(self._configuration.no_hooks()), "update-ref", "-d", "--no-deref", f"refs/tags/{name}", found[0][1])

    def remotes(self) -> tuple[str, ...]:
        """The URLs of the remotes, origin's first, without the user names and passwords that stand in them."""
        urls = [(name, value) for name, value in self._configuration.of_remotes("url") if value]
        return tuple(_CREDENTIALS.sub(r"\1", url) for _, url in sorted(urls, key=lambda pair: pair[0] != "origin"))

    # -------------------------------------------------------------------------------------------------------------- history

    def has(self, sha: str) -> bool:
        """Whether the object with this full id is in the clone."""
        return bool(FULL_ID.fullmatch(sha)) and len(sha) == self._width and self._objects.read(sha, 0) is not None

    def commit(self, sha: str) -> Commit:
        """The commit as its object says it: no mailmap, graft or replace ref; text that is not in its encoding is shown with U+FFFD.

        Hexadecimal digits are an id, in full or in part, and never a ref.
        """
        sha = self._full(sha)
        if sha not in self._commits:
            self._learn(sha, self._need_commit(sha))
        return self._commits[sha]

    def signer(self, sha: str, allowed: bytes) -> str | None:
        """By whose ssh key a commit is signed, of those that ``allowed`` lists (ssh-keygen's ALLOWED SIGNERS); None: by none of them.

        It is everybody for whom the file lists the key today, as the file writes them, with commas between.  Other kinds of signatures
        count for nothing, since no file of the base says whose keys to trust.  Raises LastcallError where signatures cannot be verified.
        """
        found = signed(self._need_commit(self._full(sha)), self.object_format)
        if found is None:
            return None
        if allowed not in self._signers:
            self._signers[allowed] = Signers(self._configuration.own_keygen, allowed)
        return self._signers[allowed].signer(found)

    def commits(self, exclude: str | None, include: str) -> tuple[Commit, ...]:
        """What is reachable from ``include`` and not from ``exclude`` (None: all), parents before children; dates decide nothing."""
        included, excluded = self._id(include), self._id(exclude) if exclude else ""
        listed = self._listed(included, *([f"^{excluded}"] if excluded else []))
        self._read_together([sha for sha in listed if sha not in self._commits])
        found = tuple(self.commit(sha) for sha in listed)
        cut = next((commit for commit in found if commit.sha in self._cut and commit.parents), None)
        if cut:
            raise LastcallError(f"this clone is shallow: the history before {cut.sha[:12]} is missing", FETCH_ALL)
        return self._without_ancestors(found, excluded) if excluded else found

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether ``ancestor`` is reachable from ``descendant``; in a shallow clone a "no" is not known, and raises."""
        ancestor, descendant = self._id(ancestor), self._id(descendant)
        near = self._near_bases(ancestor, descendant)
        if near is not None:
            return near == (ancestor,)
        if (ancestor, descendant) in self._descent:
            return self._descent[ancestor, descendant]
        answer = self._git.run("merge-base", "--is-ancestor", ancestor, descendant, accept=None)
        self._check_reach(answer, f"whether {ancestor[:12]} is an ancestor of {descendant[:12]}")
        self._descent[ancestor, descendant] = answer.status == 0
        return answer.status == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, the first where there are several; None where they have none."""
        return next(iter(self.merge_bases(one, other)), None)

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """The best common ancestors of two commits: several where branches were merged crosswise, none where histories are unrelated."""
        one, other = self._id(one), self._id(other)
        near = self._near_bases(one, other)
        if near is not None:
            return near
        answer = self._git.run("merge-base", "--all", one, other, accept=None)
        self._check_reach(answer, f"what {one[:12]} and {other[:12]} have in common")
        return tuple(text(answer.output).split())

    def changed_paths(self, commit: str, since: str | None = None) -> tuple[str, ...]:
        """The paths in which a commit differs from ``since``, a rename counted as both its paths.

        Without that, from its first parent; all paths of a root commit.
        """
        return self._difference(commit, since).paths

    def submodules(self, commit: str, since: str | None = None) -> tuple[SubmoduleMove, ...]:
        """The submodules that a commit moves, adds or takes away, against ``since`` or its first parent; all of a root commit."""
        return self._difference(commit, since).submodules

    def merge_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a mechanical merge of two commits; None where they conflict or have no common history.

        Of several merge bases git makes one by merging them, as forges do; ``merge_bases`` tells where that is so.
        """
        ours, theirs = self._id(ours), self._id(theirs)
        bases = self._near_bases(ours, theirs)
        if bases:
            self._mechanical.made.clear()
            plain = self._mechanical.merge(*(self.commit(sha).tree for sha in (*bases, ours, theirs)))
            if plain:
                return plain
        return self._outcome(self._workbench.merge(ours, theirs), f"the merge of {ours[:12]} and {theirs[:12]}")

    def replay_tree(self, original: str, onto: str) -> str | None:
        """The tree of a mechanical cherry-pick of ``original`` (against its first parent) onto ``onto``; None where it conflicts."""
        return self.replay_line([original], onto)

    def replay_line(self, originals: Sequence[str], onto: str) -> str | None:
        """The tree of mechanical cherry-picks, each onto what the one before gave; None where one conflicts."""
        picked = [self.commit(original) for original in originals]
        steps = [(self._first_tree(commit), commit.tree, f"the pick of {commit.sha[:12]}") for commit in picked]
        return self._carried(self.commit(onto).tree, steps)

    def revert_tree(self, reverted: str, onto: str) -> str | None:
        """The tree of a mechanical revert of ``reverted`` (against its first parent) on ``onto``; None where it conflicts."""
        return self.revert_line([reverted], onto)

    def revert_line(self, reverted: Sequence[str], onto: str) -> str | None:
        """The tree of mechanical reverts, each on what the one before gave; None where one conflicts."""
        taken = [self.commit(each) for each in reverted]
        steps = [(commit.tree, self._first_tree(commit), f"the revert of {commit.sha[:12]}") for commit in taken]
        return self._carried(self.commit(onto).tree, steps)

    def blame(self, commit: str, path: str, first: int, last: int, exclude: str | None = None) -> tuple[str, ...]:
        """The commits of ``exclude..commit`` that last touched lines ``first`` to ``last``; none where there are no such lines."""
        wanted = [self._id(commit), *([f"^{self._id(exclude)}"] if exclude else [])]
        # blame.ignoreRevsFile is a list that "" does not empty: git sorts it first.
        flags = ("--porcelain", "--root", "--no-textconv", "--no-ignore-revs-file")
        answer = self._git.run("blame", *flags, f"-L{first},{last}", *wanted, "--", path, accept=None)
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
        return StoredTree(self._read, (stored(*text(head).split()[::2], path=path) for head, _, path in entries))

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
        return StoredTree(self._read, (stored(mode, name, path=path) for _, mode, name, _, path in entries))

    def work_tree(self) -> WorkTree:
        """The files on disk that are tracked, or neither tracked nor ignored."""
        entries = self._index({})
        root = self._need_root()
        # What to ignore is said by .gitignore files and by the user, not by the repository's configuration.
        excludes = f"core.excludesFile={self._configuration.own_excludes}"
        listed = self._git.run(
            "-C", str(root), "--work-tree", str(root), *options([excludes]), "ls-files", "-z", "--others", "--exclude-standard"
        )
        untracked = (text(name) for name in listed.output.split(b"\0") if name)
        modules = {text(path): name for _, mode, name, _, path in entries if mode == "160000"}
        sparse = {text(path) for tag, _, _, _, path in entries if tag == "S"}
        return WorkTree(root, {text(path) for *_, path in entries} | set(untracked), modules, sparse, self.object_format)

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
                tag, mode, name, stage = text(head).split()
                entries.append((tag, mode, name, stage, path))
        return entries

    def _need_root(self) -> Path:
        if self.root is None:
            raise LastcallError(f"{self.git_dir} has no work tree", "say which commit to read: `--head REF`")
        return self.root

    # -------------------------------------------------------------------------------------------------------------- parts

    def _full(self, ref: str) -> str:
        """The full id of a commit that is given by a part of it, or else by a ref."""
        if not _HEXADECIMAL.fullmatch(ref) or len(ref) == self._width:
            return self._id(ref)
        found = self._objects.find_commit(ref.lower())
        if found is None:
            raise LastcallError(f"there is no one commit {ref} in this clone")
        return found

    def _read_together(self, shas: Sequence[str]) -> None:
        """Takes note of commits, many at a time; whatever is odd about one is told when it is asked for by itself."""
        for start in range(0, len(shas), _TOGETHER):
            for sha, (kind, content) in self._objects.read_together(shas[start : start + _TOGETHER], LARGEST_COMMIT).items():
                if kind == "commit" and object_id(kind, content, self.object_format) == sha:
                    self._learn(sha, content)

    def _learn(self, sha: str, content: bytes) -> None:
        self._ancestry.learn(sha, content)
        self._commits[sha] = parse_commit(sha, content)

    def _need_commit(self, sha: str) -> bytes:
        content = self._commit_content(sha)
        if content is None:
            raise self._absent(f"commit {sha}")
        return content

    def _commit_content(self, sha: str) -> bytes | None:
        """A commit as it is stored; None where it is missing."""
        found = self._objects.read(sha, LARGEST_COMMIT)
        if found is None:
            return None
        kind, content = found
        if kind != "commit" or content is None:
            raise LastcallError(f"{sha} is {'too large a' if kind == 'commit' else 'a ' + kind + ', no'} commit")
        if object_id(kind, content, self.object_format) != sha:
            raise LastcallError(f"the commit {sha} is not what its name says", FETCH_OR_CHECK)
        return content

    def _tree_content(self, name: str) -> bytes | None:
        """A tree as it is stored; None where it is missing, or very large."""
        found = self._objects.read(name, _LARGE_TREE)
        return found[1] if found and found[0] == "tree" else None

    def _id(self, ref: str) -> str:
        return ref if FULL_ID.fullmatch(ref) else self.resolve(ref)

    def _peeled(self, ref: str) -> str | None:
        answer = self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", accept=None)
        found = text(answer.output).strip()
        return found if not answer.status and FULL_ID.fullmatch(found) else None

    def _listed(self, *wanted: str) -> list[str]:
        answer = self._git.run("rev-list", "--topo-order", "--reverse", *wanted, "--", accept=None)
        if answer.status:
            raise self._failed("the history could not be listed", answer)
        return text(answer.output).split()

    def _without_ancestors(self, found: tuple[Commit, ...], excluded: str) -> tuple[Commit, ...]:
        """Takes out what ``rev-list`` lists too much: it stops looking by date, so backdated commits can hide what is excluded behind them.

        Whatever it lists too much, it lists the ancestors of too: so if the eldest of each line are right, all are.
        """
        listed = {commit.sha for commit in found}
        eldest = [commit.sha for commit in found if not listed.intersection(commit.parents)]
        if not any(self._is_below(sha, excluded) for sha in eldest):
            return found
        known = set(self._listed(excluded))
        return tuple(commit for commit in found if commit.sha not in known)

    def _is_below(self, sha: str, excluded: str) -> bool:
        """Whether ``sha`` is an ancestor of ``excluded``, as far as the clone goes."""
        near = self._near_bases(sha, excluded)
        if near is not None:
            return near == (sha,)
        return self._git.run("merge-base", "--is-ancestor", sha, excluded, accept=None).status == 0

    def _refs(self, *patterns: str, exact: bool = False) -> list[tuple[str, str, str]]:
        """Full name, object id and object type of the refs under the patterns, or of those that a pattern names in full."""
        answer = self._git.run("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", *patterns)
        rows = [line.split(" ") for line in text(answer.output).split("\n") if line]
        return [(ref, name, kind) for ref, name, kind in rows if not exact or ref in patterns]

    def _branches(self, name: str) -> list[tuple[str, str]]:
        """The local branch and the remote-tracking ones of that name, origin's first: how one would write each, and its commit."""
        remotes = dict.fromkeys(["origin", *sorted({remote for remote, _ in self._configuration.of_remotes("url")})])
        wanted = [f"refs/heads/{name}", *(f"refs/remotes/{remote}/{name}" for remote in remotes), f"refs/remotes/{name}"]
        found = {ref: commit for ref, commit, kind in self._refs(*wanted, exact=True) if kind == "commit"}
        return [(ref.split("/", 2)[2], found[ref]) for ref in wanted if ref in found]

    def _compared(self, ref: str, commit: str, other: str, its: str) -> str:
        answer = self._git.run("rev-list", "--count", "--left-right", f"{commit}...{its}", "--", accept=None)
        if answer.status:
            return f"{other} is elsewhere"
        ahead, behind = text(answer.output).split()
        parts = [f"{count} {word}" for count, word in ((ahead, "ahead of"), (behind, "behind")) if count != "0"]
        return f"local {ref} is {' and '.join(parts)} {other}"

    def _tag(self, name: str, target: str) -> Tag | None:
        """The tag that names the object ``target``; None where that leads to no commit."""
        messages: list[str] = []
        named, pointed = "", target
        while found := self._objects.read(pointed, LARGEST_COMMIT):
            kind, content = found
            if kind == "commit":
                return Tag(name, target, pointed, bool(messages), next(iter(messages), ""), named)
            if kind != "tag" or content is None:
                return None
            head, _, body = content.partition(b"\n\n")
            headers = dict(line.partition(b" ")[::2] for line in reversed(head.split(b"\n")))
            named = named if messages else text(headers.get(b"tag", b""))
            messages.append(_SIGNATURE.split(body.decode("utf-8", "replace"))[0].strip())
            pointed = headers.get(b"object", b"").decode("ascii", "replace")
            if not FULL_ID.fullmatch(pointed):
                return None
        raise self._absent(f"what the tag {name} names")

    def _check_tag_name(self, name: str) -> None:
        if _looks_like_option(name) or self._git.run("check-ref-format", f"refs/tags/{name}", accept=None).status:
            raise LastcallError(f"{plain(name)!r} cannot be the name of a tag")

    @cached_property
    def _cut(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out."""
        return frozenset((self._common / "shallow").read_text().split()) if self.shallow else frozenset()

    @property
    def _width(self) -> int:
        """How many digits an id has."""
        return len(self._empty_tree)

    @cached_property
    def _empty_tree(self) -> str:
        return object_id("tree", b"", self.object_format)

    @property
    def _workbench(self) -> Bench:
        if self._bench is None:
            if self._git.version < MERGE_TREE:
                has = dotted(self._git.version)
                raise LastcallError(f"merges cannot be made again with git {has}", f"install git {dotted(MERGE_TREE)} or newer")
            self._bench = Bench(self._git.objects or self._common / "objects", self._common / "objects", self.object_format)
        return self._bench

    def _first_tree(self, commit: Commit) -> str:
        """The tree that a commit changed: its first parent's, or the empty one."""
        return self.commit(commit.parents[0]).tree if commit.parents else self._empty_tree

    def _difference(self, commit: str, since: str | None = None) -> Difference:
        """Kept for first parents, of which the paths and the submodules are asked; the others are asked once, and may be long."""
        after = self.commit(commit)
        if since is None and after.sha in self._differing:
            return self._differing[after.sha]
        try:
            found = self._differences.between(self.commit(since).tree if since else self._first_tree(after), after.tree)
        except Refused as refused:
            raise self._failed(f"the changes of {after.sha[:12]} could not be listed", refused.answer) from None
        return found if since else self._differing.setdefault(after.sha, found)

    def _near_bases(self, one: str, other: str) -> tuple[str, ...] | None:
        """The merge base, where that is known or near, and nothing is cut off; None: git can tell."""
        if self.shallow:
            return None
        if (one, other) not in self._bases:
            found = self._ancestry.merge_bases(one, other)
            if found is None:
                return None
            self._bases[one, other] = found
        return self._bases[one, other]

    def _carried(self, tree: str, steps: Iterable[tuple[str, str, str]]) -> str | None:
        """``tree`` with the changes, each from one tree to another; None where one conflicts.  The third part names a step."""
        self._mechanical.made.clear()
        for before, after, what in steps:
            carried = self._mechanical.merge(before, tree, after)
            if carried is None:
                for made in self._mechanical.made.values():
                    self._workbench.write("tree", made)
                carried = self._outcome(self._workbench.merge_over(before, tree, after), what)
            if carried is None:
                return None
            tree = carried
        return tree

    def _outcome(self, answer: Answer, what: str) -> str | None:
        tree = text(answer.output).split("\n", 1)[0]
        # Before 2.45 git only complains of a tree that is missing, and takes it for an empty one.
        broken = any(line.startswith("error: ") for line in answer.error.splitlines())
        if answer.status in {0, 1} and FULL_ID.fullmatch(tree) and not broken:
            return None if answer.status else tree  # a conflict writes a tree too; without one, something is missing
        if not self.shallow and "unrelated histories" in answer.error:
            return None
        raise self._failed(f"{what} could not be made again", answer)

    # -------------------------------------------------------------------------------------------------------------- errors

    def _missing(self, ref: str, what: str) -> LastcallError:
        """There is no such ref: the nearest names, and how it could come to be here."""
        shown = plain(ref)
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
        if self._configuration.partial:
            return LastcallError(f"this clone is partial and lacks {what}", FETCH_OBJECTS)
        return LastcallError(f"the repository lacks {what}", FETCH_OR_CHECK)

    def _failed(self, what: str, answer: Answer) -> LastcallError:
        reason = last_line(answer.error)
        hint = FETCH_ALL if self.shallow else FETCH_OBJECTS if self._configuration.partial else FETCH_OR_CHECK
        return LastcallError(f"{what}{': ' + reason if reason else ''}", hint)

    def _check_reach(self, answer: Answer, what: str) -> None:
        """Merge-base says 1 for "no": true in a whole clone, not known in a shallow one."""
        if answer.status > 1:
            raise self._failed(f"git cannot tell {what}", answer)
        if answer.status and self.shallow:
            raise LastcallError(f"this clone is shallow: git cannot tell {what}", FETCH_ALL)


def _looks_like_option(name: str) -> bool:
    return not name or name.startswith("-") or "\0" in name or "\n" in name


def _no_repository(path: Path, error: str, version: tuple[int, ...]) -> LastcallError:
    if version < OLDEST:
        return LastcallError(f"git {dotted(version)} is too old to be used", f"install git {dotted(MERGE_TREE)} or newer")
    if "dubious ownership" in error:
        return LastcallError(
            f"{path} belongs to another user, so git does not trust it", "`git config --global --add safe.directory PATH` trusts it"
        )
    if "not a git repository" in error:
        return LastcallError(f"{path} is in no git repository", "`lastcall audit FOLDER` needs none")
    return LastcallError(f"the git repository of {path} cannot be opened: {last_line(error) or 'its path has a line break in it'}")
