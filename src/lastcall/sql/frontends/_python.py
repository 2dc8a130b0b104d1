"""SQL in the string literals of Python files: what is handed to a database, and constants that can be nothing but SQL.

A file's statements are gone through in order, so that a query put together in several steps is read as the program would put it together.
Nothing is guessed: what a branch or a loop adds, what comes in from a caller or another module, is a hole, and a query that cannot be known
is an ``Unread``.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lastcall.model import Location, Unread
from lastcall.sql.frontends import Fragment
from lastcall.sql.frontends._flow import NAMED_SQL, Flow, parameters
from lastcall.sql.frontends._literals import HOLE, Place, Source, Text
from lastcall.sql.frontends._values import Scope, Value, called, last_name

LARGEST = 2_000_000
"""Characters of a Python file; a larger one is generated, and its syntax tree would not fit into memory."""

# ---------------------------------------------------------------------------------------------------------------- what looks like SQL

_LEAD = r"(?:[\s(]|--[^\n]*|/\*.*?\*/)*+"
_STATEMENT = (
    _LEAD
    + r"""(?:
    SELECT\b.+?\bFROM\s+[\w"'`[(?:@$%{\0]
  | WITH\s+(?:RECURSIVE\s+)?[^\s(]+\s*(?:\([^()]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(
  | INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO\s+[^\s(]+(?:\s+AS\s+\w+)?\s*(?:\(|(?:VALUES|SELECT|DEFAULT|WITH)\b)
  | REPLACE\s+INTO\s+[^\s(]+\s*(?:\(|(?:VALUES|SELECT)\b)
  | UPDATE\s+\S.*?\sSET\s+\S+\s*(?:=|,)
  | DELETE\s+FROM\s+[^\s;]+\s*(?:$|;|(?:(?:AS\s+)?\w+\s+)?(?:WHERE|USING|RETURNING)\b)
  | MERGE\s+INTO\s+\S.*?\bUSING\b
  | CREATE\s+(?:OR\s+REPLACE\s+)?(?:\w+\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[^\s(]+\s*(?:\(|(?:AS|LIKE|PARTITION|USING)\b)
  | CREATE\s+(?:\w+\s+)?INDEX\b.+?\bON\s+\S
  | CREATE\s+(?:OR\s+REPLACE\s+)?(?:\w+\s+)?VIEW\s+\S.*?\bAS\b
  | ALTER\s+(?:TABLE|INDEX)\s+(?:IF\s+EXISTS\s+|ONLY\s+)*\S+\s+(?:ADD|DROP|ALTER|RENAME|MODIFY|CHANGE|SET|ATTACH|DETACH|VALIDATE)\b
)"""
)
_SHOUTED = re.compile(_STATEMENT, re.VERBOSE | re.DOTALL)
_SPOKEN = re.compile(_STATEMENT, re.VERBOSE | re.DOTALL | re.IGNORECASE)
_STRUCTURE = re.compile(r"[=*(,;.\0]|%s|\b(?:where|join|order\s+by|group\s+by)\b", re.IGNORECASE)
_VERB = re.compile(
    _LEAD + r"(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|REPLACE|CREATE|ALTER|DROP|RENAME|EXPLAIN|VALUES|DECLARE|DO|IF)\b",
    re.IGNORECASE | re.DOTALL,
)
_OTHER_OBJECT = re.compile(
    _LEAD + r"(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+|TEMP(?:ORARY)?\s+)?"
    r"(?:TRIGGER|FUNCTION|PROCEDURE|DATABASE|SCHEMA|ROLE|USER|EXTENSION|SEQUENCE|TYPE|DOMAIN|POLICY|RULE|PUBLICATION|VIRTUAL)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Objects that no query's plan hangs on: a name of theirs that is built at run time is nobody's loss."""
_SCRIPT = re.compile(_LEAD + r"(?:BEGIN|START|SET|PRAGMA|LOCK|USE)\b[^;]*;\s*\S", re.IGNORECASE | re.DOTALL)


def _is_statement(text: str, *, named: bool = False) -> bool:
    """Whether a text can be nothing but SQL: keywords in capitals, or a statement's build under a name that says so."""
    if _SHOUTED.match(text):
        return True
    return named and _SPOKEN.match(text) is not None and _STRUCTURE.search(text) is not None


# ---------------------------------------------------------------------------------------------------------------- where SQL goes


@dataclass(frozen=True)
class Sink:
    """A call that takes SQL: in which argument; whether its name alone tells that it does (``sure``), and whether what it takes may be a
    piece of SQL (``partial``): then only a whole statement is read, and nothing is said of what cannot be known."""

    keywords: tuple[str, ...] = ("sql", "query", "statement", "operation")
    argument: int = 0
    sure: bool = False
    partial: bool = False


_FETCHES = ("fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val", "prepare")
_SINKS = {
    **dict.fromkeys(("execute", "executemany", "executescript", "raw", *_FETCHES), Sink()),
    **dict.fromkeys(("exec_driver_sql", "RunSQL", "read_sql_query", "read_sql"), Sink(sure=True)),
    **dict.fromkeys(("execute_values", "execute_batch"), Sink(argument=1, sure=True)),
    "RawSQL": Sink(sure=True, partial=True),
    "text": Sink(("text",), partial=True),
}
_REVERSE = Sink(("reverse_sql",), 1)
_TELLING = re.compile(
    r"\b(?:select|insert|replace|merge|update|delete|create|alter)[\s\\]|\b(?:" + "|".join(_SINKS) + r")\s*\(", re.IGNORECASE
)
_CURSOR = re.compile(r"_*(?:\w+_)?(?:cursor|curs?)\d*_?", re.IGNORECASE)
_DATABASE = re.compile(
    r"_*(?:\w+_)?(?:conn|connections?|con|db|database|session|engine|tx|txn|transaction|pool|schema_editor)\d*_?|op", re.IGNORECASE
)
_PARAMETERS = frozenset({"params", "parameters", "vars", "args", "argslist", "vars_list"})

_PROSE_CALL = re.compile(
    r"n?p?gettext(?:_lazy|_noop)?|__?|debug|info|warn(?:ing|s)?|error|exception|critical|fatal|log|p?print|echo|secho|write|writelines|fail"
    r"|skip\w*|xfail|raises|deprecated|match|search|compile|subn?|findall|finditer|fullmatch|startswith|endswith|assert\w*|add_argument|option"
    r"|\w*(?:Error|Exception|Warning|Failure)"
)
_PROSE_KEYWORD = re.compile(
    r"\w*help(?:_text)?|\w*message|msg|label|verbose_name(?:_plural)?|\w*description|title|doc|epilog|usage|reason|comment|match"
)

_BUILT = "the query is built at run time"
_NAME_BUILT = "a name in the query is built at run time"
_FROM_FILE = "the query is read from a file at run time"


def _imports(*names: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*(?:from|import)\s+(?:{'|'.join(names)})\b", re.MULTILINE)


_ALEMBIC = _imports("alembic")
_SQLALCHEMY = _imports("sqlalchemy", "sqlmodel", "flask_sqlalchemy", "alembic")
_EXPRESSION_LANGUAGE = _imports("sqlalchemy", "sqlmodel", "flask_sqlalchemy", "alembic", "gql", "pypika", "peewee")
_FETCHING_DRIVER = _imports("asyncpg", "databases")

# ---------------------------------------------------------------------------------------------------------------- holes

_BIND = re.compile(r"(?<![:\w\0])[:@$](?=[\w\0]*\0)[\w\0]+|%\((?=[\w\0]*\0)[\w\0]*\)s")
_LEXEME = re.compile(
    r"'(?:[^']|'')*+(?:'|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)"
    r'|(?:=|<|>|\blike\b)\s*"[^"\n]*"'  # MySQL's strings; after a comparison no name is made at run time
    r'|(?P<name>"[^"]*"|`[^`]*`|\[[^\][]*\]|[\w$.\0]+)',
    re.IGNORECASE | re.DOTALL,
)
_DOUBLED_PERCENT = re.compile("%%")
_PERCENT_PLACEHOLDER = re.compile(r"(?<!%)(?:%%)*+%(?:s|\(\w+\)s)")
_BRACES = re.compile(r"\{\w*\}")


def _built_name(text: str) -> int:
    """The offset of the first hole that is part of a name (``tbl_{x}``, ``{schema}.orders``, ``"{table}"``), -1 where none is."""
    for match in _LEXEME.finditer(text) if HOLE in text else ():
        name = match["name"]
        if name is not None and HOLE in name and name != HOLE:
            return match.start() + name.index(HOLE)
    return -1


# ---------------------------------------------------------------------------------------------------------------- the reader


@dataclass(frozen=True)
class _Call:
    """A call that may hand SQL to a database: ``trusted`` where it surely does, ``escaped`` where the driver takes ``%%`` for ``%``."""

    node: ast.Call
    sink: Sink
    argument: ast.expr
    scope: Scope
    trusted: bool = False
    escaped: bool = False


class _Reader(Flow):
    """Goes through one file; ``found`` holds what it yields, with its place."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(Source(text))
        self.path = path
        self.found: list[tuple[Place, Fragment | Unread]] = []
        self._consumed: set[Place] = set()
        self._yielded: set[Place] = set()
        self._told: set[Place] = set()
        self._candidates: list[tuple[Text, bool]] = []
        self._imported: dict[re.Pattern[str], bool] = {}

    def read(self, module: ast.Module) -> None:
        self.run(module)
        self._yield_constants()

    def _imports(self, pattern: re.Pattern[str]) -> bool:
        if pattern not in self._imported:
            self._imported[pattern] = pattern.search(self.source.text) is not None
        return self._imported[pattern]

    # ------------------------------------------------------------------------------------------------------------ expressions

    def visit(self, node: ast.expr, scope: Scope, *, named: bool = False, prose: bool = False) -> None:
        if _is_text(node):
            # Most literals are no SQL: a look at the value spares finding out where each of its characters stands.
            if not prose and not (isinstance(node, ast.Constant) and not _is_statement(str(node.value), named=named)):
                self._offer(self.evaluator.value(node, scope), named=named)
            return
        match node:
            case ast.Constant() | ast.Name():
                pass
            case ast.Call():
                self._visit_call(node, scope, prose=prose)
            case ast.Compare():
                self.children(node, scope, prose=True)
            case ast.NamedExpr():
                self.visit(node.value, scope, named=named, prose=prose)
                scope.names[node.target.id] = self.evaluator.value(node.value, scope)
            case ast.Lambda() | ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                self.children(node, self.inner(node, scope), prose=prose)
            case _:
                self.children(node, scope, named=named, prose=prose)

    def _visit_call(self, node: ast.Call, scope: Scope, *, prose: bool) -> None:
        name = called(node)
        if name in _SINKS:
            self._hand(node, _SINKS[name], scope)
        prose = prose or _PROSE_CALL.fullmatch(name) is not None
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value, scope, prose=prose)
        for argument in node.args:
            self.visit(argument, scope, prose=prose)
        for keyword in node.keywords:
            word = keyword.arg or ""
            says_no = prose or _PROSE_KEYWORD.fullmatch(word) is not None
            self.visit(keyword.value, scope, named=NAMED_SQL.search(word) is not None, prose=says_no)

    def skips(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """What takes a migration back is not part of any release."""
        return function.name.startswith("downgrade") and self._imports(_ALEMBIC)

    def says_nothing(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether no line of a function has a word that begins SQL or a call that takes it: most functions of most files."""
        at = bisect_left(self._telling, function.lineno)
        return at == len(self._telling) or self._telling[at] > (function.end_lineno or function.lineno)

    @cached_property
    def _telling(self) -> list[int]:
        """The lines of the file in which SQL may begin, or a call that takes some."""
        text = self.source.text
        ends = [found.start() for found in re.finditer("\n", text)]
        return [bisect_left(ends, found.start()) + 1 for found in _TELLING.finditer(text)]

    # ------------------------------------------------------------------------------------------------------------ calls that take SQL

    def _hand(self, node: ast.Call, sink: Sink, scope: Scope) -> None:
        """What a call hands to the database; RunSQL takes lists too, also of pairs of a statement and its parameters."""
        many = called(node) == "RunSQL"
        reverse = _argument(node, _REVERSE) if many else None
        if reverse is not None:
            for value in _statements(self.evaluator.value(reverse, scope)):
                self.used(value)
        argument = _argument(node, sink)
        if argument is None or last_name(argument) == "noop":
            return
        parametrised = called(node) in {"raw", "RawSQL"} or (not many and _has_parameters(node, sink))
        call = _Call(node, sink, argument, scope, sink.sure or self._is_database(node), parametrised)
        value = self.evaluator.value(argument, scope)
        for statement in _statements(value) if many else (value,):
            self._hand_value(statement, call)

    def _hand_value(self, value: Value, call: _Call) -> None:
        if _overlapping(value.known):  # one query with parts that are there or not
            self.used(value)
            self._tell(_BUILT, call)
            return
        for text in value.texts:
            if text.why in {"", "unknown", "file"}:
                self._hand_text(text, call)

    def _hand_text(self, text: Text, call: _Call) -> None:
        if _VERB.match(text.text) or _SCRIPT.match(text.text):
            shouted = _is_statement(text.text)
            if call.trusted or shouted or (_is_statement(text.text, named=True) and not call.sink.partial):
                self.used(Value((text,)))
                escaped = call.escaped and _PERCENT_PLACEHOLDER.search(text.text)
                self._yield(
                    text.replace(_DOUBLED_PERCENT, "%") if escaped else text, bare=not (call.trusted or shouted), tells=call.trusted
                )
        elif text.text.lstrip("( \t\r\n").startswith(HOLE) and not self._forwards(call):
            self._tell(_FROM_FILE if text.why == "file" else _BUILT, call)

    def _is_database(self, node: ast.Call) -> bool:
        """Whether the call is one that hands SQL to a database, going by what it is called on."""
        name = called(node)
        if name == "text":
            return self._imports(_SQLALCHEMY)
        if not isinstance(node.func, ast.Attribute):
            return False
        receiver = last_name(node.func.value)
        if name == "raw":
            return receiver in {"objects", "_default_manager"}
        if name in _FETCHES and not self._imports(_FETCHING_DRIVER):
            return False
        return bool(_CURSOR.fullmatch(receiver) or _DATABASE.fullmatch(receiver))

    def _forwards(self, call: _Call) -> bool:
        """Whether this is the inside of a wrapper, ``def execute(self, sql): self.cursor.execute(sql)``; its callers are read."""
        function = call.scope.function
        forwarded = last_name(call.argument) if isinstance(call.argument, ast.Name) else ""
        return function is not None and function.name in _SINKS and forwarded in parameters(function.args)

    def _maybe_expression(self, call: _Call) -> bool:
        """Whether the argument may as well be an object of an expression language, which is no string."""
        is_text = isinstance(call.argument, ast.Call) and called(call.argument) == "text"
        if is_text or called(call.node) == "exec_driver_sql" or not self._imports(_EXPRESSION_LANGUAGE):
            return False
        receiver = last_name(call.node.func.value) if isinstance(call.node.func, ast.Attribute) else ""
        return not _CURSOR.fullmatch(receiver) and "sql" not in last_name(call.argument).lower()

    # ------------------------------------------------------------------------------------------------------------ what is found

    def used(self, value: Value) -> None:
        for text in value.texts:
            self._consumed |= text.literals | text.guests

    def grew(self, value: Value, *, named: bool) -> None:
        grown = {place for text in value.texts for place in text.literals}
        self._candidates = [each for each in self._candidates if not each[0].literals & grown]
        self._offer(value, named=named)

    def _offer(self, value: Value, *, named: bool) -> None:
        """A string that nobody is seen to execute: kept until it is known whether somebody does."""
        for text in value.known:
            self._consumed |= text.guests
            if _is_statement(text.text, named=named):
                self._candidates.append((text, named))

    def _yield_constants(self) -> None:
        owners = Counter(literal for text, _ in self._candidates for literal in text.literals)
        for text, named in self._candidates:
            if not text.literals & self._consumed and all(owners[literal] == 1 for literal in text.literals):
                self._yield(text.replace(_BRACES, HOLE), bare=True, tells=named and _is_statement(text.text))

    def _yield(self, text: Text, *, bare: bool, tells: bool) -> None:
        """A fragment, once for each literal; ``tells``: or that it has a name in it that cannot be known."""
        if text.literals & self._yielded:
            return
        self._yielded |= text.literals
        text = text.replace(_BIND, HOLE)
        built = _built_name(text.text)
        if built < 0:
            self.found.append((text.position(0), Fragment(self.path, text.text.replace(HOLE, "?"), "string", text.anchors, bare)))
        elif tells and not _OTHER_OBJECT.match(text.text):
            line, column = text.position(built)
            self._add(Unread("query", _NAME_BUILT, Location(self.path, line, column, line, column + 1)), (line, column))

    def _tell(self, reason: str, call: _Call) -> None:
        """That a query is not known, where it is sure to be one."""
        if call.trusted and not call.sink.partial and not self._maybe_expression(call):
            place = self.source.start(call.argument)
            self._add(Unread("query", reason, Location(self.path, *place, *self.source.end(call.argument))), place)

    def _add(self, unread: Unread, place: Place) -> None:
        if place not in self._told:
            self._told.add(place)
            self.found.append((place, unread))


# ---------------------------------------------------------------------------------------------------------------- syntax trees


def _statements(value: Value) -> Iterator[Value]:
    for each in value.items or (value,):
        yield each.items[0] if each.items else each


def _overlapping(texts: Sequence[Text]) -> bool:
    """Whether alternatives share a literal."""
    counts = Counter(literal for text in texts for literal in text.literals)
    return any(count > 1 for count in counts.values())


def _argument(node: ast.Call, sink: Sink) -> ast.expr | None:
    if len(node.args) > sink.argument:
        found = node.args[sink.argument]
        return None if isinstance(found, ast.Starred) else found
    return next((keyword.value for keyword in node.keywords if keyword.arg in sink.keywords), None)


def _has_parameters(node: ast.Call, sink: Sink) -> bool:
    return len(node.args) > sink.argument + 1 or any(keyword.arg in _PARAMETERS for keyword in node.keywords)


def _is_text(node: ast.expr) -> bool:
    """Whether an expression is a string by its own form."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.BinOp(op=ast.Add()):
            return _is_text(node.left) or _is_text(node.right)
        case ast.BinOp(op=ast.Mod()):
            return _is_text(node.left)
        case ast.Call(func=ast.Attribute(attr="format" | "strip" | "lstrip" | "rstrip", value=inner)):
            return _is_text(inner)
        case ast.Call(func=ast.Attribute(attr="join", value=inner), args=[ast.List() | ast.Tuple()]):
            return _is_text(inner)
        case ast.Call(func=ast.Attribute(attr="dedent" | "cleandoc") | ast.Name(id="dedent" | "cleandoc"), args=[inner]):
            return _is_text(inner)
        case _:
            return type(node).__name__ in {"JoinedStr", "TemplateStr"}


# ---------------------------------------------------------------------------------------------------------------- the front end


def fragments(path: str, text: str) -> Iterator[Fragment | Unread]:
    """The SQL of one Python file, in the order of its lines, and what could not be read of it."""
    text = text.removeprefix("\ufeff")
    if len(text) > LARGEST:
        yield Unread("file", f"it is too large to be read as Python ({len(text):,} characters)", Location(path, 1))
        return
    reader = _Reader(path, text)
    try:
        reader.read(_parsed(text))
    except SyntaxError as error:
        reason = f"it is not Python {sys.version_info.major}.{sys.version_info.minor}: {error.msg}"
        yield Unread("file", reason, Location(path, max(error.lineno or 1, 1), max(error.offset or 1, 1)))
    except (RecursionError, MemoryError):
        yield Unread("file", "it is nested too deeply to be read", Location(path, 1))
    yield from (found for _, found in sorted(reader.found, key=lambda each: each[0]))


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in somebody's string is not for us to tell
        try:
            return ast.parse(text)
        except ValueError as error:  # what a null byte was before it became a SyntaxError
            raise SyntaxError(str(error)) from error
