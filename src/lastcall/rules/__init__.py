"""Rules look at facts and speak.  One file a rule: the docstring is its documentation, ``Options`` its settings, a generator its logic."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lastcall.model import Finding, Location, MissingIndex, Related, Severity

Fact = TypeVar("Fact")
Check = Callable[[Any, Any], Iterator[Finding]]


@dataclass(frozen=True)
class NoOptions:
    """The options of a rule that has none."""


@dataclass
class Rule:
    """A rule: its module's name gives the rule's name, the module's docstring its documentation.

    ``options`` is a frozen dataclass whose fields, with their defaults, are what the policy can set under ``rules: {<name>: …}``.
    """

    module: str
    doc: str
    severity: Severity
    options: type = NoOptions
    checks: list[tuple[type, Check]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2].replace("_", "-")

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return inspect.cleandoc(self.doc).partition("\n")[0]

    def each(self, kind: type[Fact]) -> Callable[[Callable[[Fact, Any], Iterator[Finding]]], Callable[[Fact, Any], Iterator[Finding]]]:
        """Register a generator of findings that is asked once for each fact of type ``kind``."""

        def register(check: Callable[[Fact, Any], Iterator[Finding]]) -> Callable[[Fact, Any], Iterator[Finding]]:
            self.checks.append((kind, check))
            return check

        return register

    def finding(
        self,
        message: str,
        location: Location | None = None,
        *,
        key: Sequence[str],
        severity: Severity | None = None,
        change: str | None = None,
        commit: str | None = None,
        tables: Sequence[str] = (),
        index: MissingIndex | None = None,
        suggestion: str = "",
        related: Sequence[Related] = (),
    ) -> Finding:
        """A finding of this rule.

        ``key`` is what makes it the same finding when lines move, a file is renamed or literals change: the fingerprint is its hash.
        """
        return Finding(
            rule=self.name,
            severity=severity or self.severity,
            message=message,
            location=location,
            change=change,
            commit=commit,
            tables=tuple(tables),
            index=index,
            suggestion=suggestion,
            related=tuple(related),
            fingerprint=hashlib.sha256("\0".join([self.name, *key]).encode()).hexdigest()[:32],
        )
