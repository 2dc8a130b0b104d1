"""Which indexes might help a query: one on each column that it compares, joins, sorts or groups by and that no whole index leads.

Found by names alone, without the engine's own view of the query, so that the judge does not inherit its mistakes: rather one too many, for
what does not help is dropped again.  What the engine suggests is tried besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlglot import exp

from lastcall.model import Catalog, Query, Table
from lastcall.sql.query import name_of

_CLAUSES = (exp.Where, exp.Join, exp.Order, exp.Having, exp.Group, exp.Min, exp.Max, exp.Merge, exp.Distinct, exp.Qualify, exp.Window)
_WHOLE = frozenset({"", "btree", "clustered", "nonclustered", "bitmap"})
_DEEPEST = 20


class Candidate(NamedTuple):
    """An index that is not there: the table's folded name, and its key columns (an expression in parentheses)."""

    table: str
    columns: tuple[str, ...]


class Reading(NamedTuple):
    """What a tree reads: ``tables`` of the catalog, ``views`` by name, and the names that are in neither."""

    tables: tuple[Table, ...]
    views: tuple[str, ...]
    unknown: tuple[str, ...]
    trees: tuple[exp.Expr, ...]
    """The query's own tree, and those of its views."""


NOTHING = Reading((), (), (), ())


def reading(tree: exp.Expr, catalog: Catalog, views: Mapping[str, exp.Expr]) -> Reading:
    """The tables that a query reads, by itself or through ``views``."""
    tables: dict[str, Table] = {}
    seen: dict[str, None] = {}
    unknown: dict[str, None] = {}
    trees: list[exp.Expr] = []
    pending = [tree]
    while pending and len(trees) <= _DEEPEST * _DEEPEST:
        each = pending.pop()
        trees.append(each)
        ctes = {cte.alias.lower() for cte in each.find_all(exp.CTE)}
        for table in each.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier):
                continue  # a function
            name = name_of(table)
            found = catalog.table(name)
            if not table.db and name in ctes:
                continue
            if name in views and found is None:
                pending += [views[name]] if name not in seen else []
                seen[name] = None
            elif found is None:
                unknown[name] = None
            else:
                tables[found.name] = found
    return Reading(tuple(tables.values()), tuple(seen), tuple(unknown), tuple(trees))


def candidates(query: Query, read: Reading, catalog: Catalog) -> tuple[Candidate, ...]:
    """The indexes to try for ``query``, sorted by name; those that the engine suggests come last."""
    columns = {table.name: {column.name for column in table.columns} for table in read.tables}
    leading = {
        table.name: {index.columns[0] for index in table.indexes if index.columns and not index.where and index.method in _WHOLE}
        for table in read.tables
    }
    named = {
        Candidate(table, (column,))
        for table, column in _named(read.trees, columns, catalog)
        if column in columns[table] and column not in leading[table]
    }
    return (*sorted(named), *sorted(set(suggested(query, columns)) - named))


def meant(read: Reading, catalog: Catalog) -> dict[str, str]:
    """The table that each name or alias of a query stands for."""
    return {name: table for tree in read.trees for name, tables in _aliases(tree, catalog).items() for table in sorted(tables)}


def suggested(query: Query, columns: Mapping[str, Iterable[str]]) -> Iterator[Candidate]:
    """What the engine found to be missing, on tables that are there."""
    for access in query.accesses:
        if access.missing is not None and access.table.name in columns:
            yield Candidate(access.table.name, access.missing.columns)


def _named(trees: Iterable[exp.Expr], columns: Mapping[str, Iterable[str]], catalog: Catalog) -> Iterator[tuple[str, str]]:
    every = list(trees)
    outputs = _outputs(every)
    for tree in every:
        aliases = _aliases(tree, catalog)
        for clause in tree.find_all(*_CLAUSES):
            for column in clause.find_all(exp.Column):
                yield from _of(column, outputs, aliases, columns)
            for name in _shared(clause):
                yield from ((table, name) for table in columns)
        for subquery in tree.find_all(exp.In, exp.EQ):  # what a sub-query gives is compared as well
            for output in _compared(subquery):
                for column in output.find_all(exp.Column):
                    yield from _of(column, outputs, aliases, columns)


def _of(
    column: exp.Column, outputs: Mapping[str, list[exp.Column]], aliases: Mapping[str, set[str]], columns: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str]]:
    """The columns of tables that a column of the query may be: itself, or what an output of that name is made of."""
    seen: set[str] = set()
    pending = [column]
    while pending and len(seen) < _DEEPEST:
        each = pending.pop()
        name = each.name.lower()
        tables = aliases.get(each.table.lower()) if each.table else None
        yield from ((table, name) for table in (tables or columns) if table in columns)
        if name not in seen:
            seen.add(name)
            pending += outputs.get(name, ())


def _outputs(trees: Iterable[exp.Expr]) -> dict[str, list[exp.Column]]:
    """The columns that each alias of an output stands for."""
    found: dict[str, list[exp.Column]] = {}
    for tree in trees:
        for alias in tree.find_all(exp.Alias):
            found.setdefault(alias.alias.lower(), []).extend(list(alias.this.find_all(exp.Column))[:_DEEPEST])
        for name, output in _by_position(tree):
            found.setdefault(name, []).extend(list(output.find_all(exp.Column))[:_DEEPEST])
    return found


def _by_position(tree: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """The outputs that have another's name: in the arms of a UNION that of the first arm's, else the one in a list behind an alias."""
    for united in tree.find_all(exp.SetOperation):
        first, other = _selected(united.this), _selected(united.expression)
        yield from ((one.alias_or_name.lower(), another) for one, another in zip(first, other, strict=False))
    for derived in tree.find_all(exp.Subquery, exp.CTE):
        alias = derived.args.get("alias")
        listed = alias.args.get("columns") or () if isinstance(alias, exp.TableAlias) else ()
        yield from ((name.name.lower(), output) for name, output in zip(listed, _selected(derived.this), strict=False))


def _selected(query: exp.Expr) -> list[exp.Expr]:
    select = query.find(exp.Select)
    return list(select.expressions) if select else []


def _aliases(tree: exp.Expr, catalog: Catalog) -> dict[str, set[str]]:
    """The tables that a name before a dot may stand for; one name may stand for several, in different parts of a query."""
    found: dict[str, set[str]] = {}
    for table in tree.find_all(exp.Table):
        known = catalog.table(name_of(table)) if isinstance(table.this, exp.Identifier) else None
        for name in {table.alias_or_name.lower(), table.name.lower()}:
            found.setdefault(name, set()).update({known.name} if known else ())
    for derived in tree.find_all(exp.Subquery, exp.CTE, exp.Lateral):
        found.pop(derived.alias.lower(), None)  # its columns are those of any table in it
    return {name: tables for name, tables in found.items() if tables}


def _shared(clause: exp.Expr) -> Iterator[str]:
    """The columns of USING, which stand there without a table."""
    using = clause.args.get("using") if isinstance(clause, exp.Join) else None
    for each in using if isinstance(using, list) else ():
        yield str(each.name).lower()


def _compared(comparison: exp.Expr) -> Iterator[exp.Expr]:
    inner = comparison.args.get("query") or comparison.args.get("expression")
    yield from _selected(inner) if isinstance(inner, (exp.Subquery, exp.Select)) else ()
