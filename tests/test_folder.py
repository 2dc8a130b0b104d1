"""A plain folder is a tree like any other: nothing in it is followed out of it, and nothing in it can stop the reader."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from lastcall.folder import Folder
from lastcall.model import Kind, LastcallError, Tree


def test_a_folder_lists_its_files_by_path_with_their_git_ids(tmp_path: Path) -> None:
    for path in ("b.sql", "a/z.sql", "a/b/c.sql", "a.sql"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    tree: Tree = Folder(tmp_path)
    assert [blob.path for blob in tree.blobs] == ["a.sql", "a/b/c.sql", "a/z.sql", "b.sql"]
    assert tree.blobs[0].id == hashlib.sha1(b"blob 5\0a.sql").hexdigest()
    assert [tree.read(blob, 100) for blob in tree.blobs] == [blob.path.encode() for blob in tree.blobs]


@pytest.mark.parametrize("name", [".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".tox"])
def test_other_peoples_folders_are_skipped(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub" / name / "deep").mkdir(parents=True)
    (tmp_path / "sub" / name / "deep" / "x.sql").write_text("SELECT 1;\n")
    (tmp_path / "sub" / "y.sql").write_text("SELECT 1;\n")
    assert [blob.path for blob in Folder(tmp_path).blobs] == ["sub/y.sql"]


def test_a_virtual_environment_is_skipped_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "env" / "x.sql").touch()
    assert Folder(tmp_path).blobs == ()
    assert [blob.path for blob in Folder(tmp_path / "env").blobs] == ["pyvenv.cfg", "x.sql"]  # asked for by name


def test_symbolic_links_are_listed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.sql").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").symlink_to(tmp_path / "secret" / "key.sql")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to(root)
    (root / "nowhere").symlink_to("gone")
    tree = Folder(root)
    assert [(blob.path, blob.kind) for blob in tree.blobs] == [(name, Kind.SYMLINK) for name in ("file", "folder", "loop", "nowhere")]
    assert tree.read(tree.blobs[3], 100) == b"gone"
    assert tree.read(tree.blobs[0], 100) == os.fsencode(tmp_path / "secret" / "key.sql")
    assert tree.unread == ()


def test_a_single_file_is_a_tree_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1;\n")
    (tmp_path / "b.sql").write_text("SELECT 2;\n")
    tree = Folder(tmp_path / "a.sql")
    assert [blob.path for blob in tree.blobs] == ["a.sql"]
    assert tree.read(tree.blobs[0], 100) == b"SELECT 1;\n"


def test_a_file_longer_than_the_limit_is_not_given(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("1234")
    tree = Folder(tmp_path)
    assert tree.read(tree.blobs[0], 4) == b"1234"
    assert tree.read(tree.blobs[0], 3) is None


def test_an_enormous_file_is_listed_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "dump.sql").open("wb") as file:
        file.truncate(50 << 30)  # a hole, which takes no room
    tree = Folder(tmp_path)
    assert [blob.path for blob in tree.blobs] == ["dump.sql"]
    assert tree.read(tree.blobs[0], 1 << 20) is None


def test_what_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.sql").touch()
    os.mkfifo(tmp_path / "pipe.sql")
    tree = Folder(tmp_path)
    assert [blob.path for blob in tree.blobs] == ["a.sql"]
    (told,) = tree.unread
    assert (told.what, told.subject, told.reason) == ("file", "pipe.sql", "cannot be opened: it is no regular file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.sql").touch(mode=0o000)
    (tmp_path / "b").mkdir(mode=0o000)
    tree = Folder(tmp_path)
    assert tree.blobs == ()
    assert [(each.what, each.subject) for each in tree.unread] == [("file", "a.sql"), ("folder", "b/")]


def test_any_file_name_survives(tmp_path: Path) -> None:
    name = b"caf\xe9\nnew line.sql"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    tree = Folder(tmp_path)
    assert [os.fsencode(blob.path) for blob in tree.blobs] == [name]
    assert tree.read(tree.blobs[0], 10) == b"x"


def test_a_file_that_changes_under_our_eyes_is_told(tmp_path: Path) -> None:
    for name in ("a.sql", "b.sql"):
        (tmp_path / name).write_text("1")
    tree = Folder(tmp_path)
    (tmp_path / "a.sql").write_text("2")
    (tmp_path / "b.sql").unlink()
    for blob in tree.blobs:
        with pytest.raises(LastcallError, match=blob.path):
            tree.read(blob, 100)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LastcallError, match="does not exist"):
        Folder(tmp_path / "nowhere")
