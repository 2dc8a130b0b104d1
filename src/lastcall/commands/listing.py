"""``queries`` and ``schema``: what was read of a tree, for people and for programs."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from lastcall.formats._untrusted import one_line, visible
from lastcall.model import Column, ForeignKey, Index, Location, Query, Side, Table, Unread

VERSION = 1
"""Of the JSON: fields may be added, never changed."""


def queries_json(side: Side) -> str:
    """Every query that was found, and what could not be read."""
    return _dump(
        {"version": VERSION, "queries": [_query(query) for query in side.queries], "unread": [_unread(each) for each in side.unread]}
    )


def schema_json(side: Side) -> str:
    """Every table with its columns, indexes and references, and what could not be read."""
    tables = [_table(table) for table in _tables(side)]
    return _dump({"version": VERSION, "dialect": side.catalog.dialect, "tables": tables, "unread": [_unread(each) for each in side.unread]})


def queries_text(side: Side) -> str:
    """A paragraph for each query: its place, its SQL, what it reads and how it joins."""
    parts = [_query_text(query) for query in side.queries]
    return _text([*parts, *_unread_text(side), _coverage(side)])


def schema_text(side: Side) -> str:
    """A paragraph for each table: its columns and indexes, with the places that made them."""
    return _text([*(_table_text(table) for table in _tables(side)), *_unread_text(side), _coverage(side)])


# ---------------------------------------------------------------------------------------------------------------- for programs


def _dump(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _query(query: Query) -> dict[str, object]:
    return {
        "path": query.location.path,
        "line": query.location.line,
        "end_line": query.location.end_line,
        "origin": query.origin,
        "sql": query.sql,
        "tables": list(query.tables),
        "joins": [{"left": join.left, "right": join.right, "kind": join.kind} for join in query.joins],
    }


def _unread(unread: Unread) -> dict[str, object]:
    place = unread.location
    return {"what": unread.what, "reason": unread.reason, "path": place.path if place else None, "line": place.line if place else None}


def _table(table: Table) -> dict[str, object]:
    return {
        "name": table.name,
        **_place(table.location),
        "certain": not table.uncertain,
        "columns": [{"name": column.name, "type": column.type, "nullable": column.nullable} for column in table.columns],
        "indexes": [_index(index) for index in table.indexes],
        "foreign_keys": [_foreign_key(key) for key in table.foreign_keys],
    }


def _index(index: Index) -> dict[str, object]:
    return {
        "name": index.name,
        "columns": list(index.columns),
        "unique": index.unique,
        "primary": index.primary,
        "where": index.where,
        "method": index.method,
        **_place(index.location),
    }


def _foreign_key(key: ForeignKey) -> dict[str, object]:
    return {"columns": list(key.columns), "table": key.table, "referenced": list(key.referenced), **_place(key.location)}


def _place(location: Location | None) -> dict[str, object]:
    return {"path": location.path if location else None, "line": location.line if location else None}


# ---------------------------------------------------------------------------------------------------------------- for people


def _text(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _query_text(query: Query) -> str:
    place = query.location
    span = f"-{place.end_line}" if place.end_line > place.line else ""
    joins = ", ".join(f"{join.left} = {join.right} ({join.kind})" for join in query.joins)
    lines = [f"{one_line(place.path)}:{place.line}{span}  {query.origin}", textwrap.indent(visible(query.sql).strip(), "    ")]
    lines += (
        _told("tables", ", ".join(query.tables))
        + _told("joins", joins)
        + _told("not in the schema", ", ".join(each.subject for each in query.unknown_tables))
    )
    return "\n".join(lines)


def _told(word: str, what: str) -> list[str]:
    return [textwrap.fill(f"{word}: {one_line(what)}", 100, initial_indent="  ", subsequent_indent="      ")] if what else []


def _tables(side: Side) -> list[Table]:
    """Each table once, sorted by name, though the catalog may know it by more than one."""
    return sorted({id(table): table for table in side.catalog.tables.values()}.values(), key=lambda table: table.name)


def _table_text(table: Table) -> str:
    uncertain = f"  (not certain: {one_line(table.uncertain)})" if table.uncertain else ""
    width = max((len(one_line(column.name)) for column in table.columns), default=0)
    lines = [f"{one_line(table.name)}{_at(table.location)}{uncertain}"]
    lines += [f"    {_column(column, width)}" for column in table.columns]
    lines += [f"  {_index_text(index)}{_at(index.location)}" for index in table.indexes]
    lines += [f"  {_key_text(key)}{_at(key.location)}" for key in table.foreign_keys]
    return "\n".join(lines)


def _column(column: Column, width: int) -> str:
    return f"{one_line(column.name):<{width}}  {one_line(column.type)}{'' if column.nullable else ' not null'}".rstrip()


def _index_text(index: Index) -> str:
    kind = "primary key" if index.primary else "unique index" if index.unique else "index"
    method = "" if index.method == "btree" else f" using {index.method}"
    where = f" where {index.where}" if index.where else ""
    name = f" {index.name}" if index.name and not index.primary else ""
    return one_line(f"{kind}{name} ({', '.join(index.columns)}){method}{where}")


def _key_text(key: ForeignKey) -> str:
    referenced = f" ({', '.join(key.referenced)})" if key.referenced else ""
    return one_line(f"foreign key ({', '.join(key.columns)}) to {key.table}{referenced}")


def _at(location: Location | None) -> str:
    return f"  [{one_line(location.path)}:{location.line}]" if location else ""


def _unread_text(side: Side) -> Iterator[str]:
    if side.unread:
        yield "\n".join(["Could not read:", *(_unread_line(each) for each in side.unread)])


def _unread_line(unread: Unread) -> str:
    place = f"{one_line(unread.location.path)}:{unread.location.line}  " if unread.location else ""
    subject = f" {one_line(unread.subject)}" if unread.subject else ""
    return f"  {place}{one_line(unread.what)}{subject}: {one_line(unread.reason)}"


def _coverage(side: Side) -> str:
    if not side.files:
        return "0 files matched: there is no SQL to read."
    indexes = sum(len(table.indexes) for table in _tables(side))
    counts = (
        _count(side.files, "file"),
        _count(len(side.queries), "query", "queries"),
        _count(len(_tables(side)), "table"),
        _count(indexes, "index", "indexes"),
    )
    notes: Sequence[str] = [one_line(note) for note in side.notes]
    return "\n".join([f"Read {', '.join(counts)}; {len(side.unread)} not read.", *notes])


def _count(number: int, word: str, plural: str = "") -> str:
    return f"{number} {word if number == 1 else plural or word + 's'}"
