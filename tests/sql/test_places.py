"""Where findings stand: exactly on the characters that they speak of, in the file that a person opens.

The characters are marked in the text (⟦…⟧) instead of counted; the marks are taken out before it is read.  And a statement that cannot
be read loses only itself, wherever it stands.
"""

from __future__ import annotations

import re

import pytest

from lastcall import check, sql
from lastcall.folder import Folder
from lastcall.model import Location, Policy, Position, QueryPolicy, Release

SCHEMA = """
CREATE TABLE users (id int PRIMARY KEY, email varchar(80) UNIQUE, name varchar(80), code varchar(9));
CREATE TABLE orders (id int PRIMARY KEY, user_id int, ref varchar(80) UNIQUE, total int);
"""
KINDS = {
    "unindexed-join": "SELECT o.id FROM users u JOIN orders o ON ⟦o.user_id = u.id⟧ WHERE u.email = ?",
    "unindexed-filter": "SELECT id FROM users WHERE id > 3 AND ⟦name = ?⟧ AND code <> 'x'",
    "unindexed-sort": "SELECT id FROM orders WHERE id <> ? ORDER BY ⟦total⟧ DESC LIMIT 5",
    "unsargable-predicate": "SELECT id FROM users WHERE ⟦lower(email) = ?⟧",
    "unserved-or": "SELECT u.id FROM users u JOIN orders o ON o.id = u.id WHERE ⟦u.email = ? OR o.ref = ?⟧",
    "cartesian-join": "SELECT u.id FROM users u, ⟦orders⟧ o WHERE u.id <> ?",
    "not-in-nullable": "SELECT id FROM users WHERE id > ? AND ⟦id NOT IN (SELECT user_id FROM orders WHERE total = ?)⟧ AND code <> 'x'",
    "unbounded-write": "⟦UPDATE orders SET total = ?⟧",
    "unknown-table": "SELECT a FROM ⟦nowhere⟧ WHERE a = ?",
}
"""By rule a query, with the place of its finding."""


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and the offsets of what they stood around."""
    spans, plain = [], ""
    for part in re.split(r"(⟦|⟧)", text):
        if part == "⟦":
            spans.append((len(plain), len(plain)))
        elif part == "⟧":
            spans[-1] = (spans[-1][0], len(plain))
        else:
            plain += part
    return plain, spans


def slices(text: str, places: list[Location]) -> list[tuple[int, int]]:
    """The offsets of places in a text, whose lines end as editors think they do."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    return [(starts[each.line - 1] + each.column - 1, starts[each.end_line - 1] + each.end_column - 1) for each in places]


def check_places(tmp_path, name, text, rule, dialect="postgres"):
    plain, spans = marked(text.removeprefix("\ufeff"))  # editors do not show it
    (tmp_path / "schema.sql").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / name).write_bytes(plain.encode("utf-8-sig" if text.startswith("\ufeff") else "utf-8"))
    side = sql.read(Folder(tmp_path), QueryPolicy(dialect=dialect, exclude=()))
    found, _ = check.check(Release(Position.TREE, "", after=side), Policy())
    places = [each.location for each in found if each.rule == rule and each.location and each.location.path == name]
    assert [plain[start:end] for start, end in slices(plain, places)] == [plain[start:end] for start, end in spans]
    assert slices(plain, places) == spans


# ---------------------------------------------------------------------------------------------------------------- files of SQL

FILES = {
    "alone": ("postgres", "{query};\n"),
    "without an end": ("postgres", "{query}"),
    "carriage returns": ("postgres", "SELECT 1;\r\n\r\n  {query};\r\n"),
    "tabs": ("postgres", "\t\tSELECT 1;\t{query};\n"),
    "characters beyond the sixteen bits": ("postgres", "SELECT '😀🧨' AS \"ü😀\"; /* 🧨 */ {query};\n"),
    "a byte order mark": ("postgres", "\ufeff{query};\n"),
    "after comments": ("postgres", "-- it's; one\n/* two; /* nested; */ */ {query} -- three\n;\n"),
    "psql": ("postgres", "\\set x 'y;'\n\\if true\n  {query};\n\\endif\n\\copy t from 'f;'\n"),
    "after COPY": ("postgres", "COPY t (a) FROM stdin;\n1;\t'\n\\.\n\n{query};\n"),
    "dollar quotes": ("postgres", "DO $a$ BEGIN PERFORM ';'; END $a$; SELECT $$;'$$, $x$ $$ $x$;\n {query};\n"),
    "escapes": ("postgres", "SELECT E'\\';', 'a'';', U&'\\0041'; {query};\n"),
    "mysql": ("mysql", "SELECT \"a\\\";\", 'b\\';', `c;`; # d;\n{query};\n"),
    "mysql's DELIMITER": ("mysql", "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END //\n{query} //\nDELIMITER ;\nSELECT 1;\n"),
    "mysqldump": ("mysql", "/*!40101 SET NAMES utf8 */;\n/*!50003 SELECT 1 */; {query};\n"),
    "sqlite": ("sqlite", '.mode csv\nSELECT [a;], `b;`, "c;";\n{query};\n'),
    "GO": ("tsql", "SELECT [a;] FROM users\nGO\n{query}\nGO\n"),
    "no semicolons": ("tsql", "CREATE TABLE x (a int)\nCREATE INDEX i ON x (a)\nGO\n  {query}\nGO 5\n"),
    "oracle": ("oracle", "PROMPT it;\nSELECT q'[a';]' FROM dual;\nBEGIN NULL; END;\n/\n{query};\n/\n"),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("rule", [rule for rule in KINDS if rule != "cartesian-join"])
def test_places_in_files_of_sql(rule, file, tmp_path):
    dialect, text = FILES[file]
    query = KINDS[rule].replace("LIMIT 5", "FETCH FIRST 5 ROWS ONLY") if dialect in {"oracle", "tsql"} else KINDS[rule]
    if dialect == "tsql":
        query = query.replace("ORDER BY ⟦total⟧ DESC FETCH", "ORDER BY ⟦total⟧ DESC OFFSET 0 ROWS FETCH")
    check_places(tmp_path, "queries.sql", text.format(query=query), rule, dialect)


@pytest.mark.parametrize("rule", KINDS)
def test_places_over_several_lines(rule, tmp_path):
    check_places(tmp_path, "q.sql", KINDS[rule].replace(" = ", "\n\t=\r\n ").replace(" ", "  ") + ";", rule)


# ---------------------------------------------------------------------------------------------------------------- strings in Python

STRINGS = {
    "one line": 'cursor.execute("{query}")\n',
    "three quotes": 'cursor.execute("""\n    {query}\n""", [1])\n',
    "three quotes, carriage returns": 'cursor.execute("""\r\n    {query}\r\n""", [1])\r\n',
    "tabs": 'def f(cursor):\n\tcursor.execute("""\n\t\t{query}\n\t""")\n',
    "a raw string": 'cursor.execute(r"""-- \\d\n{query}""")\n',
    "implicit concatenation": 'cursor.execute("SELECT \'ü\\t\\x41\'; " "{query}")\n',
    "a sum": 'cursor.execute("SELECT \'\\n\\N{{BULLET}}\'; " + "{query}")\n',
    "after a placeholder": 'cursor.execute(f"SELECT {{a:>10}}, {{b[0]!r}}; {query}")\n',
    "after an escaped brace": "cursor.execute(f\"SELECT '{{{{}}}}', {{a}}; {query}\")\n",
    "an f-string of several lines": 'cursor.execute(f"""\n  SELECT {{a}},\n    {{b}};\n  {query}\n""")\n',
    "a percent sign": "cursor.execute(\"SELECT %s, '%%'; {query}; SELECT 2\" % name)\n",
    "format": "cursor.execute(\"SELECT {{}}, '{{{{'; {query}\".format(name))\n",
    "a driver's placeholders": 'cursor.execute("SELECT %s, %(name)s; {query}", [1])\n',
    "dedent": 'cursor.execute(textwrap.dedent("""\\\n    SELECT 1;\n      {query}\n    """))\n',
    "a name": 'QUERY = """\n  {query}\n"""\n\n\ndef f(cursor):\n    cursor.execute(QUERY)\n',
    "step by step": 'def f(cursor):\n    sql = "SELECT 1; "\n    sql += "{query}"\n    cursor.execute(sql)\n',
    "joined": 'cursor.execute(" ".join(["SELECT 1;", "{query}"]))\n',
    "a continued line": 'cursor.execute("SELECT 1; \\\n{query}")\n',
    "characters beyond the sixteen bits": "😀 = '🧨'; cursor.execute(\"SELECT '😀\\U0001F600'; {query}\")\n".replace("😀 =", "ü ="),
    "a byte order mark": '\ufeffcursor.execute("{query}")\n',
}


@pytest.mark.parametrize("form", STRINGS)
@pytest.mark.parametrize("rule", KINDS)
def test_places_in_python(rule, form, tmp_path):
    text = STRINGS[form].format(query=KINDS[rule].replace("?", "%s"))
    check_places(tmp_path, "app.py", text.replace("% name)", f"% ({'name, ' * text.count('%s')}))"), rule)


@pytest.mark.parametrize(
    ("value", "rest"), [("%s", "% name"), ("%(x)s", "% {'x': name}"), ("{}", ".format(name)"), ("{name}", ".format(name=name)")]
)
def test_a_place_ends_where_the_placeholder_of_a_string_ends(value, rest, tmp_path):
    check_places(tmp_path, "app.py", f'cursor.execute("SELECT id FROM users WHERE ⟦name = {value}⟧"{rest})\n', "unindexed-filter")


@pytest.mark.parametrize("rule", ["unindexed-join", "unindexed-filter", "unsargable-predicate"])
def test_a_place_in_two_parts_of_a_string_goes_from_one_to_the_other(rule, tmp_path):
    query = KINDS[rule].replace("%", "%%").replace("?", "%s")
    check_places(tmp_path, "app.py", 'cursor.execute(\n    "' + query.replace(" = ", ' "\n    "= ') + '"\n)\n', rule)


# ---------------------------------------------------------------------------------------------------------------- bad statements

BAD = [
    "SELECT FROM WHERE;",
    "SELECT a FROM;",
    "SELECT a FROM users WHERE (id = 1;",
    "SELECT a FROM users WHERE id = 1);",
    "SELECT a FROM users WHERE id = = 1;",
    "SELECT a FROM users JOIN ON id;",
    "SELECT CASE WHEN 1 FROM users;",
    "SELECT a FROM users WHERE id BETWEEN 1;",
    "SELECT a FROM users ORDER LIMIT;",
    "SELECT {{ column }} FROM users;",
    "SELECT a FROM users {% if x %} WHERE id = 1 {% endif %};",
    "DELETE users FROM WHERE;",
    "WITH x AS SELECT 1 SELECT 2;",
    "INSERT INTO users SELECT FROM;",
    "CREATE INDEX i ON;",
    "CREATE INDEX i ON other ();",
    "CREATE INDEX ON other a;",
    "CREATE TABLE x (a int;",
    "CREATE TABLE x;",
    "CREATE TABLE x (a int, FOREIGN KEY (a));",
    "ALTER TABLE other FROBNICATE;",
    "ALTER TABLE;",
    "MERGE INTO users USING;",
    "SELECT " + "(" * 200 + "1" + ")" * 200 + ";",
]
"""What cannot be read, in any dialect."""
NOTHING = [
    "SELEC a FRM t WHERE;",
    "GRANT nothing TO nobody WITH;",
    "BOGUS STATEMENT HERE;",
    ";;;",
    "UPDATE users SET WHERE id = 1;",
]
"""What no server takes, and nobody needs to be told of: it is no query of anything, or reads as one."""


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite", "tsql", "oracle"])
@pytest.mark.parametrize("bad", BAD + NOTHING)
def test_a_bad_statement_loses_only_itself_wherever_it_stands(bad, dialect, tmp_path):
    (tmp_path / "schema.sql").write_text(SCHEMA)
    good = [f"SELECT name FROM users\n WHERE id = {number};" for number in range(20)]
    end = "\nGO\n" if dialect == "tsql" else "\n"
    for at in [(0, 7, 20)[len(bad) % 3]]:
        statements = [*good[:at], bad, *good[at:]]
        (tmp_path / "q.sql").write_text(end.join(statements) + end)
        side = sql.read(Folder(tmp_path), QueryPolicy(dialect=dialect, exclude=()))
        line = (2 + (dialect == "tsql")) * at + 1
        assert [(each.location.path, each.location.line) for each in side.unread] == ([("q.sql", line)] if bad in BAD else [])
        assert [query.sql for query in side.queries if query.sql in {each[:-1] for each in good}] == [each[:-1] for each in good]
        assert all(not table.uncertain for name, table in side.catalog.tables.items() if name in {"users", "orders"})
