"""The schema that was replayed, as a PostgreSQL server is told of it.

Types that it lacks come from one of its extensions, or are domains over text; functions that it lacks are stubs.  What cannot be made at
all is left out, and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lastcall.model import Index, Table

if TYPE_CHECKING:
    import psycopg

EXTENSIONS = {
    "citext": "citext",
    "hstore": "hstore",
    **dict.fromkeys(("ltree", "lquery", "ltxtquery"), "ltree"),
    **dict.fromkeys(("vector", "halfvec", "sparsevec"), "vector"),
    "cube": "cube",
    "seg": "seg",
    **dict.fromkeys(("similarity", "word_similarity", "strict_word_similarity", "show_trgm", "gin_trgm_ops", "gist_trgm_ops"), "pg_trgm"),
    "unaccent": "unaccent",
    **dict.fromkeys(("levenshtein", "soundex", "metaphone", "dmetaphone"), "fuzzystrmatch"),
    **dict.fromkeys(("crosstab", "connectby", "normal_rand"), "tablefunc"),
    **dict.fromkeys(("earth", "ll_to_earth", "earth_distance", "earth_box"), "earthdistance"),
}
"""By the type or function that a schema or a query names, the extension of the server that brings it; all come with the wheel."""
_NEEDS = {"earthdistance": ("cube",)}
_METHODS = {"": "btree", "btree": "btree", "clustered": "btree", "nonclustered": "btree", "bitmap": "btree"}
_ITS_OWN = frozenset({"hash", "gin", "gist", "brin", "spgist", "hnsw", "ivfflat"})
_NO_USUAL_CLASS = frozenset({"hnsw", "ivfflat"})
_SERIAL = re.compile(r"(?:(BIG|SMALL)?SERIAL)([248])?\Z")
_NO_TYPE = re.compile(r'type "([^"]+(?:"\."[^"]+)?)" does not exist')
_NO_SCHEMA = re.compile(r'schema "([^"]+)" does not exist')
_NO_FUNCTION = re.compile(r"function ([\w.\"]+)\((.*)\) does not exist")
_STUBS = {"text": "''", "integer": "0", "boolean": "true", "timestamptz": "'2000-01-01'", "jsonb": "'{}'", "uuid": "gen_random_uuid()"}
"""What an unknown function may give back, in the order in which it is tried."""
_ATTEMPTS = 8


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def relation(name: str) -> str:
    """A table's folded name as SQL: with the schema that it lies in."""
    schema, _, last = name.rpartition(".")
    return f"{quoted(schema or 'public')}.{quoted(last)}"


class Definitions:
    """Makes tables, indexes and views on a server.

    ``owner`` is a session of whoever may do anything; ``session`` one that may not, and that alone is given what the repository says.
    ``translate`` turns an expression or query of the repository into the server's SQL, ``type_of`` a type; both raise ValueError, or give
    nothing, where they cannot.
    """

    def __init__(
        self,
        owner: psycopg.Connection,
        session: psycopg.Connection,
        translate: Callable[[str], str],
        type_of: Callable[[str], str],
    ) -> None:
        self.owner = owner
        self.session = session
        self.translate = translate
        self.type_of = type_of
        self.left_out: list[str] = []
        self.schemas: dict[str, None] = {"public": None}
        self.types: dict[str, str] = {}
        self.tried: dict[str, int] = {}
        self.volatility = "IMMUTABLE"
        """Of the stubs: an index takes no others, and in a query the planner would work them out, so that a condition could fall away."""

    # ------------------------------------------------------------------ what is made

    def load(self, tables: Iterable[Table], views: Mapping[str, str]) -> None:
        """Make ``tables`` and ``views``, by folded name."""
        loaded = {table.name: table for table in tables}
        for table in loaded.values():
            self.table(table)
        for table in loaded.values():
            self.references(table, loaded)
        left = dict(views)
        for _ in range(_ATTEMPTS):  # views of views, in whatever order
            made = [name for name, query in left.items() if self.view(name, query)]
            left = {name: query for name, query in left.items() if name not in made}
            if not made:
                break
        self.left_out += [f"the view {name}" for name in left]

    def table(self, table: Table) -> None:
        self.schema(table.name)
        columns = ", ".join(
            f"{quoted(column.name)} {self.type(column.type)}{'' if column.nullable else ' NOT NULL'}" for column in table.columns
        )
        if not self.run(f"CREATE TABLE {relation(table.name)} ({columns})"):
            self.left_out.append(f"the table {table.name}")
            return
        for index in table.indexes:
            if not self.index(table.name, index):
                self.left_out.append(f"the index {index.name or index.in_words} of {table.name}")

    def index(self, table: str, index: Index) -> bool:
        """Make an index; under another name, where its own is taken."""
        method = _METHODS.get(index.method, index.method if index.method in _ITS_OWN else "")
        if not method or not index.columns:
            return False
        keys = ", ".join(self.keys(index, method))
        where = f" WHERE {self.translate(index.where)}" if index.where else ""
        unique = "UNIQUE " if index.unique and method == "btree" else ""
        for name in (index.name, "") if index.name else ("",):
            if index.primary and not where:
                keys = ", ".join(self.key(column) for column in index.columns)
                named = f"CONSTRAINT {quoted(name)} " if name else ""
                done = self.run(f"ALTER TABLE {relation(table)} ADD {named}PRIMARY KEY ({keys})")
            else:
                done = self.run(f"CREATE {unique}INDEX {quoted(name) if name else ''} ON {relation(table)} USING {method} ({keys}){where}")
            if done:
                return True
        if method in ("gin", "gist") and len(index.columns) == 1:  # of a text, for its trigrams: the class is not kept
            self.extension("pg_trgm")
            return self.run(f"CREATE INDEX ON {relation(table)} USING {method} ({keys} {method}_trgm_ops){where}")
        return False

    def keys(self, index: Index, method: str) -> Iterator[str]:
        """The keys of an index with what stands behind them, as far as a planner minds it: operator class, direction, place of the nulls.

        Not so its collation: a query loses one that the server does not have, and an index must not keep it then.
        """
        for place, column in enumerate(index.columns):
            words = [self.key(column)]
            opclass = index.opclasses[place] if index.opclasses else ""
            if opclass.endswith("_pattern_ops") or method in _NO_USUAL_CLASS:
                words.append(opclass)
            if method == "btree" and index.descending:
                words += ["DESC" if index.descending[place] else "ASC", "NULLS FIRST" if index.nulls_first[place] else "NULLS LAST"]
            yield " ".join(words)

    def key(self, column: str) -> str:
        return f"({self.translate(column[1:-1])})" if column.startswith("(") else quoted(column)

    def references(self, table: Table, loaded: Mapping[str, Table]) -> None:
        """The foreign keys, by which a planner knows how many rows a join gives; one that does not fit changes nothing else."""
        for key in table.foreign_keys:
            if key.table in loaded:
                columns, referenced = (", ".join(map(quoted, names)) for names in (key.columns, key.referenced))
                target = f"{relation(key.table)} ({referenced})" if referenced else relation(key.table)
                self.run(f"ALTER TABLE {relation(table.name)} ADD FOREIGN KEY ({columns}) REFERENCES {target}")

    def view(self, name: str, query: str) -> bool:
        self.schema(name)
        try:
            return self.run(f"CREATE VIEW {relation(name)} AS {self.translate(query)}", stubs=True)
        except ValueError:
            return False

    # ------------------------------------------------------------------ what it takes

    def run(self, statement: str, *, stubs: bool = False) -> bool:
        """Run one statement of the repository's making; False where the server refuses it."""
        import psycopg  # noqa: PLC0415

        for _ in range(_ATTEMPTS):
            try:
                self.session.execute(statement.encode(), binary=True)  # a way that takes no second statement
            except psycopg.Error as error:
                if not ((stubs or "INDEX" in statement[:20]) and self.supply(error)):
                    return False
            except ValueError:  # a null byte
                return False
            else:
                return True
        return False

    def schema(self, name: str) -> None:
        schema = name.rpartition(".")[0]
        if schema and schema not in self.schemas:
            self.schemas[schema] = None
            self.run(f"CREATE SCHEMA {quoted(schema)}")

    def type(self, written: str) -> str:
        """A type that the server has, for one as the schema writes it."""
        found = self.types.get(written)
        if found is None:
            found = self.types[written] = self.known_type(written)
        return found

    def known_type(self, written: str) -> str:
        import psycopg  # noqa: PLC0415

        if serial := _SERIAL.match(written.strip()):
            return {"BIG": "bigint", "SMALL": "smallint"}.get(serial[1] or "") or {"2": "smallint", "8": "bigint"}.get(
                serial[2] or "", "integer"
            )
        tried = (self.type_of(written) or "text").lower()
        for _ in range(4):
            try:
                self.session.execute(f"SELECT CAST(NULL AS {tried})".encode(), binary=True)
            except psycopg.Error as error:
                if not _NO_TYPE.search(str(error)) and not _NO_SCHEMA.search(str(error)):
                    without = re.sub(r"\(.*\)", "", tried)  # a domain takes no length
                    if without == tried:
                        break
                    tried = without
                elif not self.supply(error):
                    break
            except ValueError:  # a character that nobody can write
                break
            else:
                return tried
        return "text"

    def supply(self, error: psycopg.Error) -> bool:
        """Make what a statement was refused for, so that it can be tried again: a type or a function that the server lacks."""
        told = str(error).partition("\n")[0]
        if found := _NO_TYPE.search(told):
            return self.domain(found[1].replace('"', "").removesuffix("[]"))
        if (found := _NO_SCHEMA.search(told)) and found[1] not in self.schemas:
            self.schema(f"{found[1]}.")
            return True
        if found := _NO_FUNCTION.search(told):
            return self.stub(found[1].replace('"', ""), found[2])
        return False

    def domain(self, name: str) -> bool:
        if extension := EXTENSIONS.get(name.rpartition(".")[2]):
            return self.extension(extension)
        self.schema(name)
        return self.run(f"CREATE DOMAIN {relation(name) if '.' in name else quoted(name)} AS text")

    def extension(self, name: str) -> bool:
        """Make one of the server's own extensions; False where it was made before, and so does not help."""
        import psycopg  # noqa: PLC0415

        if not name or name in self.tried:
            return False
        self.tried[name] = 1
        for needed in _NEEDS.get(name, ()):
            self.extension(needed)
        try:
            self.owner.execute(f"CREATE EXTENSION IF NOT EXISTS {quoted(name)}".encode())
        except psycopg.Error:
            return False
        return True

    def again(self, text: str) -> bool:
        """Let the stubs that a query calls give back something else; False where there are none, or all has been tried."""
        called = [key.partition("(") for key in self.tried if "(" in key]
        words = set(re.findall(r"\w+", text.lower()))
        changed = [self.stub(name, signature.removesuffix(")")) for name, _, signature in called if name.rpartition(".")[2] in words]
        return any(changed)

    def stub(self, name: str, signature: str) -> bool:
        """A function that gives back one value, whatever it is asked; of another type each time that this is asked for."""
        if self.extension(EXTENSIONS.get(name.rpartition(".")[2], "")):
            return True
        arguments = ", ".join(
            re.sub(r"^.* => ", "", each.strip()).replace("unknown", "text") for each in signature.split(",") if each.strip()
        )
        key = f"{name}({arguments})"
        number = self.tried.get(key, 0)
        if number >= len(_STUBS):
            return False
        self.tried[key] = number + 1
        self.schema(name)
        what = relation(name) if "." in name else quoted(name)
        if number:
            self.run(f"DROP FUNCTION {what}({arguments})")
        kind = list(_STUBS)[number]
        # In this language, a planner cannot look into it.
        body = f"LANGUAGE plpgsql {self.volatility} AS $$ BEGIN RETURN {_STUBS[kind]}; END $$"
        return self.run(f"CREATE FUNCTION {what}({arguments}) RETURNS {kind} {body}")
