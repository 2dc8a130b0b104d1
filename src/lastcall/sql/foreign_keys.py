"""Which foreign keys no index serves.

Whoever deletes a row that others refer to, or changes its key, makes the server look for those others: by an index that begins with the
columns of the foreign key, or by reading the whole table for each row that is deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from lastcall.model import Catalog, ForeignKey, Index, Table
from lastcall.sql.naming import Naming
from lastcall.sql.schema import SERVING_METHODS

_NOT_NULL = re.compile(r"(?:NOT )?(\w+) IS (?:NOT )?NULL")


def with_missing(catalog: Catalog, small: AbstractSet[str]) -> Catalog:
    """The catalog with the index that each foreign key lacks (``ForeignKey.missing``).

    Nothing is lacking in tables that are not known for sure, and in ``small`` ones.
    """
    naming = Naming(catalog)
    told = {table.name: tuple(_told(naming, table)) for table in catalog.tables.values() if _judged(table, small)}
    changed = {name: replace(catalog.tables[name], foreign_keys=keys) for name, keys in told.items() if any(key.missing for key in keys)}
    return replace(catalog, tables={**catalog.tables, **changed}) if changed else catalog


def _judged(table: Table, small: AbstractSet[str]) -> bool:
    return bool(table.foreign_keys) and not table.uncertain and not {table.name, table.name.rpartition(".")[2]} & small


def _told(naming: Naming, table: Table) -> Iterator[ForeignKey]:
    known = {column.name for column in table.columns}
    for key in table.foreign_keys:
        lacks = known >= set(key.columns) and not any(serves(index, key) for index in table.indexes)
        yield replace(key, missing=naming.suggested(table.name, key.columns)) if lacks else key


def serves(index: Index, key: ForeignKey) -> bool:
    """Whether an index finds the rows that refer to a given one: the columns of the key lead it, in any order.

    A partial index serves where all it leaves out are nulls of these columns.
    """
    columns = set(key.columns)
    if index.method not in SERVING_METHODS or set(index.columns[: len(columns)]) != columns:
        return False
    if index.method == "hash" and len(index.columns) > len(columns):
        return False
    kept = {found[1] if (found := _NOT_NULL.fullmatch(part.strip("()"))) else "" for part in index.where.split(" AND ")}
    return not index.where or kept <= columns
