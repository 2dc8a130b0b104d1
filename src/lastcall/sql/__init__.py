"""SQL: from the files of a tree to its schema, its queries, and how each query reaches its tables.

``read`` does it in two steps.  Each file is read by itself (``file``, cached by the id of its content); then everything is linked: the DDL
of all files is replayed into one catalog, and each query is judged by it.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lastcall.model import Blob, Catalog, Kind, Location, Progress, Query, QueryPolicy, Side, Tree, Unread, no_progress
from lastcall.plugins import discover
from lastcall.sql.frontends import Frontend

if TYPE_CHECKING:
    from lastcall.sql.block import Block
    from lastcall.sql.dialect import Dialect
    from lastcall.sql.facts import Facts, Placed
    from lastcall.sql.schema import Schema
    from lastcall.sql.store import Store

LIMIT = 16 << 20
"""Files longer than this are not read: 16 MiB of SQL is data, not queries."""
AT_ONCE = 500
"""Files after which what was read is put into the store, so that a run that is broken off was not in vain."""
IN_MEMORY = 32 << 20
"""Bytes of files that are held at once."""
WORTH = 40_000
"""Characters that take far longer to read than it takes to start another process for them."""
WORTH_JUDGING = 80_000
"""Characters of queries that take far longer to judge."""
TOGETHER = 50
"""Queries that one process judges before it takes more of them."""


def read(tree: Tree, policy: QueryPolicy, progress: Progress = no_progress) -> Side:
    """The schema and the queries of one ``tree``, as ``Reader`` reads them."""
    return Reader(policy, progress).read(tree)


class Reader:
    """Reads the trees of one run, in one dialect; what two of them share is read once, and judged once where the schema is the same."""

    def __init__(self, policy: QueryPolicy, progress: Progress = no_progress) -> None:
        self.policy = policy
        self.progress = progress
        self.frontends = discover("lastcall.sql.frontends", Frontend)
        self.dialect: Dialect | None = None
        self._facts: dict[str, Facts] = {}
        self._schema: Schema | None = None
        self._judged: dict[int, Query] = {}

    def read(self, tree: Tree) -> Side:
        """The schema and the queries of ``tree``: which tables and indexes its DDL leaves, and how each query reaches its tables.

        Raises LastcallError for a dialect that does not exist.  What cannot be read is in ``Side.unread``.
        """
        from lastcall.sql.dialect import detect, named  # noqa: PLC0415 -- nothing of this is loaded by a run that reads no query
        from lastcall.sql.processes import undisturbed  # noqa: PLC0415

        if self.dialect is None:
            self.dialect = named(self.policy.dialect) if self.policy.dialect else detect(tree)
        blobs, unread, notes = _chosen(tree, self.policy, self.frontends)
        with undisturbed():
            facts = self._read_files(tree, blobs, self.dialect)
            return self._link(facts, self.dialect, unread, notes)

    def _read_files(self, tree: Tree, blobs: Sequence[Blob], dialect: Dialect) -> dict[str, Facts]:
        """The facts of each file by its path: from this run, or from the store, where its content was read before."""
        from lastcall.sql.facts import Facts  # noqa: PLC0415
        from lastcall.sql.store import Store  # noqa: PLC0415

        keys = {blob.path: _key(dialect.name, blob) for blob in blobs}
        with Store.open(_namespace()) as store:
            known = store.get_many(key for key in keys.values() if key not in self._facts)
            self._facts.update({key: facts for key, facts in known.items() if isinstance(facts, Facts)})
            self._read_fresh(tree, [blob for blob in blobs if keys[blob.path] not in self._facts], dialect.name, store)
        return {path: self._facts[key] for path, key in keys.items()}

    def _read_fresh(self, tree: Tree, blobs: Sequence[Blob], dialect: str, store: Store) -> None:
        """Read files of which nothing is known; many at a time, since several processes may share them."""
        batch: list[_Source] = []
        for number, blob in enumerate(blobs, 1):
            batch.append(_source(tree, blob, _key(dialect, blob), self.frontends))
            if number == len(blobs) or len(batch) == AT_ONCE or sum(len(each.data or b"") for each in batch) > IN_MEMORY:
                self._read_batch(batch, dialect, store, number - len(batch), len(blobs))
                batch.clear()

    def _read_batch(self, batch: Sequence[_Source], dialect: str, store: Store, done: int, total: int) -> None:
        from lastcall.sql.processes import shared_out  # noqa: PLC0415

        if any(source.frontends for source in batch):
            import lastcall.sql.file  # noqa: F401, PLC0415 -- the parser is loaded once, and not by every process

        told: dict[str, bytes] = {}
        fresh: dict[str, Facts] = {}
        for source, facts, pickled in shared_out(batch, _Source.weight, WORTH, partial(_read_source, dialect=dialect)):
            self.progress("reading", done, total)
            done += 1
            self._facts[source.key] = facts
            if pickled is None:
                fresh[source.key] = facts
            else:
                told[source.key] = pickled
        store.put_many(fresh)
        store.put_pickled(told)

    def _link(self, facts: Mapping[str, Facts], dialect: Dialect, unread: Sequence[Unread], notes: Sequence[str]) -> Side:
        """Replay the DDL of all files into one catalog, and judge every query by it."""
        from lastcall.sql.catalog import replay  # noqa: PLC0415
        from lastcall.sql.foreign_keys import with_missing  # noqa: PLC0415
        from lastcall.sql.migrations import in_dialect, is_migration, order  # noqa: PLC0415
        from lastcall.sql.naming import agreed  # noqa: PLC0415

        telling = self._telling(facts)
        catalog, gaps = replay(in_dialect([facts[path] for path in order(telling)], dialect.name), dialect.name)
        catalog = with_missing(catalog, self._small)
        views = {view.name: view for path in telling for view in facts[path].views}
        schema = self._judge_by(catalog, {name: view.block for name, view in views.items()})
        # A migration's own queries run once, under the eyes of whoever releases it.
        judged = (path for path in facts if facts[path].queries and not (facts[path].operations and is_migration(path)))
        queries = self._judge([placed for path in judged for placed in facts[path].queries], schema)
        catalog, settled = agreed(catalog, queries, schema.naming)
        return Side(
            catalog=catalog,
            queries=settled,
            unread=(*unread, *gaps, *(each for found in facts.values() for each in found.unread)),
            ignores=tuple(each for found in facts.values() for each in found.ignores),
            files=len(facts),
            notes=(f"dialect: {dialect.name} ({dialect.evidence})", *notes),
            views={name: view.sql for name, view in views.items()},
        )

    @property
    def _small(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.policy.small_tables)

    def _telling(self, facts: Mapping[str, Facts]) -> list[str]:
        """The files that say anything of the schema, and that the policy does not pass over."""
        telling = [path for path, found in facts.items() if found.operations or found.views]
        if not self.policy.schema:
            return telling
        import pathspec  # noqa: PLC0415

        named = pathspec.GitIgnoreSpec.from_lines(self.policy.schema)
        return [path for path in telling if named.match_file(path)]

    def _judge_by(self, catalog: Catalog, views: Mapping[str, Block]) -> Schema:
        from lastcall.sql.schema import Schema  # noqa: PLC0415

        if self._schema is None or self._schema.catalog != catalog or self._schema.views != views:
            self._schema = Schema(catalog, views, self._small)
            self._judged.clear()
        return self._schema

    def _judge(self, queries: Sequence[Placed], schema: Schema) -> list[Query]:
        """Each query by what ``schema`` has for it; several processes may share them."""
        from lastcall.sql.processes import shared_out  # noqa: PLC0415

        # The facts are kept as long as this, so that no other query can have the id of one.
        fresh = [placed for placed in queries if id(placed) not in self._judged]
        parts = [fresh[start : start + TOGETHER] for start in range(0, len(fresh), TOGETHER)]
        tables = schema.catalog.tables.values()
        known = [*tables, *(index for table in tables for index in table.indexes)]
        for part, judged, _ in shared_out(parts, _length, WORTH_JUDGING, partial(_queries, schema=schema), known):
            self._judged.update(zip(map(id, part), judged, strict=True))
        return [self._judged[id(placed)] for placed in queries]


def _length(queries: Sequence[Placed]) -> int:
    return sum(len(placed.lowered.sql) for placed in queries)


def _queries(part: Sequence[Placed], schema: Schema) -> list[Query]:
    return [_query(placed, schema) for placed in part]


def _key(dialect: str, blob: Blob) -> str:
    return hashlib.sha256(f"{dialect}\0{blob.path}\0{blob.id}".encode("utf-8", "surrogateescape")).hexdigest()


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


def _namespace() -> str:
    """What the facts of a file depend on besides the file: the code that reads it, as installed, and the version of the parser."""
    parser = find_spec("sqlglot")  # found, not loaded
    folders = [Path(__file__).parent, *map(Path, (parser and parser.submodule_search_locations) or ())]
    sources = [*sorted(folders[0].rglob("*.py")), *(folder / "_version.py" for folder in folders[1:])]
    stamp = [(source.name, source.stat().st_size, source.stat().st_mtime_ns) for source in sources if source.exists()]
    return hashlib.sha256(repr(stamp).encode()).hexdigest()[:16]


class _Source(NamedTuple):
    """A file to read: its bytes, None of one that is too large, and the front ends that find something in it."""

    key: str
    path: str
    data: bytes | None
    frontends: tuple[Frontend, ...]

    def weight(self) -> int:
        return len(self.data or b"")


def _source(tree: Tree, blob: Blob, key: str, frontends: Mapping[str, Frontend]) -> _Source:
    data = tree.read(blob, LIMIT)
    if data is None:
        return _Source(key, blob.path, None, ())
    reading = tuple(each for each in frontends.values() if blob.path.lower().endswith(tuple(each.suffixes)) and each.relevant(data))
    return _Source(key, blob.path, data if reading else b"", reading)


def _read_source(source: _Source, dialect: str) -> Facts:
    from lastcall.sql.dialect import of_text  # noqa: PLC0415
    from lastcall.sql.facts import Facts  # noqa: PLC0415
    from lastcall.sql.file import read as read_text  # noqa: PLC0415

    place = Location(source.path, 1)
    if source.data is None:
        return Facts(unread=(Unread("file", f"it is larger than {LIMIT >> 20} MiB", place),))
    if not source.frontends:
        return Facts()
    text, trouble = _decoded(source.data)
    unread = (Unread("file", trouble, place),) if trouble else ()
    if text is None:
        return Facts(unread=unread)
    spoken = of_text(text, source.path) if any(each.plain for each in source.frontends) else None
    found = [read_text(each, source.path, text, (spoken if each.plain else None) or dialect) for each in source.frontends]
    return Facts(
        operations=tuple(each for facts in found for each in facts.operations),
        views=tuple(each for facts in found for each in facts.views),
        queries=tuple(each for facts in found for each in facts.queries),
        unread=unread + tuple(each for facts in found for each in facts.unread),
        ignores=tuple(dict.fromkeys(each for facts in found for each in facts.ignores)),
        dialect=spoken or "",
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
        hazards=found.hazards,
        unknown_tables=found.unknown,
    )
