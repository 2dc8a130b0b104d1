"""Lower a sqlglot tree to blocks: sources, terms, sub-queries (``block``).  Pure: knows no schema and no other file.

Traps of the parser that stand behind the odd-looking parts are listed with their tests in ``tests/sql/test_query.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lastcall.sql.block import Block, Cte, Kind, Lowered, Mode, Op, Operand, Order, Output, Ref, Source, Span, Sub, Term

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
ANY = frozenset({exp.Any, exp.ArrayAny})
WRAPPED = frozenset({exp.Paren, exp.Collate})
QUERIES = (exp.Select, exp.SetOperation, exp.Subquery)
CONSTANTS = frozenset({exp.Literal, exp.Placeholder, exp.Null, exp.Boolean, exp.Parameter})
SPELLED: dict[type[Node], Callable[[Node], str]] = {
    exp.Column: lambda node: node.name.lower(),
    exp.Pseudocolumn: lambda node: node.name.lower(),
    exp.Identifier: lambda node: node.name.lower(),
    exp.Literal: lambda node: f"'{node.this}'" if node.is_string else str(node.this),
    exp.Boolean: lambda node: "true" if node.this else "false",
}
"""The normal forms of what has no parts."""
LEAVES = frozenset({exp.Identifier, exp.Literal})
"""Nodes that have no others below them."""
WRITTEN_OUT = frozenset({exp.Literal, exp.Boolean, exp.Null, exp.Cast, exp.TryCast, exp.JSONCast, exp.Neg})
CONSTANT, CONSTANT_LIST = Operand(), Operand(key="(list)")
LITERAL = re.compile(  # what stands in the first parentheses is no more than what all of it can begin with: most characters cannot
    r"""(?=[-/'NnEe\d:$@%])(?:(--[^\n]*|/\*.*?\*/)|[NnEe]?'(?:[^'\\]|''|\\.)*'|(?<![\w$"`\]])-?\d+(?:\.\d+)?|:\w+|[$@]\w+|%\(\w+\)s|%s)""",
    re.DOTALL,
)
LAYOUT = re.compile(r" (?:(?=[(),=<>+*/-])|(?<=[(),=<>+*/-] ))")
VALUES = re.compile(r"\(\?(?:,\?)+\)")
PUT_IN = re.compile(r"\s*(?:[=<>!]+|(?i:I?LIKE))\s*(?:%s|%\(\w+\)s|[$:@]\w+|\?)")
"""A comparison with a parameter, which has no place of its own in the tree."""


class NotLowered(Exception):  # noqa: N818 -- a fact of the query, told as Unread
    """Why a query cannot be judged: a part of it that no value can stand for is put in at run time, or it is no query at all."""


def lower(tree: Node, text: str, offset: int, dialect: str = "") -> Lowered:
    """The blocks of one SELECT, UPDATE, DELETE, MERGE or INSERT … SELECT.

    ``text`` is the statement's, ``offset`` its place in the fragment, which all spans count from.  Raises ``NotLowered``.
    """
    lowering = _Lowering(text, offset, dialect)
    block = lowering.statement(tree)
    target = tree.find(exp.Table) if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)) else None
    return Lowered(
        block=block,
        sql=text.strip(),
        shape=shape(text),
        span=(offset, offset + len(text)),
        target=name_of(target) if target else "",
        unbounded=_unbounded(tree),
    )


def _unbounded(tree: Node) -> str:
    """``UPDATE`` or ``DELETE`` of a statement that changes every row of its table."""
    if not isinstance(tree, (exp.Update, exp.Delete)):
        return ""
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
        self.nulls_large = dialect in ("postgres", "oracle")

    # ------------------------------------------------------------------ statements and blocks

    def statement(self, tree: Node) -> Block:
        if isinstance(tree, exp.Insert):
            inner = tree.args.get("expression")
            if not isinstance(inner, QUERIES):
                return Block()
            block = self.query(inner)
            return block._replace(ctes=self.ctes(tree) + block.ctes)
        if isinstance(tree, (exp.Update, exp.Delete, exp.Merge)):
            return self.write(tree)
        if isinstance(tree, exp.Create) and isinstance(tree.expression, QUERIES):
            return self.query(tree.expression)
        return self.query(tree)

    def write(self, tree: exp.Update | exp.Delete | exp.Merge) -> Block:
        builder = _Builder(self)
        target = tree.this
        builder.source(target)
        for entry in _listed(tree.args.get("using")):
            builder.source(entry)
        if isinstance(tree, exp.Update) and tree.args.get("from_"):
            builder.source(tree.args["from_"].this)
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
            return wrapped._replace(limited=True) if tree.args.get("limit") or tree.args.get("fetch") else wrapped
        if isinstance(tree, exp.SetOperation):
            limited = tree.args.get("limit") is not None or tree.args.get("fetch") is not None
            return Block(arms=tuple(self.arms(tree)), ctes=self.ctes(tree), limited=limited, distinct=bool(tree.args.get("distinct")))
        if isinstance(tree, exp.Select):
            return self.select(tree)
        return Block()

    def arms(self, tree: exp.SetOperation) -> Iterator[Block]:
        pending: list[Node] = [tree]
        while pending:  # a long chain of UNIONs leans to the left: no recursion
            arm = pending.pop()
            if isinstance(arm, exp.SetOperation) and (arm is tree or not arm.args.get("with_")):
                pending += [arm.expression, arm.this]
            else:
                yield self.query(arm)

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
        outputs = tuple([builder.output(each) for each in tree.expressions])
        order = tuple(builder.order(each, outputs) for each in args["order"].expressions) if args.get("order") else ()
        for clause in ("having", "qualify"):
            if args.get(clause):
                builder.operand(args[clause])
        return builder.block(
            ctes=self.ctes(tree),
            outputs=outputs,
            grouped=args.get("group") is not None,
            aggregated=any(output.aggregate for output in outputs) or args.get("having") is not None,
            distinct=args.get("distinct") is not None,
            limited=args.get("limit") is not None or args.get("fetch") is not None,
            windowed=builder.windowed or args.get("qualify") is not None,
            order=order,
            extremes=builder.extremes(tree) if builder.aggregates else (),
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
        if not ends:
            return self.offset, self.offset + 1
        start, end = min(starts), max(ends)
        put_in = PUT_IN.match(self.text, end + 1) if isinstance(node.args.get("expression"), (exp.Placeholder, exp.Parameter)) else None
        return self.offset + start, self.offset + (put_in.end() if put_in else end + 1)


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
        given = node.args.get("alias")
        alias = given.name.lower() if isinstance(given, exp.Expr) else ""
        columns = tuple([fold(column) for column in _alias_columns(node)])
        if isinstance(node, exp.Lateral):
            lateral, node = True, node.this
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            table = name_of(node)
            made = Source(alias or node.name.lower(), table, None, kind, on, using, natural, columns=columns, span=lowering.span(node.this))
        elif isinstance(node, exp.Table) and isinstance(node.this, (exp.Placeholder, exp.Parameter)):
            raise NotLowered("the name of a table is built at run time")
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):  # FROM (a JOIN b ON …)
            return self._nested(node.this, kind, on, using)
        elif isinstance(node, QUERIES):
            block = lowering.query(node)
            made = Source(
                alias or f"?{len(self.sources)}", "", block, kind, on, using, natural, lateral, False, columns, lowering.span(node)
            )
        else:
            self.operand(node)
            made = Source(
                alias or node.alias_or_name.lower(), "", None, kind, on, using, natural, lateral, rows_known=True, columns=columns
            )
        self.sources.append(made)
        for join in node.args.get("joins") or ():
            self.join(join)
        for each in node.args.get("laterals") or ():
            self.source(each)
        return None

    def _nested(self, node: Node, kind: Kind, on: tuple[Term, ...], using: tuple[str, ...]) -> None:
        """A join in parentheses: flattened where the join to it is an inner one; else its inner terms hold under the outer join."""
        first = len(self.sources)
        self.source(node, kind=kind, on=on, using=using)
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
        if node.kind == "CROSS" and len(self.sources) > first:
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
            self.sub(node.this, Mode.SEMI, (), pulled=True)
        elif isinstance(node, exp.Not) or node.args.get("negate"):  # the parser writes IS NOT and NOT LIKE as a flag, NOT IN as a node
            yield from self.negated(node, node.this if isinstance(node, exp.Not) else node)
        elif isinstance(node, exp.In):
            yield from self.within(node)
        else:
            yield from self.plain(node)

    def plain(self, node: Node) -> Iterator[Term]:
        if isinstance(node, exp.Between):
            yield self.term(Op.BETWEEN, node, node.this, node.args["low"], node.args["high"])
        elif isinstance(node, (exp.Like, exp.Glob, exp.StartsWith)):
            yield self.like(node)
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
            self.sub(inner.this, Mode.ANTI, (), pulled=True)
        elif isinstance(inner, exp.In) and inner.args.get("query"):
            # NOT IN is no anti-join: a null among the values makes it unknown.  Planners hash the sub-query instead.
            self.operand(inner.this)
            self.sub(inner.args["query"], Mode.SCALAR, (), pulled=False, negated=True)
        elif isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            yield self.term(Op.NOT_NULL, node, inner.this)
        else:
            yield self.said(node, inner)

    def said(self, node: Node, inner: Node) -> Term:
        """A bare boolean column, or NOT of one, equates it with a constant; of anything else no index is known to serve it."""
        bare = isinstance(inner, exp.Column)
        operand = self.operand(inner)
        return Term(Op.EQ if bare else Op.OTHER, operand._replace(boolean=bare), span=self.lowering.span(node), key=key(node))

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
            return Term(Op.IN, single[0].left, single[0].right, span=span, key=key(node))
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
        prefix = isinstance(node, exp.StartsWith) or (text != "" and not text.startswith(("%", "_", "*", "?", "[")))
        exact = prefix and isinstance(node, exp.Like) and not re.search(r"[%_\\]", text)
        infix = text.startswith("%") and isinstance(node, exp.Like)
        return self.term(Op.EQ if exact else Op.PREFIX if prefix else Op.INFIX if infix else Op.OTHER, node, node.this, pattern)

    def term(self, op: Op, node: Node, left: Node, *right: Node, boolean: bool = False) -> Term:
        one, other = self.operand(left), self.operand(right[0]) if len(right) == 1 else self.listed(right)
        kinds = {type(each) for each in right}
        if boolean or exp.Boolean in kinds:
            one = one._replace(boolean=True)
        if op is Op.EQ and exp.Null in kinds and not isinstance(node, exp.NullSafeEQ):
            return Term(Op.FALSE, one)
        # Only what is written out is found in the predicate of a partial index.
        return Term(op, one, other, span=self.lowering.span(node), key=key(node) if kinds <= WRITTEN_OUT else "")

    # ------------------------------------------------------------------ operands and sub-queries

    def operand(self, node: Node) -> Operand:
        """Columns and sub-queries of an expression; sub-queries inside it are lowered as scalars of this block."""
        node = _bare(node)
        if type(node) in CONSTANTS:
            return CONSTANT
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            return _column(node.table, node.name)
        refs: dict[Ref, None] = {}
        first = len(self.subs)
        pending: list[Node] = [node]
        while pending:
            each = pending.pop()
            if isinstance(each, exp.Column):
                refs[_column(each.table, each.name).refs[0]] = None
            elif isinstance(each, QUERIES):
                self.sub(each, Mode.SCALAR, (), pulled=False)
            elif isinstance(each, exp.Query):
                continue
            else:
                pending.extend(each.iter_expressions())
        return Operand(tuple(refs), key(node), tuple(range(first, len(self.subs))))

    def listed(self, values: Sequence[Node]) -> Operand:
        """All values of a list as one operand; none for what is compared with nothing (IS NULL)."""
        told = [operand for operand in map(self.operand, values) if operand is not CONSTANT]
        if not told:
            return CONSTANT_LIST if values else CONSTANT
        refs, subs = (ref for each in told for ref in each.refs), (sub for each in told for sub in each.subs)
        return Operand(tuple(refs), "(list)", tuple(subs))

    def sub(self, node: Node, mode: Mode, operands: tuple[Operand, ...], *, pulled: bool, negated: bool = False) -> None:
        block = self.lowering.query(node)
        self.subs.append(Sub(mode, block, operands, self.lowering.span(node), pulled, negated))

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
        if isinstance(inner, exp.Literal) and inner.is_int and 0 < int(inner.this) <= len(outputs):
            operand = outputs[int(inner.this) - 1].operand
        elif isinstance(inner, exp.Column) and not inner.table:
            operand = next((each.operand for each in outputs if each.name == operand.key and not each.star), operand)
        descending, nulls_first = bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
        return Order(operand, descending, nulls_first == (descending == self.lowering.nulls_large), self.lowering.span(inner))

    def extremes(self, tree: exp.Select) -> tuple[Order, ...]:
        if tree.args.get("group") is not None or tree.args.get("having") is not None:
            return ()
        if not all(isinstance(each, (exp.Min, exp.Max)) and isinstance(each.this, exp.Column) for each in self.aggregates):
            return ()
        found = (Order(self.operand(each.this), isinstance(each, exp.Max), span=self.lowering.span(each)) for each in self.aggregates)
        return tuple(found)


def key(node: Node) -> str:
    """The normal form of an expression: column qualifiers, quotes, casts of literals and parentheses taken out, folded.

    Equal for an expression of a query and the same expression in an index or in the predicate of a partial index.
    """
    node = _bare(node)
    if (spelled := SPELLED.get(type(node))) is not None:
        return spelled(node)
    if isinstance(node, exp.DataType):
        return str(node.this.value if hasattr(node.this, "value") else node.this).lower()
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return key(node.this)
    name = node.name.lower() if isinstance(node, exp.Anonymous) else node.key
    parts = [key(child) for child in node.iter_expressions()]
    if isinstance(node, (exp.And, exp.Or, exp.EQ)):
        parts.sort()
    form = f"({name} {' '.join(parts)})"
    return f"(not {form})" if node.args.get("negate") else form


def _bare(node: Node) -> Node:
    while type(node) in WRAPPED:
        node = node.this
    return node


@lru_cache(maxsize=4096)
def _column(table: str, name: str) -> Operand:
    """A bare column as an operand: one object for all that are equal, so that it is written down once a file."""
    return Operand((Ref(table.lower(), name.lower()),), name.lower())


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
