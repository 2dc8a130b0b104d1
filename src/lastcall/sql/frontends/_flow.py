"""The order of things in a Python file: goes through its statements as the program would, and keeps what each name then stands for.

Branches are each gone through and joined again; a name that a loop adds to is unknown from the loop on.  Functions come after the module.
"""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from lastcall.sql.frontends._literals import HOLE, Source, Text
from lastcall.sql.frontends._values import Class, Evaluator, Scope, Value, last_name, merge

NAMED_SQL = re.compile(r"(?:^|_)(?:sql|query|queries|stmts?|statements?)(?:_|\d*$)", re.IGNORECASE)
"""What a variable or an argument is called that holds SQL."""


class Flow(ABC):
    """One file, statement by statement.  What is looked for in expressions is the business of those who fill in ``visit``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.evaluator = Evaluator(source)
        self._functions: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Scope]] = []

    def run(self, module: ast.Module) -> None:
        """Goes through ``module``; raises RecursionError where it is nested too deeply."""
        self._block(module.body, self.evaluator.module)
        # Functions come after the whole module, as they do when it runs; those inside of them after them.
        for function, scope in self._functions:
            self._block(function.body, scope)

    @abstractmethod
    def visit(self, node: ast.expr, scope: Scope, *, named: bool = False, prose: bool = False) -> None:
        """Called with every expression.  ``named``: its name says that it is SQL; ``prose``: its place says that it is none."""

    @abstractmethod
    def grew(self, value: Value, *, named: bool) -> None:
        """Called with a string that was added to; its parts are no strings of their own."""

    @abstractmethod
    def used(self, value: Value) -> None:
        """Called with a string that is part of another, not known which."""

    @abstractmethod
    def skips(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether a function is not to be gone through."""

    @abstractmethod
    def says_nothing(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """Whether nothing in a function's text can be of interest, so that it need not be gone through."""

    def children(self, node: ast.AST, scope: Scope, *, named: bool = False, prose: bool = False) -> None:
        """Visits the expressions right below ``node``."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.visit(child, scope, named=named, prose=prose)
            elif isinstance(child, (ast.keyword, ast.comprehension)):
                self.children(child, scope, named=named, prose=prose)

    # ------------------------------------------------------------------------------------------------------------ statements

    def _block(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assignment(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node, scope)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    self.bind(alias.asname or alias.name.partition(".")[0], "imported", scope)
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring, or a comment in the form of a string
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                for name in names:
                    self.bind(name, "unknown", self.evaluator.module)
            case ast.Raise() | ast.Assert():
                self.children(node, scope, prose=True)
            case _:
                self._compound(node, scope)

    def _compound(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.If():
                self.visit(node.test, scope)
                self._branches([node.body, node.orelse], scope)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node, scope)
            case ast.Try() | ast.TryStar():
                self._branches([node.body, *(handler.body for handler in node.handlers)], scope)
                self._block([*node.orelse, *node.finalbody], scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self.visit(item.context_expr, scope)
                    self.forget(item.optional_vars, scope)
                self._block(node.body, scope)
            case ast.Match():
                self.visit(node.subject, scope)
                self._branches([*(case.body for case in node.cases), []], scope)
            case _:
                self.children(node, scope)

    def _branches(self, blocks: Iterable[Sequence[ast.stmt]], scope: Scope) -> None:
        """Goes through each of ``blocks`` from where things stand now; a name is then whatever it is at the end of those that go on."""
        before = scope.names
        outcomes = []
        for block in blocks:
            scope.names = dict(before)
            self._block(block, scope)
            if not block or not isinstance(block[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
                outcomes.append(scope.names)
        scope.names = _joined(outcomes) if outcomes else dict(before)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> None:
        self.visit(node.test if isinstance(node, ast.While) else node.iter, scope)
        for name in _grown(node.body):
            old = scope.find(name)
            if old is not None:
                self.used(old)
            self.bind(name, "unknown", scope, node)
        if not isinstance(node, ast.While):
            self.bind_each(node.target, node.iter, scope)
        self._branches([node.body, []], scope)
        self._block(node.orelse, scope)

    def bind_each(self, target: ast.expr, iterated: ast.expr, scope: Scope) -> None:
        """The target of a loop: one of the items, where these are known."""
        items = self.evaluator.value(iterated, scope).items
        if isinstance(target, ast.Name) and items:
            scope.names[target.id] = merge(*items)
        else:
            self.forget(target, scope)

    def bind(self, name: str, why: str, scope: Scope, node: ast.stmt | None = None) -> None:
        place = (node.lineno, node.col_offset + 1) if node else (1, 1)
        scope.names[name] = Value((Text(HOLE, (), why=why).at(place),))

    def forget(self, target: ast.expr | None, scope: Scope) -> None:
        for node in ast.walk(target) if target is not None else ():
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.bind(node.id, "unknown", scope)

    def _assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: Scope) -> None:
        if node.value is None:
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = any(NAMED_SQL.search(last_name(target)) for target in targets)
        if isinstance(node, ast.AugAssign):
            self._grow(node, scope)
            return
        only = targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""
        scope.growing = only
        value = self.evaluator.value(node.value, scope)
        scope.growing = ""
        if _adds_to(node.value, only):
            self.grew(value, named=named)
        else:
            self.visit(node.value, scope, named=named)
        for target in targets:
            self._assign(target, value, scope)

    def _assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.names[name] = value
            case ast.Tuple(elts=elements) if value.items is not None and len(value.items) == len(elements):
                for element, item in zip(elements, value.items, strict=True):
                    self._assign(element, item, scope)
            case _:
                self.forget(target, scope)

    def _grow(self, node: ast.AugAssign, scope: Scope) -> None:
        added = self.evaluator.value(node.value, scope)
        if not isinstance(node.target, ast.Name):
            return self.children(node, scope)
        old = scope.find(node.target.id)
        if old is None or not old.known or not isinstance(node.op, ast.Add):
            for part in (added, old) if old is not None else (added,):
                self.used(part)  # a piece of something larger is no statement of its own
            return self.bind(node.target.id, "unknown", scope)
        if isinstance(node.value, (ast.Name, ast.Attribute, ast.Subscript)):
            added = added.at(self.source.start(node.value))
        value = self.evaluator.sum(Value(old.known), added)
        scope.names[node.target.id] = value
        return self.grew(value, named=NAMED_SQL.search(node.target.id) is not None)

    def inner(self, node: ast.expr, scope: Scope) -> Scope:
        """The scope of a lambda or a comprehension, with its names bound."""
        inner = Scope(scope, function=scope.function)
        for name in parameters(node.args) if isinstance(node, ast.Lambda) else ():
            self.bind(name, "unknown", inner)
        for each in getattr(node, "generators", ()):
            self.bind_each(each.target, each.iter, inner)
        return inner

    # ------------------------------------------------------------------------------------------------------------ definitions

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scope) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator, scope)
        self.bind(node.name, "unknown", scope)
        if isinstance(node, ast.ClassDef):
            self._class(node, scope)
        elif not self.skips(node):
            self._function(node, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope, owner: Class | None = None) -> None:
        for default in (*node.args.defaults, *(each for each in node.args.kw_defaults if each)):
            self.visit(default, scope)
        if self.says_nothing(node):
            return
        names = parameters(node.args)
        inner = Scope(scope, owner, names[0] if owner and names else "", node)
        for name in names:
            self.bind(name, "unknown", inner)
        self._functions.append((node, inner))

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        inner = Scope(scope)
        methods = [each for each in node.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        self._block([each for each in node.body if each not in methods], inner)
        for keyword in node.keywords:
            self.visit(keyword.value, scope)
        bases = tuple(last_name(base) for base in node.bases)
        owner = Class(node, inner.names, bases)
        self.evaluator.classes[node.name] = owner
        for method in methods:
            for decorator in method.decorator_list:
                self.visit(decorator, inner)
            self._function(method, scope, owner)


def _joined(outcomes: Sequence[dict[str, Value]]) -> dict[str, Value]:
    names = dict.fromkeys(name for outcome in outcomes for name in outcome)
    values = {name: [outcome[name] for outcome in outcomes if name in outcome] for name in names}
    return {name: found[0] if all(each is found[0] for each in found) else merge(*found) for name, found in values.items()}


def _grown(statements: Sequence[ast.stmt]) -> Iterator[str]:
    """The names that a loop's body adds to."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                yield node.target.id
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and _mentions(node.value, last_name(node.targets[0])):
                yield last_name(node.targets[0])


def _mentions(node: ast.expr, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))


def _adds_to(node: ast.expr, name: str) -> bool:
    """Whether a sum begins with ``name``."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        node = node.left
        if isinstance(node, ast.Name) and node.id == name:
            return True
    return False


def parameters(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [each.arg for each in (*every, arguments.vararg, arguments.kwarg) if each is not None]
