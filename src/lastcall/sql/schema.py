"""What queries are judged by: the catalog, and of each table the indexes in the form in which they are looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from lastcall.model import Catalog, Column, Index, Table
from lastcall.sql.agreement import own, under
from lastcall.sql.block import Block, Conjunct
from lastcall.sql.naming import Naming
from lastcall.sql.orders import SORTED, Keyed, behind, keyed

BOOLEANS = frozenset({"BOOL", "BOOLEAN", "BIT", "BIT(1)", "TINYINT(1)"})

BY_CODE = frozenset({"", "default", "c", "posix", "ucs_basic", "pg_c_utf8", "pg_unicode_fast"})
"""PostgreSQL's collations that order letters by their codes; the database's own may be one of them."""
ROW_ADDRESS = {"postgres": "ctid", "oracle": "rowid", "sqlite": "rowid"}
"""The name of a row's place, by which every table is read at once."""
SERVING_METHODS = frozenset({"", "btree", "hash", "clustered", "nonclustered", "bitmap"})
"""Kinds of index that serve an equality.  GIN, GiST, BRIN, full-text and columnstore ones do not."""


@dataclass(frozen=True)
class Served:
    """An index that can serve, with its columns and the conjuncts of its predicate in the normal form of operands and terms."""

    index: Index
    columns: tuple[str, ...]
    where: tuple[Conjunct, ...]
    """What a query must say, too."""
    narrow: bool = False
    """Its predicate equates a column with constants: all of the index is as little as one of its values."""
    keys: tuple[Keyed, ...] = ()
    """The columns with their order, and with those that the table puts behind; empty where it has no order."""
    unranged: frozenset[str] = frozenset()
    """Columns of which it serves no range: they are under an operator class for patterns."""
    unprefixed: frozenset[str] = frozenset()
    """Columns of which it serves no LIKE with a prefix: they are in the order of some language (PostgreSQL)."""


class Schema:
    """What all queries of a tree are judged by: the catalog, the blocks of its views, and the tables whose reading does not matter."""

    def __init__(self, catalog: Catalog, views: Mapping[str, Block] | None = None, small: frozenset[str] = frozenset()) -> None:
        self.catalog = catalog
        self.dialect = catalog.dialect
        self.views = views or {}
        self.small = small
        self.naming = Naming(catalog)
        self._serving: dict[str, tuple[Served, ...]] = {}
        self._columns: dict[str, dict[str, Column]] = {}
        self._known: dict[str, Known] = {}
        self._unique: dict[str, tuple[frozenset[str], ...]] = {}

    def known(self, name: str) -> Known:
        """What ``name`` stands for."""
        found = self._known.get(name)
        if found is None:
            table = self.catalog.table(name)
            told = table.name if table else name
            small = bool({name, told, told.rpartition(".")[2]} & self.small)
            columns = self.columns(table).keys() if table and table.columns and not table.uncertain else None
            exists = table is not None or name in self.catalog.views
            found = self._known[name] = Known(told, table, exists, small, columns)
        return found

    def columns(self, table: Table) -> Mapping[str, Column]:
        """The columns of a table by name."""
        found = self._columns.get(table.name)
        if found is None:
            found = self._columns[table.name] = {column.name: column for column in table.columns}
        return found

    def serving(self, table: Table) -> tuple[Served, ...]:
        """The indexes of a table that can serve an equality, whole ones before partial ones, small before large."""
        found = self._serving.get(table.name)
        if found is None:
            useful = [index for index in table.indexes if index.method in SERVING_METHODS]
            useful.sort(key=lambda each: (bool(each.where), len(each.columns), each.columns, each.name))
            found = tuple(self._normal(index, table) for index in useful)
            if self.dialect in ROW_ADDRESS:
                place = Index("", (ROW_ADDRESS[self.dialect],), unique=True)
                found += (Served(place, place.columns, ()),)
            self._serving[table.name] = found
        return found

    def unique(self, table: Table) -> tuple[frozenset[str], ...]:
        """The sets of columns of which a table has no two rows that are equal."""
        found = self._unique.get(table.name)
        if found is None:
            serving = self.serving(table)
            found = self._unique[table.name] = tuple(frozenset(each.columns) for each in serving if each.index.unique and not each.where)
        return found

    def _normal(self, index: Index, table: Table) -> Served:
        columns: tuple[str, ...] = index.columns
        where: tuple[Conjunct, ...] = ()
        if index.where or any(column.startswith("(") for column in index.columns):
            from lastcall.sql.query import normal_forms, predicate  # noqa: PLC0415 -- the parser is loaded for the few indexes that need it

            columns = tuple(min(normal_forms(each, self.dialect)[0], key=len) if each.startswith("(") else each for each in columns)
            where = predicate(index.where, self.dialect) if index.where else ()
        known = self.columns(table)
        if index.collations:
            columns = tuple(self._collated(name, asked, known) for name, asked in zip(columns, index.collations, strict=True))
        keys = keyed(index, columns, self.dialect, behind(index, table.indexes, known, self.dialect)) if index.method in SORTED else ()
        unranged, unprefixed = self._patterns(index, columns, known) if self.dialect == "postgres" else (frozenset[str](), frozenset[str]())
        narrow = any(each.among and (column := known.get(each.column)) and column.type not in BOOLEANS for each in where)
        return Served(index, columns, where, narrow, keys, unranged, unprefixed)

    def _collated(self, name: str, asked: str, known: Mapping[str, Column]) -> str:
        """A column of an index by its name; by an expression, where the index has it under another collation than its own."""
        column = known.get(name)
        return under(name, asked, own(column, self.dialect)) if asked and column is not None else name

    @staticmethod
    def _patterns(index: Index, columns: Sequence[str], known: Mapping[str, Column]) -> tuple[frozenset[str], frozenset[str]]:
        """PostgreSQL's manual, 11.10: ``text_pattern_ops`` serves LIKE and no range; others LIKE where letters stand by their codes."""
        opclasses = index.opclasses or ("",) * len(columns)
        collations = index.collations or ("",) * len(columns)
        pattern = frozenset(name for name, opclass in zip(columns, opclasses, strict=True) if opclass.endswith("_pattern_ops"))
        spoken = frozenset(
            name
            for name, plain, said in zip(columns, index.columns, collations, strict=True)
            if name not in pattern and (said or (known[plain].collation if plain in known else "")) not in BY_CODE
        )
        return pattern, spoken


class Known(NamedTuple):
    """What the schema says of a name in FROM that is no view: the table, where there is one, and what goes for every source of it."""

    name: str
    table: Table | None
    exists: bool
    small: bool
    columns: AbstractSet[str] | None
    """Where they are known for sure."""
