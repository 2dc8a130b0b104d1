"""What a Python expression is when it is a string: every part of it that the file itself tells, and holes for the rest.

Nothing is imported or run.  A name is followed to its assignments in the same function, class or module, as far as they are constants.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from lastcall.sql.frontends._literals import HOLE, LostError, Place, Source, Text, concatenate, hole, splice, word

MOST_ALTERNATIVES = 8
LONGEST = 100_000
"""Characters of a string that is put together; a program can double one in every line, and a reader must not."""
BUDGET = 1_000_000
"""Characters that may be handled in putting together the strings of one file."""

_PERCENT = re.compile(r"%(?:\((?P<key>[^()]*)\))?[-#0 +]*+[\d*]*+(?:\.[\d*]++)?(?P<kind>[A-Za-z%])")
_FORMAT = re.compile(r"\{\{|\}\}|\{(?P<key>\w*+)(?P<rest>[^{}]*+)(?:\{[^{}]*+\}[^{}]*+)?\}")
_COMPARED = re.compile(r"(?:[-+*/=<>!~|]|\b(?:I?LIKE|BETWEEN|LIMIT|OFFSET))\Z", re.IGNORECASE)
"""What a value stands behind, with which a condition then ends."""
_DIRECTION = re.compile(r"\s*(?:ASC|DESC)?\s*", re.IGNORECASE)
_INNER_JOIN = re.compile(r"\s*(?:INNER\s+JOIN|STRAIGHT_JOIN|JOIN)\s*", re.IGNORECASE)
_TRANSPARENT_METHODS = frozenset({"strip", "lstrip", "rstrip", "bindparams", "columns", "execution_options", "params", "as_string"})
_STRING_METHODS = _TRANSPARENT_METHODS | {"format", "join"}
_TRANSPARENT_CALLS = frozenset({"dedent", "cleandoc", "text", "SQL", "DDL", "TextClause", "literal_column"})
_READING_METHODS = frozenset({"read", "read_text", "read_bytes", "getvalue", "get_data"})
_BUILDER = re.compile(
    r"select(_from)?|insert|update|delete|union(_all)?|intersect|except_|exists|where|values|filter(_by)?|order_by|group_by|having|returning"
    r"|on_conflict_\w+|on_duplicate_key_update|with_\w+|outerjoin|(scalar_)?subquery|cte|alias|distinct|limit|offset|from_|gql|prepare"
)
_NO_STRINGS = (ast.Lambda, ast.Set, ast.Compare, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.UnaryOp)
_TEMPLATES: tuple[type[ast.expr], ...] = (ast.JoinedStr, *([ast.TemplateStr] if hasattr(ast, "TemplateStr") else []))


@dataclass(frozen=True, slots=True)
class Value:
    """The strings that an expression can be; ``items`` where it is a list, a tuple or a dict, with the constant ``keys`` of the dict."""

    texts: tuple[Text, ...]
    items: tuple[Value, ...] | None = None
    keys: tuple[object, ...] = ()

    @property
    def known(self) -> tuple[Text, ...]:
        """The texts of which anything is known."""
        return tuple(text for text in self.texts if not text.why)

    @property
    def foreign(self) -> bool:
        """Whether this is surely no string."""
        return all(text.why == "foreign" for text in self.texts)

    def at(self, place: Place) -> Value:
        return Value(tuple(text.at(place) for text in self.texts), self.items, self.keys)


def merge(*values: Value) -> Value:
    """One of ``values``, not known which."""
    texts = tuple(dict.fromkeys(text for value in values for text in value.texts))
    return values[0] if all(value == values[0] for value in values) else Value(texts)


@dataclass
class Scope:
    """The names of a function, a class or the module, as far as its statements have been gone through."""

    parent: Scope | None = None
    owner: Class | None = None
    receiver: str = ""
    """How a method calls its object: ``self``, ``cls``."""
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    names: dict[str, Value] = field(default_factory=dict)
    growing: str = ""
    """The name that the statement under way adds to: ``sql = sql + …``."""

    def find(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def method(self) -> Scope | None:
        """The method that this function is, or is inside of."""
        scope: Scope | None = self
        while scope is not None and scope.owner is None:
            scope = scope.parent
        return scope


@dataclass
class Class:
    """A class: its syntax tree, the constants of its body, and the names of its bases."""

    node: ast.ClassDef
    constants: Mapping[str, Value]
    bases: tuple[str, ...]

    @cached_property
    def assigned(self) -> Mapping[str, Sequence[ast.expr]]:
        """What the methods assign to attributes, of whatever object."""
        found: dict[str, list[ast.expr]] = {}
        for each in ast.walk(self.node):
            match each:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        if isinstance(target, ast.Attribute):
                            found.setdefault(target.attr, []).append(value)
                case ast.AnnAssign(target=ast.Attribute(attr=name), value=ast.expr() as value):
                    found.setdefault(name, []).append(value)
                case ast.AugAssign(target=ast.Attribute(attr=name), value=value):
                    found.setdefault(name, []).extend((value, value))  # no single assignment any more
        return found


class Evaluator:
    """Evaluates expressions of one file.  ``classes`` and ``module`` are filled by whoever goes through the statements."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module = Scope()
        self.classes: dict[str, Class] = {}
        self._spent = 0

    def value(self, node: ast.expr, scope: Scope) -> Value:
        """What ``node`` is; never nothing: at least a hole."""
        if isinstance(node, ast.NamedExpr):
            return self.value(node.value, scope)
        found = self._value(node, scope)
        given = isinstance(node, (ast.Constant, ast.Name, ast.Attribute, ast.Subscript))
        return found if given or self._affordable(found) else self._hole(node)

    def _affordable(self, value: Value) -> bool:
        """Whether a string that was put together is worth going on with."""
        size = sum(len(text.text) for text in value.texts)
        self._spent += size
        return len(value.texts) <= MOST_ALTERNATIVES and self._spent <= BUDGET and size <= LONGEST

    def _value(self, node: ast.expr, scope: Scope) -> Value:
        match node:
            case ast.Constant(value=str()):
                return Value((self.source.constant(node),))
            case ast.BinOp(op=ast.Add()):
                return self.sum(self._operand(node.left, scope, first=True), self._operand(node.right, scope))
            case ast.BinOp(op=ast.Mod()):
                return self._percent(node, scope)
            case ast.Call():
                return self._call(node, scope)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._reference(node, scope)
            case ast.IfExp(body=one, orelse=other):
                return merge(self.value(one, scope), self.value(other, scope))
            case ast.List() | ast.Tuple() | ast.Dict():
                return self._collection(node, scope)
            case _ if isinstance(node, _TEMPLATES):
                return self._formatted(node, scope)
            case _:
                return self._hole(node, "foreign" if isinstance(node, (ast.Constant, *_NO_STRINGS)) else "unknown")

    def sum(self, left: Value, right: Value) -> Value:
        """The concatenation of two strings, each alternative with each."""
        count = len(left.texts) * len(right.texts)
        sums = Value(tuple(one + other for one in left.texts for other in right.texts if count <= MOST_ALTERNATIVES))
        return sums if sums.texts and self._affordable(sums) else Value((hole(left.texts[0].position(0)),))

    def _hole(self, node: ast.expr, why: str = "unknown") -> Value:
        return Value((hole(self.source.start(node), why),))

    def _operand(self, node: ast.expr, scope: Scope, *, first: bool = False) -> Value:
        """A part of a sum.  What stands elsewhere is put where it is named, but for a beginning nearby that is added to."""
        value = self.value(node, scope)
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return value
        if first and isinstance(node, ast.Name) and node.id == scope.growing:
            return value
        near = first and isinstance(node, ast.Name) and node.id in scope.names and scope.parent is not None
        return Value(tuple(text.guest() for text in value.texts)) if near else value.at(self.source.start(node))

    # ------------------------------------------------------------------------------------------------------------ names

    def _reference(self, node: ast.Name | ast.Attribute | ast.Subscript, scope: Scope) -> Value:
        match node:
            case ast.Name():
                found = scope.find(node.id)
            case ast.Attribute():
                found = self._attribute(node, scope)
            case ast.Subscript():
                found = self._item(node, scope)
        if found is None:
            return self._hole(node)
        place = self.source.start(node)
        texts = tuple(hole(place, text.why) if text.why else text for text in found.texts)
        return Value(texts, found.items, found.keys)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value | None:
        if not isinstance(node.value, ast.Name):
            return None
        method = scope.method()
        if method is not None and method.owner is not None and node.value.id == method.receiver:
            return self._member(method.owner, node.attr)
        if node.value.id in self.classes:
            return self._member(self.classes[node.value.id], node.attr)
        found = scope.find(node.value.id)
        imported = found is not None and any(text.why == "imported" for text in found.texts)
        return self._hole(node, "imported") if imported and node.attr.isupper() else None

    def _member(self, owner: Class, name: str, depth: int = 0) -> Value | None:
        """``self.name``: a constant of the class or its bases, or the one thing that a method assigns to it."""
        assigned = owner.assigned.get(name, ())
        if name in owner.constants:
            return None if assigned else owner.constants[name]
        if assigned:
            return self.value(assigned[0], Scope(self.module)) if len(assigned) == 1 and depth < 2 else None  # noqa: PLR2004 an attribute may be made of another
        bases = [self.classes[base] for base in owner.bases if base in self.classes and self.classes[base] is not owner]
        found = (self._member(base, name, depth + 1) for base in bases if depth < MOST_ALTERNATIVES)
        return next((value for value in found if value is not None), None)

    def _item(self, node: ast.Subscript, scope: Scope) -> Value | None:
        whole = self.value(node.value, scope)
        if whole.items is None or not whole.items:
            return None
        keys = whole.keys or tuple(range(len(whole.items)))
        if isinstance(node.slice, ast.Constant):
            return next((item for key, item in zip(keys, whole.items, strict=True) if key == node.slice.value), None)
        return merge(*whole.items)

    def _collection(self, node: ast.List | ast.Tuple | ast.Dict, scope: Scope) -> Value:
        keys: tuple[object, ...] = ()
        elements = node.values if isinstance(node, ast.Dict) else node.elts
        if isinstance(node, ast.Dict):
            keys = tuple(key.value for key in node.keys if isinstance(key, ast.Constant))
        elif any(isinstance(element, ast.Starred) for element in elements):
            return self._hole(node, "foreign")
        if isinstance(node, ast.Dict) and len(keys) != len(elements):
            return self._hole(node, "foreign")
        return Value(self._hole(node, "foreign").texts, tuple(self.value(element, scope) for element in elements), keys)

    # ------------------------------------------------------------------------------------------------------------ templates

    def _formatted(self, node: ast.expr, scope: Scope) -> Value:
        """An f-string, or a t-string."""
        fields = [part for part in getattr(node, "values", ()) if not isinstance(part, ast.Constant)]
        try:
            pieces = self.source.pieces(node)
        except LostError:
            return self._hole(node)
        plain = len(fields) == sum(piece.text == HOLE for piece in pieces)
        left = iter(fields)
        filled = [self._field(piece, next(left), scope) if piece.text == HOLE and plain else piece for piece in pieces]
        whole = concatenate(filled)
        return Value((replace(whole, literals=frozenset({self.source.start(node)})),))

    def _field(self, piece: Text, part: ast.expr, scope: Scope) -> Text:
        simple = getattr(part, "format_spec", None) is None and getattr(part, "conversion", -1) in (-1, ord("s"))
        value: ast.expr | None = getattr(part, "value", None)
        return self._filling(value, scope, piece.position(0)) if simple and value is not None else piece

    def _filling(self, node: ast.expr, scope: Scope, place: Place) -> Text:
        """What fills a hole at ``place``: the one constant that ``node`` is, or nothing known."""
        found = self.value(node, scope)
        texts = _alike(found.texts)
        if len(texts) != 1 or not found.known or not self._affordable(found):
            return hole(place)
        return texts[0].at(place)

    def _filled(self, node: ast.expr | None, scope: Scope, text: Text, match: re.Match[str]) -> Text:
        """What fills a placeholder.  A hole is one character: where it ends a condition, it stands where the placeholder ends."""
        place = text.position(match.start())
        filling = self._filling(node, scope, place) if node is not None else hole(place)
        ends = filling.text == HOLE and _COMPARED.search(text.text[max(match.start() - 80, 0) : match.start()].rstrip())
        return hole(text.position(match.end() - 1), filling.why) if ends else filling

    def _fill(self, template: Value, node: ast.expr, filling: Callable[[Text], Iterator[tuple[int, int, Text]]]) -> Value:
        """Every known text of ``template`` with its placeholders cut out and filled."""
        return Value(tuple(splice(text, filling(text)) for text in template.known)) if template.known else self._hole(node)

    def _percent(self, node: ast.BinOp, scope: Scope) -> Value:
        operands: dict[object, ast.expr]
        match node.right:
            case ast.Tuple(elts=elements):
                operands = dict(enumerate(elements))
            case ast.Dict(keys=keys, values=values):
                operands = {key.value: value for key, value in zip(keys, values, strict=True) if isinstance(key, ast.Constant)}
            case single:
                operands = {0: single}

        def filling(text: Text) -> Iterator[tuple[int, int, Text]]:
            count = 0
            for match in _PERCENT.finditer(text.text):
                place = text.position(match.start())
                if match["kind"] == "%":
                    yield match.start(), match.end(), word("%", place)
                    continue
                operand = operands.get(count if match["key"] is None else match["key"])
                count += 1
                yield match.start(), match.end(), self._filled(operand, scope, text, match)

        return self._fill(self.value(node.left, scope), node, filling)

    def _format(self, template: Value, node: ast.Call, scope: Scope) -> Value:
        operands: dict[object, ast.expr] = {str(place): argument for place, argument in enumerate(node.args)}
        operands.update({keyword.arg: keyword.value for keyword in node.keywords})

        def filling(text: Text) -> Iterator[tuple[int, int, Text]]:
            count = 0
            for match in _FORMAT.finditer(text.text):
                place = text.position(match.start())
                if match["key"] is None:
                    yield match.start(), match.end(), word(match[0][0], place)
                    continue
                operand = operands.get(match["key"] or str(count))
                count += not match["key"]
                simple = operand is not None and not match["rest"] and not isinstance(operand, ast.Starred)
                yield match.start(), match.end(), self._filled(operand if simple else None, scope, text, match)

        return self._fill(template, node, filling)

    # ------------------------------------------------------------------------------------------------------------ calls

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        name = called(node)
        if name in _TRANSPARENT_CALLS and node.args:
            return self.value(node.args[0], scope)
        if name == "Identifier":
            return self._identifier(node, scope)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, scope)
        return self._hole(node, "foreign" if _makes_object(name) else "unknown")

    def _method(self, node: ast.Call, function: ast.Attribute, scope: Scope) -> Value:
        if function.attr in _READING_METHODS:
            return self._hole(node, "file")
        if _makes_object(function.attr):
            return self._hole(node, "foreign")
        if isinstance(function.value, ast.Attribute) and function.attr not in _STRING_METHODS:
            return self._hole(node)
        receiver = self.value(function.value, scope)
        if function.attr in _TRANSPARENT_METHODS:
            return receiver
        if function.attr == "format":
            return self._format(receiver, node, scope)
        if function.attr == "join" and len(node.args) == 1 and len(receiver.known) == 1:
            return self._join(receiver.known[0], node, scope)
        # What is called on such an object gives another one.
        return self._hole(node, "foreign" if receiver.foreign and receiver.items is None else "unknown")

    def _join(self, separator: Text, node: ast.Call, scope: Scope) -> Value:
        items = self.value(node.args[0], scope).items
        if not items or isinstance(node.args[0], ast.Dict):
            return self._hole(node.args[0])
        pieces: list[Text] = []
        for item in items:
            text = item.texts[0] if len(item.texts) == 1 else hole(item.texts[0].position(0))
            place = pieces[-1].position(len(pieces[-1].text)) if pieces else (1, 1)
            pieces += [separator.at(place), text] if pieces else [text]
        return Value((concatenate(pieces),))

    def _identifier(self, node: ast.Call, scope: Scope) -> Value:
        """psycopg's ``Identifier("schema", "table")``: quoted names; a hole in quotes where they are not constant."""
        place = self.source.start(node)
        names = [self._filling(argument, scope, place) for argument in node.args]
        quoted = ['"' + name.text.replace('"', '""') + '"' for name in names]
        return Value((Text(".".join(quoted) or HOLE, ()).at(place),))


def _alike(texts: tuple[Text, ...]) -> tuple[Text, ...]:
    """One of the alternatives where it does not matter which: the direction of an order, the word for an inner join."""
    for words in (_DIRECTION, _INNER_JOIN):
        if len(texts) > 1 and all(not text.why and words.fullmatch(text.text) for text in texts):
            return (min(texts, key=lambda text: text.text.strip().upper()),)
    return texts


def called(node: ast.Call) -> str:
    """The last part of the name that is called: ``text`` of ``sa.text(...)``."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def last_name(node: ast.expr) -> str:
    """The word that says what an expression is: ``cursor`` of ``self.cursor`` and of ``connection.cursor()``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
            return last_name(inner)
        case _:
            return ""


def _makes_object(name: str) -> bool:
    """Whether what is called is a builder of an expression language, or a class: what comes out is no string."""
    return name[:1].isupper() or _BUILDER.fullmatch(name) is not None
