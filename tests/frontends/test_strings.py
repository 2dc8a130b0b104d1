"""SQL in the strings of Python files: what is taken for SQL, what it reads as, where it stands, and what is said of the rest."""

import sys
import textwrap
import warnings

import pytest

from lastcall.model import Unread
from lastcall.sql.frontends import Fragment
from lastcall.sql.frontends._python import LARGEST
from lastcall.sql.frontends.strings import FRONTEND


def found(source: str) -> list[Fragment | Unread]:
    return list(FRONTEND.read("shop/views.py", textwrap.dedent(source).removeprefix("\n")))


def queries(source: str) -> list[str]:
    """The texts of the fragments, each in one line."""
    return [" ".join(each.text.split()) for each in found(source) if isinstance(each, Fragment)]


def unread(source: str) -> list[str]:
    return [f"{each.location.line}:{each.location.column} {each.reason}" for each in found(source) if isinstance(each, Unread)]


def only(source: str) -> Fragment:
    (fragment,) = found(source)
    assert isinstance(fragment, Fragment), fragment
    return fragment


# ---------------------------------------------------------------------------------------------------------------- where SQL is looked for


@pytest.mark.parametrize(
    "call",
    [
        "cursor.execute({})",
        "cursor.execute({}, [1])",
        "self._cursor.execute({})",
        "connection.cursor().execute({})",
        "conn.execute({}).fetchall()",
        "rows = [row for row in db.execute({})]",
        "with engine.begin() as tx: tx.execute({})",
        "cursor.execute(sql={})",
        "cursor.execute(query={}, vars=[])",
        "cursor.executemany({}, rows)",
        "cursor.executescript({})",
        "connection.exec_driver_sql({})",
        "Order.objects.raw({})",
        "Order.objects.annotate(n=RawSQL({}, []))",
        "session.execute(text({}))",
        "session.execute(sa.text({}).bindparams(a=1))",
        "from sqlalchemy import text\nstatement = text({})",
        "rows = await conn.fetch({}, 3)",
        "rows = await pool.fetchrow({})",
        "rows = await database.fetch_all(query={})",
        "frame = pd.read_sql({}, engine)",
        "frame = pd.read_sql_query(sql={}, con=engine)",
        "execute_values(cursor, {}, rows)",
        "operations = [migrations.RunSQL({})]",
        "operations = [migrations.RunSQL(sql={}, reverse_sql='')]",
        "operations = [migrations.RunSQL([{}])]",
        "operations = [migrations.RunSQL([({}, [1])])]",
        "op.execute({})",
        "schema_editor.execute({})",
        "run = lambda cursor: cursor.execute({})",
        "cursor.execute(psycopg.sql.SQL({}))",
        "cursor.execute(textwrap.dedent({}))",
        "cursor.execute({}.strip())",
    ],
)
def test_calls_that_take_sql(call):
    assert queries("import asyncpg\n" + call.format('"SELECT a FROM t WHERE b = 1"')) == ["SELECT a FROM t WHERE b = 1"]


def test_a_call_on_a_database_is_believed_whatever_the_case():
    assert only("cursor.execute('select 1')").bare is False
    assert only("cursor.execute('  -- all of them\\n select a from t')").bare is False


def test_a_call_on_something_else_must_look_like_sql():
    assert only("self.execute('SELECT a FROM t')").bare is False
    assert only("self.execute('select a, b from t')").bare is True
    assert not found("executor.execute('update the index')")
    assert not found("task.execute('select')")


def test_one_literal_is_read_once():
    source = """
        QUERY = "SELECT a FROM t"
        cursor.execute(QUERY)
        cursor.execute(QUERY)
        session.execute(text("SELECT b FROM t"))
    """
    assert queries(source) == ["SELECT a FROM t", "SELECT b FROM t"]


def test_statements_without_a_plan_are_left_out():
    assert not found(
        "cursor.execute('VACUUM'); cursor.execute('SET a = 1'); cursor.execute('COMMIT'); cursor.execute('PRAGMA foreign_keys=ON')"
    )


def test_a_script_is_read_whole():
    assert queries("connection.executescript('BEGIN; CREATE TABLE a (b int); COMMIT;')") == ["BEGIN; CREATE TABLE a (b int); COMMIT;"]


def test_what_undoes_a_migration_is_not_read():
    django = """
        migrations.RunSQL("CREATE INDEX i ON t (a)", "DROP INDEX i")
        migrations.RunSQL(migrations.RunSQL.noop, reverse_sql="CREATE TABLE old (a int)")
    """
    assert queries(django) == ["CREATE INDEX i ON t (a)"]
    alembic = """
        from alembic import op
        def upgrade():
            op.execute("CREATE INDEX i ON t (a)")
        def downgrade():
            op.execute("DROP INDEX i")
    """
    assert queries(alembic) == ["CREATE INDEX i ON t (a)"]


# ---------------------------------------------------------------------------------------------------------------- constants nobody executes


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t",
        "\n    -- a comment\n    SELECT a\n    FROM t",
        "(SELECT a FROM t) UNION (SELECT b FROM u)",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "WITH RECURSIVE x(a, b) AS MATERIALIZED (SELECT 1) SELECT * FROM x",
        "INSERT INTO t (a) VALUES (1)",
        "INSERT OR IGNORE INTO t SELECT a FROM u",
        "UPDATE t SET a = 1 WHERE b = 2",
        "UPDATE a JOIN b ON a.x = b.x SET a.y = 1",
        "DELETE FROM t",
        "DELETE FROM t WHERE a = 1",
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "CREATE TABLE IF NOT EXISTS t (a int)",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
        "CREATE OR REPLACE VIEW v AS SELECT a FROM t",
        "ALTER TABLE ONLY t ADD COLUMN a int",
    ],
)
def test_a_constant_that_can_be_nothing_but_sql(text):
    fragment = only(f"WANTED = {text!r}")
    assert (fragment.text, fragment.bare) == (text, True)


@pytest.mark.parametrize(
    "source",
    [
        "HELP = 'Select one from the list'",
        "HELP = 'select one, or more, from the list'",
        "query = 'select one from the list'",
        "LABEL = 'SELECT'",
        "LABEL = 'SELECT a'",
        "LABEL = 'SELECT | FROM | WHERE'",
        "LABEL = 'DELETE FROM basket button'",
        "LABEL = 'UPDATE failed'",
        "LABEL = 'WITH LOVE'",
        "LABEL = 'CREATE TABLE failed'",
        "LABEL = 'Update {} set by {}'",
        "logger.info('SELECT a FROM t took long')",
        "logger.debug(f'SELECT a FROM {t}')",
        "print('DELETE FROM t')",
        "raise ValueError('SELECT a FROM t')",
        "error = QueryError('SELECT a FROM t')",
        "assert sql == 'SELECT a FROM t'",
        "self.assertEqual(str(query), 'SELECT a FROM t')",
        "if 'SELECT a FROM t' in statement: pass",
        "parser.add_argument('--query', help='SELECT a FROM t')",
        "field = Field(help_text='SELECT a FROM t', verbose_name='SELECT a FROM t')",
        "label = _('SELECT a FROM t')",
        "pattern = re.compile('SELECT a FROM t')",
        "def f():\n    'SELECT a FROM t'",
        "class A:\n    '''SELECT a FROM t'''",
        "'''SELECT a FROM t'''",
        "data = b'SELECT a FROM t'",
        "cursor.execute(b'SELECT a FROM t')",
        "st.text('select a, b from the list')",
    ],
)
def test_prose_is_no_sql(source):
    assert not found(source)


@pytest.mark.parametrize("name", ["query", "SQL", "GET_USERS_SQL", "sql_2", "self.stmt", "QUERIES"])
def test_a_name_that_says_so_makes_lower_case_sql(name):
    assert queries(f"{name} = 'select a, b from t'") == ["select a, b from t"]


def test_constants_in_containers_arguments_and_results():
    source = """
        QUERIES = {"all": "SELECT a FROM t", "some": ["SELECT b FROM t"]}
        def build(sql="SELECT c FROM t"):
            self.run(sql="select d, e from t")
            return "SELECT f FROM t"
    """
    assert queries(source) == [
        "SELECT a FROM t",
        "SELECT b FROM t",
        "SELECT c FROM t",
        "select d, e from t",
        "SELECT f FROM t",
    ]


def test_braces_of_a_template_that_somebody_else_fills_are_holes():
    assert queries("QUERY = 'SELECT a FROM t WHERE b = {b}'") == ["SELECT a FROM t WHERE b = ?"]


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "source",
    [
        "QUERY = {}\ncursor.execute(QUERY)",
        "def f():\n    sql = {}\n    cursor.execute(sql)",
        "def f():\n    cursor.execute(QUERY)\nQUERY = {}",
        "def f():\n    def g():\n        cursor.execute(sql)\n    sql = {}",
        "sql: str = {}\ncursor.execute(sql)",
        "cursor.execute(sql := {})",
        "a, b = 1, {}\ncursor.execute(b)",
        "class A:\n    QUERY = {}\n    def f(self):\n        self.cursor.execute(self.QUERY)",
        "class A:\n    QUERY = {}\n    @classmethod\n    def f(cls, cursor):\n        cursor.execute(cls.QUERY)",
        "class A:\n    QUERY = {}\ncursor.execute(A.QUERY)",
        "class A:\n    QUERY = {}\nclass B(A):\n    def f(self):\n        self.db.execute(self.QUERY)",
        "class A:\n    def __init__(self):\n        self.sql = {}\n    def f(self):\n        self.db.execute(self.sql)",
        "QUERIES = {{'a': {}}}\ncursor.execute(QUERIES['a'])",
        "for query in [{}]:\n    cursor.execute(query)",
        "QUERIES = ({},)\nfor query in QUERIES:\n    cursor.execute(query)",
        "[cursor.execute(query) for query in [{}]]",
        "try:\n    sql = {}\nexcept E:\n    raise\ncursor.execute(sql)",
        "with a as b:\n    sql = {}\ncursor.execute(sql)",
    ],
)
def test_names_are_followed(source):
    """In lower case, the text is SQL only by being handed to a database."""
    assert queries(source.format("'select 1 from t'")) == ["select 1 from t"]
    assert not unread(source.format("'select 1 from t'"))


def test_either_of_two_queries():
    source = """
        def f(cursor, many):
            if many:
                sql = "select a from t"
            else:
                sql = "select b from t"
            cursor.execute(sql)
            cursor.execute("select c from t" if many else "select d from t")
    """
    assert queries(source) == ["select a from t", "select b from t", "select c from t", "select d from t"]


@pytest.mark.parametrize(
    "source",
    [
        "def f(cursor, sql):\n    cursor.execute(sql)",
        "def f(conn):\n    conn.execute(build())",
        "class A:\n    def f(self):\n        self.db.execute(self.sql)",
        "cursor.execute(QUERIES[name])",
        "cursor.execute(prefix + ' FROM t')",
        "cursor.execute(f'{select} FROM t')",
        "from sqlalchemy import text\nsession.execute(text(sql))",
        "from sqlalchemy import text\ncursor.execute(query)",
        "Order.objects.raw(query)",
        "migrations.RunSQL(build())",
    ],
)
def test_a_query_that_cannot_be_known_is_told(source):
    assert not queries(source)
    (told,) = unread(source)
    assert told.endswith(" the query is built at run time")


@pytest.mark.parametrize(
    "source",
    [
        "executor.execute(task)",
        "self.execute(sql)",
        "super().execute(sql, params)",
        "action.execute()",
        "redis.execute('GET', key)",
        "session.execute(select(User).where(User.id == 1))",
        "stmt = sa.update(User).values(a=1)\nsession.execute(stmt)",
        "stmt = select(User)\nif x:\n    stmt = stmt.where(a)\nsession.execute(stmt)",
        "from sqlalchemy import select\ndef f(session, stmt):\n    session.execute(stmt)",
        "op.execute(table.update())",
        "conn.execute(CreateTable(users))",
        "cursor.execute(None)",
        "conn.execute({'a': 1})",
        "from .queries import GET_USER\ncursor.execute(GET_USER)",
        "from . import queries\ncursor.execute(queries.GET_USER)",
        "class Cursor:\n    def execute(self, sql, params=None):\n        return self.cursor.execute(sql, params)",
        "cursor.execute(*args)",
        "from gql import gql\nsession.execute(query)",
        "db.fetch(key)",
    ],
)
def test_what_is_no_string_or_read_elsewhere_is_not_told(source):
    assert not found(source)


def test_a_query_from_a_file_says_so():
    assert unread("cursor.execute(open('a.sql').read())\ncursor.executescript(Path('a.sql').read_text())") == [
        "1:16 the query is read from a file at run time",
        "2:22 the query is read from a file at run time",
    ]


# ---------------------------------------------------------------------------------------------------------------- forms of strings


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('"SELECT a " "FROM t"', "SELECT a FROM t"),
        ('("SELECT a "  # the column\n   "FROM t")', "SELECT a FROM t"),
        ('"SELECT a " \\\n  "FROM t"', "SELECT a FROM t"),
        ('"SELECT a " + "FROM t" + " WHERE b"', "SELECT a FROM t WHERE b"),
        ("r\"SELECT '\\d' FROM t\"", r"SELECT '\d' FROM t"),
        ('"SELECT \\"a\\" FROM \\x74 \\N{BULLET}"', 'SELECT "a" FROM t •'),
        ('f"SELECT a FROM t WHERE b = {b}"', "SELECT a FROM t WHERE b = ?"),
        ("f\"SELECT a FROM t WHERE b = '{b}' AND c LIKE '{c}%'\"", "SELECT a FROM t WHERE b = '?' AND c LIKE '?%'"),
        ('f"SELECT a FROM t WHERE b IN ({",".join(x)}) AND c = {{}}"'.replace('","', "','"), "SELECT a FROM t WHERE b IN (?) AND c = {}"),
        ('f"SELECT a FROM t WHERE b = {b!r:>{width}} LIMIT {n:d}"', "SELECT a FROM t WHERE b = ? LIMIT ?"),
        ('"SELECT a FROM t " f"WHERE b = {d["k"]}"'.replace('["k"]', "['k']"), "SELECT a FROM t WHERE b = ?"),
        ('"SELECT a FROM t WHERE b = " + str(b)', "SELECT a FROM t WHERE b = ?"),
        ('"SELECT a FROM t WHERE b = %s AND c = %s"', "SELECT a FROM t WHERE b = %s AND c = %s"),
        ("\"SELECT a FROM t WHERE b = %s AND c LIKE '%%x'\" % b", "SELECT a FROM t WHERE b = ? AND c LIKE '%x'"),
        ('"SELECT a FROM t WHERE b = %(b)s AND c = %(c)d" % values', "SELECT a FROM t WHERE b = ? AND c = ?"),
        ('"SELECT a FROM %s WHERE b = %%s" % "t"', "SELECT a FROM t WHERE b = %s"),
        ('"SELECT a FROM %s WHERE b = %s" % ("t", b)', "SELECT a FROM t WHERE b = ?"),
        ('"SELECT a FROM %(t)s" % {"t": "u"}', "SELECT a FROM u"),
        (
            "\"SELECT a FROM t WHERE b = {} AND c = {c!r:>10} AND d = '{{}}'\".format(b, c=c)",
            "SELECT a FROM t WHERE b = ? AND c = ? AND d = '{}'",
        ),
        ('"SELECT a FROM {} JOIN {u}".format("t", u="v")', "SELECT a FROM t JOIN v"),
        ('" ".join(["SELECT a", "FROM t", f"WHERE b = {b}"])', "SELECT a FROM t WHERE b = ?"),
        ('SQL("SELECT a FROM {} WHERE b = {}").format(Identifier("s", "t"), Literal(1))', 'SELECT a FROM "s"."t" WHERE b = ?'),
        ('f"SELECT a FROM t WHERE b = :b_{i} AND c = ${n} AND d = %({d})s"', "SELECT a FROM t WHERE b = ? AND c = ? AND d = ?"),
        ("f'SELECT a FROM t WHERE b = \"{b}\"'", 'SELECT a FROM t WHERE b = "?"'),
    ],
)
def test_forms_of_strings(expression, text):
    assert queries(f"cursor.execute({expression})") == [text]
    assert not unread(f"cursor.execute({expression})")


@pytest.mark.parametrize(
    "expression",
    [
        'f"SELECT a FROM tbl_{x}"',
        'f"SELECT a FROM {x}_archive"',
        'f"SELECT a FROM {schema}.orders"',
        'f"SELECT a FROM orders o WHERE o.{column} = 1"',
        "f'SELECT a FROM \"{table}\"'",
        'f"SELECT a FROM `{table}`"',
        'f"SELECT a FROM [{table}]"',
        'f"SELECT a FROM {a}{b}"',
        '"SELECT a FROM tbl_%s" % x',
        '"SELECT a FROM tbl_{}".format(x)',
        '"SELECT a FROM tbl_" + x',
        'SQL("SELECT a FROM {}").format(Identifier(table))',
        "f\"SELECT 'it''s', a FROM tbl_{x}\"",
    ],
)
def test_a_name_that_is_put_together_is_told(expression):
    assert not queries(f"cursor.execute({expression})")
    (told,) = unread(f"cursor.execute({expression})")
    assert told.endswith(" a name in the query is built at run time")


def test_the_place_of_a_name_that_is_put_together():
    assert unread('cursor.execute(f"""SELECT a\n  FROM tbl_{x}""")') == ["2:12 a name in the query is built at run time"]


def test_names_of_other_objects_do_not_matter():
    assert not found(
        'cursor.execute(f"DROP DATABASE {name}_test"); cursor.execute(f"CREATE TRIGGER {name}_t AFTER INSERT ON a BEGIN SELECT 1; END")'
    )


def test_constants_fill_holes():
    source = """
        TABLE = "orders"
        class A:
            COLUMNS = "id, total"
            def f(self, cursor):
                cursor.execute(f"SELECT {self.COLUMNS} FROM {TABLE}_archive WHERE id = {id}")
                cursor.execute("SELECT " + self.COLUMNS + " FROM " + TABLE)
                cursor.execute("SELECT %s FROM %s" % (self.COLUMNS, TABLE))
    """
    assert queries(source) == [
        "SELECT id, total FROM orders_archive WHERE id = ?",
        "SELECT id, total FROM orders",
        "SELECT id, total FROM orders",
    ]


def test_one_beginning_of_several_queries():
    source = """
        BASE = "SELECT a FROM t "
        cursor.execute(BASE + "WHERE b = 1")
        cursor.execute(BASE + "WHERE c = 1")
        OTHER = BASE + "WHERE d = 1"
    """
    assert queries(source) == ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE c = 1", "SELECT a FROM t WHERE d = 1"]


def test_building_step_by_step():
    source = """
        def f(cursor):
            sql = "SELECT a FROM t"
            sql += " WHERE b = %s"
            sql = sql + " AND c = 1"
            cursor.execute(sql, [b])
    """
    assert queries(source) == ["SELECT a FROM t WHERE b = %s AND c = 1"]
    assert not unread(source)


def test_building_step_by_step_without_executing():
    assert queries("def f():\n    sql = 'SELECT a FROM t'\n    sql += ' WHERE b = 1'\n    return sql") == ["SELECT a FROM t WHERE b = 1"]


@pytest.mark.parametrize(
    "step",
    ["if x:\n        sql += ' AND c'", "for x in y:\n        sql += ' AND c'", "while x:\n        sql = sql + ' AND c'", "sql *= 2"],
)
def test_building_that_depends_is_told(step):
    source = f"def f(cursor):\n    sql = 'SELECT a FROM t WHERE b'\n    {step}\n    cursor.execute(sql)"
    assert not queries(source)
    (told,) = unread(source)
    assert told.endswith(":20 the query is built at run time")


def test_a_branch_that_returns_does_not_count():
    source = """
        def f(cursor):
            sql = "SELECT a FROM t"
            if x:
                sql += " LIMIT 1"
                return cursor.execute(sql)
            return cursor.execute(sql)
    """
    assert "SELECT a FROM t LIMIT 1" in queries(source)


def test_percents_are_doubled_only_for_drivers_that_fill_in():
    assert queries("cursor.execute(\"SELECT a FROM t WHERE b = %s AND c LIKE '50%%'\", [b])") == [
        "SELECT a FROM t WHERE b = %s AND c LIKE '50%'"
    ]
    assert queries("T.objects.raw(\"SELECT a FROM t WHERE b = %s AND c LIKE '50%%'\", [b])") == [
        "SELECT a FROM t WHERE b = %s AND c LIKE '50%'"
    ]
    assert queries("cursor.execute(\"SELECT a FROM t WHERE c LIKE '50%%'\")") == ["SELECT a FROM t WHERE c LIKE '50%%'"]
    assert queries("cursor.execute(\"SELECT a FROM t WHERE b = ? AND c LIKE '50%%'\", [b])") == [
        "SELECT a FROM t WHERE b = ? AND c LIKE '50%%'"
    ]


# ---------------------------------------------------------------------------------------------------------------- places


def word_at(source: str, fragment: Fragment, word: str) -> str:
    """What stands in the host file where the fragment says that ``word`` is."""
    line, column = fragment.position(fragment.text.index(word))
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1][column - 1 :][: len(word)]


@pytest.mark.parametrize(
    "source",
    [
        'cursor.execute("SELECT a FROM orders")',
        'cursor.execute("""\n    SELECT a\n      FROM orders\n""")',
        'cursor.execute(\n    "SELECT a "\n    "FROM orders"\n)',
        "cursor.execute(\"SELECT '\\u00fc\\n' FROM orders\")",
        'cursor.execute("SELECT a,\\n b FROM orders")',
        "cursor.execute(\"SELECT \\'\\' FROM orders\")",
        'cursor.execute("SELECT a \\\nFROM orders")',
        'cursor.execute("""SELECT a \\\n  FROM orders""")',
        "ü = 1; cursor.execute(\"SELECT 'üüü 😀' FROM orders\")",
        'ü = 1; cursor.execute("SELECT \'ü\' " + "FROM orders")',
        'cursor.execute(f"SELECT {a["x"]} FROM orders")'.replace('["x"]', "['x']"),
        'cursor.execute(f"""SELECT {a}\n  , {b:>10}\n  FROM orders""")',
        'cursor.execute("ü" and f"""\n  SELECT \'ü{a}\', {{1}}\n  FROM orders""" f" WHERE {b}")',
        'cursor.execute(f"SELECT \'\\n{a}\' " "FROM orders")',
        "cursor.execute(\"SELECT %s, '%%' FROM orders\" % a)",
        "cursor.execute(\"SELECT {}, '{{' FROM orders\".format(a))",
        "cursor.execute(\"SELECT a FROM t WHERE b LIKE '50%%' AND c = %s AND orders\", [c])",
        'cursor.execute(" ".join(["SELECT a", "FROM orders"]))',
        'sql = "SELECT a "\nsql += "FROM orders"\ncursor.execute(sql)',
        'def f():\n    sql = "SELECT a "\n    cursor.execute(sql + "FROM orders")',
        'cursor.execute(rb"x" and r"SELECT \\d FROM orders")'.replace('rb"x" and ', ""),
        'cursor.execute("""SELECT a\r\n  FROM b,\r\n orders""")',
        'cursor.execute("""SELECT a\r  FROM b,\r orders""")',
        '\ufeffcursor.execute("SELECT a FROM orders")',
    ],
)
def test_places_are_exact(source):
    source = source.replace('"ü" and ', "")
    fragment = next(each for each in FRONTEND.read("a.py", source) if isinstance(each, Fragment))
    assert word_at(source.removeprefix("\ufeff"), fragment, "orders") == "orders"
    assert word_at(source.removeprefix("\ufeff"), fragment, "SELECT") == "SELECT"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 an f-string ends at its own quote")
def test_an_f_string_within_an_f_string():
    source = 'cursor.execute(f"SELECT {f"{a["}"]}"} {x # }"\n} FROM orders")'
    assert queries(source) == ["SELECT ? ? FROM orders"]
    assert word_at(source, only(source), "orders") == "orders"


def test_every_character_is_found_again():
    source = "cursor.execute('''\\\n  SELECT \"\\t\\x41\\u00e9\\N{BULLET}\", ü,\n a FROM t -- \\d''' ' WHERE 1')"
    fragment = only(source)
    lines = source.split("\n")
    for offset, character in enumerate(fragment.text):
        line, column = fragment.position(offset)
        assert (lines[line - 1] + "\n")[column - 1] in {character, "\\"}


def test_a_part_from_elsewhere_stands_where_it_is_named():
    source = 'TABLES = """orders\n  JOIN users"""\n\ncursor.execute("SELECT a FROM " + TABLES + " WHERE b")'
    fragment = only(source)
    assert fragment.position(fragment.text.index("orders")) == (4, 35)
    assert fragment.position(fragment.text.index("users")) == (4, 35)
    assert word_at(source, fragment, "WHERE") == "WHERE"
    assert fragment.location(0, len(fragment.text)).line == 4


def test_a_query_from_a_constant_stands_at_the_constant():
    fragment = only('QUERY = """\n  SELECT a FROM t"""\n\n\ncursor.execute(QUERY)')
    assert fragment.location(3, 9).line == 2


def test_the_order_is_that_of_the_file():
    source = "def f():\n    cursor.execute('SELECT a FROM t')\ncursor.execute('SELECT b FROM t')\nX = 'SELECT c FROM t'"
    assert queries(source) == ["SELECT a FROM t", "SELECT b FROM t", "SELECT c FROM t"]


# ---------------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("source", ["print 'SELECT a FROM t'", "cursor.execute('SELECT", "x = 'SELECT a FROM t'\0", "if x:\npass"])
def test_what_is_not_python_is_told(source):
    (told,) = found(source)
    assert isinstance(told, Unread)
    assert told.what == "file"
    assert "is not Python 3." in told.reason


@pytest.mark.parametrize("source", ["x = " + "-" * 50_000 + "1", "x = " + "a + " * 50_000 + "'SELECT a FROM t'"])
def test_what_is_nested_too_deeply_is_told(source):
    (told,) = found(source)
    assert isinstance(told, Unread)
    assert told.reason == "it is nested too deeply to be read"


def test_a_giant_file_is_told():
    (told,) = FRONTEND.read("a.py", "x = 1\n" * (LARGEST // 6 + 1))
    assert isinstance(told, Unread)
    assert "too large" in told.reason


def test_a_warning_of_the_parser_is_nobodys_business():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert queries(r"cursor.execute('SELECT \d FROM t')") == [r"SELECT \d FROM t"]


def test_a_string_that_doubles_in_every_line_is_given_up():
    doubling = "".join(f"    sql = sql + sql\n    sql += f'{{sql}}{number}'\n" for number in range(40))
    assert unread(f"def f(cursor):\n    sql = 'SELECT a FROM t'\n{doubling}    cursor.execute(sql)")


@pytest.mark.parametrize(
    "text",
    [
        "/**/" * 5_000 + "x",
        "SELECT " + "/*" * 20_000 + "\\0",
        "SELECT " + "a" * 50_000 + "{x}",
        "SELECT {" + "a" * 50_000,
        "SELECT %" + "0" * 50_000,
        "SELECT '" * 5_000 + "{x}",
        "UPDATE a SET" + " " * 50_000,
        "INSERT INTO " + "a" * 50_000,
        "SELECT \n%%{x}{{" * 1_000,
    ],
)
def test_no_string_takes_long(text):
    """A pattern that looks at each of these again from every character would take minutes."""
    source = f"QUERY = {text!r}\nx = QUERY.format(1)\ncursor.execute({text!r} % 1)\ncursor.execute(f{text.replace('{a', '{{a')!r})"
    assert FRONTEND.relevant(source.encode()) in {True, False}
    list(FRONTEND.read("a.py", source))


# ---------------------------------------------------------------------------------------------------------------- which files


@pytest.mark.parametrize(
    "source",
    [
        b"cursor.execute(sql)",
        b"cursor.execute(\n    sql)",
        b"cursor.execute(query=build())",
        b"connection.exec_driver_sql(x)",
        b"await conn.fetch(x)",
        b"X = 'select a'",
        b"X = '''SELECT\n a FROM t'''",
        b"X = 'SELECT\\n a FROM t'",
        b"X = 'insert  into t'",
        b"X = 'Update t Set a = 1'",
        b"X = 'CREATE UNIQUE INDEX i'",
        b"migrations.RunSQL(X)",
        b"execute_values(cursor, X, rows)",
        b"pd.read_sql(X, engine)",
        b"Order.objects.raw(X)",
    ],
)
def test_files_that_may_hold_sql(source):
    assert FRONTEND.relevant(source)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"from a import b\n",
        b"action.execute()",
        b"action.execute(skip_checks=True)",
        b"users.select_related('a').update(b=1)",
        b"basket.delete(); page.create()",
        b"connection.fetch()",
    ],
)
def test_files_that_hold_none(source):
    assert not FRONTEND.relevant(source)


def test_only_python_is_read():
    assert FRONTEND.suffixes == {".py"}


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("'STRAIGHT_JOIN' if mysql else 'INNER JOIN'", "SELECT a FROM t INNER JOIN u ON (t.b = u.b)"),
        ("'DESC' if last else 'ASC'", "SELECT a FROM t ORDER BY b ASC"),
    ],
)
def test_words_between_which_nothing_hangs_are_put_in(words, written):
    chosen = written.replace("INNER JOIN", "{word}").replace("ASC", "{word}")
    for template in (f"f'{chosen}'", f"'{chosen}'.format(word=word)", f"'{chosen.replace('{word}', '%s')}' % word"):
        assert queries(f"word = {words}\ncursor.execute({template})\n") == [written]


def test_words_that_matter_are_not_chosen():
    source = "word = 'LEFT JOIN' if all else 'INNER JOIN'\ncursor.execute(f'SELECT a FROM t {word} u ON (t.b = u.b)')\n"
    assert queries(source) == ["SELECT a FROM t ? u ON (t.b = u.b)"]
