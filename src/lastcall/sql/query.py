"""Lower a sqlglot tree to blocks: sources, terms, sub-queries (``block``).  Pure: knows no schema and no other file.

Traps of the parser that stand behind the odd-looking parts are listed with their tests in ``tests/sql/test_query.py``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lastcall.sql.agreement import folded as folded_collation
from lastcall.sql.block import Block, Conjunct, Cte, Kind, Lowered, Mode, Op, Operand, Order, Output, Ref, Source, Span, Sub, Term

Node = exp.Expr

SIDES = {"LEFT": Kind.LEFT, "RIGHT": Kind.RIGHT, "FULL": Kind.FULL}
SWAPPED = {Op.LOW: Op.HIGH, Op.HIGH: Op.LOW}
COMPARISONS: dict[type[Node], Op] = {
    exp.EQ: Op.EQ,
    exp.NullSafeEQ: Op.EQ,
    exp.GT: Op.LOW,
    exp.GTE: Op.LOW,
    exp.LT: Op.HIGH,
    exp.LTE: Op.HIGH,
}
COMPARED = frozenset({*COMPARISONS, exp.NEQ})
ANY = frozenset({exp.Any, exp.ArrayAny})
WRAPPED = frozenset({exp.Paren, exp.Collate})
BRACKETED = frozenset({exp.Paren, exp.Tuple})
QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)
PARAMETERS = frozenset({exp.Placeholder, exp.Parameter})
CONSTANTS = frozenset({exp.Literal, exp.Null, exp.Boolean}) | PARAMETERS
SPELLED: dict[type[Node], Callable[[Node], str]] = {
    exp.Column: lambda node: node.name.lower(),
    exp.Pseudocolumn: lambda node: node.name.lower(),
    exp.Identifier: lambda node: node.name.lower(),
    exp.Literal: lambda node: f"'{node.this}'" if node.is_string else str(node.this),
    exp.Boolean: lambda node: "true" if node.this else "false",
    exp.Var: lambda node: node.name.lower(),
    exp.JSONPathKey: lambda node: f"'{node.this}'",
    exp.JSONPathSubscript: lambda node: str(node.this),
}
"""The normal forms of what has no parts."""
LEAVES = frozenset({exp.Identifier, exp.Literal})
"""Nodes that have no others below them."""
WRITTEN_OUT = frozenset({exp.Literal, exp.Boolean, exp.Null, exp.Cast, exp.TryCast, exp.JSONCast, exp.Neg})
MERGING = frozenset({"postgres", "sqlite"})
"""Dialects that merge the arms of a UNION ALL where each has its rows in order."""
ONE_ROW = frozenset({"mysql", "oracle"})
"""Dialects that have ``dual``, a table of one row, for what reads no table."""
TRUTHLESS = frozenset({"mysql", "sqlite"})
"""Dialects to which a bare column is true where it is not zero, which is no comparison that an index serves."""
CONSTANT, CONSTANT_LIST, PARAMETER = Operand(), Operand(key="(list)"), Operand(parameter=True)
NUMBERS = {
    (many, kind): (CONSTANT_LIST if many else CONSTANT)._replace(number=kind) for many in (False, True) for kind in ("integer", "decimal")
}
"""Of one number or of a list of them: one object for all that are equal, as ``_column`` has it."""
LITERAL = re.compile(  # what stands in the first parentheses is no more than what all of it can begin with: most characters cannot
    r"""(?=[-/'NnEe\d:$@%])(?:(--[^\n]*|/\*.*?\*/)|[NnEe]?'(?:[^'\\]|''|\\.)*'|(?<![\w$"`\]])-?\d+(?:\.\d+)?|:\w+|[$@]\w+|%\(\w+\)s|%s)""",
    re.DOTALL,
)
LAYOUT = re.compile(r" (?:(?=[(),=<>+*/-])|(?<=[(),=<>+*/-] ))")
LETTERED = re.compile(r"[%_]|[^\W\d]")
"""Patterns of ILIKE that PostgreSQL has no index for: one that begins with what has no case is looked for as one of LIKE."""
ANCHORED = re.compile(r"\^\w[^|]*\Z")
VALUES = re.compile(r"\(\?(?:,\?)+\)")
_BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*+"
_PUT_IN = r"(?:%[sd]|%\(\w+\)[sdif]|[$:@]\w+|:'[^'\n]*'|\?\d*|\$?\{\w*\})"
_OPERATOR = (
    r"(?:::|[-+*/%=<>!|&~@^]+|\#(?:>>?|-)|\?[|&]?|(?i:(?:NOT\s+)?(?:I?LIKE|IN|BETWEEN|REGEXP|RLIKE|SIMILAR\s+TO)\b|IS\b(?:\s+(?:NOT\s+)?DISTINCT\s+FROM\b)?"
    r"|AT\s+TIME\s+ZONE\b|(?:ESCAPE|OVER)\b))"
)
_OPERAND = (
    r"(?:(?i:DOUBLE\s+PRECISION|CHARACTER\s+VARYING|TIME(?:STAMP)?\s+WITH(?:OUT)?\s+TIME\s+ZONE)\b|(?:[-+~]\s*)?(?:(?i:NOT|DATE|TIMESTAMP|INTERVAL|BINARY|ANY|ALL|SOME)\b\s*)?"
    rf"(?:{_PUT_IN}|[NnEe]?'[^']*+'(?:'[^']*+')*+|[\w.]+|(?=\()))"
)
PUT_IN = re.compile(rf"{_BLANK}(?:[=<>!]+|(?i:I?LIKE\b)){_BLANK}{_PUT_IN}", re.DOTALL)
"""A comparison with a parameter, which has no place of its own in the tree."""
TAIL = re.compile(rf"{_BLANK}(?:(?P<call>[(\[])|{_OPERATOR}{_BLANK}{_OPERAND}|(?P<and>(?i:AND\b){_BLANK}{_OPERAND}))", re.DOTALL)
"""What goes on with a condition behind the last token that has a place: an operator with its operand, the arguments of a function."""
HEAD = re.compile(rf"{_PUT_IN}{_BLANK}[=<>!]+{_BLANK}\Z", re.DOTALL)
NESTED = re.compile(
    r"'[^']*+'|\"[^\"]*+\"|`[^`]*+`|--[^\n]*+|/\*.*?\*/|(?P<open>[(\[]|\b(?i:CASE)\b)|(?P<close>[)\]]|\b(?i:END)\b)", re.DOTALL
)
_FUNCTION = r"(?!(?i:WHERE|AND|OR|ON|NOT|IN|BY|WHEN|THEN|ELSE|HAVING|EXISTS|SELECT|USING|FROM|JOIN|ANY|ALL|SET)\b)\b[^\W\d]\w*"
CALLED = re.compile(rf"{_FUNCTION}\Z")
CALLING = re.compile(rf"(?:{_FUNCTION}\(\s*(?:\w+\s+(?i:FROM)\s+|\w+(?:\(\d+\))?\s*,\s*)?)+\Z")
"""The functions that the parser gives no place, up to their first operand: ``CAST(``, ``extract(year FROM``, ``CONVERT(date,``."""
TOPPED = re.compile(r"\s*(?:UPDATE|DELETE)\s+TOP\b", re.IGNORECASE)
"""A write of a few rows (SQL Server), of which the tree does not tell."""
EXISTING = re.compile(r"\b(?:NOT\s+)?EXISTS\s*\Z", re.IGNORECASE)
DENIED = re.compile(r"\bNOT\b[\s(]*\Z", re.IGNORECASE)
CONJOINED = re.compile(r"\bAND\b", re.IGNORECASE)
FARTHEST = 80
"""Characters before a condition in which a word is looked for that belongs to it."""


class NotLowered(Exception):  # noqa: N818 -- a fact of the query, told as Unread
    """Why a query cannot be judged: a part of it that no value can stand for is put in at run time, or it is no query at all."""


def lower(tree: Node, text: str, offset: int, dialect: str = "") -> Lowered:
    """The blocks of one SELECT, UPDATE, DELETE, MERGE or INSERT … SELECT.

    ``text`` is the statement's, ``offset`` its place in the fragment, which all spans count from.  Raises ``NotLowered``.
    """
    lowering = _Lowering(text, offset, dialect)
    block = lowering.statement(tree)
    target = _written(tree)
    return Lowered(
        block=block,
        sql=text.strip(),
        shape=shape(text),
        span=(offset, offset + len(text)),
        target=name_of(target) if isinstance(target, exp.Table) else "",
        unbounded="" if TOPPED.match(text) else _unbounded(tree),
    )


def _written(tree: Node) -> Node | None:
    """The table that a statement writes to."""
    if isinstance(tree, exp.Delete):
        tables = tree.args.get("tables")  # DELETE t, without FROM (SQL Server, Oracle); in DELETE t FROM … it is an alias
        each = tables[0] if tables and not tree.this else tree.this
        return each if isinstance(each, exp.Expr) else None
    return tree.find(exp.Table) if isinstance(tree, (exp.Insert, exp.Update, exp.Merge)) else None


def _unbounded(tree: Node) -> str:
    """``UPDATE`` or ``DELETE`` of a statement that changes every row of its table."""
    if not isinstance(tree, (exp.Update, exp.Delete)):
        return ""
    if any(_alias_columns(each) for each in tree.args.get("tables") or ()):
        return ""  # DELETE TOP (10) FROM t, as the parser reads it
    bounds = ("where", "from_", "using", "joins", "limit", "cluster")
    joined = any(tree.args.get(each) for each in bounds) or (isinstance(tree.this, exp.Table) and tree.this.args.get("joins"))
    return "" if joined else type(tree).__name__.upper()


def shape(text: str) -> str:
    """The statement without literals, parameters, comments and layout, folded: equal for queries that are equal up to values."""

    flat = " ".join(LITERAL.sub(lambda found: " " if found[1] else "?", text.strip().rstrip(";")).split())
    flat = LAYOUT.sub("", flat).strip().lower()
    return VALUES.sub("(?)", flat)


def normal_forms(text: str, dialect: str) -> tuple[frozenset[str], ...]:
    """Of each conjunct of an index's expression or predicate the normal forms that ``key`` makes of a query which says it.

    ``state IN ('a', 'b')`` is said by itself, and by each of ``state = 'a'`` and ``state = 'b'``.
    """
    try:
        tree = sqlglot.parse_one(text, read=dialect)
    except SqlglotError:
        return (frozenset({f"(unread {text})"}),)
    return tuple(frozenset(_sayings(each)) for each in _flat(tree, exp.And))


def predicate(text: str, dialect: str) -> tuple[Conjunct, ...]:
    """The conjuncts of the predicate of a partial index."""
    forms = normal_forms(text, dialect)
    try:
        trees = tuple(_flat(sqlglot.parse_one(text, read=dialect), exp.And))
    except SqlglotError:
        return tuple(Conjunct(each) for each in forms)
    return tuple(_conjunct(tree, each) for tree, each in zip(trees, forms, strict=True))


def _conjunct(tree: Node, forms: frozenset[str]) -> Conjunct:
    denied = isinstance(tree, exp.Not) or bool(tree.args.get("negate"))
    inner = _bare(tree.this if isinstance(tree, exp.Not) else tree)
    column = _bare(inner.this) if isinstance(inner, (exp.In, exp.EQ, exp.NEQ)) else None
    values = inner.expressions if isinstance(inner, exp.In) else [inner.args.get("expression")]
    if not isinstance(column, exp.Column) or not values or not all(isinstance(each, (exp.Literal, exp.Cast)) for each in values):
        return Conjunct(forms)
    told = frozenset(map(key, values))
    if denied == isinstance(inner, exp.NEQ):
        return Conjunct(forms, column.name.lower(), among=told)
    return Conjunct(forms, column.name.lower(), beyond=told)


def _sayings(conjunct: Node) -> Iterator[str]:
    yield key(conjunct)
    if isinstance(conjunct, exp.In):
        for value in conjunct.expressions:
            yield key(exp.EQ(this=conjunct.this.copy(), expression=value.copy()))


def fold(identifier: Node | None) -> str:
    """An identifier as it is compared everywhere: without quotes, in lower case."""
    return str(identifier.name).lower() if identifier is not None else ""


def name_of(table: exp.Table) -> str:
    """The name of a table, folded, with its schema where that is written and is not the usual one."""
    schema, name = table.db.lower(), table.name.lower()
    return f"{schema}.{name}" if schema not in ("", "public", "dbo", "main") else name


class _Lowering:
    """Lowers one statement.  ``names`` of CTEs need no scope here: ``access`` looks a name up from the inside outwards."""

    def __init__(self, text: str, offset: int, dialect: str = "") -> None:
        self.text = text
        self.offset = offset
        self.dialect = dialect
        self.collates = "collate" in text.lower()

    # ------------------------------------------------------------------ statements and blocks

    def statement(self, tree: Node) -> Block:
        if isinstance(tree, exp.Insert):
            inner = tree.args.get("expression")
            if not isinstance(inner, QUERIES):  # sub-queries may stand among the values, and in what to do on a conflict
                builder = _Builder(self)
                for each in (inner, tree.args.get("conflict"), tree.args.get("returning")):
                    if isinstance(each, exp.Expr):
                        builder.operand(each)
                return builder.block(ctes=self.ctes(tree))
            block = self.query(inner)
            return block._replace(ctes=self.ctes(tree) + block.ctes)
        if isinstance(tree, (exp.Update, exp.Delete, exp.Merge)):
            return self.write(tree)
        if isinstance(tree, exp.Create) and isinstance(tree.expression, QUERIES):
            return self.query(tree.expression)
        return self.query(tree)

    def write(self, tree: exp.Update | exp.Delete | exp.Merge) -> Block:
        builder = _Builder(self)
        source = tree.args["from_"].this if isinstance(tree, exp.Update) and tree.args.get("from_") else None
        again = [source, *(join.this for join in source.args.get("joins") or ())] if source else []
        if self.dialect == "mysql":  # DELETE FROM a USING table a JOIN …: the target is one of those behind USING
            again += [each for entry in _listed(tree.args.get("using")) for each in entry.find_all(exp.Table)]
        target = _written(tree) if isinstance(tree, exp.Delete) else tree.this
        if target is None:
            raise NotLowered("a table is missing in it")
        if target.alias_or_name.lower() not in {each.alias_or_name.lower() for each in again}:
            builder.source(target)  # else UPDATE t … FROM table t: one table, named twice
        for entry in _listed(tree.args.get("using")):
            builder.source(entry)
        if source is not None:
            builder.source(source)
        condition = tree.args.get("on") if isinstance(tree, exp.Merge) else tree.args.get("where")
        if condition is not None:
            builder.where(condition.this if isinstance(condition, exp.Where) else condition)
        for assigned in tree.expressions if isinstance(tree, exp.Update) else ():
            builder.operand(assigned.expression if isinstance(assigned, exp.EQ) else assigned)
        return builder.block(ctes=self.ctes(tree), windowed=True, limited="limit" in tree.args and tree.args["limit"] is not None)

    def query(self, tree: Node) -> Block:
        if isinstance(tree, exp.Subquery):
            inner = self.query(tree.this)
            wrapped = inner._replace(ctes=self.ctes(tree) + inner.ctes)
            return wrapped._replace(limited=True) if _limited(tree) else wrapped
        if isinstance(tree, exp.SetOperation):
            limited = _limited(tree)
            removing = any(isinstance(each, exp.Except) for each in tree.find_all(exp.SetOperation))
            distinct = bool(tree.args.get("distinct"))
            arms = tuple(self.arms(tree))
            if limited and self.dialect in MERGING and not any(each.args.get("distinct") for each in tree.find_all(exp.SetOperation)):
                arms = self.ordered(tree, arms)
            return Block(arms=arms, ctes=self.ctes(tree), limited=limited, distinct=distinct, removing=removing)
        if isinstance(tree, exp.Select) and not _values(tree):
            return self.select(tree)
        return Block(limited=_values(tree))  # as many rows as are written out

    def arms(self, tree: exp.SetOperation) -> Iterator[Block]:
        pending: list[Node] = [tree]
        while pending:  # a long chain of UNIONs leans to the left: no recursion
            arm = pending.pop()
            if isinstance(arm, exp.SetOperation) and (arm is tree or not arm.args.get("with_")):
                pending += [arm.expression, arm.this]
            else:
                yield self.query(arm)

    def ordered(self, tree: exp.SetOperation, arms: tuple[Block, ...]) -> tuple[Block, ...]:
        """The arms of UNION ALL, each in the order that is wanted of all of them: what has them in order is merged up to the limit."""
        order, builder = tree.args.get("order"), _Builder(self)
        stopped = any(arm.fenced or arm.order or any(output.star for output in arm.outputs) for arm in arms)
        if order is None or stopped or len({len(arm.outputs) for arm in arms}) > 1:
            return arms
        keys = [builder.order(each, arms[0].outputs) for each in order.expressions]
        places = [next((place for place, output in enumerate(arms[0].outputs) if output.operand == key.operand), -1) for key in keys]
        if -1 in places:
            return arms
        return tuple(
            arm._replace(
                limited=True,
                order=tuple(key._replace(operand=arm.outputs[place].operand) for key, place in zip(keys, places, strict=True)),
            )
            for arm in arms
        )

    def select(self, tree: exp.Select) -> Block:
        builder = _Builder(self)
        args = tree.args
        if args.get("from_"):
            builder.source(args["from_"].this)
        for lateral in args.get("laterals") or ():
            builder.source(lateral)
        for join in args.get("joins") or ():
            builder.join(join)
        if args.get("where"):
            builder.where(args["where"].this)
            if self.dialect == "oracle" and _first_rows(args["where"].this) and not args.get("order"):
                builder.sources = [each._replace(block=each.block and each.block._replace(limited=True)) for each in builder.sources]
        outputs = tuple([builder.output(each) for each in tree.expressions])
        order = tuple(builder.order(each, outputs) for each in args["order"].expressions) if args.get("order") else ()
        if args.get("having"):
            builder.having(args["having"].this, {output.name for output in outputs if output.aggregate})
        if args.get("qualify"):
            builder.operand(args["qualify"])
        return builder.block(
            ctes=self.ctes(tree),
            outputs=outputs,
            grouped=args.get("group") is not None,
            aggregated=any(output.aggregate for output in outputs) or args.get("having") is not None,
            distinct=args.get("distinct") is not None,
            limited=_limited(tree),
            # OFFSET counts rows as a window does, and nothing may be taken away before it.
            windowed=builder.windowed or args.get("qualify") is not None or (args.get("offset") is not None and not _limited(tree)),
            order=order,
            extremes=builder.extremes(tree) if builder.aggregates else (),
            keys=builder.keys(tree, outputs) if args.get("group") or args.get("distinct") or builder.windowed else (),
        )

    def ctes(self, tree: Node) -> tuple[Cte, ...]:
        clause = tree.args.get("with_")
        if not isinstance(clause, exp.With):
            return ()
        return tuple(
            Cte(
                name=cte.alias.lower(),
                block=self.statement(cte.this),
                materialized=cte.args.get("materialized"),
                recursive=bool(clause.args.get("recursive")),
                columns=tuple(fold(column) for column in _alias_columns(cte)),
            )
            for cte in clause.expressions
        )

    def span(self, node: Node) -> Span:
        """From the first to the last token of ``node`` that carries a position (identifiers, literals, functions do)."""
        edges = _edges(node)
        if edges is None:
            return self.whole(node)
        end = edges[1] + 1
        if type(node) in COMPARED and type(node.args["expression"]) is exp.Placeholder:
            put_in = PUT_IN.match(self.text, end)
            end = put_in.end() if put_in else self.tail(node, end)
        return self.offset + edges[0], self.offset + end

    def whole(self, node: Node) -> Span:
        """The same for what also has parts without a position at its ends: parentheses, placeholders, types, names of functions."""
        start, last = self.edges(node)
        if last < start:
            return self.offset, self.offset + 1
        start, end = self.enclosed(node, start, last + 1)
        if isinstance(node, (exp.Exists, *QUERIES)):
            return self.offset + start, self.offset + end
        if type(node) in COMPARED and type(node.this) in PARAMETERS:
            start = self.led(HEAD, start)
        if self.text.startswith("(", end):
            end = _closing(self.text, end + 1, 1)
        return self.offset + start, self.offset + (end if isinstance(node, exp.AggFunc) else self.tail(node, end))

    def enclosed(self, node: Node, start: int, end: int) -> Span:
        """A stretch of the text, widened by the parentheses that belong to ``node``, and by the words before them."""
        text, kind, query = self.text, type(node), isinstance(node, QUERIES)
        if kind is exp.Not:
            start = self.led(DENIED, start)
        if not query:
            start = self.led(CALLING, start)
        depth, outer = _nesting(text, start, end)
        if kind is exp.Exists or (query and not node.args.get("alias")) or (not outer and type(node.args.get("this")) in BRACKETED):
            outer += 1
        for _ in range(outer):
            if (opening := self.opening(start)) < 0:
                break
            start, depth = opening, depth + 1
        if outer and not query:
            start = self.led(EXISTING if kind is exp.Exists else CALLED, start)
        return start, _closing(text, end, depth)

    def tail(self, node: Node, end: int) -> int:
        """The end of a condition, or of a key of ORDER BY, whose last token with a position ends at ``end``."""
        text, last = self.text, node
        while type(last) in (exp.And, exp.Or, exp.Not, exp.Paren):
            last = last.args.get("expression") or last.this
        between = type(last) is exp.Between and not CONJOINED.search(text, self.edges(last)[0], end)
        while (found := TAIL.match(text, end)) and (between or not found["and"]):
            between = between and not found["and"]
            end = found.end()
            if found["call"]:
                end = _closing(text, end, 1)
            elif text.startswith("(", end):
                end = _closing(text, end + 1, 1)
            elif text[end - 4 : end].upper() == "CASE":
                end = _closing(text, end, 1)
        return end

    def led(self, words: re.Pattern[str], start: int) -> int:
        """Where the words begin that stand right before ``start``; itself where they are others."""
        found = words.search(self.text, max(start - FARTHEST, 0), start)
        return found.start() if found else start

    def opening(self, at: int) -> int:
        """Where the innermost parenthesis opens that ``at`` stands in; -1 where there is none."""
        places, inside = self.parentheses
        before = bisect_left(places, at) - 1
        return inside[before] if before >= 0 else -1

    @cached_property
    def parentheses(self) -> tuple[list[int], list[int]]:
        """The places of all parentheses, and behind each of them the innermost one that is open there."""
        places, inside, opened = [], [], [-1]
        for found in NESTED.finditer(self.text):
            if found.lastgroup == "open":
                opened.append(found.start())
            elif found.lastgroup == "close" and len(opened) > 1:
                opened.pop()
            places.append(found.start())
            inside.append(opened[-1])
        return places, inside

    @staticmethod
    def edges(node: Node) -> Span:
        """Where the first such token begins and the last one ends; an empty span where there is none."""
        starts, ends = [], []
        pending = [node]
        while pending:
            each = pending.pop()
            meta = each._meta  # noqa: SLF001 -- asking for ``meta`` would make a dict for every node
            if meta and "start" in meta:
                starts.append(meta["start"])
                ends.append(meta["end"])
            if type(each) not in LEAVES:
                for value in each.args.values():  # as ``iter_expressions`` goes, which takes twice as long
                    if isinstance(value, exp.Expr):
                        pending.append(value)
                    elif type(value) is list:
                        pending += [inner for inner in value if isinstance(inner, exp.Expr)]
        return (min(starts), max(ends)) if ends else (0, -1)


class _Builder:
    """Collects one block: sources, terms and sub-queries as they are met."""

    def __init__(self, lowering: _Lowering) -> None:
        self.lowering = lowering
        self.sources: list[Source] = []
        self.terms: list[Term] = []
        self.subs: list[Sub] = []
        self.windowed = False
        self.aggregates: list[exp.AggFunc] = []
        """Those in the outputs, with the ones over a window."""

    def block(self, **rest: object) -> Block:
        return Block(sources=tuple(self.sources), terms=tuple(self.terms), subs=tuple(self.subs), **rest)  # type: ignore[arg-type]

    # ------------------------------------------------------------------ FROM

    def source(
        self, node: Node, *, kind: Kind = Kind.INNER, on: tuple[Term, ...] = (), using: tuple[str, ...] = (), natural: bool = False
    ) -> None:
        lowering, lateral = self.lowering, False
        if not isinstance(node, exp.Expr):
            raise NotLowered("a table is missing in it")
        if isinstance(node, exp.Paren):
            node = node.this
        if self.lowering.dialect in ONE_ROW and node.name.lower() == "dual" and not (on or using or natural or node.args.get("joins")):
            return None  # one row without a value: what is written beside it stands by itself
        given = node.args.get("alias")
        alias = given.name.lower() if isinstance(given, exp.Expr) else ""
        columns = tuple([fold(column) for column in _alias_columns(node)])
        if isinstance(node, exp.Lateral):
            lateral, node = True, node.this
        if isinstance(node, exp.Table) and isinstance(node.this, (exp.Identifier, exp.Placeholder, exp.Parameter)):
            table, few = self.table(node)
            span = lowering.span(node.this)
            made = Source(
                alias or node.this.name.lower(), table, None, kind, on, using, natural, rows_known=few, columns=columns, span=span
            )
        elif isinstance(node, exp.Subquery) and _is_join(node):
            return self._nested(node, kind, on, using)
        elif isinstance(node, QUERIES):
            block = lowering.query(node)
            made = Source(
                alias or f"?{len(self.sources)}", "", block, kind, on, using, natural, lateral, False, columns, lowering.span(node)
            )
        else:
            beside = bool(self.operand(node).refs)  # a function of what stands beside it
            name = alias or node.alias_or_name.lower()
            made = Source(name, "", None, kind, on, using, natural, beside, rows_known=not beside, columns=columns)
        self.sources.append(made)
        for join in node.args.get("joins") or ():
            self.join(join)
        for each in node.args.get("laterals") or ():
            self.source(each)
        return None

    def table(self, node: exp.Table) -> tuple[str, bool]:
        """The folded name of a table, empty where its indexes do not matter, and whether it has few rows."""
        if self.lowering.dialect == "tsql" and _is_temporary(node.this):
            return "", True
        if not isinstance(node.this, exp.Identifier):
            raise NotLowered("the name of a table is built at run time")
        # A sample is taken of the pages, by no index.
        return "" if node.args.get("sample") else name_of(node), False

    def _nested(self, node: Node, kind: Kind, on: tuple[Term, ...], using: tuple[str, ...]) -> None:
        """A join in parentheses: flattened where the join to it is an inner one; else its inner terms hold under the outer join."""
        first = len(self.sources)
        self.source(node.this, kind=kind, on=on, using=using)
        for join in node.args.get("joins") or ():
            self.join(join)
        if kind is not Kind.INNER:
            inner = self.sources[first + 1 :]
            self.sources[first + 1 :] = [each._replace(kind=kind) for each in inner]

    def join(self, node: exp.Join) -> None:
        kind = SIDES.get(node.side, Kind.INNER)
        inner = node.this
        if isinstance(inner, exp.Lateral) and inner.args.get("cross_apply") is False and kind is Kind.INNER:
            kind = Kind.LEFT  # OUTER APPLY
        using = tuple(fold(column) for column in _listed(node.args.get("using")))
        if node.kind in ("SEMI", "ANTI"):
            kind = Kind.LEFT
        # Conditions may speak of the joined source, so it is named first; its terms are put in once they are known.
        condition = node.args.get("on")
        terms: tuple[Term, ...] = ()
        if condition is not None:
            terms = tuple(self.conjuncts(condition))
        first = len(self.sources)
        self.source(inner, kind=kind, on=terms, using=using, natural=node.method == "NATURAL")
        # In SQLite the parser calls a comma CROSS, too; only what is a JOIN in the text can have a PIVOT.
        crossed = node.kind == "CROSS" and (self.lowering.dialect != "sqlite" or "pivots" in node.args)
        if crossed and len(self.sources) > first:
            self.sources[first] = self.sources[first]._replace(crossed=True)

    # ------------------------------------------------------------------ terms

    def where(self, condition: Node) -> None:
        self.terms += self.conjuncts(condition)

    def conjuncts(self, condition: Node) -> list[Term]:
        """The terms of a condition; EXISTS and IN of a query become sub-queries of the block instead."""
        found: list[Term] = []
        pending = [condition]
        while pending:
            node = pending.pop()
            kind = type(node)
            if kind is exp.Paren:
                pending.append(node.this)
            elif kind is exp.And:
                pending += (node.expression, node.this)
            elif kind in COMPARISONS:
                found += self.comparison(node)
            else:
                found += self.conjunct(node)
        return found

    def conjunct(self, node: Node) -> Iterator[Term]:
        """The terms of one conjunct that is no comparison."""
        if isinstance(node, (exp.Placeholder, exp.Parameter)):
            raise NotLowered("a part of the condition is built at run time")
        if isinstance(node, exp.Or):
            yield self.either(node)
        elif isinstance(node, exp.Exists):
            self.sub(node.this, Mode.SEMI, (), pulled=True, exists=True)
        elif isinstance(node, exp.Not) or node.args.get("negate"):  # the parser writes IS NOT and NOT LIKE as a flag, NOT IN as a node
            yield from self.negated(node, node.this if isinstance(node, exp.Not) else node)
        elif isinstance(node, exp.In):
            yield from self.within(node)
        elif isinstance(node, exp.NEQ) and isinstance(node.expression, exp.All) and isinstance(node.expression.this, QUERIES):
            self.absent(node.this, node.expression.this)  # <> ALL is another word for NOT IN
        else:
            yield from self.plain(node)

    def plain(self, node: Node) -> Iterator[Term]:
        if isinstance(node, exp.Between):
            yield self.term(Op.BETWEEN, node, node.this, node.args["low"], node.args["high"])
        elif isinstance(node, exp.RegexpLike) and self.lowering.dialect == "postgres" and isinstance(node.expression, exp.Literal):
            anchored = ANCHORED.match(node.expression.name) is not None  # served as LIKE with that beginning is
            yield self.term(Op.PREFIX if anchored else Op.OTHER, node, node.this, node.expression)
        elif isinstance(node, (exp.Like, exp.Glob, exp.SimilarTo, exp.StartsWith)):
            yield self.like(node)
        elif isinstance(node, exp.ILike) and isinstance(node.expression, exp.Literal) and LETTERED.match(node.expression.name):
            term = self.term(Op.INFIX, node, node.this, node.expression)
            yield term._replace(left=term.left._replace(key=f"(ilike {term.left.key})"))
        elif isinstance(node, exp.Is):
            yield self.term(Op.NULL if isinstance(node.expression, exp.Null) else Op.OTHER, node, node.this, boolean=True)
        elif isinstance(node, exp.Boolean):
            yield from () if node.this else (Term(Op.FALSE, CONSTANT),)
        else:
            yield self.said(node, node)

    def negated(self, node: Node, inner: Node) -> Iterator[Term]:
        inner = inner.unnest() if isinstance(inner, exp.Paren) else inner
        if inner is not node and inner.args.get("negate"):  # NOT (… IS NOT …): no index serves it in either form
            yield Term(Op.OTHER, self.operand(inner), span=self.lowering.span(node), key=key(node))
            return
        if isinstance(inner, exp.Exists):
            self.sub(inner.this, Mode.ANTI, (), pulled=True, exists=True)
        elif isinstance(inner, exp.In) and inner.args.get("query"):
            self.absent(inner.this, inner.args["query"])
        elif isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            yield self.term(Op.NOT_NULL, node, inner.this)
        else:
            yield self.said(node, inner)

    def absent(self, left: Node, query: Node) -> None:
        """NOT IN is no anti-join: a null among the values makes it unknown.  Planners hash the sub-query instead."""
        self.operand(left)
        self.sub(query, Mode.SCALAR, (), pulled=False, negated=True)

    def said(self, node: Node, inner: Node) -> Term:
        """A bare boolean column, or NOT of one, equates it with a constant; of anything else no index is known to serve it."""
        bare = isinstance(inner, exp.Column)
        operand = self.operand(inner)
        said = operand.key if inner is node and not bare and type(node) not in WRAPPED else key(node)
        equated = bare and self.lowering.dialect not in TRUTHLESS
        return Term(Op.EQ if equated else Op.OTHER, operand._replace(boolean=bare), span=self.lowering.span(node), key=said)

    def either(self, node: exp.Or) -> Term:
        """``c = 1 OR c = 2`` is an IN list; other arms stay, each a conjunction.  Sub-queries under OR cannot be pulled up."""
        arms = []
        for arm in _flat(node, exp.Or):
            inside = _Builder(self.lowering)
            inside.sources, inside.subs = self.sources, self.subs
            first = len(self.subs)
            terms = tuple(inside.conjuncts(arm))
            for position in range(first, len(self.subs)):
                found = self.subs[position]
                self.subs[position] = found._replace(mode=Mode.SCALAR, pulled=False)
            arms.append(terms if len(self.subs) == first else (*terms, Term(Op.OTHER, Operand(subs=tuple(range(first, len(self.subs)))))))
        span = self.lowering.span(node)
        single = [arm[0] for arm in arms if len(arm) == 1 and arm[0].op in (Op.EQ, Op.IN) and not arm[0].right.refs and arm[0].left.bare]
        if len(single) == len(arms) and len({term.left for term in single}) == 1:
            alike = len({term.right.number for term in single}) == 1
            right = single[0].right if alike else single[0].right._replace(number="")
            return Term(Op.IN, single[0].left, right, span=span, key=key(node))
        return Term(Op.OR, self.merged(arms), arms=tuple(arms), span=span, key=key(node))

    @staticmethod
    def merged(arms: Sequence[tuple[Term, ...]]) -> Operand:
        refs = {ref: None for arm in arms for term in arm for ref in (*term.left.refs, *term.right.refs)}
        subs = {sub: None for arm in arms for term in arm for sub in (*term.left.subs, *term.right.subs)}
        return Operand(tuple(refs), "(or)", tuple(subs))

    def within(self, node: exp.In) -> Iterator[Term]:
        operands = node.this.expressions if isinstance(node.this, exp.Tuple) else [_bare(node.this)]
        query = node.args.get("query")
        if query is not None:
            self.sub(query, Mode.SEMI, tuple(self.operand(each) for each in operands), pulled=True)
            return
        values = node.expressions
        if not values and not node.args.get("unnest") and not node.args.get("field"):
            yield Term(Op.FALSE, CONSTANT)
            return
        for position, each in enumerate(operands):
            columns = [value.expressions[position] if isinstance(value, exp.Tuple) and len(operands) > 1 else value for value in values]
            yield self.term(Op.EQ if len(values) == 1 and not isinstance(values[0], exp.Placeholder) else Op.IN, node, each, *columns)

    def comparison(self, node: Node) -> list[Term]:
        op = COMPARISONS[type(node)]
        if type(node) is exp.NullSafeEQ and self.lowering.dialect == "postgres":
            op = Op.OTHER  # PostgreSQL has no index for IS NOT DISTINCT FROM
        left, right = _bare(node.this), _bare(node.expression)
        if type(left) is exp.Column and type(right) not in ANY:
            return [self.term(op, node, left, right)]
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple) and len(left.expressions) == len(right.expressions):
            # A row comparison by < is decided by its first column (keyset pagination).
            pairs = list(zip(left.expressions, right.expressions, strict=True))
            return [self.term(op, node, one, other) for one, other in (pairs if op is Op.EQ else pairs[:1])]
        if type(right) in ANY or type(left) in ANY:
            if type(left) in ANY:
                left, right = right, left
            inner = right.this.unnest() if isinstance(right.this, exp.Paren) else right.this
            if isinstance(inner, QUERIES) and op is Op.EQ:
                self.sub(inner, Mode.SEMI, (self.operand(left),), pulled=True)
                return []
            return [self.term(Op.IN if op is Op.EQ else op, node, left, right)]
        if isinstance(left, (exp.Column, exp.Paren)) or not isinstance(right, exp.Column):
            return [self.term(op, node, left, right)]
        return [self.term(SWAPPED.get(op, op), node, right, left)]

    def like(self, node: Node) -> Term:
        pattern = node.expression
        text = pattern.name if isinstance(pattern, exp.Literal) else ""
        prefix = text != "" and (isinstance(node, exp.StartsWith) or not text.startswith(("%", "_", "*", "?", "[")))
        exact = prefix and isinstance(node, exp.Like) and not re.search(r"[%_\\]", text)
        infix = text.startswith("%") and isinstance(node, exp.Like)
        term = self.term(Op.EQ if exact else Op.PREFIX if prefix else Op.INFIX if infix else Op.OTHER, node, node.this, pattern)
        if self.lowering.dialect == "sqlite" and prefix:  # whose LIKE takes no notice of case, and whose GLOB does
            return term._replace(left=term.left._replace(collation="NOCASE" if isinstance(node, exp.Like) else "BINARY"))
        return term

    def term(self, op: Op, node: Node, left: Node, *right: Node, boolean: bool = False) -> Term:
        one, other = self.operand(left), self.operand(right[0]) if len(right) == 1 else self.listed(right)
        kinds = {type(each) for each in right}
        if kinds == {exp.Literal} and not any(each.is_string for each in right):
            other = NUMBERS[len(right) > 1, "integer" if all(each.is_int for each in right) else "decimal"]
        if boolean or exp.Boolean in kinds:
            one = one._replace(boolean=True)
        if self.lowering.collates and (collation := _collation(left, *right, node.args.get("this"), node.args.get("expression"))):
            one = one._replace(collation=collation)
        if op is Op.EQ and exp.Null in kinds and not isinstance(node, exp.NullSafeEQ):
            return Term(Op.FALSE, one)
        # Only what is written out is found in the predicate of a partial index.
        return Term(op, one, other, span=self.lowering.span(node), key=key(node) if kinds <= WRITTEN_OUT else "")

    def having(self, condition: Node, aggregates: AbstractSet[str]) -> None:
        """What HAVING says of a grouping column alone is as good as said in WHERE; planners move it there."""
        for each in _flat(condition, exp.And):
            if any(
                isinstance(part, (exp.AggFunc, *QUERIES)) or (type(part) is exp.Column and part.name.lower() in aggregates)
                for part in each.walk()
            ):
                self.operand(each)
            else:
                self.where(each)

    # ------------------------------------------------------------------ operands and sub-queries

    def operand(self, node: Node) -> Operand:
        """Columns and sub-queries of an expression; sub-queries inside it are lowered as scalars of this block."""
        node = _bare(node)
        if type(node) in CONSTANTS:
            return PARAMETER if type(node) in PARAMETERS else CONSTANT
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return _column(node.table, node.name)
        refs: dict[Ref, None] = {}
        first, parameter = len(self.subs), False
        pending: list[Node] = [node]
        while pending:
            each = pending.pop()
            if isinstance(each, exp.Column):
                refs[_column(each.table, each.name).refs[0]] = None
            elif isinstance(each, QUERIES):
                self.sub(each, Mode.SCALAR, (), pulled=False, exists=isinstance(each.parent, exp.Exists))
            elif isinstance(each, exp.Query):
                continue
            else:
                parameter = parameter or type(each) in PARAMETERS
                pending.extend(each.iter_expressions())
        return Operand(tuple(refs), key(node), tuple(range(first, len(self.subs))), parameter=parameter)

    def listed(self, values: Sequence[Node]) -> Operand:
        """All values of a list as one operand; none for what is compared with nothing (IS NULL)."""
        told = [operand for operand in map(self.operand, values) if operand is not CONSTANT]
        if not told:
            return CONSTANT_LIST if values else CONSTANT
        refs, subs = (ref for each in told for ref in each.refs), (sub for each in told for sub in each.subs)
        return Operand(tuple(refs), "(list)", tuple(subs), parameter=any(each.parameter for each in told))

    def sub(
        self, node: Node, mode: Mode, operands: tuple[Operand, ...], *, pulled: bool, exists: bool = False, negated: bool = False
    ) -> None:
        block = self.lowering.query(node)
        if exists and self.lowering.dialect == "postgres" and not (block.grouped or block.aggregated):
            # What comes first is no matter, nor how often: ``simplify_EXISTS_query`` of src/backend/optimizer/plan/subselect.c.
            block = block._replace(limited=False, distinct=False, order=())
        said = node.parent if isinstance(node.parent, (exp.In, exp.Exists, exp.Any, exp.ArrayAny)) else node
        if type(said) in ANY and said.parent is not None:
            said = said.parent  # the comparison
        self.subs.append(Sub(mode, block, operands, self.lowering.span(said), pulled, exists, negated))

    def output(self, node: Node) -> Output:
        inner = node.this if isinstance(node, exp.Alias) else node
        if type(inner) is exp.Column and type(inner.this) is exp.Identifier:
            operand = _column(inner.table, inner.name)
            return Output(operand.key if inner is node else node.alias_or_name.lower(), operand)
        if isinstance(inner, exp.Star):
            return Output("", CONSTANT, star=True)
        if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star):
            return Output(inner.table.lower(), CONSTANT, star=True)
        if isinstance(inner, exp.Column):
            return Output(node.alias_or_name.lower(), self.operand(inner))
        aggregate = False
        for each in _inside(inner):
            if isinstance(each, exp.Window):
                self.windowed = True
            elif isinstance(each, exp.AggFunc):
                self.aggregates.append(each)
                aggregate = aggregate or not isinstance(each.parent, exp.Window)
        return Output(node.alias_or_name.lower(), self.operand(inner), aggregate=aggregate)

    def order(self, node: Node, outputs: Sequence[Output]) -> Order:
        """A key of ORDER BY; a number or the name of an output stands for that output."""
        inner = node.this if isinstance(node, exp.Ordered) else node
        operand = self.operand(inner)
        if self.lowering.collates:
            operand = operand._replace(collation=_collation(inner))
        if isinstance(inner, exp.Literal) and inner.is_int and 0 < int(inner.this) <= len(outputs):
            operand = outputs[int(inner.this) - 1].operand
        elif isinstance(inner, exp.Column) and not inner.table:
            operand = next((each.operand for each in outputs if each.name == operand.key and not each.star), operand)
        descending, nulls_first = bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
        return Order(operand, descending, nulls_first, self.lowering.span(inner))

    def keys(self, tree: exp.Select, outputs: Sequence[Output]) -> tuple[Operand, ...]:
        """``Block.keys``: what GROUP BY, DISTINCT ON and the PARTITION BY of every window have in common."""
        lists: list[Sequence[Node]] = []
        if group := tree.args.get("group"):
            # Under ROLLUP, CUBE and GROUPING SETS a row stands for several groups.
            lists.append([] if any(group.args.get(each) for each in ("rollup", "cube", "grouping_sets", "totals")) else group.expressions)
        if (distinct := tree.args.get("distinct")) and (on := distinct.args.get("on")):
            lists.append(on.expressions if isinstance(on, exp.Tuple) else [on.unnest()])
        if self.windowed:
            named = {window.name.lower(): window for window in tree.args.get("windows") or ()}
            windows = [each for select in tree.expressions for each in _inside(select) if isinstance(each, exp.Window)]
            lists += [named.get(each.alias.lower(), each).args.get("partition_by") or [] for each in windows] or [[]]
        found = [{self.named(each, outputs) for each in keys} for keys in lists]
        return tuple(sorted(set.intersection(*found), key=lambda each: each.key)) if found else ()

    def named(self, node: Node, outputs: Sequence[Output]) -> Operand:
        """The operand of a key; a number, or a name that is none of a column, stands for an output."""
        if isinstance(node, exp.Literal) and node.is_int and 0 < int(node.this) <= len(outputs):
            return outputs[int(node.this) - 1].operand
        return self.operand(node)

    def extremes(self, tree: exp.Select) -> tuple[Order, ...]:
        if tree.args.get("group") is not None or tree.args.get("having") is not None:
            return ()
        if not all(isinstance(each, (exp.Min, exp.Max)) and isinstance(each.this, exp.Column) for each in self.aggregates):
            return ()
        found = (Order(self.operand(each.this), isinstance(each, exp.Max), None, self.lowering.span(each)) for each in self.aggregates)
        return tuple(found)


def key(node: Node) -> str:
    """The normal form of an expression: column qualifiers, quotes, casts of literals and parentheses taken out, folded.

    Equal for an expression of a query and the same expression in an index or in the predicate of a partial index.
    """
    while type(node) is exp.Paren:
        node = node.this
    kind = type(node)
    if (spelled := SPELLED.get(kind)) is not None:
        return spelled(node)
    if kind in COMPARED and type(node.args["expression"]) is not exp.Boolean:
        one, other = key(node.args["this"]), key(node.args["expression"])
        return f"({node.key} {other} {one})" if kind is exp.EQ and other < one else f"({node.key} {one} {other})"
    if isinstance(node, exp.Collate):
        return f"(collate {key(node.this)} {folded_collation(_collation(node))})"
    if isinstance(node, exp.DataType):
        return str(node.this.value if hasattr(node.this, "value") else node.this).lower()
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return key(node.this)
    if isinstance(node, (exp.EQ, exp.Is)) and isinstance(node.expression, exp.Boolean):
        return key(node.this) if bool(node.expression.this) != bool(node.args.get("negate")) else f"(not {key(node.this)})"
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
    if isinstance(node, (exp.And, exp.Or)):  # however they lean, and without a recursion into thousands of them
        parts = sorted(map(key, _flat(node, type(node))))
    else:
        parts = [key(child) for child in node.iter_expressions()]
        if kind is exp.EQ:
            parts.sort()
    form = f"({name} {' '.join(parts)})"
    return f"(not {form})" if node.args.get("negate") else form


def _limited(tree: Node) -> bool:
    """Whether only the first rows are wanted: a number of them (LIMIT, FETCH, TOP), and no part of them all."""
    limit = tree.args.get("limit") or tree.args.get("fetch")
    if not isinstance(limit, exp.Expr):
        return False
    options, number = limit.args.get("limit_options"), limit.args.get("expression")
    every = isinstance(number, exp.Null) or (isinstance(number, exp.Var) and number.name.upper() == "ALL")
    return not every and not (isinstance(options, exp.Expr) and options.args.get("percent"))


def _first_rows(condition: Node) -> bool:
    """Whether all that is asked of the rows is that they are the first ones: ``ROWNUM <= 10``, Oracle's LIMIT of a sub-query."""
    numbered = isinstance(condition, (exp.LT, exp.LTE)) and isinstance(condition.this, (exp.Column, exp.Pseudocolumn))
    return numbered and condition.this.name.upper() == "ROWNUM" and type(_bare(condition.expression)) in CONSTANTS


def _collation(*nodes: object) -> str:
    """The collation that one of the sides of a comparison is written in, as the query spells it."""
    for node in nodes:
        each = node.unnest() if isinstance(node, exp.Paren) else node
        if isinstance(each, exp.Collate):
            return str(each.expression.sql())
    return ""


def _is_temporary(name: Node) -> bool:
    """Whether it names a table variable or a temporary table of SQL Server: ``@ids``, ``#moves``."""
    return isinstance(name, exp.Parameter) or bool(name.args.get("temporary") or name.args.get("global_"))


def _values(tree: Node) -> bool:
    """Whether it is VALUES, which the parser makes a SELECT of where it is the query of a CTE."""
    if isinstance(tree, exp.Select):
        source = tree.args["from_"].this if tree.args.get("from_") else None
        return isinstance(source, exp.Values) and source.alias == "_values" and tree.is_star
    return isinstance(tree, exp.Values)


def _is_join(node: Node) -> bool:
    """Whether it is a join in parentheses, as in ``FROM ((a JOIN b ON …) JOIN c ON …)``, which is how pg_dump writes every view."""
    while isinstance(node, exp.Subquery) and not node.args.get("alias"):
        node = node.this
    return isinstance(node, exp.Table)


def _bare(node: Node) -> Node:
    while type(node) in WRAPPED:
        node = node.this
    return node


@lru_cache(maxsize=4096)
def _column(table: str, name: str) -> Operand:
    """A bare column as an operand: one object for all that are equal, so that it is written down once a file."""
    return Operand((Ref(table.lower(), name.lower()),), name.lower())


def renamed(block: Block, columns: Sequence[str]) -> Block:
    """The block of a view whose columns are given names: ``CREATE VIEW v (a, b) AS …``."""
    if block.arms:
        return block._replace(arms=(renamed(block.arms[0], columns), *block.arms[1:]))
    if len(columns) != len(block.outputs) or any(output.star for output in block.outputs):
        return block
    return block._replace(outputs=tuple(output._replace(name=name) for output, name in zip(block.outputs, columns, strict=True)))


def _nesting(text: str, start: int, end: int) -> tuple[int, int]:
    """How many parentheses (and CASEs) of a stretch of the text are open at its end, and how many that stand open before it close in it."""
    depth = outer = 0
    for found in NESTED.finditer(text, start, end):
        if found.lastgroup:
            depth += 1 if found.lastgroup == "open" else -1
            outer = max(outer, -depth)
    return depth, outer


def _closing(text: str, at: int, depth: int) -> int:
    """Behind what closes the last of ``depth`` parentheses (and CASEs) that are open at ``at``."""
    if depth > 0:
        for found in NESTED.finditer(text, at):
            depth += (found.lastgroup == "open") - (found.lastgroup == "close")
            if not depth:
                return found.end()
    return at


def _edges(node: Node) -> Span | None:
    """``_Lowering.edges`` of what nearly all spans are asked of: a name, a column, a comparison of two of them or with a value."""
    kind, args = type(node), node.args
    if kind in COMPARED:
        first, second = _edges(args["this"]), args["expression"]
        last = first if type(second) is exp.Placeholder else _edges(second)
        return (first[0], last[1]) if first and last else None
    last_part = args["this"] if kind is exp.Column and "db" not in args else node
    first_part = (args.get("table") or last_part) if kind is exp.Column else node
    begins, ends = first_part._meta, last_part._meta  # noqa: SLF001 -- asking for ``meta`` would make a dict for every node
    leaves = type(first_part) in LEAVES and type(last_part) in LEAVES
    return (begins["start"], ends["end"]) if leaves and begins and ends and "start" in begins and "end" in ends else None


def _listed(value: object) -> list[Node]:
    if value is None or isinstance(value, bool):
        return []
    return value if isinstance(value, list) else [value]  # type: ignore[list-item]


def _alias_columns(node: Node) -> list[Node]:
    alias = node.args.get("alias")
    return alias.args.get("columns") or [] if isinstance(alias, exp.TableAlias) else []


def _flat(node: Node, kind: type[exp.Connector]) -> Iterator[Node]:
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, exp.Paren):
            pending.append(each.this)
        elif isinstance(each, kind):
            pending += [each.expression, each.this]
        else:
            yield each


def _inside(node: Node) -> Iterator[Node]:
    """The nodes of an expression without those of its sub-queries."""
    pending = [node]
    while pending:
        each = pending.pop()
        if not isinstance(each, exp.Query):
            yield each
            pending.extend(each.iter_expressions())
