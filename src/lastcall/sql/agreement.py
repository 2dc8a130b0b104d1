"""Whether two columns can be compared by an index of either: which of them a server converts first, row by row.

An index holds the values of its column, in the order of its own collation.  Where a comparison is made in another type, charset or
collation, the column is converted before, and no index on it serves any more; the side that is not converted keeps its indexes.  Which
side that is:

- PostgreSQL: operators and casts (manual, 10.2), collations (23.2.1: one that is not the default wins; two such are refused).
- MySQL: 14.3 (a text is compared with a number as a number), 12.8.4 (coercibility: Unicode wins over other charsets, ``_bin`` over other
  collations of one charset, and what is left is an illegal mix), 12.9.8 (utf8mb4 wins over utf8mb3).
- SQL Server: "Data type precedence" (a text is converted to anything else), "Collation precedence" (two of columns are a conflict).
- SQLite: "Datatypes in SQLite", 3.1, 4.2 (a TEXT is compared with a number as a number), 7.1 (the collation of the left column holds).
- Oracle: "Data Conversion" in the SQL reference (a text is converted to the other's type).

A collation that the schema does not tell (the database's own) agrees with every other, but for PostgreSQL and SQLite, which have a name for
it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lastcall.model import Column

_ARGUMENTS = re.compile(r"\s*\(.*?\)")
_FAMILIES = {
    "integer": (
        "INT",
        "INTEGER",
        "BIGINT",
        "SMALLINT",
        "TINYINT",
        "MEDIUMINT",
        "SERIAL",
        "BIGSERIAL",
        "SMALLSERIAL",
        "INT2",
        "INT4",
        "INT8",
    ),
    "numeric": ("NUMERIC", "DECIMAL", "NUMBER", "MONEY"),
    "float": ("REAL", "FLOAT", "DOUBLE", "DOUBLE PRECISION", "FLOAT4", "FLOAT8", "BINARY_FLOAT", "BINARY_DOUBLE"),
    "text": (
        "TEXT",
        "VARCHAR",
        "CHAR",
        "CHARACTER",
        "CHARACTER VARYING",
        "NVARCHAR",
        "NCHAR",
        "VARCHAR2",
        "NVARCHAR2",
        "TINYTEXT",
        "MEDIUMTEXT",
        "LONGTEXT",
    ),
    "uuid": ("UUID", "UNIQUEIDENTIFIER"),
    "date": ("DATE",),
    "time": ("TIMESTAMP", "TIMESTAMPTZ", "DATETIME", "DATETIME2", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE"),
    "binary": ("BYTEA", "BLOB", "VARBINARY", "BINARY"),
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names}
_NUMBERS = ("integer", "numeric", "float")
"""From the one that is converted to the one that is not (PostgreSQL)."""
_SAME = (frozenset({"date", "time"}), frozenset(_NUMBERS))
"""Families whose comparison costs no index on either side, or too little to speak of; numbers do in PostgreSQL alone."""
_CHARACTERS = {"CHAR": 0, "CHARACTER": 0, "BPCHAR": 0, "VARCHAR": 1, "CHARACTER VARYING": 1, "TEXT": 2}
_UNICODE = frozenset({"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf16le", "utf32"})

UNKNOWN = "?"
"""A collation that the schema does not tell."""
_OWN = {"postgres": "default", "sqlite": "binary"}
"""What a column's own collation is called where nothing is said of it."""
_AFFINITIES = (
    ("INT", "integer"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("BLOB", ""),
    ("REAL", "float"),
    ("FLOA", "float"),
    ("DOUB", "float"),
)


class Conversion(NamedTuple):
    """What a comparison does to its left and its right column: what each is converted to, empty where it stays as it is.

    ``refused``: the server does not compare them at all.  ``told`` is what the two columns are, in words, by which they differ.
    """

    told: tuple[str, str]
    left: str = ""
    right: str = ""
    refused: bool = False


def folded(spelled: str) -> str:
    """A collation's name as the catalog has it: folded, without quotes and schema."""
    return spelled.rpartition(".")[2].strip("\"'`[]").lower()


def own(column: Column, dialect: str) -> str:
    """The folded name of a column's own collation."""
    return column.collation or _OWN.get(dialect, UNKNOWN)


def under(name: str, asked: str, of_its_own: str) -> str:
    """The column ``name`` under the collation ``asked``, in the normal form of an expression; the bare name where that is its own."""
    return name if not asked or asked == of_its_own or UNKNOWN in (asked, of_its_own) else f"(collate {name} {asked})"


def compared(one: Column, other: Column, asked: str, dialect: str) -> Conversion | None:
    """What ``one = other`` does to the two columns; ``asked`` is the collation that the query writes.  None: nothing, or nobody knows."""
    kinds = one.type.upper(), other.type.upper()
    families = family(kinds[0], dialect), family(kinds[1], dialect)
    if not all(families):
        return None
    if families == ("text", "text"):
        return _collated(one, other, asked, dialect) or _characters(one, other, dialect)
    return _typed(kinds, families, dialect)


def counted(column: Column, number: str, dialect: str) -> bool:
    """Whether a comparison with a number that the query writes out, ``integer`` or ``decimal``, converts the column in every row.

    PostgreSQL makes numerics of integers that are compared with ``5.0``, the others numbers of texts that are compared with one; SQLite
    makes a text of the number instead.
    """
    found = family(column.type.upper(), dialect)
    if dialect == "postgres":
        return found == "integer" and number == "decimal"
    return found == "text" and number != "" and dialect != "sqlite"


def family(kind: str, dialect: str) -> str:
    """The family of a type, all members of which are compared as they are; empty where it is not known."""
    if dialect == "sqlite":
        return next((found for part, found in _AFFINITIES if part in kind), "numeric") if kind else ""
    return _FAMILY.get(_ARGUMENTS.sub("", kind).removesuffix(" UNSIGNED").strip(), "")


def _typed(kinds: tuple[str, str], families: tuple[str, str], dialect: str) -> Conversion | None:
    both = frozenset(families)
    if len(both) == 1:
        return None
    if dialect == "sqlite":
        return _losing(kinds, families.index("text"), "number") if "text" in both else None
    if any(both <= same for same in _SAME):
        if dialect != "postgres" or not both <= set(_NUMBERS):
            return None
        lesser = min(_NUMBERS.index(each) for each in families)
        return _losing(kinds, families.index(_NUMBERS[lesser]), families[1 - families.index(_NUMBERS[lesser])])
    if dialect == "postgres":
        return Conversion(kinds, refused=True)
    return _losing(kinds, families.index("text"), families[1 - families.index("text")]) if "text" in both else Conversion(kinds)


def _losing(told: tuple[str, str], side: int, to: str) -> Conversion:
    return Conversion(told, right=to) if side else Conversion(told, left=to)


def _characters(one: Column, other: Column, dialect: str) -> Conversion | None:
    """``char(n)`` is compared with a varchar as a char, and with a text as a text (PostgreSQL)."""
    ranks = [_CHARACTERS.get(_ARGUMENTS.sub("", each.type.upper()).strip()) for each in (one, other)]
    if dialect != "postgres" or None in ranks or 0 not in ranks or ranks[0] == ranks[1]:
        return None
    side = ranks.index(1) if 1 in ranks else ranks.index(0)
    return _losing((one.type, other.type), side, "char" if 1 in ranks else "text")


def _collated(one: Column, other: Column, asked: str, dialect: str) -> Conversion | None:
    if dialect == "oracle":
        return None
    left, right = own(one, dialect), own(other, dialect)
    told = (_in_words(one), _in_words(other))
    if asked or dialect == "sqlite":
        holds = asked or left
        one_side, other_side = (f"collate {holds}" if UNKNOWN not in (each, holds) and each != holds else "" for each in (left, right))
        return Conversion(told, one_side, other_side) if one_side or other_side else None
    if dialect == "mysql":
        return _mixed(one, other, told)
    if left == right or UNKNOWN in (left, right):
        return None
    if dialect == "postgres" and "default" in (left, right):
        return _losing(told, (left, right).index("default"), f"collate {right if left == 'default' else left}")
    return Conversion(told, refused=True)


def _mixed(one: Column, other: Column, told: tuple[str, str]) -> Conversion | None:
    """MySQL: two charsets, or two collations of one."""
    charsets, collations = (one.charset, other.charset), (one.collation, other.collation)
    if all(charsets) and charsets[0] != charsets[1]:
        for winner, loser in ((0, 1), (1, 0)):
            above = (charsets[winner] in _UNICODE) > (charsets[loser] in _UNICODE) or charsets[loser] == "ascii"
            if above or (charsets[winner], charsets[loser]) == ("utf8mb4", "utf8mb3"):
                return _losing(told, loser, f"convert {charsets[winner]}")
        return None if "binary" in charsets else Conversion(told, refused=True)
    if not all(collations) or collations[0] == collations[1]:
        return None
    binary = [each.endswith("_bin") for each in collations]
    if not any(binary):
        return Conversion(told, refused=True)
    return _losing(told, binary.index(False), f"collate {collations[binary.index(True)]}") if not all(binary) else None


def _in_words(column: Column) -> str:
    charset = f" CHARACTER SET {column.charset}" if column.charset and not column.collation.startswith(column.charset) else ""
    return f"{column.type}{charset}{f' COLLATE {column.collation}' if column.collation else ''}"
