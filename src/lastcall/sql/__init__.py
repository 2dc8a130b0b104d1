"""SQL: from the files of a tree to its schema, its queries, and how each query reaches its tables.

``read`` does it in two steps.  Each file is read by itself (``file``, cached by the id of its content); then everything is linked: the DDL
of all files is replayed into one catalog, and each query is judged by it.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lastcall.model import Blob, Kind, Location, Progress, Query, QueryPolicy, Side, Tree, Unread, no_progress
from lastcall.plugins import discover
from lastcall.sql.frontends import Frontend

if TYPE_CHECKING:
    from lastcall.sql.dialect import Dialect
    from lastcall.sql.file import Facts, Placed
    from lastcall.sql.unit import Schema

LIMIT = 16 << 20
"""Files longer than this are not read: 16 MiB of SQL is data, not queries."""


def read(tree: Tree, policy: QueryPolicy, progress: Progress = no_progress) -> Side:
    """The schema and the queries of ``tree``: which tables and indexes its DDL leaves, and how each query reaches its tables.

    Raises LastcallError for a dialect that does not exist.  What cannot be read is in ``Side.unread``.
    """
    from lastcall.sql.dialect import detect, named  # noqa: PLC0415 -- nothing of this is loaded by a run that reads no query

    frontends = discover("lastcall.sql.frontends", Frontend)
    blobs, unread, notes = _chosen(tree, policy, frontends)
    dialect = named(policy.dialect) if policy.dialect else detect(tree)
    facts = dict(_facts(tree, blobs, frontends, dialect, progress))
    return _link(facts, policy, dialect, unread, notes)


def relevant(path: str, data: bytes) -> bool:
    """Whether a file can hold anything that ``read`` would read: by its name and a scan of its bytes, without a parser."""
    frontends = discover("lastcall.sql.frontends", Frontend).values()
    return any(path.lower().endswith(tuple(each.suffixes)) and each.relevant(data) for each in frontends)


def _chosen(tree: Tree, policy: QueryPolicy, frontends: Mapping[str, Frontend]) -> tuple[list[Blob], list[Unread], list[str]]:
    """The files that a front end reads and the policy does not exclude; links and submodules, which are not followed, as unread."""
    import pathspec  # noqa: PLC0415

    suffixes = tuple(suffix for frontend in frontends.values() for suffix in frontend.suffixes)
    excluded = pathspec.GitIgnoreSpec.from_lines(policy.exclude)
    chosen: list[Blob] = []
    unread = list(tree.unread)
    left_out = 0
    for blob in tree.blobs:
        if blob.kind is Kind.SUBMODULE:
            unread.append(Unread("submodule", "what is in a submodule is not read", Location(blob.path, 1), blob.path))
        elif blob.path.lower().endswith(suffixes):
            if excluded.match_file(blob.path):
                left_out += 1
            elif blob.kind is Kind.SYMLINK:
                unread.append(Unread("file", "it is a symbolic link, and links are not followed", Location(blob.path, 1)))
            else:
                chosen.append(blob)
    notes = [f"{left_out} files were left out by queries.exclude ({', '.join(policy.exclude)})"] if left_out else []
    if not chosen:
        notes.append(f"0 files matched: none ends in {', '.join(sorted(set(suffixes)))}")
    return chosen, unread, notes


def _facts(
    tree: Tree, blobs: Sequence[Blob], frontends: Mapping[str, Frontend], dialect: Dialect, progress: Progress
) -> Iterator[tuple[str, Facts]]:
    """The facts of each file, from the store where its content was read before."""
    from lastcall.sql.store import Store  # noqa: PLC0415

    with Store.open(_namespace()) as store:
        keys = {
            blob.path: hashlib.sha256(f"{dialect.name}\0{blob.path}\0{blob.id}".encode("utf-8", "surrogateescape")).hexdigest()
            for blob in blobs
        }
        known = store.get_many(keys.values())
        fresh: dict[str, object] = {}
        for number, blob in enumerate(blobs):
            progress("reading", number, len(blobs))
            facts = known.get(keys[blob.path])
            if facts is None:
                facts = fresh[keys[blob.path]] = _read_file(tree, blob, frontends, dialect.name)
            yield blob.path, facts  # type: ignore[misc]
        store.put_many(fresh)


def _namespace() -> str:
    """What the facts of a file depend on besides the file: the code that reads it, as installed, and the version of the parser."""
    from importlib.metadata import version  # noqa: PLC0415

    sources = sorted(Path(__file__).parent.rglob("*.py"))
    stamp = [(source.name, source.stat().st_size, source.stat().st_mtime_ns) for source in sources]
    return f"{version('sqlglot')}-{hashlib.sha256(repr(stamp).encode()).hexdigest()[:16]}"


def _read_file(tree: Tree, blob: Blob, frontends: Mapping[str, Frontend], dialect: str) -> Facts:
    from lastcall.sql.dialect import of_text  # noqa: PLC0415
    from lastcall.sql.file import Facts  # noqa: PLC0415
    from lastcall.sql.file import read as read_text  # noqa: PLC0415

    place = Location(blob.path, 1)
    data = tree.read(blob, LIMIT)
    if data is None:
        return Facts(unread=(Unread("file", f"it is larger than {LIMIT >> 20} MiB", place),))
    reading = [each for each in frontends.values() if blob.path.lower().endswith(tuple(each.suffixes)) and each.relevant(data)]
    if not reading:
        return Facts()
    text, trouble = _decoded(data)
    unread = (Unread("file", trouble, place),) if trouble else ()
    if text is None:
        return Facts(unread=unread)
    found = [read_text(each, blob.path, text, (of_text(text, blob.path) if each.plain else None) or dialect) for each in reading]
    return Facts(
        operations=tuple(each for facts in found for each in facts.operations),
        views=tuple(each for facts in found for each in facts.views),
        queries=tuple(each for facts in found for each in facts.queries),
        unread=unread + tuple(each for facts in found for each in facts.unread),
        ignores=tuple(dict.fromkeys(each for facts in found for each in facts.ignores)),
    )


def _decoded(data: bytes) -> tuple[str | None, str]:
    """The text of a file, None where it has none, and what was wrong with it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), ""
    if b"\0" in data:
        return None, "it is binary"
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return data.decode("latin-1"), f"it is not UTF-8 (line {line}): it was read as Latin-1, and names may be wrong"


def _link(facts: Mapping[str, Facts], policy: QueryPolicy, dialect: Dialect, unread: Sequence[Unread], notes: Sequence[str]) -> Side:
    """Replay the DDL of all files into one catalog, and judge every query by it."""
    import pathspec  # noqa: PLC0415

    from lastcall.sql.catalog import is_migration, order, replay  # noqa: PLC0415
    from lastcall.sql.unit import Schema  # noqa: PLC0415

    named = pathspec.GitIgnoreSpec.from_lines(policy.schema) if policy.schema else None
    told = [path for path in facts if named is None or named.match_file(path)]
    operations = [operation for path in order(told) for operation in facts[path].operations]
    catalog, gaps = replay(operations, dialect.name)
    views = {name: block for path in told for name, block in facts[path].views}
    schema = Schema(catalog, views, frozenset(name.lower() for name in policy.small_tables))
    # A migration's own queries run once, under the eyes of whoever releases it.
    judged = (path for path in sorted(facts) if not (is_migration(path) and facts[path].operations))
    queries = tuple(_query(placed, schema) for path in judged for placed in facts[path].queries)
    return Side(
        catalog=catalog,
        queries=queries,
        unread=(*unread, *gaps, *(each for path in sorted(facts) for each in facts[path].unread)),
        ignores=tuple(each for path in sorted(facts) for each in facts[path].ignores),
        files=len(facts),
        notes=(f"dialect: {dialect.name} ({dialect.evidence})", *notes),
    )


def _query(placed: Placed, schema: Schema) -> Query:
    from lastcall.sql.access import reading  # noqa: PLC0415

    lowered = placed.lowered
    found = reading(lowered, schema, placed.location)
    return Query(
        sql=lowered.sql,
        shape=lowered.shape,
        origin=placed.origin,
        location=placed.location(lowered.span),
        tables=found.tables,
        joins=found.joins,
        accesses=found.accesses,
        unknown_tables=found.unknown,
    )
