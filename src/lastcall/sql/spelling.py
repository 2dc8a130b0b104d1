"""How a name must be written in a statement: in quotes where the server would read it as another one, or as a word of its own.

A name of the schema is known folded (``operations``).  PostgreSQL keeps what stands in quotes as it is written and folds everything else
to lower case, Oracle to upper case; the others keep every name as it is written, and mostly find it in any case.  Words that only a name in
quotes can be: PostgreSQL's ``pg_get_keywords()`` (what no column may be called), SQLite's by trial, and the tables of reserved words in the
manuals of MySQL and MariaDB, SQL Server and Oracle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lastcall.sql.operations import USUAL_SCHEMAS
from lastcall.sql.tokens import Token, words

_PLAIN = {
    "postgres": re.compile(r"[a-z_][a-z0-9_$]*"),
    "mysql": re.compile(r"[A-Za-z_][A-Za-z0-9_$]*"),
    "sqlite": re.compile(r"[A-Za-z_]\w*", re.ASCII),
    "tsql": re.compile(r"[A-Za-z_][\w@#$]*", re.ASCII),
    "oracle": re.compile(r"[a-z][a-z0-9_$#]*"),
}
_QUOTES = {"mysql": ("`", "`"), "tsql": ("[", "]")}


def spelled(token: Token, dialect: str) -> str:
    """The name that a token of DDL gives, as a statement must write it; empty where that is the folded name."""
    text, quoted = token.text, token.kind != "word"
    if dialect == "oracle":
        # What folds to upper case is written without quotes, in any case; anything else is another name.
        plain = identifier(text.lower(), dialect) if not quoted or text == text.upper() else _in_quotes(text, dialect)
    else:
        plain = identifier(text.lower() if dialect == "postgres" and not quoted else text, dialect)
    return "" if plain == text.lower() else plain


def qualified(tokens: Sequence[Token], dialect: str) -> str:
    """The same of a name with or without its schema; the usual schema and what stands before any are left out, as in the folded name."""
    parts = [token for token in tokens if token.kind != "mark"]
    usual = len(parts) < 2 or parts[-2].text.lower() in USUAL_SCHEMAS  # noqa: PLR2004
    kept = parts[-1:] if usual else parts[-2:]
    if not any(spelled(part, dialect) for part in kept):
        return ""
    return ".".join(spelled(part, dialect) or part.text.lower() for part in kept)


def identifier(name: str, dialect: str) -> str:
    """A name as the server keeps it (Oracle's in lower case), in quotes where it needs them."""
    plain = _PLAIN.get(dialect, _PLAIN["postgres"])
    if plain.fullmatch(name) and name.lower() not in _RESERVED.get(dialect, frozenset()):
        return name
    return _in_quotes(name.upper() if dialect == "oracle" else name, dialect)


def path(name: str, dialect: str) -> str:
    """A folded table name, with its schema where it has one."""
    return ".".join(identifier(part, dialect) for part in name.split("."))


def last_of(text: str) -> str:
    """The last name of a spelled one, as it is written there."""
    found = _LAST.search(text)
    return found[0] if found else text


def bare(text: str) -> str:
    """The last name of a spelled one, without its quotes."""
    last = last_of(text)
    return last[1:-1].replace(last[-1] * 2, last[-1]) if last[:1] and last[0] in '"`[' else last


_LAST = re.compile(r'"(?:[^"]|"")*"\Z|`(?:[^`]|``)*`\Z|\[(?:[^\]]|\]\])*\]\Z|[^.]*\Z')


def _in_quotes(name: str, dialect: str) -> str:
    opening, closing = _QUOTES.get(dialect, ('"', '"'))
    return f"{opening}{name.replace(closing, closing * 2)}{closing}"


_RESERVED = {
    "postgres": words("""
        all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
        concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp
        current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having
        ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not
        notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar
        some symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when where window
        with
    """),
    "sqlite": words("""
        add all alter and as autoincrement between case cast check collate commit constraint create current_date current_time
        current_timestamp default deferrable delete distinct drop else escape except exists foreign from group having in index insert
        intersect into is isnull join limit not nothing notnull null on or order primary raise references returning select set table
        then to transaction union unique update using values when where
    """),
    "mysql": words("""
        accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case change char
        character check collate column condition constraint continue convert create cross cube cume_dist current_date current_role
        current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute day_second dec
        decimal declare default delayed delete delete_domain_id dense_rank desc describe deterministic distinct distinctrow div
        do_domain_ids double drop dual each else elseif empty enclosed escaped except exists exit explain false fetch first_value float
        float4 float8 for force foreign from fulltext function general generated get grant group grouping groups having high_priority
        hour_microsecond hour_minute hour_second if ignore ignore_domain_ids ignore_server_ids in index infile inner inout insensitive
        insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids io_before_gtids is iterate join json_table
        key keys kill lag last_value lateral lead leading leave left library like limit linear lines load localtime localtimestamp lock
        long longblob longtext loop low_priority manual master_bind master_heartbeat_period master_ssl_verify_server_cert match maxvalue
        mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural no_write_to_binlog not
        nth_value ntile null numeric of offset on optimize optimizer_costs option optionally or order out outer outfile over page_checksum
        parallel parse_vcol_expr partition percent_rank position precision primary procedure purge qualify range rank read read_write
        reads real recursive ref_system_id references regexp release rename repeat replace require resignal restrict return returning
        revoke right rlike row row_number rows rownum schema schemas second_microsecond select sensitive separator set show signal slow
        smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate sqlwarning ssl starting
        stats_auto_recalc stats_persistent stats_sample_pages stored straight_join system table tablesample terminated then tinyblob
        tinyint tinytext to trailing trigger true undo union unique unlock unsigned update usage use using utc_date utc_time
        utc_timestamp values varbinary varchar varcharacter varying virtual when where while window with write xor year_month zerofill
    """),
    "tsql": words("""
        add all alter and any as asc authorization backup begin between break browse bulk by cascade case check checkpoint close
        clustered coalesce collate column commit compute constraint contains containstable continue convert create cross current
        current_date current_time current_timestamp current_user cursor database dbcc deallocate declare default delete deny desc disk
        distinct distributed double drop dump else end errlvl escape except exec execute exists exit external fetch file fillfactor for
        foreign freetext freetexttable from full function goto grant group having holdlock identity identity_insert identitycol if in
        index inner insert intersect into is join key kill left like lineno load merge national nocheck nonclustered not null nullif of
        off offsets on open opendatasource openquery openrowset openxml option or order outer over percent pivot plan precision primary
        print proc procedure public raiserror read readtext reconfigure references replication restore restrict return revert revoke
        right rollback rowcount rowguidcol rule save schema securityaudit select semantickeyphrasetable semanticsimilaritydetailstable
        semanticsimilaritytable session_user set setuser shutdown some statistics system_user table tablesample textsize then to top
        tran transaction trigger truncate try_convert tsequal union unique unpivot update updatetext use user values varying view
        waitfor when where while with within writetext
    """),
    "oracle": words("""
        access add all alter and any as asc audit between by char check cluster column column_value comment compress connect create
        current date decimal default delete desc distinct drop else exclusive exists file float for from grant group having identified
        immediate in increment index initial insert integer intersect into is level like lock long maxextents minus mlslabel mode
        modify nested_table_id noaudit nocompress not nowait null number of offline on online option or order pctfree prior public raw
        rename resource revoke row rowid rownum rows select session set share size smallint start successful synonym sysdate table then
        to trigger uid union unique update user validate values varchar varchar2 view whenever where with
    """),
}
"""By dialect what is a word of the language wherever a name could stand."""
