"""What must hold of every schema and every query: many of both, put together at random (with seeds), and looked at twice.

A query is kept as its parts, so that it can be written in several ways that mean the same: with other aliases, with its tables, its terms
and the sides of its equalities in another order, in other letters, with other blanks and comments, with other values.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Finding, Policy, Position, QueryPolicy, Release

SEEDS = range(100, 114)
QUERIES = 16
"""Queries of each schema."""

# ---------------------------------------------------------------------------------------------------------------- schemas

NAMES = ["teams", "users", "orders", "items", "tags", "notes"]
COLUMNS = {"name": "text", "status": "text", "total": "bigint", "created": "timestamptz", "active": "boolean"}


@dataclass(frozen=True)
class Table:
    name: str
    columns: Mapping[str, str]
    references: Mapping[str, str]
    """By a column the table whose ``id`` it holds."""
    ddl: str
    indexes: tuple[str, ...] = ()


def table(r: random.Random, number: int) -> Table:
    name, columns = NAMES[number], {"id": "bigint"}
    said = ["id bigint PRIMARY KEY"]
    references = {}
    for other in r.sample(NAMES[:number], min(number, r.randint(1, 2))):
        column = f"{other[:-1]}_id"
        references[column] = other
        columns[column] = "bigint"
        said.append(f"{column} bigint{r.choice(['', ' NOT NULL'])}{r.choice(['', f' REFERENCES {other} ( id )'])}")
    for column in r.sample(list(COLUMNS), r.randint(2, 4)):
        columns[column] = COLUMNS[column]
        said.append(f"{column} {COLUMNS[column]}{r.choice(['', ' NOT NULL'])}")
    if r.random() < 0.3:
        said.append(f"UNIQUE ( {', '.join(r.sample(list(columns)[1:], 2))} )")
    made = Table(name, columns, references, f"CREATE TABLE {name} ( {', '.join(said)} )")
    return replace(made, indexes=tuple(index(r, made, f"{name}_{each}") for each in range(r.randint(0, 4))))


def index(r: random.Random, of: Table, name: str) -> str:
    keys = r.sample(list(of.columns)[1:], r.choice([1, 1, 1, 2, 3]) if len(of.columns) > 3 else 1)
    texts = [key for key in keys if of.columns[key] == "text"]
    on = ", ".join(keys)
    if texts and r.random() < 0.2:
        on = f"lower ( {texts[0]} )"
    where = r.choice(["", "", "", f" WHERE {keys[-1]} IS NOT NULL", " WHERE status = 'open'" if "status" in of.columns else ""])
    method = r.choice(["", "", "", " USING hash"]) if "," not in on and not on.startswith("lower") else ""
    return f"CREATE {r.choice(['', '', 'UNIQUE ']) if not method else ''}INDEX {name}_i ON {of.name}{method} ( {on} ){where}"


# ---------------------------------------------------------------------------------------------------------------- queries


@dataclass(frozen=True)
class Term:
    """``left op right``; of an OR its ``arms``, of a sub-query its ``block``.  ``{x1}`` is the alias of a source, ``{}`` a value."""

    left: str = ""
    op: str = ""
    right: str = ""
    arms: tuple[Term, ...] = ()
    block: Block | None = None


@dataclass(frozen=True)
class Source:
    alias: str
    table: str
    block: Block | None = None
    left: tuple[Term, ...] = ()
    """Of a LEFT JOIN its condition."""


@dataclass(frozen=True)
class Block:
    sources: tuple[Source, ...]
    terms: tuple[Term, ...]
    commas: bool = False
    """Whether inner joins are written with commas, and their conditions in WHERE."""
    outputs: tuple[str, ...] = ("1",)
    tail: str = ""
    union: Block | None = None
    ctes: tuple[tuple[str, Block], ...] = ()


FILTERS = {
    "text": ["= {}", "= {}", "= $1", "IN ( {}, {} )", "LIKE {prefix}", "IS NULL", "<> {}", "LIKE {infix}", "IS NOT NULL", "= 'open'"],
    "bigint": ["= {}", "= $1", "IN ( {}, {} )", "BETWEEN {} AND {}", "> {}", "<= {}", "IS NULL"],
    "timestamptz": ["> now()", "BETWEEN $1 AND $2", "= $1", "IS NULL"],
    "boolean": ["", "= true"],
}


class Maker:
    """Makes queries of a schema."""

    def __init__(self, r: random.Random, tables: Sequence[Table]) -> None:
        self.r = r
        self.tables = {each.name: each for each in tables}
        self.made = 0

    def alias(self) -> str:
        self.made += 1
        return f"x{self.made}"

    def filter(self, alias: str, of: Table) -> Term:
        column = self.r.choice(list(of.columns))
        kind = of.columns[column]
        said = self.r.choice(FILTERS[kind])
        left = f"{{{alias}}}.{column}"
        if kind == "text" and self.r.random() < 0.15:
            left, said = f"lower ( {left} )", "= {}"
        op, _, right = said.partition(" ")
        return Term(left, op, right)

    def term(self, sources: Mapping[str, Table]) -> Term:
        alias = self.r.choice(list(sources))
        if self.r.random() < 0.2:
            other = self.r.choice([alias, alias, *sources])
            return Term(arms=(self.filter(alias, sources[alias]), self.filter(other, sources[other])))
        return self.filter(alias, sources[alias])

    def edges(self, sources: Mapping[str, Table]) -> list[tuple[str, str, str, str]]:
        """Every way to join another table: an alias here and its column, the other table and its column."""
        found = []
        for alias, each in sources.items():
            found += [(alias, column, other, "id") for column, other in each.references.items()]
            found += [
                (alias, "id", other.name, column)
                for other in self.tables.values()
                for column, to in other.references.items()
                if to == each.name
            ]
        return found

    def block(self, depth: int = 0) -> Block:
        r = self.r
        first = self.alias()
        inner = {first: r.choice(list(self.tables.values()))}
        sources, terms, lefts = [Source(first, inner[first].name)], list[Term](), list[Source]()
        for _ in range(r.choice([0, 1, 1, 2, 3]) if not depth else r.choice([0, 1])):
            edges = self.edges(inner)
            if not edges:
                break
            here, column, other, key = r.choice(edges)
            alias = self.alias()
            tie = Term(f"{{{here}}}.{column}", "=", f"{{{alias}}}.{key}")
            if r.random() < 0.25:
                lefts.append(
                    Source(alias, other, left=(tie, *(self.filter(alias, self.tables[other]) for _ in range(r.choice([0, 0, 1])))))
                )
            else:
                inner[alias] = self.tables[other]
                sources.append(Source(alias, other, self.derived(other) if r.random() < 0.1 else None))
                terms.append(tie)
        terms += [self.term(inner) for _ in range(r.choice([0, 1, 1, 2]))]
        if depth < 2 and r.random() < 0.3:
            terms.append(self.sub(inner))
        made = Block((*sources, *lefts), tuple(terms), commas=r.random() < 0.3, tail=self.tail(inner) if not depth else "")
        if not depth and r.random() < 0.1:
            return replace(made, tail="", union=replace(self.block(2), tail=""))
        return self.with_cte(made) if not depth and r.random() < 0.1 else made

    def derived(self, name: str) -> Block:
        alias = self.alias()
        terms = (self.filter(alias, self.tables[name]),) if self.r.random() < 0.5 else ()
        return Block((Source(alias, name),), terms, outputs=(f"{{{alias}}}.*",))

    def with_cte(self, made: Block) -> Block:
        """The first source of the query from a common table expression."""
        first = made.sources[0]
        return replace(made, sources=(replace(first, table="recent"), *made.sources[1:]), ctes=(("recent", self.derived(first.table)),))

    def sub(self, inner: Mapping[str, Table]) -> Term:
        """IN, EXISTS, NOT EXISTS or a scalar, joined to one of the tables around it."""
        edges = self.edges(inner)
        if not edges:
            return self.term(inner)
        here, column, other, key = self.r.choice(edges)
        alias = self.alias()
        terms = tuple(self.filter(alias, self.tables[other]) for _ in range(self.r.choice([0, 1])))
        block = Block((Source(alias, other),), terms, outputs=(f"{{{alias}}}.{key}",))
        tie = Term(f"{{{alias}}}.{key}", "=", f"{{{here}}}.{column}")
        how = self.r.choice(["IN", "EXISTS", "NOT EXISTS", "scalar"])
        if how == "IN":
            return Term(f"{{{here}}}.{column}", "IN", block=block)
        tied = replace(block, terms=(*terms, tie), outputs=("1",))
        return Term("1", "=", block=replace(tied, outputs=("count ( * )",))) if how == "scalar" else Term("", how, block=tied)

    def tail(self, inner: Mapping[str, Table]) -> str:
        alias = self.r.choice(list(inner))
        column = self.r.choice(list(inner[alias].columns))
        way = self.r.choice(["", " DESC", " DESC NULLS LAST"])
        return self.r.choice(["", "", "", f" ORDER BY {{{alias}}}.{column}{way} LIMIT 10", " LIMIT 5"])


# ---------------------------------------------------------------------------------------------------------------- ways to write them


@dataclass
class Style:
    """How a query is written; by itself as its parts stand."""

    aliases: Callable[[str], str] = str
    order: Callable[[list[str]], list[str]] = list
    turned: Callable[[], bool] = bool
    value: Callable[[str], str] = str
    names: dict[str, str] = field(default_factory=dict)

    def query(self, block: Block) -> str:
        ctes = ", ".join(f"{name} AS ( {self.query(each)} )" for name, each in block.ctes)
        said = (f"WITH {ctes} " if ctes else "") + self.select(block)
        return said + (f" UNION ALL {self.select(block.union)}" if block.union else "")

    def select(self, block: Block) -> str:
        inner = [source for source in block.sources if not source.left]
        for source in block.sources:
            self.names[source.alias] = self.aliases(source.alias)
        aliases = {source.alias for source in inner}
        ties = [term for term in block.terms if term.op == "=" and term.right.startswith("{x") and len(aliases & set(_aliases(term))) == 2]
        terms = [term for term in block.terms if block.commas or term not in ties]
        ordered = self.connected(inner, ties)
        joined = self.joined(ordered, [] if block.commas else ties, commas=block.commas)
        text = f"SELECT {', '.join(map(self.named, block.outputs))} FROM {joined}"
        for source in block.sources:
            if source.left:
                text += f" LEFT JOIN {self.source(source)} ON {self.terms(source.left)}"
        return text + (f" WHERE {self.terms(terms)}" if terms else "") + self.named(block.tail)

    def connected(self, sources: Sequence[Source], ties: Sequence[Term]) -> list[Source]:
        """The sources in an order in which each is tied to one before it."""
        ordered: list[Source] = []
        left = {source.alias: source for source in sources}
        while left:
            there = {source.alias for source in ordered}
            ready = [alias for alias in left if not there or any(alias in _aliases(tie) and there & set(_aliases(tie)) for tie in ties)]
            ordered.append(left.pop(self.order(ready or list(left))[0]))
        return ordered

    def joined(self, sources: Sequence[Source], ties: Iterable[Term], *, commas: bool) -> str:
        if commas:
            return ", ".join(map(self.source, sources))
        text, there, ahead = self.source(sources[0]), {sources[0].alias}, list(ties)
        for source in sources[1:]:
            there.add(source.alias)
            now = [tie for tie in ahead if set(_aliases(tie)) <= there]
            ahead = [tie for tie in ahead if tie not in now]
            text += f" JOIN {self.source(source)} ON {self.terms(now)}"
        return text

    def source(self, source: Source) -> str:
        return f"{f'( {self.query(source.block)} )' if source.block else source.table} AS {self.names[source.alias]}"

    def terms(self, terms: Sequence[Term]) -> str:
        return " AND ".join(self.order([self.term(term) for term in terms]))

    def term(self, term: Term) -> str:
        if term.arms:
            return f"( {' OR '.join(self.order([self.term(arm) for arm in term.arms]))} )"
        if term.block is not None:
            return " ".join(filter(None, [self.named(term.left), term.op, f"( {self.query(term.block)} )"]))
        left, right = self.named(term.left), self.named(term.right)
        if term.op == "=" and self.turned():
            left, right = right, left
        return " ".join(filter(None, [left, term.op, right]))

    def named(self, text: str) -> str:
        return re.sub(r"\{(\w*)\}", lambda found: self.names[found[1]] if found[1] in self.names else self.value(found[1]), text)


def _aliases(term: Term) -> list[str]:
    return re.findall(r"\{(x\d+)\}", f"{term.left} {term.right}")


def value(what: str) -> str:
    return {"prefix": "'ab%'", "infix": "'%ab'"}.get(what, "7")


PLAIN = Style(value=value)


def laid_out(r: random.Random, text: str) -> str:
    """Other blanks, comments between the words, other letters in words without quotes."""
    blanks = [" ", "  ", "\n", "\t", " /* a 'comment' */ ", " -- it's another\n"]

    def other(found: re.Match[str]) -> str:
        if found[0] == " ":
            return r.choice(blanks)
        return found[0] if found[0].startswith("'") else "".join(r.choice([each.upper(), each.lower()]) for each in found[0])

    return re.sub(r"'[^']*'| |\w+", other, text)


# ---------------------------------------------------------------------------------------------------------------- worlds


@dataclass(frozen=True)
class World:
    """A schema and its queries."""

    tables: tuple[Table, ...]
    queries: tuple[Block, ...]

    @property
    def ddl(self) -> list[str]:
        return [statement for each in self.tables for statement in (each.ddl, *each.indexes)]


def world(seed: int) -> World:
    r = random.Random(seed)
    tables = tuple(table(r, number) for number in range(r.randint(3, len(NAMES))))
    maker = Maker(r, tables)
    return World(tables, tuple(maker.block() for _ in range(QUERIES)))


Said = Mapping[int, Sequence[Finding]]
"""By the number of a query what is found in it; -1: in the schema."""


def judged(folder, ddl: Sequence[str], queries: Sequence[str], names: Sequence[str] = ()) -> Said:
    """What a check finds; every query has a file of its own, and the schema those of ``names`` in turn."""
    for old in folder.glob("*.sql"):
        old.unlink()
    files: dict[str, list[str]] = {}
    for number, statement in enumerate(ddl):
        files.setdefault(names[number % len(names)] if names else "schema", []).append(statement)
    for name, statements in files.items():
        (folder / f"{name}.sql").write_text(";\n".join([*statements, ""]), encoding="utf-8")
    for number, query in enumerate(queries):
        (folder / f"query{number}.sql").write_text(query + ";\n", encoding="utf-8")
    policy = QueryPolicy(dialect="postgres", exclude=())
    side = sql.read(Folder(folder), policy)
    assert not side.unread, side.unread
    found: dict[int, list[Finding]] = {}
    for each in check.check(Release(Position.TREE, "", after=side), Policy(queries=policy))[0]:
        number = re.fullmatch(r"query(\d+)\.sql", each.location.path if each.location else "")
        found.setdefault(int(number[1]) if number else -1, []).append(each)
    return found


def told(found: Said) -> dict[int, set[tuple[object, ...]]]:
    """The findings by what they say: rule, severity, tables, and the columns of the index that is missing."""
    return {
        number: {(each.rule, each.severity, frozenset(each.tables), each.index and (each.index.table, each.index.columns)) for each in said}
        for number, said in found.items()
    }


def lacking(found: Said, number: int, rule: str = "unindexed-") -> set[tuple[str, str]]:
    """The tables and first columns of the indexes that a query lacks."""
    lacks = (each.index for each in found.get(number, ()) if each.index and each.rule.startswith(rule))
    return {(each.table, each.columns[0].partition(" ")[0]) for each in lacks}


def assert_same(before: Said, after: Said, queries: Sequence[str], others: Sequence[str], ddl: Sequence[str]) -> None:
    one, other = told(before), told(after)
    for number in sorted({*one, *other}):
        told_of = f"{queries[number]}\n{others[number]}" if number >= 0 else ""
        assert one.get(number) == other.get(number), "\n".join([*ddl, told_of])


def written(queries: Iterable[Block], style: Callable[[], Style]) -> list[str]:
    return [style().query(each) for each in queries]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Every world, written plainly, with what is found in it."""
    folder = tmp_path_factory.mktemp("worlds")
    found = {}
    for seed in SEEDS:
        made = world(seed)
        queries = written(made.queries, lambda: replace(PLAIN, names={}))
        found[seed] = (made, queries, judged(folder, made.ddl, queries))
    return found


def test_the_worlds_say_something(worlds):
    """That nothing changes is worth little where nothing is found."""
    rules = [each.rule for *_, found in worlds.values() for said in found.values() for each in said]
    for rule in ("unindexed-join", "unindexed-filter", "unindexed-sort", "unsargable-predicate"):
        assert rules.count(rule) >= 3, (rule, len(rules))


# ---------------------------------------------------------------------------------------------------------------- properties


@pytest.mark.parametrize("seed", SEEDS)
def test_names_order_and_letters_change_nothing(worlds, seed, tmp_path):
    made, queries, found = worlds[seed]
    r = random.Random(seed)

    def style() -> Style:
        fresh = iter(r.sample(range(1000), 200))
        return Style(
            lambda _: f"{r.choice('abcxyz')}{next(fresh)}", lambda each: r.sample(each, len(each)), lambda: r.random() < 0.5, value, {}
        )

    others = [laid_out(r, query) for query in written(made.queries, style)]
    assert_same(found, judged(tmp_path, [laid_out(r, each) for each in made.ddl], others), queries, others, made.ddl)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_files_changes_nothing(worlds, seed, tmp_path):
    made, queries, found = worlds[seed]
    r = random.Random(seed)
    names = r.sample(["tables", "a", "z", "create_index", "more", "schema", "part"], 4)
    ddl = [*(each.ddl for each in made.tables), *(index for each in made.tables for index in each.indexes)]
    r.shuffle(ddl)
    assert_same(found, judged(tmp_path, ddl, queries, names), queries, queries, made.ddl)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_index_more_lacks_no_join_more(worlds, seed, tmp_path):
    made, queries, found = worlds[seed]
    r = random.Random(seed)
    for number in range(4):
        more = index(r, r.choice(made.tables), f"more{number}")
        if "lower (" in more:  # makes a filter narrow that nothing served before: only now it pays to reach other tables from there
            continue
        after = judged(tmp_path, [*made.ddl, more], queries)
        for at in range(len(queries)):
            joins, before = lacking(after, at, "unindexed-join"), lacking(found, at, "unindexed-join")
            all_before, all_after = lacking(found, at), lacking(after, at)
            # Where the query lacked the index of a filter, the smallest set that it lacks may be another one of the same size: from the
            # table with the new index on.
            instead = "unindexed-filter" in {each.rule for each in found.get(at, ())} and len(all_after) <= len(all_before)
            assert joins <= before or instead, "\n".join([*made.ddl, more, queries[at]])


@pytest.mark.parametrize("seed", SEEDS)
def test_values_change_no_fingerprint(worlds, seed, tmp_path):
    made, queries, found = worlds[seed]
    r = random.Random(seed)

    def other(what: str) -> str:
        word = f"{r.choice('mnop')}{r.randint(10, 99)}"
        return {"prefix": f"'{word}%'", "infix": f"'%{word}'"}.get(what, str(r.randint(10, 999)))

    others = written(made.queries, lambda: Style(value=other, names={}))
    after = judged(tmp_path, made.ddl, others)
    assert_same(found, after, queries, others, made.ddl)
    assert {at: {each.fingerprint for each in said} for at, said in found.items()} == {
        at: {each.fingerprint for each in said} for at, said in after.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_table_that_a_query_does_not_name_does_not_matter_to_it(worlds, seed, tmp_path):
    made, queries, found = worlds[seed]
    at = random.Random(seed).randrange(len(queries))
    ddl = [statement for each in made.tables for statement in (each.ddl, *(each.indexes if f"{each.name} AS" in queries[at] else ()))]
    ddl.append("CREATE TABLE elsewhere ( id bigint PRIMARY KEY, name text, status text )")
    after = judged(tmp_path, ddl, [queries[at]])
    # One index for several queries may have more columns than one of them needs.
    assert lacking(after, 0) == lacking(found, at), "\n".join([*ddl, queries[at]])
    assert {each.rule for each in after.get(0, ())} == {each.rule for each in found.get(at, ())}, "\n".join([*ddl, queries[at]])
