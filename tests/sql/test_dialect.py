"""Which SQL a repository speaks, from what lies in it."""

from __future__ import annotations

import time

import pytest

from lastcall.folder import Folder
from lastcall.model import LastcallError
from lastcall.sql.dialect import detect, named, of_text

PG_DUMP = "-- PostgreSQL database dump\nSET x = 0;\nCREATE TABLE public.t (a integer);\nALTER TABLE ONLY public.t ADD PRIMARY KEY (a);\n"
MYSQL_DUMP = "-- MySQL dump 10.13\n/*!40101 SET x=1 */;\nCREATE TABLE `t` (`a` int NOT NULL AUTO_INCREMENT, KEY (`a`)) ENGINE=InnoDB;\n"
SQLITE_DUMP = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);\n"
TSQL_SCRIPT = "USE [x]\nGO\nCREATE TABLE [dbo].[t] ([a] [int] IDENTITY(1,1) NOT NULL, CONSTRAINT [p] PRIMARY KEY CLUSTERED ([a]))\nGO\n"
ORACLE_SCRIPT = "PROMPT t\nCREATE TABLE t (a NUMBER(10), b VARCHAR2(20));\n/\n"
PLAIN = "create table t (id int primary key, name varchar(20));"


def tree(tmp_path, files):
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Folder(tmp_path)


REPOSITORIES = [
    ({}, "postgres"),
    ({"schema.sql": PLAIN}, "postgres"),
    ({"shop/settings.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}'}, "postgres"),
    ({"shop/settings/base.py": "ENGINE = 'django.db.backends.mysql'"}, "mysql"),
    ({"shop/settings.py": "'django.db.backends.sqlite3'", "requirements.txt": "django\npsycopg2-binary==2.9\n"}, "postgres"),
    ({"shop/settings.py": "'django.db.backends.sqlite3'"}, "sqlite"),
    ({"requirements/base.txt": "mysqlclient==2.2"}, "mysql"),
    ({"pyproject.toml": 'dependencies = ["psycopg[binary]>=3"]'}, "postgres"),
    ({"pyproject.toml": 'dependencies = ["oracledb"]'}, "oracle"),
    ({".env.example": "DATABASE_URL=mysql+pymysql://u:p@h/d"}, "mysql"),
    ({"docker-compose.yml": "services:\n  db:\n    image: postgres:16\n"}, "postgres"),
    ({"compose.yaml": "  image: docker.io/library/mariadb:11\n"}, "mysql"),
    ({"compose.yaml": "  image: mcr.microsoft.com/mssql/server:2022-latest\n"}, "tsql"),
    ({"alembic.ini": "sqlalchemy.url = sqlite:///x.db"}, "sqlite"),
    ({"db/a.sql": PG_DUMP}, "postgres"),
    ({"db/a.sql": MYSQL_DUMP}, "mysql"),
    ({"db/a.sql": SQLITE_DUMP}, "sqlite"),
    ({"db/a.sql": TSQL_SCRIPT}, "tsql"),
    ({"db/a.sql": ORACLE_SCRIPT}, "oracle"),
    ({"db/a.sql": MYSQL_DUMP, "tests/b.sql": PLAIN, "README.md": "postgres://"}, "mysql"),
]


@pytest.mark.parametrize(("files", "name"), REPOSITORIES)
def test_the_dialect_of_a_repository(tmp_path, files, name):
    assert detect(tree(tmp_path, files)).name == name


def test_the_evidence_is_a_file_that_says_it(tmp_path):
    found = detect(tree(tmp_path, {"shop/settings.py": "'django.db.backends.mysql'", "requirements.txt": "pymysql"}))
    assert found.evidence == "shop/settings.py names django.db.backends.mysql"


def test_an_assumption_is_called_one(tmp_path):
    assert detect(tree(tmp_path, {"a.py": "x = 1"})).evidence == "nothing in the files names a dialect, so it is assumed"


FILES = [
    ("schema.sql", PLAIN, None),
    ("schema.sql", PG_DUMP, "postgres"),
    ("schema.sql", MYSQL_DUMP, "mysql"),
    ("schema.sql", SQLITE_DUMP, "sqlite"),
    ("schema.sql", TSQL_SCRIPT, "tsql"),
    ("schema.sql", ORACLE_SCRIPT, "oracle"),
    ("data/Chinook_MySql.sql", PLAIN, "mysql"),
    ("data/Chinook_PostgreSql.sql", PLAIN, "postgres"),
    ("data/Chinook_SqlServer.sql", "CREATE TABLE [dbo].[t] ([a] INT);\nGO\n", "tsql"),
    ("data/Chinook_Sqlite.sql", "DROP TABLE IF EXISTS [t];\nCREATE TABLE [t] ([a] NVARCHAR(160) NOT NULL);\n", "sqlite"),
    ("data/Chinook_Oracle.sql", "CREATE TABLE t (a NUMBER NOT NULL, b VARCHAR2(9));", "oracle"),
    ("migrations/mysql/001_t.sql", PLAIN, "mysql"),
    ("schema.pgsql", PLAIN, "postgres"),
    ("top.sql", "select a::int from t where b = $1", None),
    ("storage.sql", PLAIN, None),
    ("page.sql", PLAIN, None),
]


@pytest.mark.parametrize(("path", "text", "name"), FILES)
def test_the_dialect_of_one_file(path, text, name):
    assert of_text(text, path) == name


@pytest.mark.parametrize(
    ("written", "name"), [("postgres", "postgres"), ("PostgreSQL", "postgres"), ("mariadb", "mysql"), ("mssql", "tsql")]
)
def test_the_policy_may_name_it(written, name):
    assert named(written).name == name


def test_a_dialect_that_does_not_exist():
    with pytest.raises(LastcallError, match="no dialect “cobol”") as caught:
        named("cobol")
    assert "postgres, mysql, sqlite, tsql, oracle" in caught.value.hint


def test_blank_lines_take_no_time():
    start = time.process_time()
    assert of_text("\n" * 100_000, "a.sql") is None
    assert time.process_time() - start < 1  # a mark that runs over line ends took eleven seconds
